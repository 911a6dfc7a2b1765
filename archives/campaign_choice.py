"""The running campaigns that a contact may be for. Campaigns are a layer above, which signs up who knows them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from crm.organization.models import User
from customers.models import Customer


@dataclass(frozen=True)
class Running:
    """A campaign that runs on the day, with the customer among its members; `is_left_alone`: not contacted in it."""

    campaign_id: int
    name: str
    is_left_alone: bool


Source = Callable[[User, Customer, date], list[Running]]
SOURCES: list[Source] = []


def sign_up(source: Source) -> None:
    """Ask this one too; called while the applications are made ready."""
    SOURCES.append(source)


def running(user: User, customer: Customer, day: date) -> list[Running]:
    """The campaigns that run for a customer on a day, as far as the user sees them."""
    return [one for source in SOURCES for one in source(user, customer, day)]
