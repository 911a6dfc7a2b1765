"""The next day that the contact form proposes: by the result, the alert and the tier; never on a day off."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client

from archives.next_contact import by_outcome, proposal
from crm.organization.models import User
from crm.organization.workdays import next_workday
from customers.models import Alert
from tests.pages.morning import Morning
from tests.world import Bank

TUESDAY = date(2026, 3, 10)


def due(day: date) -> Alert:
    return Alert(due_date=day)


def test_before_the_result_is_known(database: None) -> None:
    friday = date(2026, 3, 13)
    assert proposal(due(friday), 30, TUESDAY) == friday
    assert proposal(due(friday + timedelta(days=1)), 30, TUESDAY) == date(2026, 3, 16)
    assert proposal(due(TUESDAY), 30, TUESDAY) == date(2026, 4, 9)  # due today: the tier decides
    assert proposal(None, None, TUESDAY) == date(2026, 3, 17)


def test_by_the_result(database: None) -> None:
    days = by_outcome(due(date(2026, 3, 12)), 91, TUESDAY)
    assert days == {
        "interested": date(2026, 3, 12),
        "booked": date(2026, 3, 12),
        "not_reached": date(2026, 3, 11),
        "not_interested": date(2026, 6, 9),
        "sold": date(2026, 6, 9),
        "refused": None,
    }
    without = by_outcome(None, None, TUESDAY)
    assert (without["interested"], without["booked"]) == (date(2026, 3, 13), date(2026, 3, 13))
    assert (without["sold"], without["refused"]) == (None, None)


@pytest.mark.parametrize("ahead", range(14))
def test_no_proposal_lies_on_a_weekend_or_behind(database: None, ahead: int) -> None:
    day = TUESDAY + timedelta(days=ahead)
    found = [
        proposal(due(day + timedelta(days=4)), 15, day),
        *by_outcome(due(day + timedelta(days=5)), 15, day).values(),
    ]
    assert all(one > day and one.weekday() < 5 for one in found if one)
    assert next_workday(day) - day <= timedelta(days=2)


def test_holidays_are_passed_over_and_make_up_days_are_not(database: None) -> None:
    friday = date(2026, 2, 13)  # Saturday the 14th is worked, the Spring Festival lasts from the 15th to the 23rd
    days = by_outcome(due(date(2026, 2, 18)), 5, friday)
    assert days["not_reached"] == date(2026, 2, 14)
    assert {days[name] for name in ("interested", "booked", "not_interested", "sold")} == {date(2026, 2, 24)}
    assert proposal(None, None, friday) == date(2026, 2, 24)


def test_the_form_carries_the_days_of_the_tier(bank: Bank, day: Morning, client_of: Callable[[User], Client]) -> None:
    address = f"/customers/{day.zhou.pk}/contacts/new/"  # tier 3: every 91 days
    text = client_of(bank.wang).get(address).content.decode()
    expected = next_workday(day.day + timedelta(days=91)).isoformat()
    assert text.count(f'data-next="{expected}"') == 2
    assert 'data-next=""' in text  # refused
    answered = client_of(bank.wang).post(address, {"channel": "phone"}).content.decode()
    assert "data-next" not in answered  # what was sent is not moved
