"""A quarter on the calendar: its weeks, what the bank has to do in them, its holidays, and the bars of campaigns."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q

from campaigns.campaign_models import Campaign
from campaigns.seasons.choices import MOST_QUARTERS
from campaigns.seasons.models import SeasonStep, SeasonTheme
from crm.organization import workdays
from crm.organization.models import WorkDay

ONE_DAY, WEEK = timedelta(days=1), timedelta(days=7)
NAMED = re.compile(r"(20\d\d)-([1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    year: int
    number: int

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        return self.after.first - ONE_DAY

    @property
    def after(self) -> "Quarter":
        return Quarter(self.year + self.number // MOST_QUARTERS, self.number % MOST_QUARTERS + 1)

    @property
    def before(self) -> "Quarter":
        return quarter_of(self.first - ONE_DAY)

    @property
    def mondays(self) -> list[date]:
        """The first days of the weeks that have a day of the quarter."""
        monday = self.monday
        return [monday + WEEK * number for number in range((self.last - monday).days // 7 + 1)]

    @property
    def monday(self) -> date:
        """That of week 1."""
        return self.first - timedelta(days=self.first.weekday())

    def __str__(self) -> str:
        return f"{self.year}-{self.number}"


def quarter_of(day: date) -> Quarter:
    return Quarter(day.year, (day.month + 2) // 3)


def quarter_named(text: str, today: date) -> Quarter:
    """The quarter that an address names as 2027-1, else that of today."""
    found = NAMED.fullmatch(text)
    return Quarter(int(found[1]), int(found[2])) if found else quarter_of(today)


@dataclass(frozen=True)
class Week:
    monday: date
    number: int
    workdays: int
    holidays: list[str]
    is_now: bool

    @property
    def sunday(self) -> date:
        return self.monday + WEEK - ONE_DAY


@dataclass(frozen=True)
class Bar:
    """Columns of the table: `before` empty ones, `length` of the bar, `after` empty ones. No length: outside."""

    before: int
    length: int
    after: int


@dataclass(frozen=True)
class StepLine:
    """A step on the calendar; `of` is the quarter that it is for, `can_begin` whether its time is not over."""

    step: SeasonStep
    of: Quarter
    first: date
    last: date
    bar: Bar
    can_begin: bool


@dataclass(frozen=True)
class CampaignLine:
    campaign: Campaign
    bar: Bar


def weeks_of(quarter: Quarter, today: date) -> list[Week]:
    """The weeks with their working days and what the work calendar names in them; one statement."""
    mondays = quarter.mondays
    calendar = workdays.between(mondays[0], mondays[-1] + WEEK - ONE_DAY)
    return [
        Week(
            monday=monday,
            number=number,
            workdays=sum(calendar.is_working(monday + timedelta(days=at)) for at in range(7)),
            holidays=holidays_of(calendar.exceptions[day] for day in days_of(monday) if day in calendar.exceptions),
            is_now=monday <= today < monday + WEEK,
        )
        for number, monday in enumerate(mondays, 1)
    ]


def days_of(monday: date) -> list[date]:
    return [monday + timedelta(days=at) for at in range(7)]


def holidays_of(exceptions: Iterable[WorkDay]) -> list[str]:
    """The names of the holidays of a week, each once."""
    return list(dict.fromkeys(one.name for one in exceptions if one.name and not one.is_working))


def bar(first: date, last: date, mondays: list[date]) -> Bar:
    """The columns that a span of days covers."""
    start = max(0, (first - mondays[0]).days // 7)
    end = min(len(mondays) - 1, (last - mondays[0]).days // 7)
    if end < 0 or start >= len(mondays) or end < start:
        return Bar(len(mondays), 0, 0)
    return Bar(start, end - start + 1, len(mondays) - 1 - end)


def themes_of(year: int) -> dict[int, SeasonTheme]:
    """The theme of each quarter of a year by its number, the one in force on its first day; one statement."""
    quarters = [Quarter(year, number) for number in range(1, MOST_QUARTERS + 1)]
    of_first_day = (Q(quarter=one.number, effective_from__lte=one.first) for one in quarters)
    rows = SeasonTheme.objects.filter(reduce(or_, of_first_day)).order_by("quarter", "-effective_from")
    return {one.quarter: one for one in rows.distinct("quarter")}


def theme_of(quarter: Quarter) -> SeasonTheme | None:
    return themes_of(quarter.year).get(quarter.number)


def span_of(step: SeasonStep, quarter: Quarter) -> tuple[date, date]:
    """The days of a step of a quarter's playbook."""
    first = quarter.monday + WEEK * (step.first_week - 1)
    return first, quarter.monday + WEEK * step.last_week - ONE_DAY


def steps_of(quarter: Quarter, today: date) -> list[StepLine]:
    """The steps of a quarter, then those that prepare the next one in its weeks; four statements."""
    mondays = quarter.mondays
    found = []
    for of in (quarter, quarter.after):
        theme = theme_of(of)
        for step in theme.steps.all() if theme else ():
            first, last = span_of(step, of)
            line = StepLine(step, of, first, last, bar(first, last, mondays), bool(step.kind) and last > today)
            if of == quarter or (step.first_week < 1 and line.bar.length):
                found.append(line)
    return found


def campaign_lines(campaigns: Iterable[Campaign], quarter: Quarter) -> list[CampaignLine]:
    mondays = quarter.mondays
    return [CampaignLine(one, bar(one.starts_on, one.ends_on, mondays)) for one in campaigns]
