"""重要日子: when the important dates of a customer come next, and what the rules suggest of a retirement."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from archives import lunar
from archives.care_models import RetirementRule
from archives.record_models import ArchiveField
from crm import db
from customers.models import Customer

# How far ahead the page looks: an exam some years off is worth knowing.
AHEAD_YEARS = 10
# A date that only the core bank knows is shown when it is near: beside the age it would give the birth date away, and
# with it half of the document number (SECURITY §3.3).
SIGHT_DAYS = 31
MOST_DAYS = 6


@dataclass(frozen=True)
class CareDay:
    """The next time that a date comes. `row` is the archive's, 0 for what only the core bank knows; `years` the number
    of the anniversary where the year is known."""

    kind: str
    label: str
    row: int
    day: date
    days_left: int
    lunar_words: str
    note: str
    years: int | None


@dataclass(frozen=True)
class Suggestion:
    """What the rule suggests of somebody's retirement, until a person confirms it."""

    rule: RetirementRule
    month: date


def upcoming(customer: Customer, day: date, most: int = MOST_DAYS) -> list[CareDay]:
    """The important dates of a customer whom the user sees, soonest first; one statement beside that of the names."""
    until = date(day.year + AHEAD_YEARS, 12, 31)
    rows = db.fetch_sql(__package__, "care_days", using="default", customer=customer.pk, day=day, until=until)
    names = kind_names()
    found = [care_day(row, day, names) for row in rows]
    shown = [one for one in found if one.row or one.days_left <= SIGHT_DAYS]
    return sorted(shown, key=lambda one: (one.day, one.row))[:most]


def kind_names() -> dict[str, str]:
    """The kinds of important dates in the reader's language: options of the archive's field."""
    return dict(ArchiveField.objects.get(key="date_kind").choices)


def care_day(row: dict[str, Any], day: date, names: dict[str, str]) -> CareDay:
    left = (row["day"] - day).days
    return CareDay(
        kind=row["kind"],
        label=names.get(row["kind"], row["kind"]),
        row=row["row"],
        day=row["day"],
        days_left=left,
        lunar_words=lunar.words(row["lunar"]) if row["lunar"] else "",
        note=row["note"],
        years=row["years"] if row["row"] and row["years"] else None,
    )


def next_day(kind: str, solar: date | None, of_lunar: int | None, exam_year: int | None, day: date) -> date | None:
    """When a date that is being typed comes next; None where it lies behind."""
    asked = [kind, solar, of_lunar, exam_year, day, date(day.year + AHEAD_YEARS, 12, 31)]
    statement = "SELECT min(o) FROM archives_occurrences(%s, %s::date, %s::int, %s::int, %s::date, %s::date) o"
    found: date | None = db.fetch_value(statement, asked, using="default")
    return found
