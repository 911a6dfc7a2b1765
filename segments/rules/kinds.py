"""The types of fields: which comparisons each allows, and how a value is read from a rule."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

# Comparisons bear the same names in segments and in lists.
from archives.asking import AT_LEAST as AT_LEAST
from archives.asking import BELOW as BELOW
from archives.asking import CONTAINS as CONTAINS
from archives.asking import FROM as FROM
from archives.asking import IN as IN
from archives.asking import IS as IS
from archives.asking import KNOWN as KNOWN
from archives.asking import UNTIL as UNTIL
from archives.asking import WITHIN as WITHIN
from customers.filters import FIRST_DAY, LAST_DAY

MOST_VALUES = 50
LONGEST_TEXT = 40
MOST_MONEY = Decimal(10) ** 14
MOST_WHOLE = 1_000_000

BETWEEN_WORDS = re.compile(r"[\s,，、;；]+")

Choices = Callable[[], Iterable[tuple[str, str | Promise]]]


class BadValue(ValueError):
    """The value does not suit the field; the message says so in the user's words."""


@dataclass(frozen=True)
class Kind:
    """`ops` are the comparisons, the usual one first; `unit` what numbers are counted in."""

    ops: tuple[str, ...]

    def read(self, value: Any) -> Any:
        """The value in Python's type. Raises BadValue."""
        raise NotImplementedError

    def read_as(self, op: str, value: Any) -> Any:
        """The value of this comparison: whether something is known is yes or no of every kind. Raises BadValue."""
        return Flag().read(value) if op == KNOWN else self.read(value)

    def store(self, value: Any) -> Any:
        """The value as the JSON of a rule holds it."""
        return value

    def store_as(self, op: str, value: Any) -> Any:
        return value if op == KNOWN else self.store(value)


@dataclass(frozen=True)
class Money(Kind):
    """Yuan, two places."""

    ops: tuple[str, ...] = (AT_LEAST, BELOW)

    def read(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 20:
            raise BadValue(_("an amount is needed"))
        try:
            amount = Decimal(str(value))
        except ArithmeticError:
            raise BadValue(_("an amount is needed")) from None
        if not amount.is_finite() or not -MOST_MONEY <= amount <= MOST_MONEY:
            raise BadValue(_("the amount is too large"))
        if amount != amount.quantize(Decimal("0.01")):
            raise BadValue(_("an amount has at most two places"))
        return amount.quantize(Decimal("0.01"))

    def store(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from `least` to `most`."""

    ops: tuple[str, ...] = (AT_LEAST, BELOW)
    least: int = 0
    most: int = MOST_WHOLE

    def read(self, value: Any) -> int:
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 9:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadValue(_("a whole number is needed"))
        if not self.least <= value <= self.most:
            raise BadValue(
                _("a number from %(least)s to %(most)s is needed") % {"least": self.least, "most": self.most}
            )
        return value


@dataclass(frozen=True)
class Days(Whole):
    """A span of days, counted from the data date."""

    ops: tuple[str, ...] = (WITHIN,)
    least: int = 1
    most: int = 3660


@dataclass(frozen=True)
class Dates(Days):
    """A day: within a span that is counted from the data date, or from and up to a day of the calendar."""

    ops: tuple[str, ...] = (WITHIN, FROM, UNTIL)

    def read_as(self, op: str, value: Any) -> Any:
        if op not in (FROM, UNTIL):
            return super().read_as(op, value)
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            day = None
        if day is None or not FIRST_DAY <= day <= LAST_DAY:
            raise BadValue(_("a day is needed, written as 2026-03-27"))
        return day

    def store_as(self, op: str, value: Any) -> Any:
        return value.isoformat() if op in (FROM, UNTIL) else super().store_as(op, value)


@dataclass(frozen=True)
class Flag(Kind):
    ops: tuple[str, ...] = (IS,)

    def read(self, value: Any) -> bool:
        if isinstance(value, str) and value in ("1", "0"):
            return value == "1"
        if not isinstance(value, bool):
            raise BadValue(_("yes or no is needed"))
        return value


@dataclass(frozen=True)
class Choice(Kind):
    """One or more of a list. `choices` is asked when a rule is read: what it lists may change."""

    choices: Choices = tuple
    ops: tuple[str, ...] = (IN,)

    def read(self, value: Any) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        known = {key for key, _label in self.choices()}
        if not 0 < len(values) <= MOST_VALUES:
            raise BadValue(_("one to %(most)s choices are needed") % {"most": MOST_VALUES})
        for one in values:
            if not isinstance(one, str) or one not in known:
                raise BadValue(_("“%(value)s” is none of the choices") % {"value": str(one)[:LONGEST_TEXT]})
        return tuple(dict.fromkeys(values))

    def store(self, value: Any) -> list[str]:
        return list(value)


@dataclass(frozen=True)
class Words(Kind):
    """One or more words, of which a text contains at least one."""

    ops: tuple[str, ...] = (CONTAINS,)

    def read(self, value: Any) -> tuple[str, ...]:
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str) for part in parts):
            raise BadValue(_("words are needed"))
        words = [
            word for part in parts for word in part.replace("，", " ").replace("、", " ").replace(",", " ").split()
        ]
        if not 0 < len(words) <= MOST_VALUES:
            raise BadValue(_("one to %(most)s words are needed") % {"most": MOST_VALUES})
        if any(len(word) > LONGEST_TEXT or "\x00" in word for word in words):
            raise BadValue(_("a word is too long"))
        return tuple(dict.fromkeys(words))

    def store(self, value: Any) -> list[str]:
        return list(value)
