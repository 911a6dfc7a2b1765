"""Where matured money went: single stories by hand, random worlds against the oracle, nights that come otherwise."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Maturity, RetentionFigure
from customers.models import Customer, Holding, Product
from customers.nightly import products
from tests.campaigns.maturing import DAY, Diary, Oracle, Parts, written
from tests.world import Bank

FIRST = date(2026, 3, 2)
DUE = date(2026, 3, 4)  # a Wednesday
TEN = Decimal(100_000)


@pytest.fixture
def diary(bank: Bank) -> Diary:
    return Diary(bank)


def saver(diary: Diary, number: str = "A", **fields: Any) -> tuple[Customer, Holding, Holding]:
    """A customer with 100,000 due on DUE and 20,000 in demand, both there since FIRST."""
    customer = diary.open(number, 20_000)
    deposit = diary.add(customer, TEN, product="TIME1Y", **{"maturity_date": DUE, **fields})
    return customer, diary.holdings[customer.pk][0], deposit


def pay_out(diary: Diary, deposit: Holding, demand: Holding, kept: Decimal | int) -> None:
    """The deposit is closed; so much of it is in the demand deposit afterwards."""
    diary.change(deposit, 0, status="closed")
    diary.change(demand, 20_000 + Decimal(kept))


def only() -> Maturity:
    return Maturity.objects.using("batch").get()


def parts() -> Parts:
    [(_principal, rate, _late)] = written().values()
    return rate


def test_a_deposit_that_is_paid_out_lies_in_demand(diary: Diary) -> None:
    _customer, demand, deposit = saver(diary)
    diary.close(FIRST)
    diary.close(DUE - DAY)
    assert not written()
    pay_out(diary, deposit, demand, TEN)
    diary.close(DUE)
    assert parts() == Parts(idle=TEN)
    row = only()
    assert (row.provisional_on, row.final_on, row.ends_on) == (DUE + 3 * DAY, DUE + 7 * DAY, DUE + 15 * DAY)
    assert (row.held_branch_id, row.held_owner_id) == (diary.bank.south.pk, diary.bank.wang.pk)


def test_four_ways_out_of_one_maturity(diary: Diary) -> None:
    customer, demand, deposit = saver(diary)
    diary.close(FIRST)
    pay_out(diary, deposit, demand, 40_000)
    diary.add(customer, Decimal("30000.01"), product="TIME1Y")
    diary.add(customer, 20_000, product="WEALTH")
    diary.close(DUE)
    assert parts() == Parts(Decimal("30000.01"), Decimal(20_000), Decimal(40_000), Decimal("9999.99"))


def test_what_stands_after_seven_days_is_the_rate_and_after_fifteen_the_end(diary: Diary) -> None:
    customer, demand, deposit = saver(diary)
    diary.close(FIRST)
    pay_out(diary, deposit, demand, TEN)
    diary.close(DUE)
    diary.add(customer, 50_000, product="TIME1Y")
    diary.change(demand, 70_000)
    diary.close(DUE + 7 * DAY)
    diary.change(demand, 0)
    diary.close(DUE + 8 * DAY)
    [(_principal, rate, late)] = written().values()
    assert rate == Parts(Decimal(50_000), NIL, Decimal(50_000), NIL)
    assert late == Parts(Decimal(30_000), NIL, NIL, Decimal(70_000))
    diary.change(demand, 500_000)
    diary.close(DUE + 16 * DAY)
    assert [(_principal, rate, late)] == list(written().values())


NIL = Decimal(0)


def test_a_deposit_that_rolls_over_is_renewed_whatever_else_leaves(diary: Diary) -> None:
    """In place, with a new date in the file or without; money of other deposits that leaves is not its own."""
    _customer, demand, deposit = saver(diary, auto_rollover=True)
    diary.close(FIRST)
    diary.change(demand, 0)
    diary.close(DUE)
    assert parts() == Parts(renewed=TEN)
    diary.change(deposit, TEN + 1_500, maturity_date=DUE + 365 * DAY, start_date=DUE)
    diary.close(DUE + DAY)
    assert parts() == Parts(renewed=TEN)


def test_a_debt_in_place_of_a_deposit_keeps_nothing(diary: Diary) -> None:
    """A reversal leaves a deposit that rolls over below nil: the night goes on, the money has left."""
    _customer, _demand, deposit = saver(diary, auto_rollover=True)
    diary.close(FIRST)
    diary.change(deposit, -50)
    diary.close(DUE)
    assert parts() == Parts(gone=TEN)


def test_who_has_only_borrowed_money_left_has_moved_their_own(diary: Diary) -> None:
    _customer, demand, deposit = saver(diary)
    diary.close(FIRST)
    diary.change(deposit, 0, status="closed", funding_source="loan")
    diary.change(demand, 120_000, funding_source="loan")
    diary.close(DUE)
    assert parts() == Parts(gone=TEN)


def test_a_wealth_product_that_goes_on_is_invested_and_only_new_deposits_are_renewal(diary: Diary) -> None:
    customer = diary.open("A", 20_000)
    product = diary.add(customer, TEN, product="WEALTH", maturity_date=DUE)
    diary.close(FIRST)
    diary.change(product, 60_000, maturity_date=DUE + 90 * DAY)
    diary.add(customer, 40_000, product="TIME1Y")
    diary.close(DUE)
    assert parts() == Parts(Decimal(40_000), Decimal(60_000))


def test_money_broken_out_before_its_day_is_no_maturity(diary: Diary) -> None:
    """The part that was left on the eve is; of instalments, what had come together by then."""
    _customer, demand, deposit = saver(diary)
    _other, _demand, broken = saver(diary, "B")
    diary.close(FIRST)
    diary.change(deposit, 130_000)
    diary.change(broken, 0, status="closed")
    diary.close(DUE - DAY)
    diary.change(deposit, 0, status="closed")
    diary.change(demand, 150_000)
    diary.close(DUE)
    [(principal, rate, _late)] = written().values()
    assert principal == rate.idle == 130_000


def test_two_maturities_share_new_money_in_the_order_of_their_days(diary: Diary) -> None:
    customer, demand, deposit = saver(diary)
    second = diary.add(customer, TEN, product="TIME1Y", maturity_date=DUE + 2 * DAY)
    diary.close(FIRST)
    pay_out(diary, deposit, demand, TEN)
    diary.close(DUE)
    diary.change(second, 0, status="closed")
    diary.change(demand, 100_000)
    diary.add(customer, 120_000, product="TIME1Y")
    diary.close(DUE + 2 * DAY)
    first, last = (rate for _principal, rate, _late in written().values())
    assert (first, last) == (Parts(renewed=TEN), Parts(Decimal(20_000), NIL, Decimal(80_000), NIL))


def test_what_came_before_the_second_matured_is_none_of_its_renewal(diary: Diary) -> None:
    customer, demand, deposit = saver(diary)
    second = diary.add(customer, TEN, product="TIME1Y", maturity_date=DUE + 2 * DAY)
    diary.close(FIRST)
    pay_out(diary, deposit, demand, 0)
    diary.add(customer, 150_000, product="TIME1Y")
    diary.close(DUE)
    pay_out(diary, second, demand, TEN)
    diary.close(DUE + 2 * DAY)
    first, last = (rate for _principal, rate, _late in written().values())
    assert (first, last) == (Parts(renewed=TEN), Parts(idle=TEN))


def test_a_day_off_counts_from_the_next_working_day(diary: Diary) -> None:
    saturday = date(2026, 3, 7)
    _customer, demand, deposit = saver(diary, maturity_date=saturday)
    diary.close(saturday - DAY)
    pay_out(diary, deposit, demand, TEN)
    diary.close(saturday + 2 * DAY)  # no files at the weekend
    row = only()
    assert (row.maturity_date, row.provisional_on) == (saturday, date(2026, 3, 12))
    assert (row.final_on, row.ends_on, row.idle) == (date(2026, 3, 16), date(2026, 3, 24), TEN)


def test_a_file_that_comes_late_is_read_when_it_comes(diary: Diary) -> None:
    customer, demand, deposit = saver(diary)
    diary.close(FIRST)
    diary.close(DUE)  # nothing of it in the files of the day
    assert parts() == Parts(idle=TEN)
    diary.change(deposit, 0, status="closed")
    diary.add(customer, TEN, product="TIME1Y")
    diary.close(DUE + 2 * DAY)
    assert parts() == Parts(renewed=TEN)
    assert demand.balance == 0  # as created; the file never moved it


def test_a_standstill_over_the_whole_window_tells_what_was_known_in_it(diary: Diary) -> None:
    _customer, demand, deposit = saver(diary)
    saver(diary, "B", auto_rollover=True)
    diary.close(FIRST)
    pay_out(diary, deposit, demand, 0)
    diary.close(DUE + 30 * DAY)
    paid, rolled = (rate for _principal, rate, _late in written().values())
    assert (paid, rolled) == (Parts(idle=TEN), Parts(renewed=TEN))


def test_who_held_it_stays_and_who_may_see_it_follows_the_customer(diary: Diary) -> None:
    bank = diary.bank
    customer, _demand, _deposit = saver(diary)
    diary.close(FIRST)
    diary.close(DUE)
    diary.set_status(customer, "active", old_branch_id=bank.south.pk, branch_id=bank.north.pk)
    diary.close(DUE + 4 * DAY)
    row = only()
    assert (row.held_branch_id, row.held_owner_id) == (bank.south.pk, bank.wang.pk)
    assert not Maturity.objects.using("batch").visible_to(bank.he).exists()
    assert RetentionFigure.objects.using("batch").get().branch_id == bank.south.pk


def test_a_corrected_day_replaces_what_the_wrong_file_said(diary: Diary) -> None:
    _customer, demand, deposit = saver(diary)
    diary.close(FIRST)
    pay_out(diary, deposit, demand, 0)
    diary.close(DUE)
    before = only().pk, parts()
    diary.close(DUE)
    assert (only().pk, parts()) == before == (only().pk, Parts(gone=TEN))
    diary.change(demand, 120_000)
    diary.close(DUE)
    assert (only().pk, parts()) == (before[0], Parts(idle=TEN))


@pytest.mark.parametrize("changed", [{"product_class": "time"}, {"counts_in_aum": False}])
@pytest.mark.parametrize("day", [DUE, DUE + 2 * DAY])
def test_a_product_that_counts_otherwise_moves_no_money(diary: Diary, changed: dict[str, Any], day: date) -> None:
    """Neither on the day of the maturity nor in its window; what runs out later is told of its new class."""
    customer, demand, deposit = saver(diary)
    diary.add(customer, 300_000, product="WEALTH", maturity_date=DUE + 4 * DAY)
    diary.close(FIRST)
    pay_out(diary, deposit, demand, TEN)
    if day > DUE:
        diary.close(DUE)
    Product.objects.using("batch").filter(code="WEALTH").update(**changed)
    with transaction.atomic(using="batch"):
        products.reclassify()
    diary.close(day)
    assert parts() == Parts(idle=TEN)
    diary.close(DUE + 5 * DAY)
    told = [(row.product_class, row.idle) for row in Maturity.objects.using("batch").order_by("maturity_date")]
    assert told == [("time", TEN)] + [("time", 3 * TEN)] * ("product_class" in changed)


def test_a_product_that_counts_otherwise_after_a_night_without_files_moves_no_money(diary: Diary) -> None:
    """What ran out on the skipped day is in nobody's base of the day after."""
    customer, demand, deposit = saver(diary, maturity_date=DUE + DAY)
    product = diary.add(customer, 300_000, product="WEALTH", maturity_date=DUE)
    diary.close(FIRST)
    Product.objects.using("batch").filter(code="WEALTH").update(product_class="time")
    diary.change(product, 0, status="closed")
    pay_out(diary, deposit, demand, 400_000)
    with transaction.atomic(using="batch"):
        products.reclassify()
    diary.close(DUE + DAY)
    rows = Maturity.objects.using("batch").order_by("maturity_date")
    assert [(row.principal, row.idle) for row in rows] == [(3 * TEN, 3 * TEN), (TEN, TEN)]


