"""What customers ask of their archives. Archives are a layer above: who reads and measures them signs up here."""

from collections.abc import Callable, Sequence
from datetime import date

from django.db.models import Q
from django.utils import timezone

# The condition on customers that a text of an address means on a day; None for one without sense, which finds nobody.
Reader = Callable[[str, date], Q | None]
# Measures the archives of some customers again, on a day.
Measurer = Callable[[Sequence[int], date], None]
SIGNED_UP: list[tuple[Reader, Measurer]] = []


def sign_up(reader: Reader, measurer: Measurer) -> None:
    """Let these answer; called once, from the `ready` of an app."""
    SIGNED_UP[:] = [(reader, measurer)]


def condition(text: str, day: date) -> Q | None:
    return SIGNED_UP[0][0](text, day) if SIGNED_UP else None


def changed(ids: Sequence[int]) -> None:
    """Something has changed of these customers that their archives count: a relation, a household."""
    for _reader, measurer in SIGNED_UP:
        measurer(ids, timezone.localdate())
