"""What a night knows of itself: its business date, the published day before it, and what it must look at."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings

from crm import db
from crm.jobs import ledger
from crm.jobs.models import JobRun
from customers.averages import month_start, quarter_start

MOST_CHUNKS = 400


@dataclass(frozen=True)
class Night:
    """One night, the same in every process that works on it."""

    as_of: date
    previous: date | None
    full: bool
    is_first: bool = False

    @property
    def is_rerun(self) -> bool:
        """The day is published already, and corrected tonight."""
        return self.previous == self.as_of

    @property
    def morning(self) -> date:
        """The day on which people read what this night publishes."""
        return self.as_of + timedelta(days=1)

    @property
    def month_opens(self) -> bool:
        """The first night of a month closes the month before: tiers by monthly average are judged."""
        return self.previous is None or (self.previous.year, self.previous.month) != (self.as_of.year, self.as_of.month)

    @property
    def evaluates_all(self) -> bool:
        """Averages of untouched customers change only when a month opens; else only the changed set is looked at."""
        return self.full or self.month_opens

    @property
    def month_start(self) -> date:
        return month_start(self.as_of)

    def unsettled_since(self, *, quarterly: bool) -> date:
        """Customers whose balance last changed before this day have the same averages tonight as in the night before:
        it stood still over the months, and where a scheme asks for it the quarters, of both nights."""
        before = self.previous or self.as_of
        month = month_start(month_start(before) - timedelta(days=1))
        return min(month, quarter_start(before)) if quarterly else month


def of_run(run: JobRun) -> Night:
    """The night of a run. The published day before it is read, not stored: only publishing can change it."""
    previous = ledger.published_date(using="batch")
    options = run.counts.get("options", {})
    as_of = run.business_date
    # The night of a bank's first day is its first one also when that day is corrected.
    is_first = previous is None or not ledger.is_published_before(as_of)
    return Night(as_of=as_of, previous=previous, full=bool(options.get("full")), is_first=is_first)


def customer_ranges(statement: str) -> list[dict[str, int]]:
    """Chunk arguments that cover the customer ids a statement yields (columns rows, first, last)."""
    row = db.fetch_all(statement)[0]
    if not row["rows"]:
        return []
    count = min(MOST_CHUNKS, -(-row["rows"] // settings.NIGHT_CHUNK_CUSTOMERS))
    if count == 1 and row["rows"] > settings.NIGHT_CHUNK_CUSTOMERS // 5:
        count = 2
    width = -(-(row["last"] - row["first"] + 1) // count)
    starts = range(row["first"], row["last"] + 1, width)
    return [{"chunk": number, "first": start, "last": start + width - 1} for number, start in enumerate(starts, 1)]
