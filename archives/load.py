"""Capacity 产能: what a manager's plans of a month take, what the working days give, and what could be moved."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import Coalesce, RowNumber

from archives.choices import REGULAR, PlanOrigin
from archives.models import MaintenancePlan
from archives.plans import stand_ins
from crm.audit import trail
from crm.organization import workdays
from crm.organization.models import DayTarget, User
from customers.models import Customer

# Plans are spread up to so many days after their month.
SPREAD_DAYS = 45
MOST_MOVED = 500
MOST_LINES = 50
SHOWN_A_DAY = 4
MOST_OF_A_DAY = 60


@dataclass(frozen=True)
class Standard:
    """A manager's working day: contacts that fit into it, and the minutes that each takes."""

    contacts: int
    minutes: int

    def hours(self, days: int) -> float:
        return days * self.contacts * self.minutes / 60


@dataclass(frozen=True)
class Month:
    """A calendar month, looked at from a day; what is left of it begins there, or at its first day."""

    first: date
    today: date

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        return self.last + timedelta(days=1)

    @property
    def begins(self) -> date:
        return max(self.first, self.today)

    @property
    def is_current(self) -> bool:
        return self.first <= self.today <= self.last

    @property
    def grid(self) -> tuple[date, date]:
        """The Monday on which the page begins, and the Sunday on which it ends."""
        return (
            self.first - timedelta(days=self.first.weekday()),
            self.last + timedelta(days=6 - self.last.weekday()),
        )


@dataclass(frozen=True)
class Load:
    """A manager's month: plans and hours due, against the hours of the working days that are left of it."""

    owner_id: int
    name: str
    plans: int
    late: int
    hours: float
    available: float

    @property
    def share(self) -> int:
        """Percent of the hours that the plans take; nothing due is 0, anything without time for it 999."""
        if not self.plans:
            return 0
        return min(999, round(100 * self.hours / self.available)) if self.available else 999

    @property
    def is_over(self) -> bool:
        return self.hours > self.available


def standard(day: date) -> Standard:
    """What is asked of a manager's day."""
    target = DayTarget.objects.filter(effective_from__lte=day).order_by("-effective_from").first()
    return Standard(target.contacts, target.minutes) if target else Standard(0, 0)


def due_in(user: User, month: Month) -> QuerySet[Any]:
    """The open plans of a month; in the current one what is overdue is due now."""
    plans = MaintenancePlan.objects.open().visible_to(user).filter(due_date__lte=month.last)
    return plans if month.is_current else plans.filter(due_date__gte=month.first)


class Hours:
    """The hours that working days give each manager, less those on which they are away; who is away is asked once."""

    def __init__(self, days: Sequence[date], standard: Standard, first: date, last: date) -> None:
        """`first` and `last` are the span of which absences are asked; the days lie in it."""
        self.days, self.standard, self.span = days, standard, (first, last)
        self.known: dict[int, frozenset[date]] = {}

    def away(self, staff_ids: Collection[int]) -> dict[int, frozenset[date]]:
        """The days of the span on which each of these is away; one statement for those not asked of before."""
        asked = [pk for pk in staff_ids if pk not in self.known]
        if asked:
            self.known.update(dict.fromkeys(asked, frozenset()) | workdays.days_away(asked, *self.span))
        return {pk: self.known[pk] for pk in staff_ids}

    def of(self, staff_ids: Collection[int]) -> dict[int, float]:
        """By member of staff."""
        away = self.away(staff_ids)
        return {pk: self.standard.hours(sum(day not in away[pk] for day in self.days)) for pk in staff_ids}


def loads(user: User, month: Month, day: Standard, hours: Hours, **only: Any) -> list[Load]:
    """The months of the managers with the most due in the user's scope; two statements."""
    rows = list(
        due_in(user, month)
        .filter(**only)
        .values("owner_id", "owner__name")
        .annotate(
            plans=Count("pk"),
            late=Count("pk", filter=Q(due_date__lt=month.today)),
            minutes=Sum(Coalesce("template__minutes", day.minutes)),
        )
        .order_by("-minutes", "owner_id")[:MOST_LINES]
    )
    available = hours.of([row["owner_id"] for row in rows])
    return [
        Load(
            row["owner_id"], row["owner__name"], row["plans"], row["late"], row["minutes"] / 60,
            available[row["owner_id"]],
        )
        for row in rows
    ]  # fmt: skip


