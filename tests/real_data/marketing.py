"""A Portuguese bank's calls for term deposits, 2008-05 … 2010-11, read as they are: a row a client, in date order."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tests.real_data import bank

FIRST_YEAR = 2008
NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: number for number, name in enumerate(NAMES, 1)}


@dataclass(frozen=True)
class Client:
    """One client of the campaign: the day of the last contact, how many contacts, what is known, and the answer.

    `duration` of the call is left out here already: it is known only after the call.
    """

    number: int
    day: date
    contacts: int
    channel: str
    earlier: str
    said_yes: bool
    known: dict[str, str]


def clients() -> Iterator[Client]:
    """The clients of the file in its order; the year goes up when the month falls back. Skips without the data."""
    path = bank.folder("uci_bank_marketing") / "bank-full.csv"
    year, before = FIRST_YEAR, 0
    with path.open(encoding="ascii", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter=";"), 1):
            month = MONTHS[row["month"]]
            year += month < before
            before = month
            known = {name: value for name, value in row.items() if name not in ("duration", "y")}
            yield Client(
                number, date(year, month, int(row["day"])), int(row["campaign"]), row["contact"], row["poutcome"],
                row["y"] == "yes", known,
            )  # fmt: skip
