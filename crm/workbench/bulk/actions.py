"""What a bulk job can do with a chunk of customers, and take back: change of manager, new plans, into a segment.

Each gets the chunk's customers who are in the author's scope at that moment, and sets the outcome of their items.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from archives import plans
from archives.models import MaintenancePlan
from crm import db
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, ScopedQuerySet
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.bulk import hands, row_actions
from crm.workbench.bulk.shape import EVERY_LIST, UNDO_DAYS, Action, Ids, OfList, Stopped
from customers import ownership
from customers.choices import BulkAction, BulkProblem, ItemOutcome
from customers.models import BulkItem, BulkJob, Customer
from segments import membership
from segments.models import Segment


@dataclass(frozen=True)
class OfCustomers(OfList):
    """Actions over customers: those of any list, or who stand behind its rows."""

    roles: frozenset[str] = frozenset(BALANCE_ROLES)
    lists: frozenset[str] = EVERY_LIST
    undo_days: int = UNDO_DAYS

    def rows(self, actor: User) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = Customer.objects.visible_to(actor)
        return found


@dataclass(frozen=True)
class Assign(OfCustomers):
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
class Plan(OfCustomers):
    """New plans: `parameters` are those of archives.plans.Intent, and the submission that finds them again."""

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None:
        asked = job.parameters
        intent = plans.Intent(date.fromisoformat(asked["due_date"]), asked["purpose"], asked["channel"], asked["note"])
        submission = UUID(asked["submission"])
        customers = Customer.objects.visible_to(actor).filter(pk__in=ids)
        plans.create_many(list(customers.only("branch_id")), actor, intent, submission)
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


@dataclass(frozen=True)
class IntoSegment(OfCustomers):
    """Into a static segment: `parameters` are its id and name."""

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None:
        segment = Segment.objects.get(pk=job.parameters["segment"])
        customers = Customer.objects.visible_to(actor).filter(pk__in=ids)
        try:
            added = membership.add_to_static(segment, customers, actor)
        except membership.SegmentRefused as refusal:
            raise Stopped(BulkProblem.NO_SEGMENT) from refusal
        items = BulkItem.objects.filter(job=job, row_id__in=ids)
        items.update(outcome=ItemOutcome.NOT_ELIGIBLE)
        allowed = customers.filter(membership.eligible(segment)).values("pk")
        items.filter(row_id__in=allowed).update(outcome=ItemOutcome.SAME)
        items.filter(row_id__in=added).update(outcome=ItemOutcome.CHANGED)

    def take_back(self, job: BulkJob, actor: User, ids: Ids, day: date) -> None:
        segment = Segment.objects.get(pk=job.parameters["segment"])
        try:
            gone = membership.remove_from_static(segment, Customer.objects.visible_to(actor).filter(pk__in=ids), actor)
        except membership.SegmentRefused as refusal:
            raise Stopped(BulkProblem.NO_SEGMENT) from refusal
        items = BulkItem.objects.filter(job=job, row_id__in=ids)
        items.update(outcome=ItemOutcome.EDITED)
        items.filter(row_id__in=gone).update(outcome=ItemOutcome.RESTORED)


ACTIONS: dict[str, Action] = {
    BulkAction.ASSIGN: Assign(),
    BulkAction.PLAN: Plan(),
    BulkAction.SEGMENT: IntoSegment(),
    BulkAction.SNOOZE: row_actions.SNOOZE,
    BulkAction.DISMISS: row_actions.DISMISS,
    BulkAction.MOVE: row_actions.MOVE,
    BulkAction.CLOSE: row_actions.CLOSE,
    BulkAction.HAND: row_actions.HAND,
    BulkAction.HANDOVER: hands.HANDOVER,
    BulkAction.RECYCLE: hands.RECYCLE,
}


def offered(user: User, list_name: str) -> list[BulkAction]:
    """What this user may do with many rows of a list, those of its own rows first."""
    found = [one for one in BulkAction if user.role in ACTIONS[one].roles and list_name in ACTIONS[one].lists]
    return sorted(found, key=lambda one: ACTIONS[one].lists == EVERY_LIST)