def test_the_database_refuses_parts_that_do_not_add_up(diary: Diary) -> None:
    saver(diary)
    diary.close(FIRST)
    diary.close(DUE)
    for wrong in ({"idle": TEN - 1}, {"renewed": -1, "idle": TEN + 1}, {"late_gone": 1}):
        with pytest.raises(IntegrityError):
            Maturity.objects.using("batch").update(**wrong)


@pytest.mark.parametrize("seed", range(12))
def test_random_worlds_agree_with_the_oracle(diary: Diary, seed: int) -> None:
    """Thirty days over the Spring Festival, some without a night; every row of every day in the end."""
    chance = random.Random(seed)
    day = date(2026, 1, 20)
    customers = [diary.open(f"R{number}", chance.randrange(200_000)) for number in range(3)]
    for customer in customers:
        for _deposit in range(3):
            buy(diary, chance, customer, day)
    diary.close(day)
    for _step in range(40):
        day += DAY
        if chance.random() < 0.25:
            continue
        for customer in customers:
            live_a_day(diary, chance, customer, day)
        diary.close(day, full=chance.random() < 0.1)
        if chance.random() < 0.15:
            live_a_day(diary, chance, customers[0], day)
            diary.close(day)
    expected = Oracle(diary).told()
    assert len(expected) > 8
    assert written() == expected
    for principal, rate, late in expected.values():
        assert sum(vars(rate).values()) == sum(vars(late).values()) == principal


