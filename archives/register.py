"""新开户登记簿: who has opened in a branch, and whether they heard from us on the days that the planner asks for.

A touch is a step of the planner that counts from the opening (`PlanStep`; shipped: day 1, 7, 30, 90). It is done when
its plan is done, or when an effective contact fell into its time: from its day (the first: from the opening) to the day
before the next one. `is_missed` is the one place that says what missed means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    Count,
    DateField,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat, JSONObject, TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archives.choices import REACHED, Channel, PlanState, StepEvent
from archives.models import ContactLog, MaintenancePlan, PlanStep
from customers.choices import CustomerStatus
from customers.customer_list import main_owner, slim
from customers.lists import shape
from customers.lists.shape import Sort
from customers.models import BalanceChange, Customer

MOST_STEPS = 8
# The time of the last touch, in days.
LAST_LASTS = 30
BALANCE_DAYS = (30, 90)
MOST_CONTACTS = 30
NEWEST_FIRST = Sort("-opened", _("Newest first"), "open_date", shape.day, is_descending=True)
EFFECTIVE = Q(outcome__in=REACHED) & ~Q(channel=Channel.SMS)


@dataclass(frozen=True)
class Asked:
    """A touch that steps ask for: its day, its time (days after the opening), and the steps by their tiers."""

    offset: int
    first: int
    last: int
    steps: tuple[PlanStep, ...]

    @property
    def name(self) -> str:
        return f"missed_{self.offset}"

    @property
    def of_tier(self) -> Q:
        """Customers of whom a step asks it."""
        asked = Q()
        for step in self.steps:
            asked |= Q(metrics__tier__range=(step.from_tier, step.to_tier))
        return asked

    def is_asked(self, tier: int) -> bool:
        return any(step.from_tier <= tier <= step.to_tier for step in self.steps)


@dataclass(frozen=True)
class Touch:
    """What became of a touch. `state`: done, planned, paused, called_off, missed, later, none (nobody asks for it).

    `day` is when it was done, or is due; `who` did it, or is to; the ids are of the plan and of the contact.
    """

    asked: Asked
    state: str
    day: date | None = None
    who: str = ""
    plan_id: int | None = None
    contact_id: int | None = None


@dataclass(frozen=True)
class Line:
    """A customer of the register; balances of day 30 and 90 are None while they are not known."""

    customer: Customer
    manager: str
    touches: list[Touch]
    aum: Decimal
    balances: list[Decimal | None]


@dataclass(frozen=True)
class Top:
    """`at_once`: an effective contact by the first working day after; `kept`: of `ripe`, those with money on day 90."""

    opened: int
    at_once: int
    missed: int
    ripe: int
    kept: int

    @property
    def kept_share(self) -> float | None:
        return 100 * self.kept / self.ripe if self.ripe else None


def asked_touches() -> list[Asked]:
    """The touches that the planner's steps ask for now, by their days."""
    found = PlanStep.objects.filter(event=StepEvent.OPENED, is_active=True).order_by("offset_days", "pk")
    steps = list(found[:MOST_STEPS])
    offsets = sorted({step.offset_days for step in steps})
    ends = [after - 1 for after in offsets[1:]] + [day + LAST_LASTS for day in offsets[-1:]]
    return [
        Asked(day, 0 if n == 0 else day, last, tuple(step for step in steps if step.offset_days == day))
        for n, (day, last) in enumerate(zip(offsets, ends, strict=True))
    ]


def after_opening(days: int, opened: Any = None) -> Combinable:
    """The day so many days after the opening of a customer, or of the outer query's."""
    return ExpressionWrapper((opened or F("open_date")) + Value(days, IntegerField()), DateField())


def plans_of(asked: Asked) -> QuerySet[MaintenancePlan]:
    """The plans of the outer query's customer for this touch of this opening."""
    opened = Cast(OuterRef("open_date"), TextField())
    episodes = [Concat(Value(f"{step.code}:"), opened, output_field=TextField()) for step in asked.steps]
    return MaintenancePlan.objects.filter(customer=OuterRef("pk"), episode__in=episodes)


def contacts_within(first: int, last: Any) -> Any:
    """Effective contacts of the outer query's customer from a day after the opening to another, or to a date."""
    until = after_opening(last, OuterRef("open_date")) if isinstance(last, int) else last
    effective = ContactLog.objects.filter(EFFECTIVE, replaced_at=None, customer=OuterRef("pk"))
    return effective.annotate(on_day=TruncDate("contacted_at")).filter(
        on_day__gte=after_opening(first, OuterRef("open_date")), on_day__lte=until
    )


def is_missed(asked: Asked, day: date) -> Q:
    """Its plan is overdue; or its day has passed without a plan, and nobody reached the customer in its time.

    A customer who has left, or wants no contacts, is not missed without a plan.
    """
    overdue = Exists(plans_of(asked).filter(state=PlanState.PLANNED, due_date__lt=day))
    owed = Q(open_date__lt=day - timedelta(days=asked.offset), status=CustomerStatus.ACTIVE, do_not_contact=False)
    unmet = ~Q(Exists(contacts_within(asked.first, asked.last)))
    return Q(overdue) | (owed & asked.of_tier & ~Q(Exists(plans_of(asked))) & unmet)


