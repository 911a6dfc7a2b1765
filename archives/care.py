"""重要日子: when the important dates of a customer come next, and what the law suggests of a retirement."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from archives import lunar
from archives.care_models import RetirementRule
from archives.choices import ONCE, Source, StepEvent
from archives.record_forms import MOST_ROW_ID
from archives.record_kinds import Typed, read_date
from archives.record_models import ArchiveField, in_language
from archives.records import Edit, Saved, save, values_of
from crm import db
from crm.organization.models import User
from customers.models import Customer

# How far ahead a page looks: an exam some years off is worth knowing.
AHEAD_YEARS = 10
# A date that only the core bank knows is shown when it is near: beside the age it would give the birth date away, and
# with it half of the document number (SECURITY §3.3).
SIGHT_DAYS = 31
MOST_SHOWN = 5


@dataclass(frozen=True)
class CareDay:
    """The next time that a date comes. `row` is the archive's, 0 for what only the core bank knows; `years` the number
    of the anniversary where the year is known, 0 else."""

    kind: str
    label: str
    row: int
    day: date
    days_left: int
    lunar_words: str
    note: str
    years: int


@dataclass(frozen=True)
class Suggestion:
    """When the law has somebody retire, until a person confirms it."""

    rule: RetirementRule
    month: date


def upcoming(customer: Customer, day: date) -> list[CareDay]:
    """The important dates of a customer whom the user sees, soonest first; one statement."""
    until = date(day.year + AHEAD_YEARS, 12, 31)
    rows = db.fetch_sql(__package__, "care_days", using="default", customer=customer.pk, day=day, until=until)
    found = [care_day(row, day) for row in rows]
    shown = [one for one in found if one.row or one.days_left <= SIGHT_DAYS]
    return sorted(shown, key=lambda one: (one.day, one.row))


def care_day(row: dict[str, Any], day: date) -> CareDay:
    is_counted = row["row"] and row["years"] and row["kind"] not in ONCE
    return CareDay(
        kind=row["kind"],
        label=in_language(row["zh_hans"] or row["kind"], row["zh_hant"] or "", row["en"] or ""),
        row=row["row"],
        day=row["day"],
        days_left=(row["day"] - day).days,
        lunar_words=lunar.words(row["lunar"]) if row["lunar"] and row["kind"] not in ONCE else "",
        note=row["note"],
        years=row["years"] if is_counted else 0,
    )


def next_day(kind: str, solar: date | None, of_lunar: int | None, exam_year: int | None, day: date) -> date | None:
    """When a date that is being typed comes next; None where it lies behind."""
    asked = [kind, solar, of_lunar, exam_year, day, date(day.year + AHEAD_YEARS, 12, 31)]
    statement = "SELECT min(o) FROM archives_occurrences(%s, %s::date, %s::int, %s::int, %s::date, %s::date) o"
    found: date | None = db.fetch_value(statement, asked, using="default")
    return found


def months_later(month: date, number: int) -> date:
    """The first day of the month so many months after another."""
    whole = month.year * 12 + month.month - 1 + number
    return date(whole // 12, whole % 12 + 1, 1)


def retirement_month(rule: RetirementRule, born: date) -> date:
    """The month of retirement by the law (全国人大常委会 2024-09-13, in force from 2025): its first day."""
    before = months_later(born, rule.from_age * 12)
    waited = (before.year - rule.starts_on.year) * 12 + before.month - rule.starts_on.month
    steps = 0 if waited < 0 else waited // rule.months_per_step + 1
    return months_later(before, min(steps, (rule.to_age - rule.from_age) * 12))


def suggestions(customer: Customer, noted: list[CareDay], day: date) -> list[Suggestion]:
    """What the law suggests while no retirement is noted, as far as it lies ahead and in sight; one statement."""
    if customer.birth_date is None or not customer.sex or any(one.kind == StepEvent.RETIREMENT for one in noted):
        return []
    rules = RetirementRule.objects.filter(sex=customer.sex).order_by("from_age")
    found = [Suggestion(rule, retirement_month(rule, customer.birth_date)) for rule in rules]
    return [one for one in found if day <= one.month and one.month.year <= day.year + AHEAD_YEARS]


def page_of(customer: Customer, day: date) -> dict[str, Any]:
    """What the page of the archive shows beside the rows of dates; at most two statements."""
    days = upcoming(customer, day)
    return {"care_days": days, "suggestions": suggestions(customer, days, day)}


def confirm_retirement(customer: Customer, actor: User, rule: RetirementRule, at: datetime) -> Saved:
    """Note in the archive what the rule suggests, as a person's observation. Each rule has one row: sent twice it
    writes once, and what is noted already stays as it is."""
    if customer.birth_date is None or customer.sex != rule.sex:
        return Saved()
    fields = {one.key: one for one in ArchiveField.objects.filter(section="dates")}
    row, month = MOST_ROW_ID - rule.pk, retirement_month(rule, customer.birth_date)
    noted = upcoming(customer, timezone.localdate(at))
    if any(one.kind == StepEvent.RETIREMENT and one.row != row for one in noted):
        return Saved()
    known = {one.field_id: one.pk for one in values_of(actor, customer) if one.row == row}
    values = {
        "date_kind": Typed(StepEvent.RETIREMENT, keys=(StepEvent.RETIREMENT,)),
        "date_solar": read_date(month.isoformat()),
        "date_note": Typed(rule.name),
    }
    edits = [Edit(fields[key], row, known.get(fields[key].pk), value, Source.OBSERVED) for key, value in values.items()]
    return save(customer, actor, at, edits)
