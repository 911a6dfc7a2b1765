"""迁徙矩阵 as its page draws it: which days, which scheme, which place, and the table with shares and colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext_lazy as _

from crm.jobs.models import JobRun
from crm.organization.access import scope_of
from crm.organization.choices import Reach
from crm.organization.models import Branch, User
from crm.organization.places import Place, place_of
from customers.filters import MOST_CHOICES
from segments import moves
from segments.models import Tier, TierScheme
from segments.moves import ABSENT, Cell, Matrix, Span, Stay

MOST_DAYS = 1_100  # three years of nights
MOST_VERSIONS = 200
UNITS = {"people": _("People"), "aum": _("AUM"), "percent": _("Percent")}
# From which share of a row on a move is told in the second and the third strength of its colour.
STRENGTHS = (1, 5)


@dataclass(frozen=True)
class Asked:
    """What the address asks for, as far as it makes sense; `cell` is None where no list is open."""

    span: Span
    place: Place
    schemes: Sequence[TierScheme]
    months: Sequence[date]
    unit: str
    cell: tuple[int, int] | None
    first_night: date | None  # told where a day before it was asked for

    @property
    def scheme(self) -> TierScheme:
        return self.span.judged_by(self.span.as_of)


def published_days() -> list[date]:
    """The newest published business dates, newest first."""
    nights = JobRun.objects.filter(job="nightly", published_at__isnull=False).order_by("-business_date")
    return list(nights.values_list("business_date", flat=True)[:MOST_DAYS])


def read(user: User, data: Mapping[str, str]) -> Asked | None:
    """The days, scheme, place, unit and cell of an address; None before a scheme has two published days.

    A day that no night published means the one before it; Http404 for a place outside the user's branches.
    """
    place = place_of(user, data.get("place", ""))
    released = TierScheme.objects.filter(is_released=True).order_by("-is_primary", "code", "version")[:MOST_VERSIONS]
    schemes = [one for one in released if one.is_active]
    if not schemes:
        return None
    code = next((one.code for one in schemes if one.code == data.get("scheme")), schemes[0].code)
    versions = tuple(sorted((one for one in released if one.code == code), key=lambda one: one.version))
    begins = min(one.effective_from for one in versions)
    days = [day for day in published_days() if day >= begins]
    if len(days) < 2:
        return None
    months = [next(group) for _month, group in groupby(days, key=lambda day: (day.year, day.month))]
    usual = next((day for day in months if (day.year, day.month) != (days[0].year, days[0].month)), days[-1])
    as_of = day_of(data, "to", days) or days[0]
    since = day_of(data, "from", days) or usual
    since, as_of = min(since, as_of), max(since, as_of)
    too_early = any(text and text < days[-1].isoformat() for text in (chosen(data, "from"), chosen(data, "to")))
    is_all = place.branch_id == user.branch_id
    span = Span(versions, since, as_of, days[0], None if is_all else place.branch_ids)
    unit = data.get("unit", "")
    unit = unit if unit in UNITS else "people"
    cell = cell_named(data.get("cell", ""))
    return Asked(span, place, schemes, months, unit, cell, days[-1] if too_early else None)


def chosen(data: Mapping[str, str], name: str) -> str:
    """The day typed, or the end of a month chosen, as ISO text; empty where there is neither."""
    for text in (data.get(f"{name}_day", "")[:10], data.get(name, "")[:10]):
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            continue
    return ""


def day_of(data: Mapping[str, str], name: str, days: Sequence[date]) -> date | None:
    """The published day at or before the chosen one, the first one for earlier; None where none is chosen."""
    if not (text := chosen(data, name)):
        return None
    return next((day for day in days if day.isoformat() <= text), days[-1])


def cell_named(text: str) -> tuple[int, int] | None:
    """`3-2`: from the third tier to the second; 0 is absent, so that `0-0` is none."""
    old, dash, new = text.partition("-")
    if not dash or not all(part.isascii() and part.isdecimal() and len(part) < 4 for part in (old, new)):
        return None
    return None if int(old) == int(new) == ABSENT else (int(old), int(new))


@dataclass(frozen=True)
class Shown:
    """A cell with its share of the row (of all who are new in the last row), its strength and whether it is open."""

    cell: Cell
    share: float
    is_open: bool

    @property
    def name(self) -> str:
        return f"{self.cell.old}-{self.cell.new}"

    @property
    def css(self) -> str:
        kind = "down" if self.cell.kind == "closed" else self.cell.kind
        if not self.cell.customers:
            return "zero"
        return kind if kind in ("stay", "new") else f"{kind}-{1 + sum(self.share >= edge for edge in STRENGTHS)}"


@dataclass(frozen=True)
class Line:
    """A row of the table; rank 0 is who was no customer on the first day."""

    rank: int
    cells: Sequence[Shown]
    total: Cell


@dataclass(frozen=True)
class Flow:
    """What became of a tier's customers of the first day, in percent of them, and how long they had been there."""

    rank: int
    up: float
    stay: float
    down: float
    closed: float
    held: Stay | None