def with_missed(rows: QuerySet[Any], touches: Sequence[Asked], day: date) -> QuerySet[Any]:
    """Rows with `missed_<day>` of each touch."""
    marks = {one.name: Case(When(is_missed(one, day), then=Value(True)), default=Value(False)) for one in touches}
    marked: QuerySet[Any] = rows.annotate(**marks)
    return marked


def any_missed(touches: Sequence[Asked]) -> Q:
    """Of rows with their marks, those with any."""
    found = Q(pk__in=[])
    for one in touches:
        found |= Q(**{one.name: True})
    return found


def balance_on(days: int, as_of: date) -> Case:
    """The balance so many days after the opening; NULL before that day's night: today's less what changed since."""
    since = after_opening(days, OuterRef("open_date"))
    changes = BalanceChange.objects.filter(customer=OuterRef("pk"), as_of__gt=since).order_by().values("customer")
    moved = changes.annotate(moved=Sum(F("new_counted") - F("old_counted"))).values("moved")
    amount = DecimalField(max_digits=20, decimal_places=2)
    return Case(
        When(
            open_date__lte=as_of - timedelta(days=days),
            then=F("metrics__aum") - Coalesce(Subquery(moved), Value(Decimal(0)), output_field=amount),
        ),
        output_field=amount,
    )


def loaded(rows: QuerySet[Any], touches: Sequence[Asked], as_of: date) -> QuerySet[Any]:
    """Rows with all that a line shows, for `line_of`."""
    plan = JSONObject(
        pk="pk", offset="step__offset_days", state="state", due="due_date", closed="closed_on", owner="owner__name",
        contact="done_by_id", at="done_by__contacted_at", staff="done_by__staff__name", closer="closed_by__name",
    )  # fmt: skip
    contact = JSONObject(pk="pk", day="on_day", staff="staff__name")
    last = touches[-1].last if touches else 0
    met = contacts_within(0, last).order_by("contacted_at", "pk").values(one=contact)[:MOST_CONTACTS]
    steps = [step.pk for one in touches for step in one.steps]
    of_opening = MaintenancePlan.objects.filter(
        customer=OuterRef("pk"),
        step__in=steps,
        episode=Concat(F("step__code"), Value(":"), Cast(OuterRef("open_date"), TextField()), output_field=TextField()),
    )
    return slim(rows).annotate(
        plan_marks=ArraySubquery(of_opening.order_by("pk").values(one=plan)),
        contact_marks=ArraySubquery(met),
        owner_name=main_owner(),
        **{f"balance_{days}": balance_on(days, as_of) for days in BALANCE_DAYS},
    )


def line_of(row: Any, touches: Sequence[Asked], day: date) -> Line:
    """A loaded row as the page draws it."""
    plans = {mark["offset"]: mark for mark in row.plan_marks or ()}
    return Line(
        row,
        row.owner_name or "",
        [touch_of(row, one, plans.get(one.offset), day) for one in touches],
        row.metrics.aum,
        [getattr(row, f"balance_{days}") for days in BALANCE_DAYS],
    )


def touch_of(row: Any, asked: Asked, plan: dict[str, Any] | None, day: date) -> Touch:
    """What became of one touch."""
    is_missed_now = getattr(row, asked.name)
    if plan is not None:
        return planned_touch(asked, plan, "missed" if is_missed_now else "planned")
    due = row.open_date + timedelta(days=asked.offset)
    for mark in row.contact_marks:
        on = date.fromisoformat(mark["day"])
        if asked.first <= (on - row.open_date).days <= asked.last:
            return Touch(asked, "done", on, mark["staff"] or "", None, mark["pk"])
    if is_missed_now:
        return Touch(asked, "missed", due)
    if not asked.is_asked(row.metrics.tier) or due < day:
        return Touch(asked, "none")
    return Touch(asked, "later", due)


def planned_touch(asked: Asked, plan: dict[str, Any], open_state: str) -> Touch:
    """A touch that has a plan; `open_state` is what an open one is called."""
    pk, state = plan["pk"], plan["state"]
    if state == PlanState.DONE:
        at = plan["at"] and timezone.localtime(datetime.fromisoformat(plan["at"])).date()
        on = at or (plan["closed"] and date.fromisoformat(plan["closed"]))
        return Touch(asked, "done", on, plan["staff"] or plan["closer"] or "", pk, plan["contact"])
    if state == PlanState.CANCELLED:
        return Touch(asked, "called_off", plan["closed"] and date.fromisoformat(plan["closed"]), "", pk)
    name = "paused" if state == PlanState.PAUSED else open_state
    return Touch(asked, name, date.fromisoformat(plan["due"]), plan["owner"], pk)


def top_of(rows: QuerySet[Any], touches: Sequence[Asked], as_of: date) -> Top:
    """The figures over all rows that have their marks; one statement."""
    workday = Func(
        after_opening(1, OuterRef("open_date")), function="organization_next_workday", output_field=DateField()
    )
    ripe = Q(open_date__lte=as_of - timedelta(days=BALANCE_DAYS[-1]))
    marked = rows.order_by().annotate(
        is_at_once=Exists(contacts_within(0, workday)), kept_balance=balance_on(BALANCE_DAYS[-1], as_of)
    )
    return Top(
        **marked.aggregate(
            opened=Count("pk"),
            at_once=Count("pk", filter=Q(is_at_once=True)),
            missed=Count("pk", filter=any_missed(touches)),
            ripe=Count("pk", filter=ripe),
            kept=Count("pk", filter=ripe & Q(kept_balance__gt=0)),
        )
    )
