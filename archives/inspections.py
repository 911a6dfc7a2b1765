"""档案检查: draw archives, judge them, hand a returned one in again. Each step is appended, none is ever changed.

A returned archive is a plan of its owner (今日, 计划) until it is handed in again; then the inspector looks once more.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from archives import contactable, plans
from archives.choices import TO_JUDGE, InspectionState, PlanCause, PlanOrigin, PlanState, Purpose
from archives.inspection_models import (
    FULL_MARK,
    Inspection,
    InspectionCriterion,
    InspectionDraw,
    InspectionRule,
    InspectionStep,
)
from archives.models import MaintenancePlan
from crm import db
from crm.audit import trail
from crm.organization import effective
from crm.organization.access import scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from customers.models import Customer

SEED_BYTES = 8
MONTHS_SHOWN = 6
NOTE_LENGTH = 200


class InspectionRefused(Exception):
    """It cannot be said so, or not any more; the message says why in plain words."""


@dataclass(frozen=True)
class Verdict:
    """What an inspector says: marks by criterion, and for a returned archive remarks and the day to mend it by."""

    is_passed: bool
    marks: Mapping[str, int]
    remarks: str = ""
    due_date: date | None = None


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def rule_on(day: date) -> InspectionRule:
    """How many archives are drawn, and how long an owner has to mend one, as it holds on a day."""
    return effective.rule_on(InspectionRule, day)


def may_inspect(user: User) -> bool:
    """Who leads a branch or several, and answers for more than the own customers."""
    scope = scope_of(user)
    return user.role == Role.BRANCH_MANAGER and scope is not None and scope.reach != Reach.OWN


def draw(actor: User, branch_id: int, at: datetime) -> tuple[InspectionDraw, int]:
    """Draw the sample of a branch for this week, once; returns it with the number of archives.

    Raises InspectionRefused when there is one already, or nothing to draw from.
    """
    day = timezone.localtime(at).date()
    rule = rule_on(day)
    try:
        with transaction.atomic():
            made = InspectionDraw.objects.create(
                branch_id=branch_id, week=week_of(day), seed=secrets.token_hex(SEED_BYTES),
                per_manager=rule.archives_a_week, drawn_by=actor, drawn_at=at,
            )  # fmt: skip
            number = sample(made)
            if not number:
                raise InspectionRefused(_("No manager of this branch has an archive yet, so none can be drawn."))
            detail = {"branch": branch_id, "week": made.week, "seed": made.seed, "archives": number}
            trail.append(chain=branch_id, actor=actor, action="inspection.draw", detail=detail)
    except IntegrityError:
        raise InspectionRefused(_("The archives of this week have been drawn already.")) from None
    return made, number


def sample(made: InspectionDraw) -> int:
    """Write the archives of a draw; how many there are follows from its seed and the customers of the branch alone."""
    about = {"draw": made.pk, "branch": made.branch_id, "seed": made.seed, "number": made.per_manager}
    return db.run_sql(__package__, "inspection_draw", using="default", actor=made.drawn_by_id, **about)


def score_of(criteria: Sequence[InspectionCriterion], marks: Mapping[str, int]) -> int:
    """Percent of the weights, fractions cut."""
    whole = sum(one.weight for one in criteria) * FULL_MARK
    return sum(one.weight * marks[one.code] for one in criteria) * 100 // whole if whole else 0


def judge(
    inspection: Inspection, actor: User, criteria: Sequence[InspectionCriterion], verdict: Verdict, at: datetime
) -> InspectionStep:
    """Pass an archive, or return it to its owner. Raises InspectionRefused."""
    with transaction.atomic():
        current, customer = locked(inspection, actor)
        if current.state not in TO_JUDGE:
            raise InspectionRefused(_("Somebody has judged this archive in the meantime."))
        owner_id = plans.main_owners(actor, [customer.pk]).get(customer.pk)
        if actor.pk in (owner_id, current.owner_id):
            raise InspectionRefused(_("Nobody inspects the own archives; ask a manager of a place above."))
        plan = None if verdict.is_passed else ask_to_mend(customer, actor, owner_id or current.owner_id, verdict)
        kind = InspectionState.PASSED if verdict.is_passed else InspectionState.RETURNED
        return add(
            current, customer, actor, kind, at, marks=dict(verdict.marks), score=score_of(criteria, verdict.marks),
            remarks=verdict.remarks, due_date=None if verdict.is_passed else verdict.due_date, plan=plan,
        )  # fmt: skip


def ask_to_mend(customer: Customer, actor: User, owner_id: int, verdict: Verdict) -> MaintenancePlan:
    """The plan by which the owner reads of it in 今日, with the remarks and the day."""
    assert verdict.due_date is not None  # a return names its day: the form asks for it, a constraint holds it
    channel = contactable.way_for(customer.pk, Purpose.ARCHIVE, verdict.due_date)
    return MaintenancePlan.objects.create(
        branch_id=customer.branch_id, customer=customer, owner_id=owner_id, due_date=verdict.due_date,
        purpose=Purpose.ARCHIVE, channel=channel, note=verdict.remarks[:NOTE_LENGTH], origin=PlanOrigin.INSPECTION,
        created_by=actor, submission=uuid4(),
    )  # fmt: skip


def resubmit(inspection: Inspection, actor: User, remarks: str, at: datetime) -> InspectionStep:
    """The owner has mended a returned archive: its plan is done, the inspector looks again.

    Raises InspectionRefused.
    """
    with transaction.atomic():
        current, customer = locked(inspection, actor)
        if current.state != InspectionState.RETURNED:
            raise InspectionRefused(_("This archive is not one that waits to be mended."))
        if plans.main_owners(actor, [customer.pk]).get(customer.pk) != actor.pk:
            raise InspectionRefused(_("Only who answers for the customer hands the archive in again."))
        mended = MaintenancePlan.objects.open().visible_to(actor).filter(inspection_steps__inspection=current)
        ids = list(mended.values_list("pk", flat=True))
        MaintenancePlan.objects.visible_to(actor).filter(pk__in=ids).update(
            state=PlanState.DONE, closed_on=timezone.localtime(at).date(), closed_by=actor, cause=PlanCause.PERSON
        )
        return add(current, customer, actor, InspectionState.RESUBMITTED, at, remarks=remarks)


def add(
    current: Any, customer: Customer, actor: User, kind: InspectionState, at: datetime, **fields: Any
) -> InspectionStep:
    """Append the next step, and say so in the trail."""
    step = InspectionStep.objects.create(
        inspection_id=current.pk, branch_id=customer.branch_id, customer=customer, number=current.steps + 1, kind=kind,
        actor=actor, at=at, **fields,
    )  # fmt: skip
    detail = {"inspection": current.pk, "score": step.score, "due": step.due_date, "remarks": step.remarks}
    trail.record(actor, f"inspection.{kind.value}", customer=customer, target=step, detail=detail)
    return step


def locked(inspection: Inspection, actor: User) -> tuple[Any, Customer]:
    """The inspection with its state, and its customer, whose row is held so that of two steps one comes second."""
    customer = Customer.objects.visible_to(actor).select_for_update(of=("self",), no_key=True).get(
        pk=inspection.customer_id
    )  # fmt: skip
    return Inspection.objects.with_state().visible_to(actor).get(pk=inspection.pk), customer


def results(branch_id: int, day: date, owner_id: int | None = None) -> list[dict[str, Any]]:
    """By month and manager: drawn, looked at, passed and returned at the first look, open still, average score."""
    since = (day.replace(day=1) - timedelta(days=31 * (MONTHS_SHOWN - 1))).replace(day=1)
    about = {"branch": branch_id, "since": since, "owner": owner_id}
    return db.fetch_sql(__package__, "inspection_results", using="default", **about)
