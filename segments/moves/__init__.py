"""迁徙矩阵: where the customers of one published day stood on another, in the scope of the reader.

What it costs follows the moves since the first day, not the customers: who moved is read from TierChange by scheme and
date, everybody else is what the newest day's figures leave. Only a manager's own customers, a few hundred, are looked
at one by one, since figures are kept by branch.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, F, QuerySet, Sum, Value
from django.db.models.functions import Mod

from crm import db
from crm.organization.access import scope_of
from crm.organization.choices import Reach
from crm.organization.models import User
from customers.models import Customer
from segments.membership import placed
from segments.models import DayFigure, Tier, TierChange, TierScheme

PACKAGE = "segments.moves"
RETURN_DAYS = 90
# Amounts ask for every mover's balances, one by one: more moves than these take longer than a page may.
MOST_WITH_MONEY = 100_000
# So many movers tell the median and the share of returns of any number of them.
SAMPLE = 20_000
ABSENT = 0


@dataclass(frozen=True)
class Span:
    """Two published days, the newest one, and the scheme by all its versions (a tier is held from one to the next).

    `branches` narrows the reader's scope to a place in it; None is the scope itself.
    """

    versions: tuple[TierScheme, ...]
    since: date
    as_of: date
    newest: date
    branches: tuple[int, ...] | None = None

    @property
    def ids(self) -> list[int]:
        return [one.pk for one in self.versions]

    def judged_by(self, day: date) -> TierScheme:
        """The version whose tiers were published on this day."""
        known = sorted((one for one in self.versions if one.is_released), key=lambda one: one.version)
        begun = [one for one in known if one.effective_from <= day]
        return (begun or known)[-1]


@dataclass(frozen=True)
class Cell:
    """Customers who went from one tier to another (0 = not a customer), with their AUM on both days."""

    old: int
    new: int
    customers: int = 0
    opening: Decimal = Decimal(0)
    closing: Decimal = Decimal(0)

    @property
    def kind(self) -> str:
        if self.old == ABSENT:
            return "new"
        if self.new == ABSENT:
            return "closed"
        return "stay" if self.old == self.new else "up" if self.new > self.old else "down"


@dataclass(frozen=True)
class Stay:
    """Of a tier: the median days for which those who left it had held it, and how many of those who fell came back."""

    days: int | None
    fell: int
    returned: int

    @property
    def return_share(self) -> float | None:
        return 100 * self.returned / self.fell if self.fell else None


@dataclass(frozen=True)
class Matrix:
    """Cells by both ranks. `transferred` customers came from, or went to, another branch since the first day: they
    are told with the place where they are now, and only their money of the past with the one of then."""

    ranks: tuple[int, ...]
    cells: Mapping[tuple[int, int], Cell]
    transferred: int = 0

    def cell(self, old: int, new: int) -> Cell:
        return self.cells.get((old, new)) or Cell(old, new)

    def row(self, old: int) -> Cell:
        """The sum of a row: the population of the first day."""
        return summed(old, ABSENT, (cell for cell in self.cells.values() if cell.old == old))

    def column(self, new: int) -> Cell:
        """The sum of a column: the population of the last day."""
        return summed(ABSENT, new, (cell for cell in self.cells.values() if cell.new == new))

    def of_kind(self, kind: str) -> Cell:
        return summed(ABSENT, ABSENT, (cell for cell in self.cells.values() if cell.kind == kind))

    @property
    def movers(self) -> int:
        """Customers who stand elsewhere on the last day: up, down, new and closed."""
        return sum(cell.customers for cell in self.cells.values() if cell.kind != "stay")

    @cached_property
    def opening(self) -> Cell:
        """Everybody of the first day."""
        return summed(ABSENT, ABSENT, (cell for cell in self.cells.values() if cell.old != ABSENT))

    @cached_property
    def closing(self) -> Cell:
        """Everybody of the last day."""
        return summed(ABSENT, ABSENT, (cell for cell in self.cells.values() if cell.new != ABSENT))


def summed(old: int, new: int, cells: Iterable[Cell]) -> Cell:
    found = list(cells)
    return Cell(
        old,
        new,
        sum(cell.customers for cell in found),
        sum((cell.opening for cell in found), Decimal(0)),
        sum((cell.closing for cell in found), Decimal(0)),
    )


def tiers_on_both(span: Span) -> dict[int, Tier]:
    """The tiers by rank, lowest first: those of the last day, and what only the first day had."""
    first, last = span.judged_by(span.since).pk, span.judged_by(span.as_of).pk
    found: dict[int, Tier] = {}
    for tier in Tier.objects.filter(scheme__in={first, last}).select_related("scheme").order_by("rank"):
        if tier.rank not in found or tier.scheme_id == last:
            found[tier.rank] = tier
    return found


def changes_of(user: User, span: Span, after: date, until: date | None = None) -> QuerySet[TierChange]:
    """The moves of the reader's customers in the place, after one day and up to another."""
    rows = TierChange.objects.visible_to(user).filter(scheme__in=span.ids, as_of__gt=after)
    if until is not None:
        rows = rows.filter(as_of__lte=until)
    return rows if span.branches is None else rows.filter(branch_id__in=span.branches)


def customers_of(user: User, span: Span) -> QuerySet[Customer]:
    """The reader's customers of the place, closed ones too."""
    rows = Customer.objects.visible_to(user).filter(metrics__isnull=False)
    return rows if span.branches is None else rows.filter(branch_id__in=span.branches)


def matrix(user: User, span: Span, *, with_money: bool) -> Matrix:
    """The table; amounts only `with_money`, which asks for every mover's balances."""
    if user.reach == Reach.OWN:
        return of_own_customers(user, span)
    return of_figures(user, span, with_money=with_money)


