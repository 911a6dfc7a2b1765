"""The score of a person's month with its parts, and the dots of a branch: how many contacts, how good."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from archives.models import ContactQualityRule
from archives.quality.judge import thresholds
from crm import db
from crm.organization.models import User
from customers.averages import month_start

MONTHS = 6
MOST_LINES = 200
WEIGHTS = ("off_alike", "off_burst", "off_no_next", "off_no_change")


@dataclass(frozen=True)
class Line:
    """An author's month. `off` is what the flaws take away, in hundredths of a contact."""

    staff_id: int
    name: str
    staff_no: str
    month: date
    contacts: int
    alike: int
    burst: int
    no_next: int
    no_change: int
    off: int

    @property
    def score(self) -> int:
        """Percent of the contacts that is left after what the flaws take off, cut."""
        return max(100 * self.contacts - self.off, 0) // self.contacts

    @property
    def lost(self) -> float:
        """What the flaws take off, in contacts."""
        return self.off / 100


def months_back(day: date, number: int = MONTHS) -> list[date]:
    """The first days of the last months, this one first."""
    found = [month_start(day)]
    while len(found) < number:
        found.append(month_start(found[-1] - timedelta(days=1)))
    return found


def next_month(month: date) -> date:
    return month_start(month + timedelta(days=31))


def of_branch(branch_id: int, month: date, rule: ContactQualityRule) -> list[Line]:
    """Everybody of a branch who entered contacts in a month, lowest score first; a branch that the reader may see."""
    found = lines(rule, month, next_month(month), branch=branch_id, staff=None)
    return sorted(found, key=lambda line: (line.score, -line.contacts))


def of_person(staff: User, day: date, rule: ContactQualityRule) -> list[Line]:
    """The last months of one person, newest first; a person whom the reader may see."""
    months = months_back(day)
    return lines(rule, months[-1], next_month(months[0]), branch=None, staff=staff.pk)


def lines(rule: ContactQualityRule, first: date, after: date, **of: int | None) -> list[Line]:
    weights: dict[str, Any] = {name: value for name, value in thresholds(rule).items() if name in WEIGHTS}
    about = {"first": first, "next": after, "most": MOST_LINES, **of, **weights}
    return [Line(**row) for row in db.fetch_sql(__package__, "figures", using="default", **about)]