@dataclass(frozen=True)
class Table:
    """`unit` is the one that is shown, whatever was asked for."""

    unit: str
    ranks: Sequence[int]
    lines: Sequence[Line]
    columns: Sequence[Cell]
    changes: Sequence[int]
    matrix: Matrix
    flows: Sequence[Flow]

    @property
    def net(self) -> int:
        return self.matrix.closing.customers - self.matrix.opening.customers

    @property
    def left(self) -> Cell:
        return self.matrix.of_kind("closed")

    @property
    def kinds(self) -> list[tuple[str, Cell, float]]:
        """Up, unchanged, down and closed, with their share of the first day's customers."""
        everybody = self.matrix.opening.customers
        found = ((kind, self.matrix.of_kind(kind)) for kind in ("up", "stay", "down", "closed"))
        return [(kind, cell, percent(cell.customers, everybody)) for kind, cell in found]


def percent(part: Decimal | int, whole: Decimal | int) -> float:
    return float(100 * part / whole) if whole else 0.0


def table(user: User, asked: Asked, tiers: Mapping[int, Tier]) -> Table:
    """Everything that the left side of the page shows; people where there are too many for amounts."""
    unit = "people" if asked.unit == "aum" and not moves.may_have_money(user, asked.span) else asked.unit
    found = moves.matrix(user, asked.span, with_money=unit == "aum")
    held = moves.stays(user, asked.span, found.movers)
    ranks = sorted({*tiers, *found.ranks})
    lines = []
    for old in (*ranks, ABSENT):
        total = found.row(old)
        cells = [found.cell(old, new) for new in (*ranks, ABSENT) if old or new]
        shown = [Shown(one, percent(one.customers, total.customers), asked.cell == (one.old, one.new)) for one in cells]
        lines.append(Line(old, shown, total))
    columns = [found.column(new) for new in ranks]
    changes = [column.customers - line.total.customers for column, line in zip(columns, lines, strict=False)]
    flows = [flow(line, held.get(line.rank)) for line in lines if line.rank]
    return Table(unit, ranks, lines, columns, changes, found, flows)


def flow(line: Line, held: Stay | None) -> Flow:
    shares = {
        kind: sum(one.share for one in line.cells if one.cell.kind == kind) for kind in ("up", "stay", "down", "closed")
    }
    return Flow(line.rank, **shares, held=held)


def places(user: User) -> list[Branch]:
    """The branches to choose from, the reader's own first; none for who sees one branch alone."""
    scope = scope_of(user)
    if scope is None or scope.reach != Reach.SUBTREE:
        return []
    below = Branch.objects.filter(path__startswith=user.branch.path, is_active=True)
    return list(below.order_by("path")[:MOST_CHOICES])
