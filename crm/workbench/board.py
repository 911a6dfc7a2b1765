"""晨会: what a branch manager's morning meeting starts from, for an outlet by manager, for a region by branch.

Figures come from the counters of the last night (segments.figures), put right by what people have done since; the cost
follows branches, managers and the work of the day, never the number of customers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from archives import complaints
from archives.coverage import UPPER_TIER
from archives.models import Complaint, ContactLog
from crm import db
from crm.organization.access import scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from crm.organization.places import Place, place_of
from crm.workbench.board_lines import NOBODY, PACKAGE, Figures, Line, Moments, lines_of, total_of
from crm.workbench.today import is_manager_id
from crm.workbench.why_now import Reason, Today, reason
from customers import ownership
from customers.averages import month_start
from customers.choices import AlertKind, AlertState, HoldingStatus, Severity
from customers.models import Alert, Customer, Holding
from customers.models.customer import hidden
from segments.alerts.publish import BRANCHES_OPEN
from segments.models import Tier

EXCEPTIONS = 8
COMPLAINTS = 5
MOST_EXCEPTIONS = 50
DUE_ROWS = 7
MONTHS = 6
CANDIDATES = 6
MAIN_OWNER = Q(customer__ownerships__role="main", customer__ownerships__until__isnull=True)


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
    complaints: list[Any]
    due: list[Any]
    opened: str
    candidates: list[Candidate]

    @property
    def customer_ids(self) -> list[int]:
        """The customers whom the page names."""
        named = [one.customer_id for one in (*self.due, *self.complaints) if one.customer_id]
        return [one.customer.pk for one in self.exceptions] + named

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
        complaints=complaints_of(user, place, moments),
        due=due_of(user, place, moments),
        opened=opened,
        candidates=candidates_of(place, lines) if place.is_outlet and opened else [],
    )


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


def complaints_of(user: User, place: Place, moments: Moments) -> list[Any]:
    """The complaints of an outlet, or of the branches below, whose answer is owed within days, the latest first."""
    of_place = Complaint.objects.visible_to(user).filter(branch_id__in=place.branch_ids)
    due: QuerySet[Any] = complaints.due_soon(of_place, moments.today)
    shown = due.annotate(number=Window(Count("pk"))).select_related("customer", "branch", "handler")
    return list(shown.defer("text", *hidden("customer"))[:COMPLAINTS])


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