def buy(diary: Diary, chance: random.Random, customer: Customer, day: date) -> None:
    """A new deposit or product, mostly for a few days."""
    matures = day + timedelta(days=chance.choice([1, 2, 3, 5, 8, 9, 13, 20]))
    diary.add(
        customer,
        Decimal(chance.randrange(1, 9_000_000)) / 100,
        product=chance.choice(["TIME1Y", "TIME1Y", "WEALTH"]),
        maturity_date=chance.choice([matures, matures, matures, None]),
        auto_rollover=chance.choice([True, False, None]),
    )


def live_a_day(diary: Diary, chance: random.Random, customer: Customer, day: date) -> None:
    """What ran out is paid, goes on or is forgotten; money comes and goes."""
    for number, holding in enumerate(list(diary.holdings[customer.pk])):
        held = Holding.objects.using("batch").get(pk=holding.pk)
        if number == 0:
            if chance.random() < 0.5:
                diary.change(held, Decimal(chance.randrange(30_000_000)) / 100)
        elif held.balance and held.maturity_date and held.maturity_date <= day and chance.random() < 0.7:
            run_out(diary, chance, held, day)
        elif held.balance and chance.random() < 0.06:
            diary.change(held, 0, status="closed")
        elif held.balance and chance.random() < 0.06:
            diary.change(held, held.balance + chance.randrange(5_000))
    if chance.random() < 0.25:
        buy(diary, chance, customer, day)


def run_out(diary: Diary, chance: random.Random, held: Holding, day: date) -> None:
    later = day + timedelta(days=chance.choice([2, 6, 11, 40]))
    match chance.randrange(4):
        case 0 | 1:
            diary.change(held, 0, status="closed")
        case 2:
            diary.change(held, held.balance + 7, maturity_date=later)
        case 3:
            diary.change(held, held.balance / 2, maturity_date=later)
