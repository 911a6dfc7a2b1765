"""Plans from important dates: solar and lunar, on working days, once, following what is noted, by tier and cadence."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from archives.choices import PlanState
from archives.models import ContactRule, MaintenancePlan
from crm.organization.models import ContactCadence, User
from customers.models import Customer
from tests.archives.saying import say
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)  # a Tuesday
MORNING = DAY + timedelta(days=1)
SHANGHAI = timezone.get_fixed_timezone(480)
HIGH = 600_000  # 高端
MIDDLE = 60_000  # 中端
RICH = 90_000_000  # 私行


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with time_machine.travel(datetime(2027, 3, 1, 10, tzinfo=SHANGHAI), tick=False):
        yield


@pytest.fixture
def book(bank: Bank) -> Book:
    return Book(bank)


def note(book: Book, customer: Customer, day: date = DAY, row: int = 1, **values: str) -> dict[str, int]:
    """Write a row of important dates at ten in the morning; returns the version of each value."""
    at = datetime.combine(day, time(10), SHANGHAI)
    return {
        key: say(book.bank.wang, customer, f"date_{key}", text, row=row, at=at).written[0].pk
        for key, text in values.items()
    }


def dated(customer: Customer, **asked: Any) -> list[tuple[str, date]]:
    """The open plans from dates: the step, and the day."""
    found = MaintenancePlan.objects.using("batch").filter(
        customer=customer, origin="date", **{"state": PlanState.PLANNED, **asked}
    )
    rows = found.exclude(step__event__in=("opened", "maturity")).order_by("due_date", "step__code")
    return [(one.step.code if one.step else "", one.due_date) for one in rows.select_related("step")]


def test_a_lunar_birthday_goes_before_the_one_on_the_document(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.set_status(customer, "active", birth_date=date(1980, 3, 20))
    note(book, customer, kind="birthday", lunar="2-8")  # 26 March 2026
    book.night(DAY)
    assert dated(customer) == [("birthday-before", date(2026, 3, 23)), ("birthday", date(2026, 3, 26))]


def test_days_counted_back_move_to_the_working_day_before(book: Book) -> None:
    customer = book.open("A", HIGH)
    note(book, customer, kind="birthday", solar="1980-03-22")  # a Sunday
    book.night(DAY)
    assert dated(customer) == [("birthday-before", date(2026, 3, 19)), ("birthday", date(2026, 3, 20))]


def test_the_night_run_again_writes_nothing_twice_and_follows_what_is_noted(book: Book) -> None:
    customer = book.open("A", HIGH)
    ids = note(book, customer, kind="wedding", solar="2010-03-25")
    book.night(DAY)
    assert dated(customer) == [("wedding", date(2026, 3, 25))]
    before = list(MaintenancePlan.objects.using("batch").values_list("pk", flat=True))
    book.night(DAY, rerun=True)
    assert list(MaintenancePlan.objects.using("batch").values_list("pk", flat=True)) == before
    at = datetime.combine(MORNING, time(10), SHANGHAI)
    say(book.bank.wang, customer, "date_solar", "2010-03-27", base=ids["solar"], row=1, at=at)
    book.night(MORNING)
    assert dated(customer) == [("wedding", date(2026, 3, 27))]
    assert dated(customer, state=PlanState.CANCELLED) == [("wedding", date(2026, 3, 25))]
    say(book.bank.wang, customer, "date_kind", "", base=ids["kind"], row=1, at=at + timedelta(days=1))
    book.night(MORNING + timedelta(days=1))
    assert dated(customer) == []


def test_a_date_comes_into_sight_with_the_days(book: Book) -> None:
    """Nobody touches the customers; each date is planned by the night a month ahead of it."""
    lunar, solar, exam, opened = (book.open(number, HIGH) for number in "ABCD")
    note(book, lunar, day=date(2026, 1, 5), kind="birthday", lunar="L6-30")  # no leap month in 2026: 12 August
    note(book, solar, day=date(2026, 1, 5), kind="family", solar="1990-08-13")
    note(book, exam, day=date(2026, 1, 5), kind="gaokao", year="2026")
    book.set_status(opened, "active", open_date=date(2015, 8, 14))
    book.night(DAY)
    for customer in (lunar, solar, exam, opened):
        assert dated(customer) == []
    day = DAY
    for day in (date(2026, 5, 10), date(2026, 7, 12)):
        book.night(day)
        if day.month == 5:
            assert dated(exam) == [("exam-before", date(2026, 6, 4)), ("exam", date(2026, 6, 5))]
    assert dated(lunar) == [("birthday-before", date(2026, 8, 7)), ("birthday", date(2026, 8, 12))]
    book.night(date(2026, 7, 13))
    assert dated(solar) == [("family", date(2026, 8, 13))]
    book.night(date(2026, 7, 14))
    assert dated(opened) == [("anniversary", date(2026, 8, 14))]


def test_day_thirty_of_a_short_month_is_seen_on_its_last_day(book: Book) -> None:
    customer = book.open("A", HIGH)
    ContactRule.objects.using("batch").update(most=9)  # the regular contact is due in that week too
    note(book, customer, day=date(2026, 1, 5), kind="birthday", lunar="2-30")  # 29 days in 2026: 16 April
    book.night(DAY)
    assert dated(customer) == []
    book.night(date(2026, 3, 16))
    assert dated(customer) == [("birthday-before", date(2026, 4, 13)), ("birthday", date(2026, 4, 16))]


def test_the_tier_and_its_cadence_decide_who_is_congratulated(book: Book) -> None:
    middle, high, rich = (book.open(name, aum) for name, aum in (("M", MIDDLE), ("H", HIGH), ("R", RICH)))
    for customer in (middle, high, rich):
        note(book, customer, kind="wedding", solar="2010-03-25")
    ContactCadence.objects.using("batch").filter(tier=5).delete()
    book.night(DAY)
    assert (dated(middle), dated(high), dated(rich)) == ([], [("wedding", date(2026, 3, 25))], [])


def test_whoever_asked_for_no_contact_is_not_planned_for(book: Book) -> None:
    customer = book.open("A", HIGH)
    note(book, customer, kind="wedding", solar="2010-03-25")
    Customer.objects.using("batch").filter(pk=customer.pk).update(do_not_contact=True)
    book.night(DAY)
    assert dated(customer) == []


def test_care_of_the_day_stands_in_today_and_in_the_calendar(book: Book, client_of: Callable[[User], Client]) -> None:
    customer = book.open("A", HIGH)
    note(book, customer, kind="birthday", lunar="2-8")  # 26 March 2026
    book.night(DAY)
    MaintenancePlan.objects.using("batch").exclude(step__code="birthday").update(state=PlanState.CANCELLED)
    with time_machine.travel(datetime(2026, 3, 25, 10, tzinfo=SHANGHAI), tick=False):
        assert client_of(book.bank.wang).get("/").context["plans"] == []
    with time_machine.travel(datetime(2026, 3, 26, 10, tzinfo=SHANGHAI), tick=False):
        wang = client_of(book.bank.wang)  # signed in anew: a day has passed
        (plan,) = wang.get("/").context["plans"]
        (listed,) = wang.get("/plans/calendar/?month=2026-03&day=2026-03-26").context["shown"].day_plans
    assert (plan.customer_id, plan.due) == (customer.pk, date(2026, 3, 26))
    assert listed.step.code == "birthday"
    assert plan.note == listed.step.name


def test_twins_are_one_occasion(book: Book) -> None:
    customer = book.open("A", HIGH)
    for row in (1, 2):
        note(book, customer, row=row, kind="family", solar="2012-03-25")
    book.night(DAY)
    assert dated(customer) == [("family", date(2026, 3, 25))]
