"""What a model may know: each feature as it stood in the evening before, and nothing of the day or later."""

from datetime import date, timedelta
from decimal import Decimal
from math import log
from typing import Any

import pytest
from django.db.models import F

from archives.models import Consent
from campaigns.propensity import features
from customers.models import Alert, BalanceChange, Customer, Holding, Metrics
from segments.models import TierChange, TierScheme
from tests.campaigns.propensity_world import DAY, contact, known
from tests.world import Bank, rewrite_contacts

EVE = DAY - timedelta(days=1)
# Names in which one of these is part of would tell of what must never count, or of what followed the contact.
NEVER = ("sex", "gender", "marital", "married", "branch", "region", "place", "address", "duration", "outcome")


@pytest.fixture
def one(bank: Bank) -> Customer:
    """100,000 since long, of which 20,000 are a deposit."""
    customer = bank.customer("900001", owner=bank.wang, birth_date=date(1960, 1, 1), open_date=date(2025, 3, 10))
    bank.metrics(customer, 100_000, since=date(2025, 6, 1), tier=3)
    bank.holding(customer, 80_000)
    bank.holding(customer, 20_000, product="TIME1Y", start_date=date(2025, 6, 1))
    return customer


def change(holding: Holding, day: date, old: int, new: int) -> None:
    """A change of a balance, and of what is published of holding and customer."""
    amounts = {"old_balance": old, "new_balance": new, "old_counted": old, "new_counted": new}
    BalanceChange.objects.using("batch").create(
        branch_id=holding.branch_id, customer_id=holding.customer_id, holding=holding, as_of=day, **amounts
    )
    Holding.objects.using("batch").filter(pk=holding.pk).update(balance=new)
    Metrics.objects.using("batch").filter(customer=holding.customer_id).update(aum=F("aum") + Decimal(new - old))


def alert(customer: Customer, **fields: Any) -> None:
    values = {
        "kind": "maturity", "episode": "1", "severity": 1, "rule_version": 1, "raised_on": EVE, "updated_on": EVE,
        "due_date": DAY + timedelta(days=5),
    }  # fmt: skip
    Alert.objects.using("batch").create(customer=customer, branch_id=customer.branch_id, **values | fields)


def test_nothing_that_must_never_count_is_a_feature() -> None:
    assert not [name for name in features.NAMES for word in NEVER if word in name]
    assert len(set(features.NAMES)) == len(features.NAMES)


def test_each_feature_says_what_stood_the_evening_before(bank: Bank, one: Customer) -> None:
    contact(one, bank.wang, DAY - timedelta(days=300), "sold")
    contact(one, bank.wang, DAY - timedelta(days=20), "not_interested")
    contact(one, bank.wang, DAY - timedelta(days=10), "not_reached")
    contact(one, bank.wang, DAY - timedelta(days=400), "sold")
    alert(one)
    found = known(one, DAY, "face")
    assert found == pytest.approx({
        "tier": 3, "average": log(100_001), "growth": 0, "classes": 2, "holds_time": 1, "holds_wealth": 0,
        "holds_insurance": 0, "holds_loan": 0, "maturity": 1, "near_upgrade": 0, "age_under_30": 0, "age_45_59": 0,
        "age_60": 1, "months_open": log(1 + 356 / 30), "earlier_yes": log(2), "earlier_no": log(2),
        "recent_contacts": 2, "in_person": 1, "wecom": 0,
    })  # fmt: skip


def test_what_comes_on_the_day_or_later_is_not_known(bank: Bank, one: Customer) -> None:
    before = known(one, DAY)
    demand = Holding.objects.using("batch").get(customer=one, product__code="DEMAND")
    change(demand, DAY, 80_000, 500_000)
    change(demand, DAY + timedelta(days=3), 500_000, 0)
    fund = bank.holding(one, 50_000, product="WEALTH", start_date=DAY)
    change(fund, DAY, 0, 50_000)
    contact(one, bank.wang, DAY, "sold")
    contact(one, bank.wang, DAY + timedelta(days=1), "not_interested")
    alert(one, raised_on=DAY)
    scheme = TierScheme.objects.using("batch").get(is_primary=True)
    TierChange.objects.using("batch").create(
        scheme=scheme, scheme_version=1, customer=one, branch_id=one.branch_id, as_of=DAY, old_rank=3, new_rank=4,
        metric_value=0, cause="rise",
    )  # fmt: skip
    Metrics.objects.using("batch").filter(customer=one).update(tier=4)
    assert known(one, DAY) == pytest.approx(before)
    after = known(one, DAY + timedelta(days=1))
    assert (after["tier"], after["holds_wealth"], after["maturity"]) == (4, 1, 1)
    assert after["growth"] > 1


def test_the_average_is_that_of_the_month_before(bank: Bank, one: Customer) -> None:
    demand = Holding.objects.using("batch").get(customer=one, product__code="DEMAND")
    # 21 of 28 days of February with 100,000, 7 with 200,000; the rest of March is growth.
    change(demand, date(2026, 2, 22), 80_000, 180_000)
    change(demand, date(2026, 3, 5), 180_000, 380_000)
    found = known(one, DAY)
    assert found["average"] == pytest.approx(log(1 + 125_000))
    assert found["growth"] == pytest.approx(log(400_001) - log(125_001))


def test_an_answered_alert_was_known_until_it_was_closed(bank: Bank, one: Customer) -> None:
    alert(one, raised_on=DAY - timedelta(days=9), closed_on=DAY, state="closed")
    assert known(one, DAY)["maturity"] == 1
    assert known(one, DAY + timedelta(days=1))["maturity"] == 0


def test_a_corrected_contact_counts_once(bank: Bank, one: Customer) -> None:
    wrong = contact(one, bank.wang, DAY - timedelta(days=5), "sold")
    rewrite_contacts(type(wrong).objects.filter(pk=wrong.pk), replaced_at=wrong.recorded_at)
    contact(one, bank.wang, DAY - timedelta(days=5), "not_interested", corrects=wrong)
    found = known(one, DAY)
    assert found["earlier_yes"] == 0
    assert found["earlier_no"] == pytest.approx(log(2))


@pytest.mark.parametrize("values", [{"profiling_opt_out": True}, {"do_not_contact": True}, {"customer_type": "company"},
                                    {"birth_date": DAY - timedelta(days=365 * 17)}])  # fmt: skip
def test_of_who_refuses_nothing_is_known(bank: Bank, one: Customer, values: dict[str, Any]) -> None:
    assert known(one, DAY)
    Customer.objects.using("batch").filter(pk=one.pk).update(**values)
    assert known(one, DAY) == {}


@pytest.mark.parametrize(("purpose", "channel", "is_left_out"), [
    ("marketing", "", True), ("marketing", "phone", True), ("", "phone", True), ("marketing", "sms", False),
    ("service", "", False),
])  # fmt: skip
def test_nor_of_who_refuses_marketing_by_phone(
    bank: Bank, one: Customer, purpose: str, channel: str, is_left_out: bool
) -> None:
    Consent.objects.using("batch").create(
        customer=one, branch_id=one.branch_id, purpose=purpose, channel=channel, is_given=False, evidence="said",
        submission="00000000-0000-4000-8000-000000000001",
    )  # fmt: skip
    assert (known(one, DAY) == {}) is is_left_out
