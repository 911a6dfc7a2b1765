"""How a value of the archive is read from what somebody typed, stored, and shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from archives import lunar
from archives.choices import FieldKind
from archives.record_models import ArchiveField

MOST_TEXT = 500
MOST_NUMBER = Decimal(10) ** 12
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TAKE_OUT = "-"  # what is typed to take a value out where an empty box means "as it was"
FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2100, 12, 31)


class BadValue(ValueError):
    """The value does not suit the field; the message says so in the user's words."""


@dataclass(frozen=True)
class Typed:
    """One value: `text` as it is stored, and what filters compare. An empty text is no value."""

    text: str = ""
    number: Decimal | None = None
    day: date | None = None
    keys: tuple[str, ...] | None = None


def read(field: ArchiveField, parts: Sequence[str], kept: Sequence[str] = ()) -> Typed:
    """The value that these parts (one, but for several of a list) mean. Raises BadValue.

    `kept` are options that the list does not have any more, but the value that stands there.
    """
    words = [part.strip() for part in parts if part.strip()]
    if not words:
        return Typed()
    match field.kind:
        case FieldKind.NUMBER:
            return read_number(words[0])
        case FieldKind.DATE:
            return read_date(words[0])
        case FieldKind.LUNAR:
            return read_lunar(words)
        case FieldKind.CHOICE | FieldKind.MULTI | FieldKind.BAND:
            return read_keys(field, words, kept)
    if CONTROL.search(words[0]):
        raise BadValue(_("There is a character in it that cannot be kept; type it again."))
    if len(words[0]) > MOST_TEXT:
        raise BadValue(_("At most %(most)d characters.") % {"most": MOST_TEXT})
    return Typed(words[0])


def read_number(text: str) -> Typed:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadValue(_("Write a number.")) from None
    # Compared and not reckoned with: of 1e999999999 even abs() overflows.
    if not number.is_finite() or not -MOST_NUMBER < number < MOST_NUMBER or number != round(number, 4):
        raise BadValue(_("Write a number with at most four places."))
    return Typed(f"{number:f}", number=number)


def read_date(text: str) -> Typed:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadValue(_("Write the day as 2026-03-27.")) from None
    if not FIRST_DATE <= day <= LAST_DATE:
        raise BadValue(_("The day lies too far away."))
    return Typed(day.isoformat(), day=day)


def read_lunar(words: Sequence[str]) -> Typed:
    """A day of the lunar calendar, from month and day as they were chosen, or as "8-15", "L6-15" for 闰六月十五."""
    text = "-".join(words)
    if "-" not in text:
        raise BadValue(_("Choose both, the month and the day of the lunar calendar."))
    number = lunar.read(text)
    if number is None:
        raise BadValue(
            _("The lunar calendar has no such day; leap months come after the second to the eleventh month only.")
        )
    return Typed(lunar.written(number), number=Decimal(number))


def read_keys(field: ArchiveField, words: Sequence[str], kept: Sequence[str] = ()) -> Typed:
    """Keys of the field's options, in their order; several may stand in one part, parted by commas."""
    chosen = {key for word in words for key in word.split(",")}
    keys = [key for key in [*(one["key"] for one in field.options), *kept] if key in chosen]
    if len(keys) != len(chosen) or (len(keys) > 1 and field.kind != FieldKind.MULTI):
        raise BadValue(_("Choose one of the options shown."))
    return Typed(",".join(keys), keys=tuple(keys))


def shown(field: ArchiveField, text: str) -> str:
    """A stored value in the reader's words."""
    if field.kind in (FieldKind.CHOICE, FieldKind.MULTI, FieldKind.BAND):
        names = dict(field.choices)
        return pgettext("between names", ", ").join(names.get(key, key) for key in text.split(",")) if text else ""
    if field.kind == FieldKind.LUNAR and text:
        number = lunar.read(text)
        return lunar.words(number) if number else text
    return text
