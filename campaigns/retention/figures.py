"""The figures of 到期承接: a month at a place, its managers or branches below, and the five months before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Min, QuerySet, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.retention.listing import month_before
from campaigns.retention.models import Part, RetentionFigure
from crm.organization.models import User
from crm.organization.places import Place
from customers.filters import NOBODY

MONTHS = 6
# What counts as kept (DOMAIN §6): all that stayed in AUM, what stayed in deposits, what became a new term deposit.
BASES: dict[str, tuple[Any, tuple[Part, ...]]] = {
    "assets": (_("All assets"), (Part.RENEWED, Part.INVESTED, Part.IDLE)),
    "deposits": (pgettext_lazy("retention", "Deposits"), (Part.RENEWED, Part.IDLE)),
    "renewal": (_("Renewal"), (Part.RENEWED,)),
}


@dataclass(frozen=True)
class Split:
    """Matured principal and its parts in yuan, each with the number of maturities that have any of it.

    `open_rows` are not final yet, from `open_since` on; `young_*` are not counted in anything else.
    """

    rows: int = 0
    principal: Decimal = Decimal(0)
    renewed: Decimal = Decimal(0)
    invested: Decimal = Decimal(0)
    idle: Decimal = Decimal(0)
    gone: Decimal = Decimal(0)
    renewed_rows: int = 0
    invested_rows: int = 0
    idle_rows: int = 0
    gone_rows: int = 0
    open_rows: int = 0
    young_rows: int = 0
    young_principal: Decimal = Decimal(0)
    open_since: date | None = None

    def __add__(self, other: "Split") -> "Split":
        sums = {one: getattr(self, one) + getattr(other, one) for one in SUMMED}
        since = min(filter(None, (self.open_since, other.open_since)), default=None)
        return Split(**sums, open_since=since)

    def rate(self, basis: str) -> Decimal | None:
        """Percent of the principal that was kept, by a basis of BASES; None where nothing matured."""
        if not self.principal:
            return None
        return 100 * sum((self.of(part) for part in BASES[basis][1]), Decimal(0)) / self.principal

    def of(self, part: str) -> Decimal:
        amount: Decimal = getattr(self, part)
        return amount

    def rows_of(self, part: str) -> int:
        number: int = getattr(self, f"{part}_rows")
        return number

    def share(self, part: str) -> Decimal:
        return 100 * self.of(part) / self.principal if self.principal else Decimal(0)

    @property
    def parts(self) -> list[tuple[Part, Decimal, Decimal, int]]:
        """(part, amount, percent, maturities) in the order in which bars show them."""
        return [(part, self.of(part), self.share(part), self.rows_of(part)) for part in Part]


SUMMED = [one.name for one in fields(Split) if one.name != "open_since"]


@dataclass(frozen=True)
class Line:
    """A manager, nobody (`key` none), or a branch below. `before` is the month before, `contacted` part of `split`."""

    key: str
    name: str
    split: Split
    contacted: Split
    before: Split

    @property
    def contacted_share(self) -> Decimal | None:
        """Percent of the maturities that somebody had talked about beforehand."""
        return Decimal(100 * self.contacted.rows) / self.split.rows if self.split.rows else None


@dataclass(frozen=True)
class Figures:
    """A month at a place; `months` are the newest last."""

    month: date
    months: Mapping[date, Split]
    contacted: Split
    untouched: Split
    lines: tuple[Line, ...]

    @property
    def split(self) -> Split:
        return self.months[self.month]

    @property
    def before(self) -> Split:
        return self.months[month_before(self.month)]

    @property
    def total(self) -> Line:
        return Line("", "", self.split, self.contacted, self.before)


def figures(user: User, place: Place, month: date, manager: str) -> Figures:
    """What the page shows beside its list; two statements. A manager narrows all but the lines."""
    own = RetentionFigure.objects.visible_to(user).filter(branch_id__in=place.branch_ids)
    months = [month]
    while len(months) < MONTHS:
        months.insert(0, month_before(months[0]))
    narrowed = of_manager(own, manager).filter(month__in=months)
    found: dict[tuple[date, bool], Split] = {
        (row["month"], row["is_contacted"]): split_of(row) for row in summed(narrowed, "month", "is_contacted")
    }
    of_month = {one: found.get((one, True), Split()) + found.get((one, False), Split()) for one in months}
    lines = lines_of(own.filter(month__in=months[-2:]), place, month)
    return Figures(month, of_month, found.get((month, True), Split()), found.get((month, False), Split()), lines)


def of_manager(rows: QuerySet[RetentionFigure], manager: str) -> QuerySet[RetentionFigure]:
    if manager == NOBODY:
        return rows.filter(owner_id__isnull=True)
    return rows.filter(owner_id=int(manager)) if manager else rows


def summed(rows: QuerySet[RetentionFigure], *by: str, **names: F) -> Iterable[dict[str, Any]]:
    sums = {f"sum_{one}": Sum(one) for one in SUMMED}
    return rows.values(*by, **names).annotate(**sums, since=Min("open_since")).order_by()


def split_of(row: Mapping[str, Any]) -> Split:
    return Split(**{one: row[f"sum_{one}"] for one in SUMMED}, open_since=row["since"])


def lines_of(rows: QuerySet[RetentionFigure], place: Place, month: date) -> tuple[Line, ...]:
    """Managers of an outlet, or branches below; whose customers brought the most, first."""
    names: dict[str, str] = {}
    parts: dict[tuple[str, bool, bool], Split] = {}
    by = {"key": F("owner_id"), "name": F("owner__name")} if place.is_outlet else {"key": F("branch_id")}
    for row in summed(rows, "month", "is_contacted", **by):
        if place.is_outlet:
            key = NOBODY if row["key"] is None else str(row["key"])
            names[key] = row["name"] or ""
        else:
            child = place.child_of[row["key"]]
            key = str(child)
            names[key] = place.children[child]
        at = (key, row["month"] == month, row["is_contacted"])
        parts[at] = parts.get(at, Split()) + split_of(row)

    def line(key: str) -> Line:
        contacted, untouched = (parts.get((key, True, said), Split()) for said in (True, False))
        before = parts.get((key, False, True), Split()) + parts.get((key, False, False), Split())
        return Line(key, names[key], contacted + untouched, contacted, before)

    lines = (line(key) for key in names)
    return tuple(sorted((one for one in lines if one.split.rows), key=lambda one: (-one.split.principal, one.key)))
