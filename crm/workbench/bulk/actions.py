"""What a bulk job can do with a chunk of customers, and take back: change of manager, new plans.

Each gets the chunk's customers who are in the author's scope at that moment, and sets the outcome of their items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from archives import plans
from archives.models import MaintenancePlan
from crm import db
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES
from crm.organization.choices import Role
from crm.organization.models import User
from customers import ownership
from customers.choices import BulkAction, BulkProblem, ItemOutcome
from customers.models import BulkItem, BulkJob, Customer

Ids = Sequence[int]


class Stopped(Exception):
    """The job cannot go on; `problem` says why."""

    def __init__(self, problem: BulkProblem) -> None:
        super().__init__(problem.label)
        self.problem = problem


class Action(Protocol):
    """One kind of job, and whose it is."""

    @property
    def roles(self) -> frozenset[str]: ...

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None: ...

    def take_back(self, job: BulkJob, actor: User, ids: Ids, day: date) -> None: ...


@dataclass(frozen=True)
class Assign:
    """Change of manager: `parameters` are owner and reason (customers.ownership, for many)."""

    roles: frozenset[str] = frozenset({Role.BRANCH_MANAGER})

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None:
        owner = User.objects.get(pk=job.parameters["owner"])
        if not ownership.candidates(owner.branch_id).filter(pk=owner.pk).exists():
            raise Stopped(BulkProblem.NO_OWNER)
        reason = job.parameters["reason"]
        detail = {"job": job.pk, "to": owner.pk, "reason": reason, "ids": list(ids)}
        trail.append(chain=actor.branch_id, actor=actor, action="ownership.assign_many", detail=detail)
        db.run_sql(
            __package__, "assign", "default",
            job=job.pk, ids=list(ids), owner=owner.pk, branch=owner.branch_id, day=job.business_date, reason=reason,
        )  # fmt: skip

    def take_back(self, job: BulkJob, actor: User, ids: Ids, day: date) -> None:
        detail = {"job": job.pk, "ids": list(ids)}
        trail.append(chain=actor.branch_id, actor=actor, action="ownership.assign_back", detail=detail)
        db.run_sql(
            __package__, "assign_back", "default",
            job=job.pk, ids=list(ids), day=day, reason=job.parameters["reason"],
        )  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """New plans: `parameters` are those of archives.plans.Intent, and the submission that finds them again."""

    roles: frozenset[str] = frozenset(BALANCE_ROLES)

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None:
        asked = job.parameters
        intent = plans.Intent(date.fromisoformat(asked["due_date"]), asked["purpose"], asked["channel"], asked["note"])
        submission = UUID(asked["submission"])
        customers = Customer.objects.visible_to(actor).filter(pk__in=ids)
        plans.create_many(list(customers.only("branch_id", "do_not_contact")), actor, intent, submission)
        made = MaintenancePlan.objects.visible_to(actor).filter(submission=submission, customer_id__in=ids)
        items = BulkItem.objects.filter(job=job, customer_id__in=ids)
        items.update(outcome=ItemOutcome.BARRED)
        items.filter(customer_id__in=made.values("customer_id")).update(outcome=ItemOutcome.CHANGED)

    def take_back(self, job: BulkJob, actor: User, ids: Ids, day: date) -> None:
        submission = UUID(job.parameters["submission"])
        plans.cancel_many(actor, submission, day, ids)
        called_off = MaintenancePlan.objects.visible_to(actor).filter(
            submission=submission, customer_id__in=ids, state="cancelled", closed_by=actor, closed_on=day
        )
        items = BulkItem.objects.filter(job=job, customer_id__in=ids)
        items.update(outcome=ItemOutcome.EDITED)
        items.filter(customer_id__in=called_off.values("customer_id")).update(outcome=ItemOutcome.RESTORED)


ACTIONS: dict[str, Action] = {BulkAction.ASSIGN: Assign(), BulkAction.PLAN: Plan()}
