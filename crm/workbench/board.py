"""晨会: what a branch manager's morning meeting starts from, for an outlet by manager, for a region by branch.

Figures come from the counters of the last night (segments.figures), put right by what people have done since; the cost
follows branches, managers and the work of the day, never the number of customers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from archives.choices import REACHED, Channel
from archives.coverage import UPPER_TIER
from archives.models import ContactLog
from crm import db
from crm.organization.access import scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from crm.workbench.today import is_manager_id
from crm.workbench.why_now import Reason, Today, reason
from customers import ownership
from customers.averages import month_start
from customers.choices import AlertKind, AlertState, HoldingStatus, Severity
from customers.models import Alert, Customer, Holding
from customers.models.customer import hidden
from segments.alerts.publish import BRANCHES_OPEN
from segments.models import Tier

PACKAGE = "crm.workbench"
PATIENCE = timedelta(hours=24)
DUE_DAYS = 7
EXCEPTIONS = 8
MOST_EXCEPTIONS = 50
DUE_ROWS = 7
MONTHS = 6
CANDIDATES = 6
NOBODY = "none"
MAIN_OWNER = Q(customer__ownerships__role="main", customer__ownerships__until__isnull=True)


@dataclass(frozen=True)
class Place:
    """What a board is about: an outlet, or a branch with the branches below it (`children`: their names by id)."""

    branch_id: int
    name: str
    branch_ids: tuple[int, ...]
    child_of: Mapping[int, int]
    children: Mapping[int, str]
    above: tuple[tuple[int, str], ...]

    @property
    def is_outlet(self) -> bool:
        return not self.children


@dataclass(frozen=True)
class Moments:
    """The days and moments that the figures of a board turn on."""

    now: datetime
    today: date
    as_of: date

    @property
    def before(self) -> date:
        """The day whose results the meeting looks at."""
        return self.today - timedelta(days=1)

    @property
    def last_due(self) -> date:
        return self.today + timedelta(days=DUE_DAYS)

    @property
    def late_day(self) -> date:
        """Alerts raised on this business date or before have been open to the branch for a day and night."""
        return raised_before(self.now - PATIENCE)

    def start_of(self, day: date) -> datetime:
        return timezone.make_aware(datetime.combine(day, time.min))


def raised_before(moment: datetime) -> date:
    """The newest business date whose alerts the branches had when this moment came: they open the morning after."""
    opened = timezone.localtime(moment) - timedelta(days=1, hours=BRANCHES_OPEN.hour)
    return opened.date()


@dataclass(frozen=True)
class Figures:
    """One line's figures; amounts in yuan. `*_before` are of yesterday, `*_month` of the month (an outlet's alone),
    `reached_*` effective contacts among the `contacts_*`.

    `waiting` are customers with an alert that is not put off, `untouched` red alerts that nobody has touched for a day,
    `urgent` those and the large outflows that nobody has touched.
    """

    customers: int = 0
    aum: Decimal = Decimal(0)
    month_average: Decimal = Decimal(0)
    last_month_average: Decimal = Decimal(0)
    upper: int = 0
    covered: int = 0
    waiting: int = 0
    alerts: int = 0
    red: int = 0
    untouched: int = 0
    urgent: int = 0
    due_today: int = 0
    due_today_amount: Decimal = Decimal(0)
    due_week: int = 0
    due_week_amount: Decimal = Decimal(0)
    contacts_before: int = 0
    reached_before: int = 0
    contacts_today: int = 0
    reached_today: int = 0
    contacts_month: int = 0
    reached_month: int = 0
    appointments: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Figures)})

    @property
    def average_change(self) -> Decimal:
        """The month's average to date less the one of the month before."""
        return self.month_average - self.last_month_average

    @property
    def coverage(self) -> float | None:
        """Percent of the upper tiers' customers with an effective contact in their cycle; None where there are none."""
        return 100 * self.covered / self.upper if self.upper else None

    @property
    def uncovered(self) -> int:
        return self.upper - self.covered


@dataclass(frozen=True)
class Line:
    """A manager, the customers without one (`key` none), or a branch below; `drill` are its drill-down's parameters."""

    key: str
    name: str
    drill: Mapping[str, str]
    figures: Figures

    @cached_property
    def query(self) -> str:
        """The parameters of its drill-down as an address writes them."""
        return urlencode(self.drill)


