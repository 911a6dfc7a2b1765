"""What a row of important dates has to say, before it is written down."""

from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from archives.choices import GAOKAO, ONCE, ZHONGKAO, StepEvent

# Has come to pass when it is noted; a wedding or an exam may lie ahead.
HAPPENED = (StepEvent.BIRTHDAY, StepEvent.FAMILY, StepEvent.ANNIVERSARY)
FIRST_YEAR, LAST_YEAR = 2000, 2100


def fault_of(texts: Mapping[str, str]) -> tuple[str, str] | None:
    """The field of the archive at which a row is wrong, and why in plain words; None for a row that is good, and for
    one that is empty. `texts` are the values as they would be stored, by field."""
    kind, solar, lunar, year = (texts.get(f"date_{name}", "") for name in ("kind", "solar", "lunar", "year"))
    if not kind:
        is_said = solar or lunar or year
        return ("date_kind", _("Say what kind of day it is.")) if is_said else None
    if year and kind not in (GAOKAO, ZHONGKAO):
        return "date_year", _("Only the two entrance exams go by a year; give any other day as a date.")
    if year and not (year.isascii() and year.isdecimal() and FIRST_YEAR <= int(year) <= LAST_YEAR):
        return "date_year", _("Write the year as 2027.")
    if kind in HAPPENED and solar > timezone.localdate().isoformat():
        return "date_solar", _("The day lies in the future.")
    if kind in ONCE and lunar:
        return "date_lunar", _("This comes once, on a day of the solar calendar.")
    if kind in (GAOKAO, ZHONGKAO):
        return None if solar or year else ("date_year", _("Give the year of the exam, or its first day."))
    if not solar and not lunar:
        return "date_solar", _("Give the date, or choose month and day of the lunar calendar.")
    return None