def counts_by_day(user: User, owner_id: int, first: date, last: date) -> dict[date, int]:
    """Open plans of a manager by day; one statement."""
    plans = MaintenancePlan.objects.open().visible_to(user).filter(owner_id=owner_id, due_date__range=(first, last))
    return dict(plans.values_list("due_date").annotate(plans=Count("pk")).order_by("due_date"))


@dataclass(frozen=True)
class Shown:
    """How many open plans a day has, and the first few of them."""

    count: int
    plans: list[MaintenancePlan]


def shown_by_day(user: User, owner_id: int, first: date, last: date) -> dict[date, Shown]:
    """The days of the calendar that have open plans; one statement."""
    plans = MaintenancePlan.objects.open().visible_to(user).filter(owner_id=owner_id, due_date__range=(first, last))
    numbered = plans.annotate(
        number=Window(RowNumber(), partition_by=F("due_date"), order_by=F("pk").asc()),
        of_day=Window(Count("pk"), partition_by=F("due_date")),
    )
    found: dict[date, Shown] = {}
    chosen = numbered.filter(number__lte=SHOWN_A_DAY).select_related("customer", "step").order_by("due_date", "pk")
    for plan in chosen:
        found.setdefault(plan.due_date, Shown(plan.of_day, [])).plans.append(plan)
    return found


@dataclass(frozen=True)
class Room:
    """How many contacts the days of a manager have room for: none on a day off, nor on one of an absence."""

    calendar: workdays.Calendar
    away: frozenset[date]
    contacts: int

    def on(self, day: date) -> int:
        """Within the calendar's span only."""
        return self.contacts if self.calendar.is_working(day) and day not in self.away else 0


def room_of(owner_id: int, first: date, last: date, day: Standard) -> Room:
    """A manager's room from the first to the last day; two statements."""
    away = workdays.days_away([owner_id], first, last).get(owner_id, frozenset())
    return Room(workdays.between(first, last), away, day.contacts)


def excess(counts: Mapping[date, int], room: Room, month: Month) -> dict[date, int]:
    """By how much each day ahead is too full."""
    return {
        one: plans - room.on(one)
        for one, plans in counts.items()
        if month.begins <= one <= month.last and plans > room.on(one)
    }


def movable(
    user: User, owner_id: int, over: Mapping[date, int], month: Month, away: Collection[date] = ()
) -> list[MaintenancePlan]:
    """The regular contacts that are overdue, and on days that are too full as many as are too much: the lowest tier
    is moved first there.

    What a person planned, and what hangs on a date or an alert, stays where it is, but on the days in `away`.
    """
    can_move = Q(origin__in=REGULAR) | Q(due_date__in=list(away)) & ~Q(origin=PlanOrigin.INSPECTION)
    regular = MaintenancePlan.objects.open().visible_to(user).filter(can_move, owner_id=owner_id)
    late = Q(due_date__lt=month.today) if month.is_current else Q(pk__lt=0)
    plans = (
        regular.filter(late | Q(due_date__in=list(over)))
        .select_for_update(of=("self",))
        .order_by("due_date", "customer__metrics__tier", "-pk")[: MOST_MOVED * 2]
    )
    left = dict(over)
    chosen: list[MaintenancePlan] = []
    for plan in plans:
        is_late = plan.due_date < month.today
        if (is_late or left[plan.due_date] > 0) and len(chosen) < MOST_MOVED:
            left[plan.due_date] = left.get(plan.due_date, 0) - 1
            chosen.append(plan)
    return chosen