def of_own_customers(user: User, span: Span) -> Matrix:
    """One statement over all customers of the reader."""
    people, values = placed(customers_of(user, span).order_by().values_list("pk"))
    text = db.sql_text(PACKAGE, "everybody").replace("{people}", people)
    days = {"since": span.since, "as_of": span.as_of, "versions": span.ids}
    rows = db.fetch_all(text, values | days, using="default")
    cells = {(row["old_rank"], row["new_rank"]): cell_of(row) for row in rows}
    return Matrix(ranks_in(cells), cells)


def of_figures(user: User, span: Span, *, with_money: bool) -> Matrix:
    """Who moved by name, who stayed by subtraction; three statements, one less where the last day is the newest."""
    figures = figures_of(user, span)
    text, values = with_changes("moved", changes_of(user, span, span.since, span.as_of))
    days = {"since": span.since, "as_of": span.as_of, "with_money": with_money}
    moved = [cell_of(row) for row in db.fetch_all(text, values | days, using="default")]
    cells = {(cell.old, cell.new): cell for cell in moved}
    closing = closing_people(user, span, figures)
    opening = dict(closing)
    for cell in moved:
        opening[cell.old] = opening.get(cell.old, 0) + cell.customers
        opening[cell.new] = opening.get(cell.new, 0) - cell.customers
    for rank in (opening.keys() | closing.keys()) - {ABSENT}:
        left = summed(rank, ABSENT, (cell for cell in moved if cell.old == rank))
        came = summed(ABSENT, rank, (cell for cell in moved if cell.new == rank))
        stayed = opening.get(rank, 0) - left.customers
        money = [Decimal(0), Decimal(0)]
        if with_money:
            money = [
                figures.get((span.since, rank), NOTHING)[1] - left.opening,
                figures.get((span.as_of, rank), NOTHING)[1] - came.closing,
            ]
        cells[rank, rank] = Cell(rank, rank, stayed, *money)
    told = {rank: number for (day, rank), (number, _aum) in figures.items() if day == span.since}
    transferred = sum(abs(opening.get(rank, 0) - told.get(rank, 0)) for rank in (opening.keys() | told) - {ABSENT})
    return Matrix(ranks_in(cells), cells, transferred)


NOTHING = (0, Decimal(0))


def figures_of(user: User, span: Span) -> dict[tuple[date, int], tuple[int, Decimal]]:
    """Customers and AUM by day and rank, as published, on the two days and the newest one; one statement."""
    scope = scope_of(user)
    rows = DayFigure.objects.filter(scheme__in=span.ids, as_of__in={span.since, span.as_of, span.newest})
    if scope is None or not scope.sees_customers:
        return {}
    if span.branches is not None:
        rows = rows.filter(branch_id__in=span.branches)
    if not scope.is_head_office:
        rows = rows.filter(branch_id__in=scope.branch_ids)
    sums = rows.values("as_of", "rank").order_by().annotate(n=Sum("customers"), money=Sum("aum"))
    return {(row["as_of"], row["rank"]): (row["n"], row["money"]) for row in sums}


def closing_people(user: User, span: Span, figures: Mapping[tuple[date, int], tuple[int, Decimal]]) -> dict[int, int]:
    """Customers by rank on the last day, of those who belong to the place now: the newest figures less what moved
    after it."""
    people = {rank: number for (day, rank), (number, _aum) in figures.items() if day == span.newest}
    if span.as_of == span.newest:
        return people
    later = changes_of(user, span, span.as_of).values("old_rank", "new_rank").order_by().annotate(n=Count("pk"))
    for row in later:
        for rank, number in ((row["old_rank"], row["n"]), (row["new_rank"], -row["n"])):
            if rank is not None:
                people[rank] = people.get(rank, 0) + number
    return people


def may_have_money(user: User, span: Span) -> bool:
    """Whether so few moved that their amounts can be told at once; one statement that stops counting."""
    moves = changes_of(user, span, span.since, span.as_of).order_by().values("pk")
    return bool(moves[: MOST_WITH_MONEY + 1].count() <= MOST_WITH_MONEY)


def stays(user: User, span: Span, movers: int) -> dict[int, Stay]:
    """By rank, of the tiers that somebody left between the days; one statement over about SAMPLE of so many movers,
    spread evenly by their ids."""
    changes = changes_of(user, span, span.since, span.as_of)
    step = max(1, movers // SAMPLE)
    if step > 1:
        changes = changes.annotate(slot=Mod(F("customer_id"), Value(step))).filter(slot=0)
    text, values = with_changes("stays", changes)
    more = {"versions": span.ids, "return_days": RETURN_DAYS}
    rows = db.fetch_all(text, values | more, using="default")
    return {row["rank"]: Stay(row["days"], row["fell"], row["returned"]) for row in rows}


def with_changes(name: str, changes: QuerySet[TierChange]) -> tuple[str, dict[str, Any]]:
    inner, values = placed(changes.order_by().values_list("customer_id", "as_of", "old_rank", "new_rank"))
    return db.sql_text(PACKAGE, name).replace("{changes}", inner), values


def cell_of(row: Mapping[str, Any]) -> Cell:
    return Cell(row["old_rank"], row["new_rank"], row["customers"], row["opening"], row["closing"])


def ranks_in(cells: Mapping[tuple[int, int], Cell]) -> tuple[int, ...]:
    """Every tier that somebody stood in, lowest first."""
    return tuple(sorted({rank for pair in cells for rank in pair} - {ABSENT}))
