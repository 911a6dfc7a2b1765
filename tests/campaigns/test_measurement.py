"""The night's measurement of campaigns against an oracle that knows every balance of every day, to the fen."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from campaigns.choices import Arm, Basis, CampaignState, Success
from campaigns.measurement.looks import kept_on, latest, looks
from campaigns.models import Campaign, CampaignCell, CampaignDay, CampaignMember
from campaigns.uplift import Look
from crm.jobs.models import JobRun
from customers.models import Customer
from tests.campaigns.driving import campaign, enlist
from tests.nightly.night_world import Book
from tests.world import Bank

FIRST, LAUNCHED, STARTS, ENDS = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 1), date(2026, 4, 20)
BASELINE = (date(2026, 2, 1), LAUNCHED)
ONE_DAY = timedelta(days=1)
TREAT, CONTROL = Arm.TREAT, Arm.CONTROL
Cells = dict[tuple[int, str], tuple[int, int, Decimal, Decimal]]


def found(of: Campaign, day: date) -> Cells:
    """Stratum and group → members, qualified, change, squares."""
    cells = CampaignCell.objects.using("batch").filter(campaign=of, as_of=day)
    return {(one.stratum, one.arm): (one.members, one.qualified, one.change, one.squares) for one in cells}


def counts(run: JobRun) -> dict[str, int]:
    measured: dict[str, int] = JobRun.objects.using("batch").get(pk=run.pk).counts["campaigns"]
    return measured


def expected(book: Book, of: Campaign, day: date) -> Cells:
    """The same by hand, member by member."""
    cells: dict[tuple[int, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    customers = {one.pk: one for one in book.customers}
    for member in CampaignMember.objects.using("batch").filter(campaign=of):
        base = member.base_average if of.basis == Basis.AVERAGE else member.base_aum
        change = book.aum(customers[member.customer_id], day) - base
        reached = first_success(book, of, member)
        sums = cells[member.stratum, member.arm]
        add = [Decimal(1), Decimal(reached is not None and reached <= day), change, change * change]
        cells[member.stratum, member.arm] = [old + new for old, new in zip(sums, add, strict=True)]
    return {key: (int(sums[0]), int(sums[1]), sums[2], sums[3]) for key, sums in cells.items()}


def first_success(book: Book, of: Campaign, member: CampaignMember) -> date | None:
    """The first look on which the rule holds, by the plain average over the days."""
    customer = next(one for one in book.customers if one.pk == member.customer_id)
    for look in looks(of):
        if look.day > max(book.days):
            return None
        amount = book.aum(customer, look.day)
        if of.basis == Basis.AVERAGE:
            amount = book.average(customer, look.day.replace(day=1), look.day)
        base = member.base_average if of.basis == Basis.AVERAGE else member.base_aum
        if amount - (base if of.success == Success.GAINS else 0) >= of.success_amount:
            return look.day
    return None


def test_looks_are_month_ends_and_the_last_day(bank: Bank) -> None:
    of = campaign(bank, starts_on=STARTS, ends_on=ENDS, baseline=BASELINE)
    assert [(look.day, look.is_last) for look in looks(of)] == [(date(2026, 3, 31), False), (ENDS, True)]
    assert kept_on(of) == date(2026, 7, 31)
    assert latest(of, date(2026, 3, 30)) is None
    for day, newest in ((date(2026, 3, 31), date(2026, 3, 31)), (ENDS, ENDS), (date(2026, 9, 1), ENDS)):
        look = latest(of, day)
        assert look is not None and look.day == newest
    # What was over when the groups were drawn is not judged.
    of.as_of = date(2026, 3, 31)
    assert looks(of) == [Look(ENDS, is_last=True)]
    of.as_of = LAUNCHED
    of.ends_on, of.kept_months = date(2026, 11, 30), 3
    assert (looks(of)[-1].day, len(looks(of)), kept_on(of)) == (date(2026, 11, 30), 9, date(2027, 2, 28))


MARCH, APRIL = (1, 2, 5, 12, 13, 20, 29, 31), (1, 2, 11, 19, 20, 22)


@pytest.mark.parametrize(
    ("basis", "success", "amount", "march"),
    [
        (Basis.AVERAGE, Success.REACHES, 50_000, MARCH),
        # The night of the look is missing: it is made up for by the next one.
        (Basis.POINT, Success.GAINS, 20_000, MARCH[:-1]),
    ],
)
def test_every_night_agrees_with_the_oracle(
    bank: Bank, basis: str, success: str, amount: int, march: tuple[int, ...]
) -> None:
    """Nights with and without changes, corrections, a full recompute, days without a night, and the end."""
    chance, book = random.Random(f"{basis}"), Book(bank)
    people = [book.open(f"C{number}", chance.randint(5_000, 49_000)) for number in range(24)]
    book.night(FIRST)
    for day in (date(2026, 2, 10), LAUNCHED):
        move(book, chance, 6)
        book.night(day)
    of = campaign(
        bank, starts_on=STARTS, ends_on=ENDS, baseline=BASELINE, basis=basis, success=success, success_amount=amount
    )
    enlist(
        of,
        [
            (one, CONTROL if number % 3 == 0 else TREAT, number % 2, book.average(one, *BASELINE))
            for number, one in enumerate(people[:20])
        ],
    )
    anew = []
    for day in [*(date(2026, 3, number) for number in march), *(date(2026, 4, number) for number in APRIL)]:
        move(book, chance, chance.choice((0, 1, 5)))
        run = book.night(day, full=day == date(2026, 3, 20))
        if day <= ENDS:
            assert found(of, day) == expected(book, of, day), day
            anew += [day] if counts(run)["counted_anew"] else []
        if day in (date(2026, 3, 12), date(2026, 3, 31), ENDS):
            move(book, chance, 4)
            book.night(day, rerun=True)
            assert found(of, day) == expected(book, of, day), day
    assert anew == [STARTS, date(2026, 3, 20)]
    for member in CampaignMember.objects.using("batch").filter(campaign=of):
        assert member.qualified_on == first_success(book, of, member)
    assert 0 < CampaignMember.objects.using("batch").filter(campaign=of, qualified_on__isnull=False).count() < 20
    # What is kept of the cells: the looks. The days stand from the base period to the end, and no further.
    assert stored(of) == [date(2026, 3, 31), ENDS]
    assert found(of, date(2026, 3, 31)) == expected(book, of, date(2026, 3, 31))
    days = CampaignDay.objects.using("batch").filter(campaign=of)
    assert (days.earliest("as_of").as_of, days.latest("as_of").as_of) == (BASELINE[0], ENDS)
    assert Campaign.objects.using("batch").get(pk=of.pk).state == CampaignState.ENDED
    for when in (date(2026, 2, 5), date(2026, 2, 10), LAUNCHED, date(2026, 3, 13), ENDS):
        assert groups(of, when) == by_group(expected(book, of, when)), when


def stored(of: Campaign) -> list[date]:
    days = CampaignCell.objects.using("batch").filter(campaign=of).order_by("as_of").distinct()
    return list(days.values_list("as_of", flat=True))


def groups(of: Campaign, day: date) -> dict[str, tuple[int, int, Decimal]]:
    rows = CampaignDay.objects.using("batch").filter(campaign=of, as_of=day)
    return {row.arm: (row.members, row.qualified, row.change) for row in rows}


def by_group(cells: Cells) -> dict[str, tuple[int, int, Decimal]]:
    sums: dict[str, tuple[int, int, Decimal]] = {}
    for (_stratum, arm), (members, qualified, change, _squares) in cells.items():
        old = sums.get(arm, (0, 0, Decimal(0)))
        sums[arm] = (old[0] + members, old[1] + qualified, old[2] + change)
    return sums


def move(book: Book, chance: random.Random, number: int) -> None:
    """New balances of some customers; one of them may lose all."""
    for one in chance.sample(book.customers, number):
        book.change(book.holdings[one.pk][0], Decimal(chance.choice((0, 3_000_001, 7_654_321, 9_900_000))) / 100)


def two_groups(bank: Bank, book: Book, base: int) -> tuple[Campaign, list[int]]:
    """Six customers with a campaign over March and April, every second in the control group; ids in their order."""
    people = [book.open(f"C{number}", base) for number in range(6)]
    book.night(LAUNCHED)
    of = campaign(bank, starts_on=STARTS, ends_on=date(2026, 4, 30), baseline=BASELINE, kept_months=1)
    enlist(of, [(one, CONTROL if number % 2 else TREAT, 0, base) for number, one in enumerate(people)])
    return of, [one.pk for one in people]


def test_a_customer_who_leaves_still_counts(bank: Bank) -> None:
    book = Book(bank)
    of, _ids = two_groups(bank, book, 20_000)
    book.night(STARTS)
    book.set_status(book.customers[0], "closed")
    book.change(book.holdings[book.customers[0].pk][0], 0, status="closed")
    book.night(STARTS + ONE_DAY)
    assert found(of, STARTS + ONE_DAY) == {
        (0, TREAT): (3, 0, Decimal(-20_000), Decimal(400_000_000)),
        (0, CONTROL): (3, 0, Decimal(0), Decimal(0)),
    }


def test_a_customer_who_moves_counts_in_the_new_branch(bank: Bank) -> None:
    book = Book(bank)
    of, _ids = two_groups(bank, book, 20_000)
    book.night(STARTS)
    mover = book.customers[0]
    move_to(book, mover, bank.north.pk, 21_000)
    run = book.night(STARTS + ONE_DAY)
    # One customer leaves a cell for another: nobody else is counted for that.
    assert counts(run)["counted_anew"] == 0
    assert places(of, STARTS + ONE_DAY) == {
        (bank.south.pk, TREAT): (2, 0, Decimal(0), Decimal(0)),
        (bank.north.pk, TREAT): (1, 0, Decimal(1_000), Decimal(1_000_000)),
        (bank.south.pk, CONTROL): (3, 0, Decimal(0), Decimal(0)),
    }
    # With what they have reached, and back; nobody is left in the north then.
    book.change(book.holdings[mover.pk][0], 9_000_000)
    book.night(date(2026, 3, 31))
    assert places(of, date(2026, 3, 31))[bank.north.pk, TREAT][:2] == (1, 1)
    move_to(book, mover, bank.south.pk, 60_000)
    assert counts(book.night(date(2026, 4, 1)))["counted_anew"] == 0
    assert places(of, date(2026, 4, 1)) == {
        (bank.south.pk, TREAT): (3, 1, Decimal(40_000), Decimal(1_600_000_000)),
        (bank.south.pk, CONTROL): (3, 0, Decimal(0), Decimal(0)),
    }


def move_to(book: Book, customer: Customer, branch_id: int, balance: int) -> None:
    """The coming files say that the customer is of another branch, with this balance."""
    known = Customer.objects.using("batch").get(pk=customer.pk)
    book.set_status(known, "active", branch_id=branch_id, old_branch_id=known.branch_id)
    book.change(book.holdings[customer.pk][0], balance)


def places(of: Campaign, day: date) -> dict[tuple[int, str], tuple[int, int, Decimal, Decimal]]:
    """Branch and group → members, qualified, change, squares; of a campaign with one stratum."""
    cells = CampaignCell.objects.using("batch").filter(campaign=of, as_of=day)
    return {(one.branch_id, one.arm): (one.members, one.qualified, one.change, one.squares) for one in cells}


def test_who_moves_after_the_end_has_kept_it_all_the_same(bank: Bank) -> None:
    book = Book(bank)
    of, _ids = two_groups(bank, book, 20_000)
    for customer in book.customers[:3]:
        book.change(book.holdings[customer.pk][0], 60_000)
    for day in (STARTS, date(2026, 3, 31), date(2026, 4, 30)):
        book.night(day)
    move_to(book, book.customers[0], bank.north.pk, 61_000)
    book.night(date(2026, 5, 10))
    book.night(date(2026, 5, 31))
    last = CampaignCell.objects.using("batch").filter(campaign=of, as_of=of.ends_on)
    assert {(one.branch_id, one.arm, one.qualified, one.kept) for one in last} == {
        (bank.south.pk, TREAT, 1, 1), (bank.north.pk, TREAT, 1, 1), (bank.south.pk, CONTROL, 1, 1),
    }  # fmt: skip


def test_what_was_over_before_the_draw_is_nobodys_success(bank: Bank) -> None:
    """60,000 all March, 20,000 since; the groups were drawn on 5 April."""
    book = Book(bank)
    of, ids = two_groups(bank, book, 20_000)
    Campaign.objects.using("batch").filter(pk=of.pk).update(as_of=date(2026, 4, 5))
    for day, balance in ((STARTS, 60_000), (date(2026, 4, 1), 20_000), (date(2026, 4, 6), 20_000)):
        book.change(book.holdings[ids[0]][0], balance)
        if day != date(2026, 4, 6):
            # Not launched yet.
            Campaign.objects.using("batch").filter(pk=of.pk).update(state=CampaignState.APPROVED)
        book.night(day)
        Campaign.objects.using("batch").filter(pk=of.pk).update(state=CampaignState.RUNNING)
    assert reached(of, ids) == [None] * 6
    assert stored(of) == [date(2026, 4, 6)]


def test_reached_and_kept_at_their_edges(bank: Bank) -> None:
    """49,999.99 has not reached 50,000, and what is kept is asked in the month after the end alone."""
    book = Book(bank)
    of, ids = two_groups(bank, book, 20_000)
    for customer, amount in zip(book.customers, ("50000", "49999.99", "50000", "50000", "20000", "20000"), strict=True):
        book.change(book.holdings[customer.pk][0], Decimal(amount))
    book.night(STARTS)  # the whole of March from its first day
    assert reached(of, ids) == [None] * 6
    book.night(date(2026, 3, 31))
    march = date(2026, 3, 31)
    assert reached(of, ids) == [march, None, march, march, None, None]
    # Half of April at 80,000 is an average of exactly 50,000; a day later it is less.
    for number, day in ((4, 16), (5, 17)):
        book.change(book.holdings[ids[number]][0], 80_000)
        book.night(date(2026, 4, day))
    book.night(date(2026, 4, 30))
    assert reached(of, ids) == [march, None, march, march, date(2026, 4, 30), None]
    assert all(one is None for one in kept(of, ids))
    book.change(book.holdings[ids[0]][0], Decimal("49999.99"))
    book.change(book.holdings[ids[2]][0], 1_000_000)
    book.night(date(2026, 5, 1))
    assert all(one is None for one in kept(of, ids))
    book.night(date(2026, 5, 31))
    assert kept(of, ids) == [False, None, True, True, True, None]
    last = CampaignCell.objects.using("batch").filter(campaign=of, as_of=of.ends_on)
    assert {(one.arm, one.kept) for one in last} == {(TREAT, 2), (CONTROL, 1)}
    # A corrected day is judged again; later nights leave it.
    book.change(book.holdings[ids[2]][0], 0)
    book.night(date(2026, 5, 31), rerun=True)
    assert kept(of, ids)[2] is True  # one day of nothing in a month of a million
    book.change(book.holdings[ids[3]][0], 0)
    book.night(date(2026, 6, 30))
    assert kept(of, ids) == [False, None, True, True, True, None]


def reached(of: Campaign, ids: list[int]) -> list[date | None]:
    members = {one.customer_id: one for one in CampaignMember.objects.using("batch").filter(campaign=of)}
    return [members[pk].qualified_on for pk in ids]


def kept(of: Campaign, ids: list[int]) -> list[bool | None]:
    members = {one.customer_id: one for one in CampaignMember.objects.using("batch").filter(campaign=of)}
    return [members[pk].kept for pk in ids]
