"""The tier rules of DOMAIN §3, told as the months of one customer."""

from datetime import date
from decimal import Decimal

import pytest

from customers.averages import Balances, month_average
from customers.models import Alert, Customer, Metrics
from segments.models import TierChange, TierScheme, TierState
from tests.nightly.night_world import FIRST, Book
from tests.nightly.test_averages_of_nights import assert_figures_counted
from tests.world import Bank


def state(customer: Customer, scheme: str = "five") -> TierState:
    return TierState.objects.using("batch").get(customer=customer, scheme__code=scheme)


def history(customer: Customer, scheme: str = "five") -> list[tuple[int | None, int | None, str]]:
    changes = TierChange.objects.using("batch").filter(customer=customer, scheme__code=scheme).order_by("as_of")
    return [(one.old_rank, one.new_rank, one.cause) for one in changes]


def test_bands_are_closed_below_and_open_above(bank: Bank) -> None:
    book = Book(bank)
    amounts = {"9999.99": 1, "10000.00": 2, "49999.99": 2, "50000": 3, "499999.99": 3, "500000": 4, "5999999.99": 4,
               "6000000": 5, "0": 1, "-0.01": 1, "-5000": 1}  # fmt: skip
    customers = {amount: book.open(f"B{amount}", Decimal(amount)) for amount in amounts}
    book.night(date(2026, 3, 10))
    assert {amount: state(one, "five_point").rank for amount, one in customers.items()} == amounts


def test_who_falls_into_debt_falls_to_the_lowest_tier(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 60_000)
    book.night(date(2026, 3, 10))
    book.change(book.holdings[customer.pk][0], Decimal("-2909.60"))
    book.night(date(2026, 3, 11))
    assert history(customer, "five_point") == [(None, 3, "opened"), (3, 1, "downgraded")]


def test_promotion_by_last_months_average_comes_on_the_first_of_the_month(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 20_000)
    book.night(date(2026, 2, 1))
    assert state(customer).rank == 1  # 12 days of January at 20,000 are 7,741.93 on average
    book.change(book.holdings[customer.pk][0], 80_000)
    book.night(date(2026, 2, 15))
    assert (state(customer).rank, state(customer, "five_point").rank) == (1, 3)
    book.night(date(2026, 2, 28))
    assert state(customer).rank == 1
    book.night(date(2026, 3, 1))
    # (14 × 20,000 + 14 × 80,000) ÷ 28 = 50,000.00: exactly the lower bound of the middle tier
    assert (state(customer).rank, state(customer).since) == (3, date(2026, 3, 1))
    change = TierChange.objects.using("batch").get(customer=customer, scheme__code="five", new_rank=3)
    assert (change.old_rank, change.metric_value, change.scheme_version) == (1, Decimal("50000.00"), 1)
    assert Metrics.objects.using("batch").get(pk=customer.pk).tier == 3


