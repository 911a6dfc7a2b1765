"""Important dates on the pages: entering them, when they come next, what the law suggests, what stays hidden."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from archives import care
from archives.care_rows import fault_of
from archives.models import ArchiveValue, RetirementRule
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from tests.archives.saying import a_field, say
from tests.pages.morning import Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]
SHANGHAI = timezone.get_fixed_timezone(480)
TODAY = date(2026, 9, 20)


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 9, 20, 12, tzinfo=SHANGHAI), tick=False):
        yield


def boxes(row: int, **values: Any) -> dict[str, Any]:
    """A row of the form of dates as a browser sends it; every box is sent."""
    data: dict[str, Any] = {"source": "said"}
    for name in ("kind", "solar", "lunar", "year", "note"):
        of = a_field(f"date_{name}")
        data[f"b-{of.pk}-{row}"] = ""
        data[f"v-{of.pk}-{row}"] = values.get(name, ["", ""] if name == "lunar" else "")
    return data


def noted(customer: Customer) -> dict[str, str]:
    rows = ArchiveValue.objects.using("batch").filter(customer=customer, replaced_at=None, is_filled=True)
    return {one.field.key: one.text for one in rows.select_related("field")}


def test_a_lunar_birthday_is_chosen_and_shown_with_its_next_day(bank: Bank, client_of: ClientOf, at_noon: None) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    wang, address = client_of(bank.wang), f"/customers/{customer.pk}/archive/dates/"
    assert wang.post(address, boxes(7, kind="birthday", lunar=["8", "15"])).status_code == 302
    assert noted(customer) == {"date_kind": "birthday", "date_lunar": "8-15"}
    for language, words in (("zh-hans", "农历八月十五"), ("zh-hant", "農曆八月十五"), ("en", "day 15")):
        wang.cookies["django_language"] = language
        for page in (f"/customers/{customer.pk}/archive/", f"/customers/{customer.pk}/"):
            text = wang.get(page).content.decode()
            assert "2026-09-25" in text and words in text
    with scoped(bank.wang):
        (day,) = care.upcoming(customer, TODAY)
    assert (day.day, day.days_left, day.kind) == (date(2026, 9, 25), 5, "birthday")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "birthday"}, "date_solar"),
        ({"solar": "1980-01-01"}, "date_kind"),
        ({"kind": "birthday", "lunar": ["8", ""]}, "date_lunar"),
        ({"kind": "birthday", "lunar": ["L1", "3"]}, "date_lunar"),
        ({"kind": "birthday", "solar": "2026-02-30"}, "date_solar"),
        ({"kind": "gaokao"}, "date_year"),
        ({"kind": "gaokao", "year": "27"}, "date_year"),
        ({"kind": "retirement", "lunar": ["8", "15"]}, "date_lunar"),
        ({"kind": "wedding", "solar": "2010-05-01", "year": "2027"}, "date_year"),
    ],
)
def test_a_bad_date_comes_back_with_its_reason_and_nothing_is_written(
    bank: Bank, client_of: ClientOf, values: dict[str, Any], field: str
) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    wang = client_of(bank.wang)
    answer = wang.post(f"/customers/{customer.pk}/archive/dates/", boxes(7, **values))
    assert answer.status_code == 422
    forms = [card.form for card in answer.context["cards"] if card.form]
    faults = {box.field.key: box.fault for form in forms for box in form.boxes if box.fault}
    assert faults.keys() == {field}
    assert noted(customer) == {}
    shown = wang.get(f"/customers/{customer.pk}/archive/dates/next/", boxes(7, **values)).context["fault"]
    assert shown == faults[field]


@pytest.mark.parametrize(
    ("values", "coming"),
    [
        ({"kind": "birthday", "lunar": ["8", "15"]}, date(2026, 9, 25)),
        ({"kind": "birthday", "lunar": ["L6", "1"]}, date(2027, 7, 4)),
        ({"kind": "family", "solar": "2016-02-29"}, date(2027, 2, 28)),
        ({"kind": "gaokao", "year": "2028"}, date(2028, 6, 7)),
        ({"kind": "exam", "solar": "2026-09-19"}, None),
    ],
)
def test_the_form_shows_the_next_day_while_it_is_filled_in(
    bank: Bank, client_of: ClientOf, at_noon: None, values: dict[str, Any], coming: date | None
) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    answer = client_of(bank.wang).get(f"/customers/{customer.pk}/archive/dates/next/", boxes(7, **values))
    assert answer.context["coming"] == coming
    assert noted(customer) == {}


def test_a_row_that_was_left_as_it_stood_is_not_asked_again(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    kind = say(bank.wang, customer, "date_kind", "birthday", row=3).written[0]  # as an answer in a contact leaves it
    data = boxes(7, kind="wedding", solar="2010-05-01") | boxes(3, kind="birthday")
    data[f"b-{kind.field_id}-3"] = kind.pk
    answer = client_of(bank.wang).post(f"/customers/{customer.pk}/archive/dates/", data)
    assert answer.status_code == 302


def test_what_the_core_bank_knows_is_shown_when_it_is_near(bank: Bank, at_noon: None) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    rows = Customer.objects.using("batch").filter(pk=customer.pk)
    for born, number in ((date(1980, 10, 21), 1), (date(1980, 10, 22), 0)):
        rows.update(birth_date=born, open_date=None)
        with scoped(bank.wang):
            assert len(care.upcoming(rows[0], TODAY)) == number


STATUTORY = [
    # The tables of the decision of 2024-09-13: month of birth, months later, month of retirement.
    ("men", date(1964, 12, 31), date(2024, 12, 1)),
    ("men", date(1965, 1, 1), date(2025, 2, 1)),
    ("men", date(1965, 4, 30), date(2025, 5, 1)),
    ("men", date(1965, 5, 1), date(2025, 7, 1)),
    ("men", date(1970, 2, 1), date(2031, 6, 1)),
    ("men", date(1976, 8, 1), date(2039, 7, 1)),
    ("men", date(1976, 9, 1), date(2039, 9, 1)),
    ("men", date(1980, 1, 1), date(2043, 1, 1)),
    ("women-cadres", date(1970, 1, 1), date(2025, 2, 1)),
    ("women-cadres", date(1981, 9, 1), date(2039, 9, 1)),
    ("women-workers", date(1975, 1, 1), date(2025, 2, 1)),
    ("women-workers", date(1975, 3, 1), date(2025, 5, 1)),
    ("women-workers", date(1984, 10, 1), date(2039, 9, 1)),
    ("women-workers", date(1984, 11, 1), date(2039, 11, 1)),
    ("women-workers", date(1990, 6, 1), date(2045, 6, 1)),
]


@pytest.mark.parametrize(("code", "born", "month"), STATUTORY)
def test_retirement_by_the_statutory_steps(database: None, code: str, born: date, month: date) -> None:
    assert care.retirement_month(RetirementRule.objects.using("batch").get(code=code), born) == month


def test_a_retirement_is_a_suggestion_until_somebody_confirms_it(
    bank: Bank, client_of: ClientOf, at_noon: None
) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    Customer.objects.using("batch").filter(pk=customer.pk).update(birth_date=date(1975, 3, 5), sex="F")
    wang, page = client_of(bank.wang), f"/customers/{customer.pk}/archive/"
    offered = wang.get(page).context["suggestions"]
    assert {one.rule.code for one in offered} == {"women-cadres"}  # at fifty it lies behind
    rule = offered[0].rule
    for _time in range(2):
        assert wang.post(f"{page}retirement/{rule.pk}/").status_code == 302
    assert noted(customer)["date_kind"] == "retirement"
    assert noted(customer)["date_solar"] == offered[0].month.isoformat()
    assert ArchiveValue.objects.using("batch").filter(customer=customer).count() == 3
    assert wang.get(page).context["suggestions"] == []
    men = RetirementRule.objects.using("batch").get(code="men")
    assert wang.post(f"{page}retirement/{men.pk}/").status_code == 302  # not hers: nothing is written
    assert ArchiveValue.objects.using("batch").filter(customer=customer).count() == 3


def test_of_two_suggestions_one_is_confirmed(bank: Bank, client_of: ClientOf, at_noon: None) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    Customer.objects.using("batch").filter(pk=customer.pk).update(birth_date=date(1977, 1, 5), sex="F")
    wang, page = client_of(bank.wang), f"/customers/{customer.pk}/archive/"
    first, second = (one.rule for one in wang.get(page).context["suggestions"])
    for rule in (first, second):  # a page that was open before
        assert wang.post(f"{page}retirement/{rule.pk}/").status_code == 302
    with scoped(bank.wang):
        kinds = [one.kind for one in care.upcoming(Customer.objects.get(pk=customer.pk), TODAY)]
    assert kinds.count("retirement") == 1


@pytest.mark.parametrize("kind", ["birthday", "family", "wedding", "anniversary", "other"])
def test_another_day_that_lies_ahead_counts_itself_and_an_anniversary_does_not(database: None, kind: str) -> None:
    coming = care.next_day(kind, date(2026, 12, 5), None, None, date(2026, 11, 26))
    assert coming == date(2026 if kind == "other" else 2027, 12, 5)


def test_an_empty_row_is_no_fault() -> None:
    assert fault_of({}) is None


def test_few_statements(bank: Bank, day: Morning, client_of: ClientOf, django_assert_max_num_queries: Any) -> None:
    wang = client_of(bank.wang)
    wang.get(f"/customers/{day.zhou.pk}/archive/dates/next/", boxes(7))
    with django_assert_max_num_queries(10):
        wang.get(f"/customers/{day.zhou.pk}/archive/dates/next/", boxes(7, kind="birthday", lunar=["8", "15"]))
