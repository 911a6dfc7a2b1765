"""What the list of customers may ask of the archive. Archives are a layer above: who reads it signs up here."""

from collections.abc import Callable
from datetime import date

from django.db.models import Q

# The condition on customers that a text means on a day; None for a text without sense, which finds nobody.
Reader = Callable[[str, date], Q | None]
SIGNED_UP: list[Reader] = []


def sign_up(reader: Reader) -> None:
    """Let `reader` say what is asked; called once, from the `ready` of an app."""
    SIGNED_UP[:] = [reader]


def condition(text: str, day: date) -> Q | None:
    return SIGNED_UP[0](text, day) if SIGNED_UP else None
