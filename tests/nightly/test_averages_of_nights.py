"""Balance-days kept by the night against averages summed day by day over remembered balances."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from crm import db
from customers.averages import Balances, last_month_average, month_average, month_start, quarter_average, quarter_start
from customers.models import BalanceChange, Metrics
from segments.models import DayFigure, TierState
from tests.nightly.night_world import FIRST, Book
from tests.world import Bank


def check(book: Book, day: date) -> None:
    start = min(book.days)
    for customer in book.customers:
        row = Metrics.objects.using("batch").get(pk=customer.pk)
        known = Balances(row.aum, row.since_date, row.month_days, row.quarter_days, row.last_month_days)
        assert row.aum == book.aum(customer, day)
        assert month_average(known, day) == book.average(customer, month_start(day), day)
        assert quarter_average(known, day) == book.average(customer, quarter_start(day), day)
        last_day = month_start(day) - timedelta(days=1)
        if last_day >= start:
            assert last_month_average(known, day) == book.average(customer, month_start(last_day), last_day)


@pytest.mark.parametrize("seed", range(4))
def test_every_average_equals_the_sum_over_days(bank: Bank, seed: int) -> None:
    chance = random.Random(seed)
    book = Book(bank)
    for number in range(8):
        customer = book.open(f"C{number}", chance.randrange(0, 80_000_00) / Decimal(100))
        book.add(customer, chance.randrange(1, 9_000_00) / Decimal(100), product="WEALTH")
    book.add(book.customers[0], 70_000, product="LOAN")
    day = FIRST
    book.night(day)
    check(book, day)
    for _night in range(14):
        day += timedelta(days=chance.choice([1, 1, 1, 2, 5, 9, 33]))
        for customer in chance.sample(book.customers, 3):
            book.change(chance.choice(book.holdings[customer.pk]), chance.randrange(0, 700_000_00) / Decimal(100))
        if chance.random() < 0.3:
            book.open(f"N{day}", chance.randrange(0, 80_000))
        run = book.night(day)
        assert run.state == "published", run.message
        check(book, day)
    assert_figures_counted(day)


def assert_figures_counted(day: date) -> None:
    """The day's counters, carried from night to night, equal a count over every customer."""
    counted = {
        (row["scheme_id"], row["branch_id"], row["rank"]): (row["customers"], row["aum"])
        for row in db.fetch_all(
            "SELECT t.scheme_id, t.branch_id, t.rank, count(*) AS customers, sum(m.aum) AS aum "
            "FROM segments_tierstate t JOIN customers_metrics m USING (customer_id) GROUP BY 1, 2, 3"
        )
    }
    carried = {
        (row.scheme_id, row.branch_id, row.rank): (row.customers, row.aum)
        for row in DayFigure.objects.using("batch").filter(as_of=day)
        if row.customers
    }
    assert carried == counted


def test_a_night_run_again_changes_nothing(bank: Bank) -> None:
    book = Book(bank)
    for number in range(5):
        book.open(f"C{number}", 30_000 * number)
    book.night(date(2026, 1, 30))
    book.change(book.holdings[book.customers[3].pk][0], 600_000)
    book.night(date(2026, 2, 1))
    before = fingerprint()
    book.night(date(2026, 2, 1), rerun=True)
    assert fingerprint() == before
    book.night(date(2026, 2, 1), full=True)
    assert fingerprint() == before


def test_a_corrected_file_of_the_day_replaces_it(bank: Bank) -> None:
    """Published with a wrong balance, then corrected: the same as if it had been right at once."""
    right = Book(bank)
    customer = right.open("C1", 60_000)
    right.night(date(2026, 2, 10))
    holding = right.holdings[customer.pk][0]
    right.change(holding, 5_000_000)
    right.night(date(2026, 2, 12))
    right.change(holding, 61_000)
    right.night(date(2026, 2, 12), rerun=True)
    row = Metrics.objects.using("batch").get(pk=customer.pk)
    assert (row.aum, row.since_date) == (Decimal(61_000), date(2026, 2, 12))
    change = BalanceChange.objects.using("batch").get(holding=holding, as_of=date(2026, 2, 12))
    assert (change.old_balance, change.new_balance) == (Decimal(60_000), Decimal(61_000))
    point = TierState.objects.using("batch").get(customer=customer, scheme__code="five_point")
    assert (point.rank, point.since) == (3, date(2026, 2, 10))
    assert customer.tier_changes.using("batch").filter(as_of=date(2026, 2, 12)).count() == 0
    assert customer.alerts.using("batch").filter(kind="large_in", state="new").count() == 0


def fingerprint() -> dict[str, str]:
    """One hash per table that the night publishes; the counters are written anew, so without their ids."""
    tables = (
        "customers_customer", "customers_metrics", "customers_holding", "customers_balancechange", "customers_alert",
        "segments_tierstate", "segments_tierchange", "segments_dayfigure", "archives_maintenanceplan",
    )  # fmt: skip
    counters = ("segments_ownertier", "segments_owneralerts", "segments_ownerdue", "segments_monthmoves")
    rows = dict.fromkeys(tables, "t::text") | dict.fromkeys(counters, "(to_jsonb(t) - 'id')::text")
    return {
        table: db.fetch_value(f"SELECT md5(string_agg({row}, E'\\n' ORDER BY {row})) FROM {table} t")
        for table, row in rows.items()
    }
