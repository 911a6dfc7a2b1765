"""The work calendar 工作日历: the days on which the bank works, whether next year's is there, and taking one in."""

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO

from django.db import transaction
from django.db.models import DateTimeField, Func, Value
from django.utils.translation import gettext as _

from crm import db
from crm.organization.models import Absence, WorkDay

# The State Council publishes the coming year's arrangement in autumn.
PUBLISHED_FROM_MONTH = 11
MOST_ROWS = 400
# The longest run of days off, with room.
LONGEST_BREAK = 15
KINDS = {"holiday": False, "休": False, "workday": True, "班": True}


class BadCalendar(Exception):
    """The file cannot be taken in; the message says which line and why."""


@dataclass(frozen=True)
class Calendar:
    """The working days of a span, from the first to the last day."""

    first: date
    last: date
    exceptions: dict[date, WorkDay]

    def is_working(self, day: date) -> bool:
        """Within the span only."""
        known = self.exceptions.get(day)
        return known.is_working if known else day.weekday() < 5

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def working_days(self) -> list[date]:
        return [day for day in self.days if self.is_working(day)]


def between(first: date, last: date) -> Calendar:
    """The calendar of a span of days; one statement."""
    return Calendar(first, last, {one.day: one for one in WorkDay.objects.filter(day__range=(first, last))})


def this_or_next(days: Iterable[date], staff_id: int | None = None) -> dict[date, date]:
    """For each of the days itself where the bank works on it, else the next working day; one statement.

    With `staff_id`: a day on which this member of staff is there too.
    """
    asked = sorted(set(days))
    # Nobody is away: the function passes over working days alone.
    statement = "SELECT day, organization_next_day_there(%s, day) AS workday FROM unnest(%s::date[]) day"
    rows = db.fetch_all(statement, [staff_id, asked], using="default") if asked else []
    return {row["day"]: row["workday"] for row in rows}


def next_workday(day: date, staff_id: int | None = None) -> date:
    """The day itself where the bank works on it (and this member of staff is there), else the next such day."""
    return this_or_next([day], staff_id)[day]


def start_of_workday_before(day: date) -> Func:
    """A part of another statement, worked out once in it: the midnight with which the last working day before began."""
    return Func(
        Value(day - timedelta(days=1)),
        Value(day - timedelta(days=LONGEST_BREAK)),
        function="organization_previous_day_there",
        template="(SELECT %(function)s(NULL, %(expressions)s)::timestamp AT TIME ZONE 'Asia/Shanghai')",
        output_field=DateTimeField(),
    )


def workdays_after(day: date, number: int) -> date:
    """The working day of this number after a day, counted from one; one statement."""
    return between(day + timedelta(days=1), day + timedelta(days=2 * number + LONGEST_BREAK)).working_days[number - 1]


def days_away(staff_ids: Collection[int], first: date, last: date) -> dict[int, frozenset[date]]:
    """The days of a span on which each of these members of staff is away, where there are any; one statement."""
    rows = Absence.objects.filter(staff_id__in=staff_ids, first_day__lte=last, last_day__gte=first)
    found: dict[int, set[date]] = {}
    for one in rows:
        begins, ends = max(one.first_day, first), min(one.last_day, last)
        days = (begins + timedelta(days=number) for number in range((ends - begins).days + 1))
        found.setdefault(one.staff_id, set()).update(days)
    return {staff_id: frozenset(days) for staff_id, days in found.items()}


def missing_year(today: date) -> int | None:
    """The coming year, from November on, while its calendar has not been taken in; else None."""
    coming = today.year + 1
    if today.month < PUBLISHED_FROM_MONTH or WorkDay.objects.filter(day__year=coming).exists():
        return None
    return coming


def parse(text: str) -> list[WorkDay]:
    """The rows of a CSV file: day, holiday or workday (休 or 班), name. Raises BadCalendar for anything else."""
    rows: dict[date, WorkDay] = {}
    for number, cells in enumerate(csv.reader(StringIO(text.removeprefix("\ufeff"))), 1):
        cells = [cell.strip() for cell in cells]
        if not any(cells) or (number == 1 and not cells[0][:1].isdigit()):
            continue
        try:
            day, kind = date.fromisoformat(cells[0]), KINDS[cells[1].lower()]
        except (ValueError, IndexError, KeyError) as error:
            raise BadCalendar(
                _("Line %(number)s: write a day as 2027-01-01, then holiday or workday, then a name.")
                % {"number": number}
            ) from error
        if day in rows:
            raise BadCalendar(_("Line %(number)s: %(day)s is there twice.") % {"number": number, "day": day})
        if len(rows) == MOST_ROWS:
            raise BadCalendar(_("More than %(most)s lines; a year has no more days.") % {"most": MOST_ROWS})
        rows[day] = WorkDay(day=day, is_working=kind, name=cells[2][:40] if len(cells) > 2 else "")
    if not rows:
        raise BadCalendar(_("There is no day in the file."))
    return list(rows.values())


def replace_years(rows: Iterable[WorkDay], source: str) -> list[int]:
    """Take a calendar in: the years that it speaks of are replaced as a whole; returns them."""
    rows = list(rows)
    years = sorted({row.day.year for row in rows})
    with transaction.atomic():
        WorkDay.objects.filter(day__year__in=years).delete()
        for row in rows:
            row.source = source
        WorkDay.objects.bulk_create(rows)
    return years
