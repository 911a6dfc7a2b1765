"""When a customer should hear from us next: by how the contact went, by what it was about, by the tier (DOMAIN §4)."""

from datetime import date, timedelta

from archives.choices import Outcome
from customers.models import Alert

SOON_DAYS = 3  # while somebody is interested
WEEK_DAYS = 7  # where nothing else says when


def on_a_working_day(day: date) -> date:
    """The day, or the Monday after it."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > 4 else day


def due_day(alert: Alert | None, day: date) -> date | None:
    """The day by which the alert's matter is decided, while it lies ahead."""
    return alert.due_date if alert and alert.due_date and alert.due_date > day else None


def proposal(alert: Alert | None, cadence_days: int | None, day: date) -> date:
    """Before anybody knows how it went: the due day of what it is about, else the cadence of the tier."""
    return on_a_working_day(due_day(alert, day) or day + timedelta(days=cadence_days or WEEK_DAYS))


def by_outcome(alert: Alert | None, cadence_days: int | None, day: date) -> dict[str, date | None]:
    """For each result the next day that goes with it; None where nothing is left to ask."""
    soon = on_a_working_day(day + timedelta(days=SOON_DAYS))
    due = due_day(alert, day)
    later = on_a_working_day(day + timedelta(days=cadence_days)) if cadence_days else None
    return {
        Outcome.INTERESTED: min(soon, on_a_working_day(due)) if due else soon,
        Outcome.BOOKED: on_a_working_day(due) if due else soon,
        Outcome.NOT_REACHED: on_a_working_day(day + timedelta(days=1)),
        Outcome.NOT_INTERESTED: later,
        Outcome.SOLD: later,
        Outcome.REFUSED: None,
    }
