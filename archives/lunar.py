"""Days of the lunar calendar 农历: how they are written down, compared, and said in three languages.

A day is a number: month * 100 + day, `LEAP` more for a leap month 闰月. As text it is "8-15", or "L6-15" for
闰六月十五. Which solar days it falls on, the database knows (archives_occurrences, migration care_dates).
"""

import re

from archives.record_models import in_language

LEAP = 10_000
MONTHS, DAYS = 12, 30
# From 1900 to 2100 no leap month follows the first or the twelfth.
LEAP_MONTHS = range(2, 12)
WRITTEN = re.compile(r"(L?)(\d{1,2})-(\d{1,2})", re.ASCII)
MONTH_WORDS = "正二三四五六七八九十冬腊"
DIGITS = "十一二三四五六七八九"
TENS = ("初", "十", "廿", "三")
TRADITIONAL = str.maketrans("农历闰腊", "農曆閏臘")


def read(text: str) -> int | None:
    """The number of a day as it is written; None where there is no such day in any year from 1900 to 2100."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        return None
    is_leap, month, day = bool(found[1]), int(found[2]), int(found[3])
    if not (1 <= month <= MONTHS and 1 <= day <= DAYS) or (is_leap and month not in LEAP_MONTHS):
        return None
    return month * 100 + day + LEAP * is_leap


def written(number: int) -> str:
    """The text of a day."""
    return f"{'L' if number > LEAP else ''}{number % LEAP // 100}-{number % 100}"


def month_words(month: int, *, is_leap: bool) -> str:
    """闰六月 in the reader's language."""
    chinese = f"{'闰' if is_leap else ''}{MONTH_WORDS[month - 1]}月"
    return in_language(chinese, chinese.translate(TRADITIONAL), f"{'leap ' if is_leap else ''}month {month}")


def day_words(day: int) -> str:
    """初一 … 三十 in the reader's language."""
    whole = {10: "初十", 20: "二十", 30: "三十"}
    chinese = whole.get(day) or TENS[day // 10] + DIGITS[day % 10]
    return in_language(chinese, chinese, str(day))


def words(number: int) -> str:
    """农历八月十五 in the reader's language."""
    month, day = month_words(number % LEAP // 100, is_leap=number > LEAP), day_words(number % 100)
    chinese = f"农历{month}{day}"
    return in_language(chinese, chinese.translate(TRADITIONAL), f"lunar {month}, day {day}")
