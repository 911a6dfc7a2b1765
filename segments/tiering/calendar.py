"""When a scheme judges, and in which branches: months, review days, and the first and last days of branches."""

from collections.abc import Iterable
from datetime import date, timedelta

from segments.choices import Promotion
from segments.models import SchemeBranch, TierScheme

ONE_DAY = timedelta(days=1)


def parse_review_days(text: str) -> list[tuple[int, int]]:
    """(month, day) of each review; raises ValueError for what is no day of a year that any year has."""
    days = [date.fromisoformat(f"2001-{part.strip()}") for part in text.split(",") if part.strip()]
    return sorted((one.month, one.day) for one in days)


def period_start(scheme: TierScheme, as_of: date) -> date:
    """The day on which the period of judging that as_of lies in began: its month's first, or the last review day."""
    if scheme.promotion != Promotion.REVIEW:
        return as_of.replace(day=1)
    days = parse_review_days(scheme.review_days)
    found = [date(year, *day) for year in (as_of.year - 1, as_of.year) for day in days]
    return max(day for day in found if day <= as_of)


def next_review(scheme: TierScheme, as_of: date) -> date:
    """The first review day after as_of of a scheme that has some."""
    days = parse_review_days(scheme.review_days)
    return min(day for year in (as_of.year, as_of.year + 1) for one in days if (day := date(year, *one)) > as_of)


def opens(scheme: TierScheme, as_of: date, before: date | None) -> bool:
    """Whether this night is the first one of its period; `before` is the published day before it."""
    return before is None or period_start(scheme, before) != period_start(scheme, as_of)


def last_day(scheme: TierScheme, rows: Iterable[SchemeBranch]) -> date | None:
    """The last day on which the scheme judges anywhere; None while that is open."""
    ends = [scheme.effective_to, *(row.effective_to for row in rows if row.effective_to)]
    return None if scheme.effective_to is None else max(end for end in ends if end)


def first_day(scheme: TierScheme, rows: Iterable[SchemeBranch]) -> date:
    """The first day on which the scheme judges anywhere."""
    return min([scheme.effective_from, *(row.effective_from for row in rows if row.effective_from)])


def turns(scheme: TierScheme, rows: Iterable[SchemeBranch], as_of: date, before: date | None) -> bool:
    """Whether the scheme begins or ends in some branch between two nights: its customers are judged that night."""
    rows = list(rows)
    if not rows or before is None:
        return False
    firsts = [scheme.effective_from, *(row.effective_from for row in rows)]
    ends = [scheme.effective_to, *(row.effective_to for row in rows)]
    days = [one for one in firsts if one] + [one + ONE_DAY for one in ends if one]
    return any(before < day <= as_of for day in days)
