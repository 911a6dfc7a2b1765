"""What falls on a weekend: the plan stands on the Monday after, whatever the nights in between look at."""

from datetime import date

import pytest

from archives.models import PlanStep
from customers.models import Alert
from tests.nightly.night_world import Book
from tests.planning.test_planner import book, later, planned, rows

__all__ = ["book", "later"]
MONDAY = date(2026, 3, 16)


@pytest.mark.parametrize("first", [13, 14])  # a Friday, or on a file that came on Saturday
def test_a_touch_that_falls_on_saturday_stands_on_monday(book: Book, first: int) -> None:
    customer = book.open("A", 100)
    book.set_status(customer, "active", open_date=date(2026, 3, 13))
    for number in range(first, 16):
        book.change(book.holdings[customer.pk][0], number)
        book.night(date(2026, 3, number))
        assert planned(customer, "opened-1").due_date == MONDAY
    book.change(book.holdings[customer.pk][0], 16)
    book.night(MONDAY)
    assert rows(customer=customer, step__code="opened-1") == [("opened-1", "planned", MONDAY)]  # overdue, not gone


def test_what_an_alert_asks_for_on_saturday_stands_on_monday(book: Book) -> None:
    customer = book.open("A", 5_000_000)
    book.night(date(2026, 3, 12))
    book.change(book.holdings[customer.pk][0], 2_000_000)
    book.night(date(2026, 3, 13))
    assert PlanStep.objects.using("batch").get(code="large-out").offset_days == 1
    for number in (14, 15):
        book.change(book.holdings[customer.pk][0], 2_000_000 + number)
        book.night(date(2026, 3, number))
        assert Alert.objects.using("batch").filter(customer=customer, kind="large_out", state="new").exists()
        assert planned(customer, "large-out").due_date == MONDAY