@dataclass(frozen=True)
class Untouched:
    """A red alert that wants the branch manager: who owns it, how long it waits, and when it was nudged today."""

    alert: Alert
    customer: Customer
    reason: Reason
    owner_name: str
    waits: str
    nudged_at: datetime | None


@dataclass(frozen=True)
class Candidate:
    """Who may take a customer over, and what is on the desk today."""

    user: User
    waiting: int
    contacts_today: int


@dataclass(frozen=True)
class TierRow:
    tier: Tier
    customers: int
    change: int | None
    month_average: Decimal
    coverage: float | None


@dataclass(frozen=True)
class MonthRow:
    """A month's moves, and the customers by tier at its end (to date for the current one), highest tier first."""

    month: date
    up: int
    down: int
    customers: tuple[int | None, ...]


@dataclass(frozen=True)
class Board:
    place: Place
    moments: Moments
    lines: list[Line]
    total: Line
    unowned: Line | None
    tiers: list[TierRow]
    months: list[MonthRow]
    exceptions: list[Untouched]
    due: list[Any]
    opened: str
    candidates: list[Candidate]

    @property
    def customer_ids(self) -> list[int]:
        """The customers whom the page names."""
        return [one.customer.pk for one in self.exceptions] + [one.customer_id for one in self.due]

    @property
    def more(self) -> int:
        """Exceptions behind those that are shown."""
        return max(0, self.total.figures.urgent - len(self.exceptions))


def is_asked(user: User, asked: Mapping[str, str]) -> bool:
    """Does this user start from the board? Not while one manager's list is asked for."""
    scope = scope_of(user)
    manages = user.role == Role.BRANCH_MANAGER and scope is not None and scope.reach != Reach.OWN
    return manages and not is_manager_id(asked.get("manager", ""))


def board(user: User, asked: Mapping[str, str], today: Today, now: datetime) -> Board:
    """All that the page shows. Raises Http404 for a branch that is not the user's or below it."""
    place = place_of(user, asked.get("branch", ""))
    moments = Moments(now, today.day, today.as_of)
    lines = lines_of(place, moments)
    tiers, months = tiers_of(place, moments, today.tiers)
    opened = asked.get("reassign", "")
    return Board(
        place=place,
        moments=moments,
        lines=[line for line in lines if line.key != NOBODY],
        total=total_of(place, lines),
        unowned=next((line for line in lines if line.key == NOBODY), None),
        tiers=tiers,
        months=months,
        exceptions=exceptions_of(user, place, today, moments, all_of_them=bool(asked.get("more"))),
        due=due_of(user, place, moments),
        opened=opened,
        candidates=candidates_of(place, lines) if place.is_outlet and opened else [],
    )


def place_of(user: User, asked: str) -> Place:
    """The user's own branch, or the one asked for; Http404 unless it is the user's or lies below it."""
    own = user.branch
    scope = scope_of(user)
    if scope is None or scope.reach != Reach.SUBTREE:
        if asked and asked != str(own.pk):
            raise Http404
        return Place(own.pk, own.name, (own.pk,), {own.pk: own.pk}, {}, ())
    rows = list(Branch.objects.filter(path__startswith=own.path).order_by("path").values_list("pk", "name", "path"))
    names = {pk: name for pk, name, _path in rows}
    chosen = int(asked) if asked.isdecimal() and len(asked) < 19 else own.pk
    path = next((path for pk, _name, path in rows if pk == chosen), None)
    if path is None or (asked and not asked.isdecimal()):
        raise Http404
    depth = len(path.strip(".").split("."))
    below = {pk: way.strip(".").split(".") for pk, _name, way in rows if way.startswith(path)}
    child_of = {pk: int(way[depth]) if len(way) > depth else pk for pk, way in below.items()}
    children = {pk: names[pk] for pk in dict.fromkeys(child_of.values())} if len(below) > 1 else {}
    above = tuple((int(pk), names[int(pk)]) for pk in path.strip(".").split(".")[:-1] if int(pk) in names)
    return Place(chosen, names[chosen], tuple(below), child_of, children, above)


