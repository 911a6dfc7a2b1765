"""The lunar calendar in the database, month by month against a second implementation, and what is said of its days."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.utils import translation
from lunar_python import LunarYear, Solar

from archives import lunar
from archives.care import next_day
from archives.record_kinds import BadValue, Typed, read_lunar
from crm import db

FIRST, LAST = date(1950, 1, 1), date(2060, 12, 31)


def solar_days(number: int, first: date, last: date) -> list[date]:
    rows = db.fetch_all(
        "SELECT o AS day FROM archives_occurrences('birthday', NULL, %s, NULL, %s::date, %s::date) o ORDER BY 1",
        [number, first, last],
        using="default",
    )
    return [row["day"] for row in rows]


def test_every_month_from_1950_to_2060_is_that_of_another_implementation(database: None) -> None:
    """With the same first day and length of each month, each day between has the same number."""
    rows = db.fetch_all(
        "SELECT year, CASE WHEN is_leap THEN -month ELSE month END AS month, days, first_day "
        "FROM archives_lunarmonth WHERE first_day + days > %s AND first_day <= %s ORDER BY first_day",
        [FIRST, LAST],
        using="default",
    )
    others = {
        month.getFirstJulianDay(): month
        for year in range(FIRST.year - 1, LAST.year + 2)
        for month in LunarYear.fromYear(year).getMonths()
    }
    expected = [
        {
            "year": other.getYear(),
            "month": other.getMonth(),
            "days": other.getDayCount(),
            "first_day": solar_day(number),
        }
        for number, other in sorted(others.items())
    ]
    assert rows[0]["first_day"] <= FIRST
    assert rows == [row for row in expected if rows[0]["first_day"] <= row["first_day"] <= LAST]


def solar_day(julian_day: int) -> date:
    return date.fromisoformat(Solar.fromJulianDay(julian_day).toYmd())


def test_the_months_follow_each_other_without_a_gap(database: None) -> None:
    gaps = db.fetch_value(
        "SELECT count(*) FROM (SELECT first_day, lag(first_day + days) OVER (ORDER BY first_day) AS due "
        "FROM archives_lunarmonth) m WHERE due <> first_day",
        using="default",
    )
    leaps = db.fetch_all("SELECT DISTINCT month FROM archives_lunarmonth WHERE is_leap", using="default")
    assert gaps == 0
    assert {row["month"] for row in leaps} <= set(lunar.LEAP_MONTHS)


@pytest.mark.parametrize(
    ("number", "year", "expected"),
    [
        (815, 2026, [date(2026, 9, 25)]),
        (101, 2026, [date(2026, 2, 17)]),
        (10615, 2025, [date(2025, 8, 8)]),  # 2025 has a leap sixth month
        (10615, 2026, [date(2026, 7, 28)]),  # 2026 has none: the ordinary one
        (615, 2025, [date(2025, 7, 9)]),  # born in the ordinary month: once a year, leap month or not
        (1230, 2025, [date(2025, 1, 28)]),  # the twelfth month had 29 days: New Year's Eve
        (1230, 2026, [date(2026, 2, 16)]),
    ],
)
def test_when_a_day_of_the_lunar_calendar_comes(database: None, number: int, year: int, expected: list[date]) -> None:
    assert solar_days(number, date(year, 1, 1), date(year, 12, 31)) == expected


@pytest.mark.parametrize("number", [101, 815, 1230, 10415, 10630, 11015])
def test_each_lunar_year_has_each_day_once(database: None, number: int) -> None:
    years = db.fetch_all("SELECT year, min(first_day) AS day FROM archives_lunarmonth GROUP BY 1", using="default")
    begins = sorted(row["day"] for row in years if 1950 <= row["year"] <= 2061)
    for first, following in pairwise(begins):
        assert len(solar_days(number, first, following - timedelta(days=1))) == 1, first


@pytest.mark.parametrize(
    ("kind", "solar", "year", "expected"),
    [
        ("birthday", date(1996, 2, 29), None, date(2027, 2, 28)),
        ("wedding", date(2026, 3, 12), None, date(2027, 3, 12)),  # not on the day itself: the first a year later
        ("gaokao", None, 2027, date(2027, 6, 7)),
        ("zhongkao", date(2027, 6, 20), 2027, date(2027, 6, 20)),  # the day that is noted goes before the parameter
        ("retirement", date(2026, 3, 12), None, date(2026, 3, 12)),
        ("retirement", date(2026, 3, 10), None, None),
        ("exam", date(2025, 6, 7), None, None),
        ("gaokao", None, 1999, None),
    ],
)
def test_when_other_dates_come(
    database: None, kind: str, solar: date | None, year: int | None, expected: date | None
) -> None:
    assert next_day(kind, solar, None, year, date(2026, 3, 11)) == expected


def test_in_a_leap_year_the_leap_day_is_the_day(database: None) -> None:
    assert next_day("birthday", date(1996, 2, 29), None, None, date(2028, 1, 1)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("number", "hans", "hant"),
    [
        (815, "农历八月十五", "農曆八月十五"),
        (10601, "农历闰六月初一", "農曆閏六月初一"),
        (1230, "农历腊月三十", "農曆臘月三十"),
        (110, "农历正月初十", "農曆正月初十"),
        (1121, "农历冬月廿一", "農曆冬月廿一"),
        (320, "农历三月二十", "農曆三月二十"),
    ],
)
def test_a_day_in_words(number: int, hans: str, hant: str) -> None:
    with translation.override("zh-hans"):
        assert lunar.words(number) == hans
    with translation.override("zh-hant"):
        assert lunar.words(number) == hant
    with translation.override("en"):
        assert str(number % 100) in lunar.words(number)


@pytest.mark.parametrize(
    ("parts", "text", "number"),
    [(["8", "15"], "8-15", 815), (["8-15"], "8-15", 815), (["L6", "1"], "L6-1", 10601), (["012-030"], "", 0)],
)
def test_what_is_typed(parts: list[str], text: str, number: int) -> None:
    if not text:
        with pytest.raises(BadValue):
            read_lunar(parts)
        return
    assert read_lunar(parts) == Typed(text, number=number)  # type: ignore[arg-type]
    assert lunar.written(number) == text


@pytest.mark.parametrize("parts", [["8"], ["8", "31"], ["13", "1"], ["0", "1"], ["L1", "1"], ["L12", "1"], ["八月"]])
def test_no_day_of_the_calendar(parts: list[str]) -> None:
    with pytest.raises(BadValue):
        read_lunar(parts)
