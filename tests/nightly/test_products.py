"""A product changes its class or ceases to count: every holding of it follows in the next night, and no money moved."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from crm import db
from customers.models import Alert, BalanceChange, Customer, Metrics, NightHolding, Product
from tests.feeds.delivery import Delivery
from tests.nightly.night_world import Book
from tests.nightly.test_averages_of_nights import assert_figures_counted
from tests.world import Bank

DAY = date(2026, 3, 10)
NEXT = DAY + timedelta(days=1)
RECOUNTED = """
WITH summed AS (
    SELECT h.customer_id,
           sum(CASE WHEN p.counts_in_aum AND p.product_class NOT IN ('loan', 'card', 'e_banking')
                    THEN h.balance ELSE 0 END) AS aum,
           sum(CASE WHEN p.product_class IN ('demand', 'time', 'large_cd', 'notice')
                    THEN h.balance ELSE 0 END) AS deposit
    FROM customers_holding h JOIN customers_product p ON p.id = h.product_id GROUP BY h.customer_id
)
SELECT m.customer_id FROM customers_metrics m LEFT JOIN summed s USING (customer_id)
WHERE (m.aum, m.deposit) <> (coalesce(s.aum, 0), coalesce(s.deposit, 0))
"""


@pytest.fixture
def book(bank: Bank) -> Book:
    """Three customers of DAY: one with wealth only, one with both, one without any."""
    book = Book(bank)
    book.open("W", 300_000, product="WEALTH")
    both = book.open("B", 20_000)
    book.add(both, 200_000, product="WEALTH")
    book.open("D", 60_000)
    book.night(DAY)
    return book


def edit(code: str, **fields: object) -> None:
    """What the admin site does."""
    Product.objects.using("batch").filter(code=code).update(**fields)


def aum(customer: Customer) -> Decimal:
    return Metrics.objects.using("batch").get(pk=customer.pk).aum


def movements() -> list[tuple[str, str]]:
    rows = Alert.objects.using("batch").filter(kind__in=("large_in", "large_out")).order_by("customer__customer_no")
    return [(row.customer.customer_no, row.state) for row in rows.select_related("customer")]


def test_holdings_of_a_product_that_ceases_to_count_leave_aum_at_once(book: Book) -> None:
    edit("WEALTH", counts_in_aum=False)
    book.change(book.holdings[book.customers[1].pk][1], 190_000)  # of this holding a file speaks too
    run = book.night(NEXT)
    assert run.state == "published", run.message
    assert [aum(one) for one in book.customers] == [0, 20_000, 60_000]
    assert db.fetch_all(RECOUNTED) == []
    assert movements() == []
    assert_figures_counted(NEXT)
    changes = BalanceChange.objects.using("batch").filter(as_of=NEXT).order_by("holding_id")
    assert [(int(one.new_balance), int(one.new_counted), int(one.reclassified)) for one in changes] == [
        (300_000, 0, -300_000), (190_000, 0, -200_000),
    ]  # fmt: skip
    edit("WEALTH", counts_in_aum=True)
    book.night(NEXT + timedelta(days=1))
    assert [aum(one) for one in book.customers] == [300_000, 210_000, 60_000]
    assert movements() == []


def test_money_that_moves_on_that_day_is_measured_without_it(book: Book) -> None:
    """60,000 in counts as an inflow of 60,000, though the customer's AUM falls by 240,000."""
    edit("WEALTH", counts_in_aum=False)
    customer = book.customers[0]
    book.add(customer, 60_000)
    book.night(NEXT)
    alert = Alert.objects.using("batch").get(kind="large_in")
    assert (alert.customer_id, alert.amount) == (customer.pk, Decimal(60_000))
    assert (alert.evidence["before"], alert.evidence["after"]) == ("0.00", "60000.00")


def test_the_night_run_again_sees_no_movement_either(book: Book) -> None:
    edit("WEALTH", counts_in_aum=False)
    book.night(NEXT)
    book.change(book.holdings[book.customers[2].pk][0], 59_000)
    for full in (False, True):
        book.night(NEXT, rerun=True, full=full)
        assert [aum(one) for one in book.customers] == [0, 20_000, 59_000]
        assert movements() == []


