"""Right to sell: what a level, its end and an age allow; what is recorded; what the page warns of."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.test import Client
from django.utils import timezone

from archives import suitability
from archives.models import AgeRule, RiskAssessment, RiskLimit
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from tests.pages.morning import Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]
TODAY = timezone.localdate()


def assessed(customer: Customer, level: int, ago: int = 0, **values: Any) -> RiskAssessment:
    on = timezone.localdate() - timedelta(days=ago)
    fields = {"valid_to": on + timedelta(days=365), "through": "online", "questionnaire": "1"} | values
    return RiskAssessment.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, level=level, assessed_on=on, **fields
    )


def form(**values: Any) -> dict[str, Any]:
    day = timezone.localdate().isoformat()
    return {"level": "3", "assessed_on": day, "valid_to": "", "through": "counter", "questionnaire": "2026-1"} | values


def highest(bank: Bank, customer: Customer, age: int | None = None) -> int:
    with scoped(bank.wang):
        return suitability.suitability_of(bank.wang, customer, age, timezone.localdate()).highest


def test_the_matrix_is_that_of_the_rules(bank: Bank) -> None:
    rows = RiskLimit.objects.using("batch").order_by("level", "-is_lowest")
    found = [(row.level, row.is_lowest, row.highest) for row in rows]
    assert found == [(1, True, 1), (1, False, 1), (2, False, 2), (3, False, 3), (4, False, 4), (5, False, 5)]


@pytest.mark.parametrize(("level", "allowed"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)])
def test_a_level_allows_its_own_risk_and_below(bank: Bank, level: int, allowed: int) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    assert highest(bank, customer) == 1  # not assessed
    assessed(customer, level)
    assert highest(bank, customer) == allowed


def test_the_newest_counts_and_its_end_takes_the_right_away(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    assessed(customer, 5, ago=300)
    assessed(customer, 2, ago=20)
    assert highest(bank, customer) == 2
    over = bank.customer("A2", owner=bank.wang)
    assessed(over, 5, ago=365)
    assert highest(bank, over) == 5  # its last day
    RiskAssessment.objects.using("batch").filter(customer=over).update(valid_to=TODAY - timedelta(days=1))
    assert highest(bank, over) == 1


@pytest.mark.parametrize(("age", "allowed", "care"), [(64, 5, False), (65, 5, True), (79, 5, True), (80, 2, True)])
def test_age_lowers_what_may_be_suggested(bank: Bank, age: int, allowed: int, care: bool) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    assessed(customer, 5)
    with scoped(bank.wang):
        found = suitability.suitability_of(bank.wang, customer, age, timezone.localdate())
    assert (found.highest, found.needs_care) == (allowed, care)
    assert found.of_age == (80 if age == 80 else None)


def test_age_never_raises_and_rules_are_data(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    assessed(customer, 1)
    assert highest(bank, customer, 90) == 1
    assessed(customer, 4)
    AgeRule.objects.using("batch").filter(from_age=80).update(is_active=False)
    assert highest(bank, customer, 90) == 4
    RiskLimit.objects.using("batch").filter(level=4).update(highest=3)
    assert highest(bank, customer, 90) == 3


def test_a_result_is_recorded_with_its_year(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    client = client_of(bank.wang)
    assert client.post(f"/customers/{customer.pk}/risk/", form()).status_code == 302
    row = RiskAssessment.objects.using("batch").get()
    assert (row.level, row.valid_to - row.assessed_on) == (3, timedelta(days=365))
    assert (row.recorded_by_id, row.branch_id) == (bank.wang.pk, customer.branch_id)
    entry = AuditEntry.objects.using("batch").get(action="risk.record")
    assert (entry.customer_id, entry.detail["level"]) == (customer.pk, 3)
    assert "2026-1" in client.get(f"/customers/{customer.pk}/risk/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"assessed_on": (TODAY + timedelta(days=2)).isoformat()}, "assessed_on"),
        ({"assessed_on": "0001-01-01"}, "assessed_on"),
        ({"valid_to": (TODAY + timedelta(days=366)).isoformat()}, "valid_to"),
        ({"valid_to": (TODAY - timedelta(days=1)).isoformat()}, "valid_to"),
        ({"is_lowest": "on"}, "is_lowest"),
        ({"level": "6"}, "level"),
        ({"questionnaire": ""}, "questionnaire"),
    ],
)
def test_what_cannot_be_is_said(bank: Bank, client_of: ClientOf, wrong: dict[str, str], field: str) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    answer = client_of(bank.wang).post(f"/customers/{customer.pk}/risk/", form(**wrong))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not RiskAssessment.objects.using("batch").exists()


def test_two_a_day_and_eight_a_year_whoever_comes_first(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    for ago in range(1, 7):
        assessed(customer, 2, ago=ago * 30)
    answers: list[int] = []

    def send(client: Client) -> None:
        answers.append(client.post(f"/customers/{customer.pk}/risk/", form()).status_code)
        connections.close_all()

    threads = [threading.Thread(target=partial(send, client_of(bank.wang))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302, 302, 422, 422]
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    text = client_of(bank.wang).post(f"/customers/{customer.pk}/risk/", form(assessed_on=yesterday)).content.decode()
    assert "8" in text  # a year's eight are there
    assert RiskAssessment.objects.using("batch").count() == 8


def test_nobody_sees_or_records_for_a_foreign_customer(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.li)
    assessed(customer, 3)
    for client in (client_of(bank.wang), client_of(bank.qian)):
        assert client.get(f"/customers/{customer.pk}/risk/").status_code == 404
        assert client.post(f"/customers/{customer.pk}/risk/", form()).status_code == 404
    with scoped(bank.qian):
        assert not RiskAssessment.objects.exists()  # row-level security, without visible_to


def test_the_database_keeps_its_own_rules(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    with pytest.raises(IntegrityError):
        assessed(customer, 2, is_lowest=True)
    with pytest.raises(IntegrityError):
        assessed(customer, 2, valid_to=date(2000, 1, 1))


def test_the_page_warns_of_what_is_above_the_level(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    risky = bank.products["WEALTH"]
    risky.risk = 4
    risky.save(using="batch")
    bank.holding(day.zhou, 50_000, product="WEALTH")
    client = client_of(bank.wang)
    page = client.get(f"/customers/{day.zhou.pk}/")
    assert [row.holding.product.code for row in page.context["page"].above] == ["WEALTH"]
    assessed(day.zhou, 3)
    text = client.get(f"/customers/{day.zhou.pk}/").content.decode()
    assert "R3" in text and "tag warn" in text
    assessed(day.zhou, 4)
    after = client.get(f"/customers/{day.zhou.pk}/")
    assert after.context["page"].above == [] and "tag warn" not in after.content.decode()
    RiskAssessment.objects.using("batch").filter(level=4).update(valid_to=timezone.localdate() + timedelta(days=30))
    assert client.get(f"/customers/{day.zhou.pk}/").context["page"].suitability.expires
