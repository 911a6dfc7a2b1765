"""The work calendar: the State Council's days in Python and in SQL, taking a year in, and the warning before it."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from crm import db
from crm.audit.models import AuditEntry
from crm.organization import workdays
from crm.organization.models import User, WorkDay
from tests.world import Bank

ClientOf = Callable[[User], Client]

NEXT_YEAR = "日期,类别,名称\n2027-01-01,holiday,元旦\n2027-01-03,班,元旦\n"


def sql_day(function: str, day: date, *more: int) -> date:
    arguments = ", ".join(["%s"] * (1 + len(more)))
    found: date = db.fetch_value(f"SELECT organization_{function}({arguments})", [day, *more])
    return found


@pytest.mark.parametrize(
    ("day", "following", "preceding"),
    [
        (date(2026, 2, 14), date(2026, 2, 14), date(2026, 2, 14)),  # a Saturday that makes up for the Spring Festival
        (date(2026, 2, 15), date(2026, 2, 24), date(2026, 2, 14)),
        (date(2025, 10, 1), date(2025, 10, 9), date(2025, 9, 30)),
        (date(2025, 10, 12), date(2025, 10, 13), date(2025, 10, 11)),
        (date(2026, 3, 14), date(2026, 3, 16), date(2026, 3, 13)),  # a weekend like any other
    ],
)
def test_the_working_day_after_and_before(database: None, day: date, following: date, preceding: date) -> None:
    assert sql_day("next_workday", day) == following == workdays.next_workday(day)
    assert sql_day("previous_workday", day) == preceding


def test_working_days_are_counted_over_holidays_and_back(database: None) -> None:
    assert sql_day("add_workdays", date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert sql_day("add_workdays", date(2026, 10, 8), -1) == date(2026, 9, 30)
    assert sql_day("add_workdays", date(2026, 10, 8), 3) == date(2026, 10, 12)  # Saturday the 10th is one of them
    assert sql_day("add_workdays", date(2026, 10, 3), 0) == date(2026, 10, 8)


def test_python_and_sql_know_the_same_days(database: None) -> None:
    first, last = date(2025, 1, 1), date(2026, 12, 31)
    counted = db.fetch_value(
        "SELECT array_agg(d::date ORDER BY d) FROM generate_series(%s::date, %s::date, interval '1 day') d "
        "WHERE organization_is_workday(d::date)", [first, last]
    )  # fmt: skip
    assert workdays.between(first, last).working_days == counted
    by_year = [sum(day.year == year for day in counted) for year in (2025, 2026)]
    # 365 days less weekends, less what the notices take from the week, and the make-up days: 248 in both years.
    assert by_year == [248, 248]


def test_next_years_calendar_is_missed_from_november_on(database: None) -> None:
    assert workdays.missing_year(date(2026, 10, 31)) is None
    assert workdays.missing_year(date(2026, 11, 1)) == 2027
    assert workdays.missing_year(date(2025, 12, 1)) is None
    WorkDay.objects.using("batch").create(day=date(2027, 1, 1), is_working=False)
    assert workdays.missing_year(date(2026, 11, 1)) is None


def test_an_administrator_takes_a_year_in(bank: Bank, client_of: ClientOf) -> None:
    WorkDay.objects.using("batch").create(day=date(2027, 5, 1), is_working=False, name="错")
    client, page = client_of(bank.lu), reverse("admin:organization_workday_import")
    assert client.get(page).status_code == 200
    sent = {"file": SimpleUploadedFile("c.csv", NEXT_YEAR.encode()), "source": "国办发明电"}
    assert client.post(page, sent).status_code == 302
    rows = WorkDay.objects.using("batch").filter(day__year=2027).order_by("day")
    assert [(row.day, row.is_working, row.source) for row in rows] == [
        (date(2027, 1, 1), False, "国办发明电"), (date(2027, 1, 3), True, "国办发明电"),
    ]  # fmt: skip
    assert WorkDay.objects.using("batch").filter(day__year=2026).exists()
    assert AuditEntry.objects.using("batch").filter(action="workday.import").exists()


@pytest.mark.parametrize(
    "text", ["", "2027-13-01,holiday,x", "2027-01-01,maybe", "2027-01-01", "2027-01-01,休\n2027-01-01,班"]
)
def test_a_wrong_calendar_changes_nothing(bank: Bank, client_of: ClientOf, text: str) -> None:
    before = WorkDay.objects.using("batch").count()
    sent = {"file": SimpleUploadedFile("c.csv", text.encode() or b"\n"), "source": "x"}
    assert client_of(bank.lu).post(reverse("admin:organization_workday_import"), sent).status_code == 422
    assert WorkDay.objects.using("batch").count() == before


def test_no_more_lines_than_a_year_has_days(database: None) -> None:
    lines = (f"{date(2027, 1, 1) + timedelta(days=number)},休" for number in range(workdays.MOST_ROWS + 1))
    with pytest.raises(workdays.BadCalendar):
        workdays.parse("\n".join(lines))
