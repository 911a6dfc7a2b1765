"""How far a target is: what is reached, against the share of its time that has passed, and what is still to be done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from typing import Any

from campaigns.seasons.models import SeasonTarget
from crm import db
from crm.organization import workdays
from crm.organization.models import User
from customers.averages import FEN

TENTH = Decimal("0.1")
MOST_RUNNING = 4
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Progress:
    """A target on a data date. `reached` is in yuan or customers, against `base`, the level at the end of `base_on`.

    `total` is the sum of the levels of the `days` days that an average is over so far; `workdays_left` are the working
    days behind `as_of`, up to the last day. `is_known` is False before a night has found anything to say; `known_on` is
    the day of the newest level: older than `as_of` where the nights count by another scheme of tiers since, or the
    branch is none any more.
    """

    target: SeasonTarget
    as_of: date
    reached: Decimal
    base: Decimal | None
    base_on: date | None
    level: Decimal | None
    total: Decimal
    days: int
    workdays_left: int
    is_known: bool
    known_on: date | None = None

    @property
    def stopped_on(self) -> date | None:
        """The day after which nothing more is known of the target; None where it is followed on."""
        return self.known_on if self.known_on is not None and self.known_on < self.as_of else None

    @property
    def percent(self) -> Decimal:
        """Cut down: 99.96 is not yet 100."""
        return (100 * self.reached / self.target.amount).quantize(TENTH, ROUND_DOWN)

    @property
    def elapsed(self) -> Decimal:
        """Percent of the days that have passed."""
        length = (self.target.last_day - self.target.first_day).days + 1
        passed = min(max(0, (self.as_of - self.target.first_day).days + 1), length)
        return (Decimal(100 * passed) / length).quantize(TENTH, ROUND_DOWN)

    @property
    def has_begun(self) -> bool:
        return self.as_of >= self.target.first_day

    @property
    def is_over(self) -> bool:
        return self.as_of >= self.target.last_day

    @property
    def state(self) -> str:
        """waiting, done, ahead, or behind."""
        if not self.has_begun or not self.is_known:
            return "waiting"
        if self.reached >= self.target.amount:
            return "done"
        return "ahead" if self.percent >= self.elapsed else "behind"

    @property
    def remaining(self) -> Decimal:
        return max(Decimal(0), self.target.amount - self.reached)

    @property
    def a_day(self) -> Decimal | None:
        """What is to be reached on each working day that is left; None for an average, or where none is left."""
        if self.target.is_average or not self.workdays_left or not self.remaining:
            return None
        unit = Decimal(1) if self.target.is_of_people else FEN
        return (self.remaining / self.workdays_left).quantize(unit, ROUND_CEILING)

    @property
    def needed_now(self) -> Decimal | None:
        """How much more must be held from tomorrow to the last day for the average to come out (DOMAIN §6)."""
        left = (self.target.last_day - self.as_of).days
        if not self.target.is_average or self.base is None or self.level is None or left <= 0 or not self.remaining:
            return None
        stood = self.total + self.level * self.gap
        needed = ((self.base + self.target.amount) * (self.days + self.gap + left) - stood) / left - self.level
        return max(Decimal(0), needed.quantize(FEN, ROUND_CEILING))

    @property
    def gap(self) -> int:
        """Days up to `as_of` behind the newest level: they count as it."""
        if self.base_on is None:
            return 0
        start = max(self.base_on, self.target.first_day - ONE_DAY)
        return max(0, (self.as_of - start).days - self.days)


def rows_of(targets: Iterable[SeasonTarget], as_of: date, *, newest: bool) -> list[dict[str, Any]]:
    ids = [one.pk for one in targets]
    if not ids:
        return []
    return db.fetch_sql("campaigns.seasons", "progress", "default", targets=ids, as_of=as_of, newest=newest)


def progress_of(targets: Sequence[SeasonTarget], as_of: date) -> dict[int, Progress]:
    """The progress of each by its id, as of a published day; two statements."""
    found = {row["id"]: row for row in rows_of(targets, as_of, newest=True)}
    last = max((one.last_day for one in targets), default=as_of)
    working = workdays.between(as_of + ONE_DAY, last).working_days if last > as_of else []
    return {one.pk: progress(one, found.get(one.pk), as_of, working) for one in targets}


def running_of(user: User, as_of: date) -> list[Progress]:
    """How far a manager's own targets of these days are; one statement where there is none."""
    own = SeasonTarget.objects.visible_to(user).live().filter(owner_id=user.pk)
    rows = own.filter(first_day__lte=as_of + ONE_DAY, last_day__gte=as_of).select_related("campaign")
    found = list(rows.order_by("last_day", "measure", "pk")[:MOST_RUNNING])
    reached = progress_of(found, as_of) if found else {}
    return [reached[one.pk] for one in found]


def progress(target: SeasonTarget, row: Mapping[str, Any] | None, as_of: date, working: Iterable[date]) -> Progress:
    day = min(as_of, target.last_day)
    left = sum(target.first_day <= one <= target.last_day for one in working)
    if row is None:
        return Progress(target, day, Decimal(0), None, None, None, Decimal(0), 0, left, is_known=False)
    return Progress(
        target=target, as_of=day, reached=Decimal(row["reached"]), base=row["base"], base_on=row["base_on"],
        level=row["value"], total=row["total"] or Decimal(0), days=row["days"] or 0, workdays_left=left, is_known=True,
        known_on=None if target.campaign_id else row["as_of"],
    )  # fmt: skip


def days_of(target: SeasonTarget, as_of: date) -> list[tuple[date, Decimal]]:
    """(day, reached) of each published day of the target up to a data date, oldest first; one statement."""
    rows = rows_of([target], as_of, newest=False)
    return [(max(row["as_of"], target.first_day - ONE_DAY), Decimal(row["reached"])) for row in rows]