def lines_of(place: Place, moments: Moments) -> list[Line]:
    """A line of each manager of an outlet, or of each branch below; one statement."""
    rows = db.fetch_sql(
        PACKAGE,
        "board_figures",
        "default",
        branches=list(place.branch_ids),
        places=[place.child_of[pk] for pk in place.branch_ids],
        by_owner=place.is_outlet,
        as_of=moments.as_of,
        today=moments.today,
        last_due=moments.last_due,
        late_day=moments.late_day,
        today_at=moments.start_of(moments.today),
        before_at=moments.start_of(moments.before),
        month_at=moments.start_of(month_start(moments.today)),
        # A region's contacts of a whole month are too many to count; those of two days are the work of two days.
        contacts_from=moments.start_of(
            min(moments.before, month_start(moments.today)) if place.is_outlet else moments.before
        ),
        upper_tier=UPPER_TIER,
        reached=[str(outcome) for outcome in REACHED],
        sms=str(Channel.SMS),
    )
    if place.is_outlet:
        return [line_of_owner(place, row) for row in sorted(rows, key=order_of)]
    of_place = {row["key"]: figures_of(row) for row in rows}
    # The branch itself has a line where it has customers of its own.
    shown = [pk for pk in place.children if pk != place.branch_id or pk in of_place]
    return [line_of_place(place, pk, of_place.get(pk, Figures())) for pk in shown]


def order_of(row: Mapping[str, Any]) -> tuple[bool, bool, str]:
    """Managers by staff number, then other staff, then nobody: the same every morning."""
    return (row["key"] is None, row["role"] != Role.RELATIONSHIP_MANAGER, row["staff_no"] or "")


def figures_of(row: Mapping[str, Any]) -> Figures:
    return Figures(**{one.name: row[one.name] for one in fields(Figures)})


def line_of_owner(place: Place, row: Mapping[str, Any]) -> Line:
    key = NOBODY if row["key"] is None else str(row["key"])
    return Line(key, row["name"] or "", {"place": str(place.branch_id), "manager": key}, figures_of(row))


def line_of_place(place: Place, pk: int, figures: Figures) -> Line:
    """A branch below; the line of the branch itself is of its own customers, without those of the branches below."""
    drill = {"branch" if pk == place.branch_id else "place": str(pk)}
    return Line(str(pk), place.children[pk], drill, figures)


def total_of(place: Place, lines: Iterable[Line]) -> Line:
    return Line("", "", {"place": str(place.branch_id)}, sum((line.figures for line in lines), Figures()))


def tiers_of(place: Place, moments: Moments, tiers: Mapping[int, Tier]) -> tuple[list[TierRow], list[MonthRow]]:
    """Tiers now against the end of the month before, and the months with their moves, newest first; one statement."""
    first = month_start(moments.as_of)
    for _month in range(MONTHS - 1):
        first = month_start(first - timedelta(days=1))
    rows = db.fetch_sql(
        PACKAGE,
        "board_tiers",
        "default",
        branches=list(place.branch_ids),
        as_of=moments.as_of,
        first_month=first,
    )
    counts = {(row["month"], row["rank"]): row for row in rows}
    months = sorted({row["month"] for row in rows}, reverse=True)
    this = month_start(moments.as_of)
    last = month_start(this - timedelta(days=1))
    ranks = sorted(tiers, reverse=True)
    now = [tier_row(tiers[rank], counts.get((this, rank)), counts.get((last, rank)), last in months) for rank in ranks]
    past = []
    for month in months:
        of_month = {rank: row for (one, rank), row in counts.items() if one == month}
        any_row = next(iter(of_month.values()))
        customers = tuple(of_month[rank]["customers"] if rank in of_month else None for rank in ranks)
        past.append(MonthRow(month, any_row["up"], any_row["down"], customers))
    return now, past


def tier_row(tier: Tier, now: Mapping[str, Any] | None, last: Mapping[str, Any] | None, has_last: bool) -> TierRow:
    customers = now["customers"] if now else 0
    before = last["customers"] if last else 0
    covered = (now and now["covered"]) or 0
    return TierRow(
        tier=tier,
        customers=customers,
        change=customers - before if has_last else None,
        month_average=(now and now["month_average"]) or Decimal(0),
        coverage=100 * covered / customers if customers and tier.rank >= UPPER_TIER else None,
    )


