"""A bank with maturities of which Python knows every day, and the reckoning of 到期承接 in plain words: the oracle.

The oracle keeps no state between days: it asks for any row and any day how the balances stood on the eve and stand now,
and what the maturities before it claim on both days.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from django.db import transaction

from campaigns.models import Maturity
from campaigns.retention import night as retention
from crm.db import fetch_value
from customers.models import Holding
from customers.nightly import publish
from customers.nightly.night import Night
from tests.nightly.night_world import Book

TERM = ("time", "large_cd", "notice")
DAY = timedelta(days=1)
RATE, LATE = 7, 15
NIL = Decimal(0)


@dataclass(frozen=True)
class Held:
    """A holding at the end of a day."""

    customer: int
    kind: str
    balance: Decimal
    matures: date | None
    rolls: bool

    def is_live(self, day: date) -> bool:
        return self.matures is None or self.matures > day or self.rolls

    @property
    def is_term(self) -> bool:
        return self.kind in TERM


@dataclass(frozen=True)
class Row:
    """A maturity as the oracle finds it."""

    holding: int
    customer: int
    matured: date
    principal: Decimal
    is_term: bool


@dataclass(frozen=True)
class Parts:
    renewed: Decimal = NIL
    invested: Decimal = NIL
    idle: Decimal = NIL
    gone: Decimal = NIL


@dataclass
class Diary(Book):
    """A book whose nights do only what concerns holdings and their maturities; each leaves a page."""

    pages: dict[date, dict[int, Held]] = field(default_factory=dict)

    @property
    def last(self) -> date | None:
        return max(self.pages, default=None)

    def close(self, as_of: date, *, full: bool = False) -> None:
        """The night of a day; of the newest one again when it is asked for a second time."""
        tonight = Night(as_of=as_of, previous=self.last, full=full)
        with transaction.atomic(using="batch"):
            retention.begin(tonight)
            publish.entities(tonight)
            publish.moved_branches()
            retention.follow(tonight)
            publish.close_books(as_of)
        rows = Holding.objects.using("batch").select_related("product")
        self.pages[as_of] = {
            one.pk: Held(
                one.customer_id,
                one.product.counted_class,
                one.balance,
                one.maturity_date,
                bool(one.auto_rollover),
            )
            for one in rows
        }


@cache
def next_workday(day: date) -> date:
    found: date = fetch_value("SELECT organization_next_workday(%s)", [day])
    return found


class Oracle:
    """The reckoning over the pages of a diary."""

    def __init__(self, diary: Diary) -> None:
        self.pages = diary.pages
        self.days = sorted(diary.pages)
        self.rows = sorted(self.matured(), key=lambda row: (row.matured, row.holding))
        self.known: dict[tuple[Row, int, date], Parts] = {}

    def matured(self) -> list[Row]:
        found = []
        for before, day in zip(self.days, self.days[1:], strict=False):
            for pk, held in self.pages[before].items():
                if held.matures and before < held.matures <= day and held.balance > 0 and held.kind != "demand":
                    found.append(Row(pk, held.customer, held.matures, held.balance, held.is_term))
        return found

    def page(self, day: date) -> dict[int, Held]:
        """How the holdings stood at the end of any day."""
        return self.pages[max(one for one in self.days if one <= day)]

    def sum_of(self, row: Row, day: date, wanted: Callable[[Held], bool]) -> Decimal:
        held = (one for one in self.page(day).values() if one.customer == row.customer and wanted(one))
        return sum((one.balance for one in held), NIL)

    def money(self, row: Row, day: date, *, is_term: bool) -> Decimal:
        """What lies in term deposits, or in other assets, and has not run out."""
        return self.sum_of(row, day, lambda one: one.kind != "demand" and one.is_term == is_term and one.is_live(day))

    def kept(self, row: Row, day: date) -> Decimal:
        """The part of a principal that goes on in the holding itself."""
        held = self.page(day).get(row.holding)
        return max(NIL, min(row.principal, held.balance)) if held is not None and held.is_live(day) else NIL

    def end(self, row: Row, days: int) -> date:
        return next_workday(row.matured) + days * DAY

    def parts(self, row: Row, days: int, day: date) -> Parts:
        """Where the principal is at the end of a day, within a window of so many days."""
        day = min(day, self.end(row, days))
        if day < row.matured:
            return Parts()
        key = (row, days, day)
        if key not in self.known:
            self.known[key] = self.reckon(row, days, day)
        return self.known[key]

    def reckon(self, row: Row, days: int, day: date) -> Parts:
        eve = row.matured - DAY
        own = [one for one in self.rows if one.customer == row.customer]
        earlier = own[: own.index(row)]

        def claimed(name: str) -> Decimal:
            both = ((self.parts(one, days, day), self.parts(one, days, eve)) for one in earlier)
            return sum((getattr(now, name) - getattr(then, name) for now, then in both), NIL)

        def came(name: str, *, is_term: bool) -> Decimal:
            gain = self.money(row, day, is_term=is_term) - self.money(row, eve, is_term=is_term)
            for one in own:
                if one.is_term == is_term and row.matured <= one.matured <= day:
                    gain += one.principal - self.kept(one, day)
                    if one in earlier:
                        gain += self.kept(one, day)  # within its claim
            return max(NIL, gain - claimed(name))

        kept = self.kept(row, day)
        lost = self.sum_of(row, eve, lambda one: True) - self.sum_of(row, day, lambda one: True) - claimed("gone")
        gone = min(row.principal - kept, max(NIL, lost))
        renewed = min(row.principal - kept - gone, came("renewed", is_term=True))
        invested = min(row.principal - kept - gone - renewed, came("invested", is_term=False))
        idle = row.principal - kept - gone - renewed - invested
        if row.is_term:
            return Parts(renewed + kept, invested, idle, gone)
        return Parts(renewed, invested + kept, idle, gone)

    def told(self) -> dict[tuple[int, date], tuple[Decimal, Parts, Parts]]:
        """Every maturity with its principal and the parts of both windows, as of the newest day."""
        newest = self.days[-1]
        return {
            (row.holding, row.matured): (
                row.principal, self.parts(row, RATE, newest), self.parts(row, LATE, newest)
            )
            for row in self.rows
        }  # fmt: skip


def written() -> dict[tuple[int, date], tuple[Decimal, Parts, Parts]]:
    """The same as the night has written it."""
    return {
        (one.holding_id, one.maturity_date): (
            one.principal,
            Parts(one.renewed, one.invested, one.idle, one.gone),
            Parts(one.late_renewed, one.late_invested, one.late_idle, one.late_gone),
        )
        for one in Maturity.objects.using("batch")
    }