def test_a_day_short_of_the_average_is_not_rounded_up(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", Decimal("49999.99"))
    book.night(date(2026, 1, 20))
    book.night(date(2026, 2, 1))
    book.night(date(2026, 3, 1))
    assert state(customer).rank == 2


def test_who_leaves_while_below_the_band_leaves_without_a_watch(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 100_000)
    book.night(date(2026, 1, 31))
    book.night(date(2026, 2, 1))
    assert state(customer).rank == 2  # 12 days of January at 100,000
    book.change(book.holdings[customer.pk][0], 0)
    book.night(date(2026, 2, 2))
    book.set_status(customer, "closed")
    book.night(date(2026, 3, 1))
    assert history(customer)[-1] == (2, None, "closed")
    assert not TierState.objects.using("batch").filter(customer=customer).exists()


def test_watch_after_one_month_and_downgrade_after_three(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 100_000)
    book.night(date(2026, 1, 20))
    book.night(date(2026, 2, 1))
    book.night(date(2026, 3, 1))
    assert state(customer).rank == 3
    book.change(book.holdings[customer.pk][0], 1_000)
    book.night(date(2026, 3, 2))
    seen = []
    for month in (4, 5, 6):
        book.night(date(2026, month, 1))
        seen.append((state(customer).rank, state(customer).months_below, state(customer).is_watched))
    assert seen == [(3, 1, True), (3, 2, True), (1, 0, False)]
    assert history(customer)[-1] == (3, 1, "downgraded")


def test_a_month_back_in_the_band_ends_the_watch(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 100_000)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    holding = book.holdings[customer.pk][0]
    book.change(holding, 20_000)
    book.night(date(2026, 3, 2))
    book.night(date(2026, 4, 1))
    assert state(customer).is_watched
    book.change(holding, 300_000)
    book.night(date(2026, 4, 2))
    book.night(date(2026, 5, 1))
    assert (state(customer).rank, state(customer).months_below, state(customer).is_watched) == (3, 0, False)


def test_private_customers_have_six_months(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("P1", 8_000_000)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    assert state(customer).rank == 5
    book.change(book.holdings[customer.pk][0], 600_000)
    book.night(date(2026, 3, 2))
    ranks = []
    for month in range(4, 10):
        book.night(date(2026, month, 1))
        ranks.append(state(customer).rank)
    assert ranks == [5, 5, 5, 5, 5, 4]


def test_missed_nights_do_not_lose_a_month_opening(bank: Bank) -> None:
    """The bank is closed for the holidays: the first night after them judges the month before."""
    book = Book(bank)
    customer = book.open("C1", 70_000)
    book.night(date(2026, 1, 20))
    book.night(date(2026, 2, 1))
    book.night(date(2026, 3, 9))
    assert (state(customer).rank, state(customer).since) == (3, date(2026, 3, 9))


def test_a_scheme_on_the_running_average_moves_on_any_day(bank: Bank) -> None:
    TierScheme.objects.using("batch").filter(code="five_point").update(metric="month_average")
    book = Book(bank)
    customer = book.open("C1", 0)
    book.night(date(2026, 3, 1))
    book.change(book.holdings[customer.pk][0], 100_000)
    book.night(date(2026, 3, 2))
    assert state(customer, "five_point").rank == 3  # 100,000 ÷ 2
    book.change(book.holdings[customer.pk][0], 0)
    book.night(date(2026, 3, 3))
    assert state(customer, "five_point").rank == 2  # 100,000 ÷ 3
    book.night(date(2026, 3, 11))
    assert state(customer, "five_point").rank == 1  # 100,000 ÷ 11, though nothing moved since


def test_a_quarter_that_opens_judges_changes_of_its_first_month_again(bank: Bank) -> None:
    """The third quarter's average still holds July's balance; the fourth begins with what is there."""
    TierScheme.objects.using("batch").filter(code="five_point").update(metric="quarter_average")
    book = Book(bank)
    customer = book.open("C1", 40_000)
    book.night(date(2026, 7, 1))
    book.change(book.holdings[customer.pk][0], 50_100)
    book.night(date(2026, 7, 5))
    book.night(date(2026, 9, 30))
    assert state(customer, "five_point").rank == 2  # (4 × 40,000 + 88 × 50,100) ÷ 92 = 49,660.86
    book.night(date(2026, 10, 1))
    assert state(customer, "five_point").rank == 3


def test_an_average_of_months_without_a_night_is_not_missed(bank: Bank) -> None:
    """Nothing was published between 20 January and 1 April: what changed in January counts in full by now."""
    book = Book(bank)
    customer = book.open("C1", 9_000)
    book.night(date(2026, 1, 20))
    book.change(book.holdings[customer.pk][0], 60_000)
    book.night(date(2026, 1, 21))
    assert state(customer).rank == 1
    book.night(date(2026, 4, 1))
    assert state(customer).rank == 3


def test_a_customer_who_leaves_and_returns(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 60_000)
    book.night(date(2026, 3, 1))
    book.set_status(customer, "closed")
    book.change(book.holdings[customer.pk][0], 0)
    book.night(date(2026, 3, 2))
    assert not TierState.objects.using("batch").filter(customer=customer).exists()
    assert history(customer, "five_point") == [(None, 3, "opened"), (3, None, "closed")]
    book.set_status(customer, "active")
    book.change(book.holdings[customer.pk][0], 700)
    book.night(date(2026, 3, 3))
    assert history(customer, "five_point")[-1] == (None, 1, "opened")


def test_money_that_moves_after_a_customer_left_does_not_bring_them_back(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 60_000)
    book.night(date(2026, 3, 1))
    book.set_status(customer, "closed")
    book.night(date(2026, 3, 2))
    book.change(book.holdings[customer.pk][0], 9_000)
    for day in (date(2026, 3, 3), date(2026, 3, 4)):
        run = book.night(day, full=day.day == 4)
        assert (run.counts["customers"], run.counts["moves"]) == (0, {})
    assert Metrics.objects.using("batch").get(pk=customer.pk).aum == 9_000
    assert not TierState.objects.using("batch").filter(customer=customer).exists()
    assert not Alert.objects.using("batch").filter(customer=customer).live().exists()


def test_a_running_average_does_not_bring_back_who_left(bank: Bank) -> None:
    TierScheme.objects.using("batch").filter(code="five_point").update(metric="month_average")
    book = Book(bank)
    customer = book.open("C1", 60_000)
    book.night(date(2026, 3, 1))
    book.set_status(customer, "closed")
    book.change(book.holdings[customer.pk][0], 0)
    book.night(date(2026, 3, 2))
    assert book.night(date(2026, 3, 3)).counts["moves"] == {}
    assert history(customer, "five_point")[-1] == (3, None, "closed")
    assert_figures_counted(date(2026, 3, 3))


def test_a_corrected_first_night_is_as_if_the_wrong_file_had_never_come(bank: Bank) -> None:
    """Its balance is taken to have stood before, so its averages, tiers and alerts are those of the right file."""
    book = Book(bank)
    customer = book.open("C1", 600)
    book.night(FIRST)
    assert state(customer).rank == 1
    book.change(book.holdings[customer.pk][0], 60_000)
    book.night(FIRST, rerun=True)
    metrics = Metrics.objects.using("batch").get(pk=customer.pk)
    known = Balances(metrics.aum, metrics.since_date, metrics.month_days, metrics.quarter_days)
    assert month_average(known, FIRST) == 60_000
    assert (state(customer, "five_point").rank, state(customer, "five_point").since) == (3, FIRST)
    assert history(customer, "five_point") == [(None, 3, "opened")]
    assert not Alert.objects.using("batch").filter(customer=customer, kind__startswith="large").exists()
    assert_figures_counted(FIRST)


@pytest.mark.parametrize("right", [9_100, 55_000, 600_000])
def test_a_promotion_of_a_wrong_file_is_taken_back(bank: Bank, right: int) -> None:
    """Judged from what was held before the day, whatever the wrong file had made of it."""
    TierScheme.objects.using("batch").filter(code="five_point").update(downgrade_after_months=3)
    book = Book(bank)
    customer, other = book.open("C1", 9_000), book.open("C2", 60_000)
    book.night(date(2026, 3, 2))
    for one in (customer, other):
        book.change(book.holdings[one.pk][0], 5_000_000)
    book.night(date(2026, 3, 3))
    assert state(customer, "five_point").rank == 4
    book.change(book.holdings[customer.pk][0], right)
    book.change(book.holdings[other.pk][0], 60_000)
    book.night(date(2026, 3, 3), rerun=True)
    rank = {9_100: 1, 55_000: 3, 600_000: 4}[right]
    moves = [(None, 1, "opened")] + ([(1, rank, "promoted")] if rank > 1 else [])
    assert history(customer, "five_point") == moves
    held = state(customer, "five_point")
    assert (held.rank, held.since, held.months_below) == (rank, date(2026, 3, 3) if rank > 1 else date(2026, 3, 2), 0)
    assert (state(other, "five_point").rank, state(other, "five_point").since) == (3, date(2026, 3, 2))
    assert history(other, "five_point") == [(None, 3, "opened")]
    assert_figures_counted(date(2026, 3, 3))


def test_who_left_by_a_wrong_file_comes_back_with_the_tier(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 60_000)
    book.night(date(2026, 3, 2))
    book.set_status(customer, "closed")
    book.change(book.holdings[customer.pk][0], 0)
    book.night(date(2026, 3, 3))
    assert not TierState.objects.using("batch").filter(customer=customer).exists()
    book.set_status(customer, "active")
    book.change(book.holdings[customer.pk][0], 60_000)
    book.night(date(2026, 3, 3), rerun=True)
    assert (state(customer, "five_point").rank, state(customer, "five_point").since) == (3, date(2026, 3, 2))
    assert history(customer, "five_point") == [(None, 3, "opened")]
    assert_figures_counted(date(2026, 3, 3))