def spread(user: User, owner: User, month: Month) -> int:
    """Move what is too much to the next working days with room, up to six weeks after the month; how many moved."""
    day, last = standard(month.begins), month.last + timedelta(days=SPREAD_DAYS)
    with transaction.atomic():
        room = room_of(owner.pk, month.begins, last, day)
        counts = counts_by_day(user, owner.pk, month.begins, last)
        plans = movable(user, owner.pk, excess(counts, room, month), month)
        moved = []
        for plan in plans:
            free = next_free(plan.due_date, counts, room)
            if free is None:
                continue
            counts[free] = counts.get(free, 0) + 1
            if plan.due_date in counts:
                counts[plan.due_date] -= 1
            plan.due_date = free
            moved.append(plan)
        # A customer who has contacts enough on the new day keeps the old one: the database leaves that row as it is.
        number = MaintenancePlan.objects.bulk_update(moved, ["due_date"])
        detail = {"owner": owner.pk, "plans": {plan.pk: plan.due_date for plan in moved}}
        trail.append(chain=user.branch_id, actor=user, action="plan.spread", detail=detail)
    return number


def next_free(day: date, counts: Mapping[date, int], room: Room) -> date | None:
    """The first day after this one that still has room."""
    ahead = (one for one in room.calendar.working_days if one > day)
    return next((one for one in ahead if counts.get(one, 0) < room.on(one)), None)


@dataclass(frozen=True)
class Handed:
    """`unseen` plans stay: the colleague does not see their customers."""

    plans: int
    unseen: int


def hand(user: User, owner: User, colleague: User, month: Month) -> Handed:
    """Give what is too much to a colleague, as far as the colleague sees the customers; all of the days away."""
    day = standard(month.begins)
    with transaction.atomic():
        room = room_of(owner.pk, month.begins, month.last, day)
        counts = counts_by_day(user, owner.pk, month.begins, month.last)
        plans = movable(user, owner.pk, excess(counts, room, month), month, room.away)
        theirs = seen_by(colleague, plans)
        for plan in theirs:
            plan.owner = colleague
        MaintenancePlan.objects.bulk_update(theirs, ["owner"])
        detail = {"owner": owner.pk, "colleague": colleague.pk, "ids": [plan.pk for plan in theirs]}
        trail.append(chain=user.branch_id, actor=user, action="plan.hand_over", detail=detail)
    return Handed(len(theirs), len(plans) - len(theirs))


def seen_by(colleague: User, plans: Sequence[MaintenancePlan]) -> list[MaintenancePlan]:
    ids = [plan.customer_id for plan in plans]
    seen = set(Customer.objects.visible_to(colleague).filter(pk__in=ids).values_list("pk", flat=True))
    return [plan for plan in plans if plan.customer_id in seen]


def load_of(user: User, owner: User, month: Month, day: Standard, hours: Hours) -> Load:
    """One manager's month; nothing due where the user sees no plan of theirs."""
    found = loads(user, month, day, hours, owner_id=owner.pk)
    return found[0] if found else Load(owner.pk, owner.name, 0, 0, 0.0, hours.of([owner.pk])[owner.pk])


def of_day(user: User, owner_id: int, day: date) -> list[MaintenancePlan]:
    """The open plans of a day, as many as the page lists."""
    plans = MaintenancePlan.objects.open().visible_to(user).filter(owner_id=owner_id, due_date=day)
    return list(
        plans.select_related("customer__metrics", "step").order_by("-customer__metrics__tier", "pk")[:MOST_OF_A_DAY]
    )


def helpers_of(owner: User) -> QuerySet[User]:
    """Colleagues of the same branch who can take plans over."""
    return stand_ins(owner.branch_id).exclude(pk=owner.pk)


def helpers_with_room(user: User, owner: User, month: Month, day: Standard, hours: Hours) -> list[Load]:
    """Those of them with the most time left in the month, the freest first."""
    staff = {one.pk: one for one in helpers_of(owner)[:MOST_LINES]}
    known = {one.owner_id: one for one in loads(user, month, day, hours, owner_id__in=list(staff))} if staff else {}
    idle = hours.of([pk for pk in staff if pk not in known])
    found = [known.get(pk) or Load(pk, one.name, 0, 0, 0.0, idle[pk]) for pk, one in staff.items()]
    return sorted((one for one in found if not one.is_over), key=lambda one: one.hours)
