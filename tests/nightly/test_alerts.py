"""Alerts over the nights of their life: raised with evidence, changed, closed by data, left alone when answered."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers.choices import AlertKind
from customers.models import Alert, AlertRule, Customer, NightOwnership, Ownership
from segments.models import TierScheme
from tests.nightly.night_world import Book
from tests.world import Bank

START = date(2026, 3, 2)


@pytest.fixture
def book(bank: Bank) -> Book:
    """A bank whose first night has been: nothing is a movement on a first night."""
    book = Book(bank)
    book.open("ZERO", 0)
    return book


def alerts(customer: Customer, *kinds: str) -> list[Alert]:
    found = Alert.objects.using("batch").filter(customer=customer).order_by("kind", "episode")
    return [alert for alert in found if not kinds or alert.kind in kinds]


def one(customer: Customer, kind: str) -> Alert:
    (alert,) = alerts(customer, kind)
    return alert


def nights(book: Book, first: date, count: int) -> date:
    for number in range(count):
        book.night(first + timedelta(days=number))
    return first + timedelta(days=count - 1)


def test_maturity_comes_thirty_seven_and_one_day_before(book: Book) -> None:
    """Counted from the morning after the night: what the night of 2 March finds is read on the 3rd."""
    customer = book.open("M1", 0)
    book.add(
        customer,
        200_000,
        product="TIME1Y",
        maturity_date=START + timedelta(days=32),
        auto_rollover=False,
        rate="1.9500",
    )
    book.night(START)
    assert alerts(customer, "maturity") == []
    book.night(START + timedelta(days=1))
    alert = one(customer, "maturity")
    assert (alert.severity, alert.amount, alert.evidence["stage"]) == (3, Decimal(200_000), 30)
    assert alert.evidence["rate"] == "1.9500"
    assert alert.rule_version == 1
    nights(book, START + timedelta(days=2), 22)
    assert one(customer, "maturity").evidence["stage"] == 30
    book.night(START + timedelta(days=24))
    assert (one(customer, "maturity").severity, one(customer, "maturity").evidence["stage"]) == (2, 7)
    nights(book, START + timedelta(days=25), 5)
    assert one(customer, "maturity").evidence["stage"] == 7
    book.night(START + timedelta(days=30))
    assert (one(customer, "maturity").severity, one(customer, "maturity").evidence["stage"]) == (1, 1)
    book.night(START + timedelta(days=31))
    assert one(customer, "maturity").state == "new"  # read in the morning of the day itself
    book.night(START + timedelta(days=32))
    assert (one(customer, "maturity").state, one(customer, "maturity").close_reason) == ("closed", "condition_gone")


def test_a_deposit_that_rolls_over_is_announced_once_a_week_before(book: Book) -> None:
    customer = book.open("M2", 0)
    book.add(customer, 200_000, product="TIME1Y", maturity_date=START + timedelta(days=9), auto_rollover=True)
    book.night(START)
    assert alerts(customer, "maturity") == []
    nights(book, START + timedelta(days=1), 7)
    alert = one(customer, "maturity")
    assert (alert.severity, alert.evidence["auto_rollover"], alert.evidence["stage"]) == (3, True, 7)


def test_small_deposits_are_announced_to_the_owner_of_tomorrow(book: Book) -> None:
    """Of two deposits below the amount for everybody, the one counts whose customer has an owner after tonight."""
    left, found = book.open("O1", 0), book.open("O2", 0)
    for customer in (left, found):
        book.add(customer, 900, product="TIME1Y", maturity_date=START + timedelta(days=8), auto_rollover=False)
    Ownership.objects.using("batch").filter(customer=found).delete()
    for customer, owner in ((left, None), (found, book.bank.li.pk)):
        NightOwnership.objects.using("batch").create(
            customer_id=customer.pk, load_id=0, branch_id=customer.branch_id, owner_id=owner, since=START
        )
    book.night(START)
    assert (alerts(left, "maturity"), one(found, "maturity").evidence["stage"]) == ([], 7)


def test_withdrawn_before_maturity_closes_the_alert(book: Book) -> None:
    customer = book.open("M3", 0)
    deposit = book.add(
        customer, 90_000, product="TIME1Y", maturity_date=START + timedelta(days=10), auto_rollover=False
    )
    book.night(START)
    assert one(customer, "maturity").state == "new"
    book.change(deposit, 0)
    book.night(START + timedelta(days=1))
    assert one(customer, "maturity").close_reason == "condition_gone"


@pytest.mark.parametrize(
    ("answer", "raised_again"),
    [
        ({"state": "closed", "close_reason": "contacted"}, [7, 1]),
        ({"state": "snoozed", "snoozed_until": START + timedelta(days=30)}, [7, 1]),
        ({"state": "closed", "close_reason": "settled"}, []),
        ({"state": "not_applicable", "close_reason": "not_applicable"}, []),
    ],
)
def test_a_maturity_that_comes_nearer_is_raised_again_unless_settled(
    book: Book, answer: dict[str, Any], raised_again: list[int]
) -> None:
    customer = book.open("M4", 0)
    book.add(customer, 90_000, product="TIME1Y", maturity_date=START + timedelta(days=10), auto_rollover=False)
    book.night(START)
    stages = []
    for number in range(1, 10):
        live = Alert.objects.using("batch").filter(customer=customer, state="new")
        live.update(**answer, closed_by=book.bank.wang)
        book.night(START + timedelta(days=number))
        stages += [found.evidence["stage"] for found in live.filter(closed_by=None)]
    assert stages == raised_again


def test_what_a_person_answered_is_not_raised_again_at_the_same_stage(book: Book) -> None:
    customer = book.open("M4", 0)
    book.add(customer, 90_000, product="TIME1Y", maturity_date=START + timedelta(days=20), auto_rollover=False)
    book.night(START)
    Alert.objects.using("batch").filter(customer=customer).update(state="closed", close_reason="contacted")
    nights(book, START + timedelta(days=1), 9)
    assert (one(customer, "maturity").state, one(customer, "maturity").close_reason) == ("closed", "contacted")


def test_a_snoozed_alert_wakes_on_its_day(book: Book) -> None:
    customer = book.open("M5", 0)
    book.add(customer, 90_000, product="TIME1Y", maturity_date=START + timedelta(days=10), auto_rollover=False)
    book.night(START)
    wakes = START + timedelta(days=2)
    Alert.objects.using("batch").filter(customer=customer).update(state="snoozed", snoozed_until=wakes)
    book.night(START + timedelta(days=1))
    assert one(customer, "maturity").state == "snoozed"
    book.night(wakes)
    assert (one(customer, "maturity").state, one(customer, "maturity").snoozed_until) == ("new", None)


def test_close_to_an_upgrade_says_what_is_missing(book: Book) -> None:
    customer = book.open("U1", 30_000)
    book.night(START)
    assert alerts(customer, "upgrade_critical") == []
    book.change(book.holdings[customer.pk][0], 45_000)
    book.night(date(2026, 3, 3))
    # March: 2 days at 30,000 and 29 at 45,000 give 44,032.25 of 50,000 for the month; the tier stands at 有效 or below.
    found = one(customer, "upgrade_critical")
    assert found.evidence["value"] == "44032.25"
    assert found.amount == Decimal(found.evidence["threshold"]) - Decimal("44032.25")


def test_an_upgrade_candidate_who_falls_back_is_closed_and_returns(book: Book) -> None:
    customer = book.open("U2", 9_000)
    book.night(START)
    holding = book.holdings[customer.pk][0]
    assert one(customer, "upgrade_critical").state == "new"
    book.change(holding, 100)
    book.night(date(2026, 3, 3))
    assert one(customer, "upgrade_critical").state == "closed"
    book.change(holding, 9_500)
    book.night(date(2026, 3, 4))
    alert = one(customer, "upgrade_critical")
    assert (alert.state, alert.raised_on, alert.close_reason, alert.closed_on) == ("new", date(2026, 3, 4), "", None)


def test_falling_below_the_own_band_raises_a_downgrade_alert(book: Book) -> None:
    customer = book.open("D1", 100_000)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    assert alerts(customer, "downgrade_critical") == []
    book.change(book.holdings[customer.pk][0], 20_000)
    book.night(date(2026, 3, 2))
    alert = one(customer, "downgrade_critical")
    assert (alert.severity, alert.evidence["rank"], alert.evidence["threshold"]) == (2, 3, "50000.00")
    book.change(book.holdings[customer.pk][0], 100_000)
    book.night(date(2026, 3, 3))
    assert one(customer, "downgrade_critical").state == "closed"


def test_large_movements_are_measured_by_the_day_and_the_tier(book: Book) -> None:
    customer = book.open("L1", 100_000)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    holding = book.holdings[customer.pk][0]
    book.change(holding, 51_000)  # 49,000 out: under the middle tier's 50,000
    book.night(date(2026, 3, 2))
    assert alerts(customer, "large_out") == []
    book.change(holding, 1_000)  # 50,000 out, at the limit
    book.night(date(2026, 3, 3))
    alert = one(customer, "large_out")
    assert (alert.amount, alert.severity, alert.episode) == (Decimal(50_000), 1, "2026-03-03")
    assert (alert.evidence["before"], alert.evidence["after"]) == ("51000.00", "1000.00")
    book.change(holding, 60_000)
    book.night(date(2026, 3, 4))
    assert one(customer, "large_out").close_reason == "condition_gone"
    assert one(customer, "large_in").amount == Decimal(59_000)


def test_money_between_own_products_is_no_movement(book: Book) -> None:
    customer = book.open("L2", 500_000)
    wealth = book.add(customer, 0, product="WEALTH")
    book.night(START)
    book.change(book.holdings[customer.pk][0], 100_000)
    book.change(wealth, 400_000)
    book.night(date(2026, 3, 3))
    assert alerts(customer, "large_in", "large_out") == []


def test_a_new_version_of_a_rule_applies_from_its_day(book: Book) -> None:
    customer = book.open("R1", 1_000)
    book.night(START)
    AlertRule.objects.using("batch").create(
        kind="large_in", version=2, effective_from=date(2026, 3, 4), parameters={"by_tier": {"1": 500}}, answer_hours=24
    )
    book.change(book.holdings[customer.pk][0], 1_600)
    book.night(date(2026, 3, 3))
    assert alerts(customer, "large_in") == []
    book.change(book.holdings[customer.pk][0], 2_200)
    book.night(date(2026, 3, 4))
    assert one(customer, "large_in").rule_version == 2


def test_a_new_version_judges_customers_of_whom_nothing_changed(book: Book) -> None:
    customer = book.open("R2", 6_000)
    book.night(START)
    AlertRule.objects.using("batch").create(
        kind="upgrade_critical", version=2, effective_from=date(2026, 3, 4), answer_hours=24,
        parameters={"from_share": 0.5, "hot_share": 0.9},
    )  # fmt: skip
    book.night(date(2026, 3, 3))
    assert alerts(customer, "upgrade_critical") == []
    book.night(date(2026, 3, 4))
    assert one(customer, "upgrade_critical").rule_version == 2


def switched_off(kind: str, since: date) -> None:
    AlertRule.objects.using("batch").create(
        kind=kind, version=2, effective_from=since, is_active=False, answer_hours=24,
        parameters=AlertRule.objects.using("batch").get(kind=kind).parameters,
    )  # fmt: skip


def test_a_kind_that_is_switched_off_raises_nothing_and_leaves_the_list(book: Book) -> None:
    """All kinds live, then off: no earlier version takes over, not even for customers of whom nothing changed."""
    close = book.open("S1", 9_000)
    flows = book.open("S2", 100_000)
    book.add(flows, 90_000, product="TIME1Y", maturity_date=START + timedelta(days=10), auto_rollover=False)
    book.night(START)
    book.change(book.holdings[flows.pk][0], 20_000)
    book.night(START + timedelta(days=1))
    assert {alert.kind for alert in alerts(flows) if alert.state == "new"} >= {"maturity", "large_out"}
    assert one(close, "upgrade_critical").state == "new"
    for kind in AlertKind:
        switched_off(kind, START + timedelta(days=3))
    book.night(START + timedelta(days=2))
    assert one(close, "upgrade_critical").state == "new"
    book.night(START + timedelta(days=3))
    assert not Alert.objects.using("batch").live().exists()
    book.change(book.holdings[flows.pk][0], 100_000)
    book.night(START + timedelta(days=4))
    assert not Alert.objects.using("batch").live().exists()


def test_a_closed_customer_has_no_live_alert(book: Book) -> None:
    customer = book.open("X1", 9_000)
    book.night(START)
    assert one(customer, "upgrade_critical").state == "new"
    book.set_status(customer, "closed")
    book.change(book.holdings[customer.pk][0], 0, status="closed")
    book.night(date(2026, 3, 3))
    assert one(customer, "upgrade_critical").close_reason == "customer_closed"


def test_whose_tier_drifts_is_judged_beside_whose_money_moved(book: Book) -> None:
    """A running average moves a tier without any movement of money, of customers of any number."""
    schemes = TierScheme.objects.using("batch")
    at_once = schemes.filter(code="five_point").values("promotion", "downgrade_after_months", "downgrade_to").get()
    schemes.filter(is_primary=True).update(metric="month_average", **at_once)
    drifting, moving = book.open("D2", 100_000), book.open("M1", 1_000)
    book.night(date(2026, 3, 1))
    book.change(book.holdings[drifting.pk][0], 40_000)
    book.night(date(2026, 3, 2))
    assert one(drifting, "downgrade_critical").state == "new"
    book.change(book.holdings[moving.pk][0], 1_100)
    book.night(date(2026, 3, 7))  # (100,000 + 6 × 40,000) ÷ 7 is less than 50,000
    assert one(drifting, "downgrade_critical").state == "closed"
    assert one(drifting, "upgrade_critical").amount == Decimal("8064.52")  # 50,000 − (100,000 + 30 × 40,000) ÷ 31


def test_a_movement_of_exactly_the_threshold_stands(book: Book) -> None:
    """As it is raised, so it stands: on a rerun, and on the nights after."""
    rule = AlertRule.objects.using("batch").get(kind="large_out")
    threshold = Decimal(rule.parameters["by_tier"]["3"])
    coming, going = book.open("L8", 100_000), book.open("L9", 100_000)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    book.change(book.holdings[coming.pk][0], 100_000 + threshold)
    book.change(book.holdings[going.pk][0], 100_000 - threshold)
    book.night(START)
    raised = {
        alert.kind: alert.state for one_of in (coming, going) for alert in alerts(one_of, "large_in", "large_out")
    }
    assert raised == {"large_in": "new", "large_out": "new"}
    book.night(START, rerun=True)
    book.night(date(2026, 3, 3))
    assert {one(coming, "large_in").state, one(going, "large_out").state} == {"new"}