def urgent(alerts: QuerySet[Any], moments: Moments) -> QuerySet[Any]:
    """Red alerts that nobody has touched for a day, and large outflows that nobody has touched at all."""
    return alerts.filter(severity=Severity.RED, state=AlertState.NEW).filter(
        Q(raised_on__lte=moments.late_day) | Q(kind=AlertKind.LARGE_OUT)
    )


def exceptions_of(
    user: User, place: Place, today: Today, moments: Moments, *, all_of_them: bool = False
) -> list[Untouched]:
    """What of an outlet only its manager can move on: large outflows first, then by how long they wait."""
    if not place.is_outlet:
        return []
    of_place: QuerySet[Any] = Alert.objects.visible_to(user).filter(branch_id=place.branch_id)
    order = (Case(When(kind=AlertKind.LARGE_OUT, then=Value(0)), default=Value(1)), "raised_on", "-amount", "pk")
    # Chosen from the alerts alone, and only then joined with what a row shows.
    first = urgent(of_place, moments).order_by(*order)[: MOST_EXCEPTIONS if all_of_them else EXCEPTIONS]
    rows: QuerySet[Any] = (
        Alert.objects.filter(pk__in=first.values("pk"))
        .annotate(
            main=FilteredRelation("customer__ownerships", condition=MAIN_OWNER),
            nudge=FilteredRelation("nudges", condition=Q(nudges__nudged_on=moments.today)),
        )
        .annotate(owner_name=F("main__owner__name"), nudged_at=F("nudge__nudged_at"))
        .select_related("customer__metrics")
        .defer(*hidden("customer"))
        .order_by(*order)
    )
    return [
        Untouched(
            alert=alert,
            customer=alert.customer,
            reason=reason(alert, today),
            owner_name=alert.owner_name or "",
            waits=waiting_time(alert.raised_on, moments),
            nudged_at=alert.nudged_at,
        )
        for alert in rows
    ]


def waiting_time(raised_on: date, moments: Moments) -> str:
    """Since the branch opened on the morning after the alert's business date."""
    opened = timezone.make_aware(datetime.combine(raised_on + timedelta(days=1), BRANCHES_OPEN))
    hours = int((moments.now - opened).total_seconds() // 3600)
    if hours < 1:
        return _("new today")
    if hours < 48:
        return ngettext("for %(hours)s hour", "for %(hours)s hours", hours) % {"hours": hours}
    return ngettext("for %(days)s day", "for %(days)s days", hours // 24) % {"days": hours // 24}


def due_of(user: User, place: Place, moments: Moments) -> list[Any]:
    """The largest deposits of an outlet that mature today, each with the owner's name and the last contact."""
    if not place.is_outlet:
        return []
    of_place = Holding.objects.visible_to(user).filter(
        branch_id=place.branch_id, status=HoldingStatus.OPEN, balance__gt=0, maturity_date=moments.today
    )
    largest = of_place.order_by("-balance", "pk")[:DUE_ROWS]
    last = ContactLog.objects.filter(customer=OuterRef("customer")).order_by("-contacted_at").values("contacted_at")[:1]
    return list(
        Holding.objects.filter(pk__in=largest.values("pk"))
        .annotate(main=FilteredRelation("customer__ownerships", condition=MAIN_OWNER))
        .annotate(owner_name=F("main__owner__name"), last_contact=Subquery(last))
        .select_related("customer__metrics", "product")
        .defer(*hidden("customer"))
        .order_by("-balance", "pk")
    )


def candidates_of(place: Place, lines: Iterable[Line]) -> list[Candidate]:
    """The managers of an outlet with the least on their desk."""
    loads = {line.key: line.figures for line in lines}
    nothing = Figures()
    found = [
        Candidate(one, loads.get(str(one.pk), nothing).waiting, loads.get(str(one.pk), nothing).contacts_today)
        for one in ownership.candidates(place.branch_id)
    ]
    return sorted(found, key=lambda one: one.waiting)[:CANDIDATES]