def test_a_movement_that_stands_keeps_standing(book: Book) -> None:
    """An inflow is waited for to flow out again: that the wealth product ceases to count is not that."""
    customer = book.customers[1]
    book.change(book.holdings[customer.pk][0], 120_000)
    book.night(NEXT)
    edit("WEALTH", counts_in_aum=False)
    book.night(NEXT + timedelta(days=1))
    alert = Alert.objects.using("batch").get(kind="large_in")
    assert (alert.state, alert.clears_when["aum"]) == ("new", "70000.00")
    book.change(book.holdings[customer.pk][0], 65_000)
    book.night(NEXT + timedelta(days=2))
    alert.refresh_from_db()
    assert alert.state == "closed"


def test_a_class_that_is_no_deposit_takes_the_deposit_away_and_leaves_aum(book: Book) -> None:
    edit("DEMAND", product_class="fund")
    book.night(NEXT)
    assert db.fetch_all(RECOUNTED) == []
    rows = Metrics.objects.using("batch").order_by("customer_id")
    assert [(int(row.aum), int(row.deposit)) for row in rows] == [(300_000, 0), (220_000, 0), (60_000, 0)]
    assert not BalanceChange.objects.using("batch").filter(as_of=NEXT).exists()


def test_only_holdings_of_the_product_are_written(book: Book) -> None:
    edit("WEALTH", counts_in_aum=False)
    run = book.night(NEXT)
    assert run.steps.using("batch").get(name="metrics").rows == 2
    assert run.counts["written"]["holdings_update"] == 2
    assert book.night(NEXT + timedelta(days=1)).steps.using("batch").get(name="metrics").rows == 0


def test_an_edit_taken_back_after_a_failed_night_leaves_nothing(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    edit("WEALTH", counts_in_aum=False)
    book.change(book.holdings[book.customers[1].pk][1], 190_000)
    monkeypatch.setattr("crm.nightly.customers_publish.check_control", lambda tonight: 1 / 0)
    assert book.night(NEXT).state == "failed"
    assert NightHolding.objects.using("batch").filter(is_reclassified=True).count() == 1
    monkeypatch.undo()
    edit("WEALTH", counts_in_aum=True)
    assert book.night(NEXT).state == "published"
    assert [aum(one) for one in book.customers] == [300_000, 210_000, 60_000]
    assert db.fetch_all(RECOUNTED) == []


def test_a_full_recompute_mends_without_alarm(book: Book) -> None:
    Metrics.objects.using("batch").filter(pk=book.customers[0].pk).update(aum=900_000)
    book.night(NEXT, full=True)
    assert [aum(one) for one in book.customers] == [300_000, 220_000, 60_000]
    assert movements() == []


CATALOGUE = "code,name,product_class,counts_in_aum\nDEMAND,活期,活期,{demand}\nTIME1Y,定期一年,定期,Y\n"


def test_the_catalogue_of_the_core_bank_does_the_same(bank: Bank, tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    delivery.first_day()
    delivery.night()
    delivery.as_of = NEXT
    assert delivery.load("eod_products", CATALOGUE.format(demand="N")).state == "accepted"
    delivery.night()
    assert db.fetch_all(RECOUNTED) == []
    assert sorted(Metrics.objects.using("batch").values_list("aum", flat=True)) == [0, 0, 80_000]
    assert movements() == []


def test_a_catalogue_without_the_column_keeps_what_the_bank_has_set(bank: Bank, tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    edit("DEMAND", counts_in_aum=False, risk=3)
    delivery.load("eod_products", "code,name,product_class\nDEMAND,活期存款,活期\nCARD,信用卡,银行卡\n")
    found = {one.code: one for one in Product.objects.using("batch").filter(code__in=("DEMAND", "CARD"))}
    assert (found["DEMAND"].name, found["DEMAND"].counts_in_aum, found["DEMAND"].risk) == ("活期存款", False, 3)
    assert (found["CARD"].counts_in_aum, found["CARD"].counted_in_aum, found["CARD"].risk) == (False, False, 1)


@pytest.mark.parametrize(
    ("text", "risks"),
    [
        ("\nF1,成长基金,基金\nT2,二年定期,定期\n", [("F1", 5), ("T2", 1)]),
        (",risk\nF1,成长基金,基金,\nF3,货币基金,基金,R1\n", [("F1", 5), ("F3", 1)]),
    ],
)
def test_an_investment_whose_risk_nobody_has_told_counts_as_the_riskiest(
    bank: Bank, tmp_path: Path, text: str, risks: list[tuple[str, int]]
) -> None:
    Delivery(tmp_path).load("eod_products", f"code,name,product_class{text}")
    found = Product.objects.using("batch").filter(code__in=("F1", "F3", "T2")).order_by("code")
    assert list(found.values_list("code", "risk")) == risks
