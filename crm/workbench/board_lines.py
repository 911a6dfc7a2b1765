"""The lines of the branch board: what place it is about, on which days, and the figures of each manager or branch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from archives.choices import REACHED, Channel
from archives.contacts import start_of
from archives.coverage import UPPER_TIER
from crm import db
from crm.organization.choices import Role
from crm.organization.places import Place
from customers.averages import month_start
from segments.alerts.publish import BRANCHES_OPEN

PACKAGE = "crm.workbench"
PATIENCE = timedelta(hours=24)
DUE_DAYS = 7
NOBODY = "none"


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
        return start_of(day)


def raised_before(moment: datetime) -> date:
    """The newest business date whose alerts the branches had when this moment came: they open the morning after."""
    opened = timezone.localtime(moment) - timedelta(days=1, hours=BRANCHES_OPEN.hour)
    return opened.date()


@dataclass(frozen=True)
class Figures:
    """One line's figures; amounts in yuan. `*_before` are of yesterday, `*_month` of the month (an outlet's alone),
    `reached_*` effective contacts among the `contacts_*`.

    `appointments` are open plans for today, `overdue` those of days before, both of whom they were made for.
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
    overdue: int = 0

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
