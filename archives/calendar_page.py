"""What the calendar of plans shows: the lines of the managers, one manager's month, a day's list, and proposals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from archives import load
from archives.models import MaintenancePlan
from crm.organization import workdays
from crm.organization.choices import Role
from crm.organization.models import User

FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Cell:
    """A day of the page; `level` is ok, warn from nine tenths of the day's capacity, crit above it, late if it has
    passed with plans left open."""

    day: date
    is_in_month: bool
    is_working: bool
    holiday: str
    count: int
    plans: list[MaintenancePlan]
    room: int
    is_away: bool
    is_past: bool

    @property
    def rest(self) -> int:
        return self.count - len(self.plans)

    @property
    def level(self) -> str:
        if self.is_past:
            return "late" if self.count else "ok"
        if self.count > self.room:
            return "crit"
        return "warn" if self.count * 10 >= self.room * 9 and self.count else "ok"


@dataclass(frozen=True)
class CalendarPage:
    """Everything on the page."""

    month: load.Month
    owner: User
    line: load.Load
    lines: list[load.Load]
    weeks: list[list[Cell]]
    working_days: int
    days_away: int
    standard: load.Standard
    over: int
    helpers: list[load.Load]
    chosen: Cell | None
    day_plans: list[MaintenancePlan]
    missing_year: int | None

    @property
    def customer_ids(self) -> list[int]:
        shown = [plan for week in self.weeks for cell in week for plan in cell.plans]
        return sorted({plan.customer_id for plan in [*shown, *self.day_plans]})


def month_named(text: str, today: date) -> load.Month:
    """`2026-12`; the current month for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today.replace(day=1)
    return load.Month(first if FIRST_YEAR <= first.year <= LAST_YEAR else today.replace(day=1), today)


def day_named(text: str, month: load.Month) -> date | None:
    """A day within the month's page, else None."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if month.grid[0] <= day <= month.grid[1] else None


def page_of(user: User, asked: Mapping[str, Any], today: date, owner: User | None) -> CalendarPage:
    """The page that an address asks for: the named manager, else for who leads a branch the one with the most due."""
    month = month_named(asked.get("month", ""), today)
    day = load.standard(month.begins)
    calendar = workdays.between(*month.grid)
    left = [one for one in calendar.working_days if month.begins <= one <= month.last]
    hours = load.Hours(left, day, *month.grid)
    leads = user.role == Role.BRANCH_MANAGER
    lines = load.loads(user, month, day, hours) if leads else []
    if owner is None:
        owner = User.objects.get(pk=lines[0].owner_id) if lines else user
    line = next((one for one in lines if one.owner_id == owner.pk), None) or load.load_of(
        user, owner, month, day, hours
    )
    shown = load.shown_by_day(user, owner.pk, *month.grid)
    away = hours.away([owner.pk])[owner.pk]
    room = load.Room(calendar, away, day.contacts)
    over = load.excess({one: found.count for one, found in shown.items()}, room, month)
    weeks = weeks_of(month, room, shown)
    chosen = next((cell for week in weeks for cell in week if cell.day == day_named(asked.get("day", ""), month)), None)
    return CalendarPage(
        month=month,
        owner=owner,
        line=line,
        lines=lines,
        weeks=weeks,
        working_days=len(left),
        days_away=sum(one in away for one in left),
        standard=day,
        over=sum(over.values()),
        helpers=load.helpers_with_room(user, owner, month, day, hours) if over or line.is_over else [],
        chosen=chosen,
        day_plans=load.of_day(user, owner.pk, chosen.day) if chosen and chosen.count else [],
        missing_year=workdays.missing_year(today) if leads else None,
    )


def weeks_of(month: load.Month, room: load.Room, shown: Mapping[date, load.Shown]) -> list[list[Cell]]:
    nothing, calendar = load.Shown(0, []), room.calendar
    cells = [
        Cell(
            day=one,
            is_in_month=month.first <= one <= month.last,
            is_working=calendar.is_working(one),
            holiday=calendar.exceptions[one].name if one in calendar.exceptions else "",
            count=shown.get(one, nothing).count,
            plans=shown.get(one, nothing).plans,
            room=room.on(one),
            is_away=one in room.away,
            is_past=one < month.today,
        )
        for one in calendar.days
    ]
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]
