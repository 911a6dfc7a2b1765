"""When a customer should hear from us next: by how the contact went, by what it was about, by the tier (DOMAIN §4).

Every day proposed is one on which the bank works, holidays and make-up days considered, and whoever asks is there.
"""

from datetime import date, timedelta

from archives.choices import Outcome
from crm.organization import workdays
from customers.models import Alert

SOON_DAYS = 3  # while somebody is interested
WEEK_DAYS = 7  # where nothing else says when


def due_day(alert: Alert | None, day: date) -> date | None:
    """The day by which the alert's matter is decided, while it lies ahead."""
    return alert.due_date if alert and alert.due_date and alert.due_date > day else None


def proposal(alert: Alert | None, cadence_days: int | None, day: date, staff_id: int | None = None) -> date:
    """Before anybody knows how it went: the due day of what it is about, else the cadence of the tier."""
    return workdays.next_workday(due_day(alert, day) or day + timedelta(days=cadence_days or WEEK_DAYS), staff_id)


def by_outcome(
    alert: Alert | None, cadence_days: int | None, day: date, staff_id: int | None = None
) -> dict[str, date | None]:
    """For each result the next day that goes with it; None where nothing is left to ask. One statement."""
    soon, due = day + timedelta(days=SOON_DAYS), due_day(alert, day)
    later = day + timedelta(days=cadence_days) if cadence_days else None
    wanted = {
        Outcome.INTERESTED: min(soon, due) if due else soon,
        Outcome.BOOKED: due or soon,
        Outcome.NOT_REACHED: day + timedelta(days=1),
        Outcome.NOT_INTERESTED: later,
        Outcome.SOLD: later,
        Outcome.REFUSED: None,
    }
    working = workdays.this_or_next((one for one in wanted.values() if one), staff_id)
    return {outcome: working[one] if one else None for outcome, one in wanted.items()}
