"""The night's measurement of campaigns against an oracle that knows every balance of every day, to the fen."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from campaigns.choices import Arm, Basis, CampaignState, Success
from campaigns.measurement.looks import kept_on, latest, looks
from campaigns.models import Campaign, CampaignCell, CampaignDay, CampaignMember
from crm.jobs.models import JobRun
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
        add = (1, int(reached is not None and reached <= day), change, change * change)
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
    of.ends_on, of.kept_months = date(2026, 11, 30), 3
    assert (looks(of)[-1].day, len(looks(of)), kept_on(of)) == (date(2026, 11, 30), 9, date(2027, 2, 28))


@pytest.mark.parametrize(
    ("basis", "success", "amount"),
    [(Basis.AVERAGE, Success.REACHES, 50_000), (Basis.POINT, Success.GAINS, 20_000)],
)
def test_every_night_agrees_with_the_oracle(bank: Bank, basis: str, success: str, amount: int) -> None:
    """Nights with and without changes, a correction, a full recompute, days without a night, the end, what is kept."""
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
    day, anew = STARTS, []
    while day <= date(2026, 4, 25):
        move(book, chance, chance.choice((0, 1, 5)))
        run = book.night(day, full=day == date(2026, 3, 20))
        if day <= ENDS:
            assert found(of, day) == expected(book, of, day), day
            anew += [day] if counts(run)["counted_anew"] else []
        if day in (date(2026, 3, 12), date(2026, 3, 31), ENDS):
            move(book, chance, 4)
            book.night(day, rerun=True)
            assert found(of, day) == expected(book, of, day), day
        # Three days without a night, the last of the month among them in the next year alone.
        day += ONE_DAY * (3 if day == date(2026, 4, 2) else 1)
    assert anew == [STARTS, date(2026, 3, 20)]
    for member in CampaignMember.objects.using("batch").filter(campaign=of):
        assert member.qualified_on == first_success(book, of, member)
    assert 0 < CampaignMember.objects.using("batch").filter(campaign=of, qualified_on__isnull=False).count() < 20
    # What is kept of the cells: the looks. The days stand from the base period to the end, and no further.
    assert stored(of) == [date(2026, 3, 31), ENDS]
    days = CampaignDay.objects.using("batch").filter(campaign=of)
    assert (days.earliest("as_of").as_of, days.latest("as_of").as_of) == (BASELINE[0], ENDS)
    assert Campaign.objects.using("batch").get(pk=of.pk).state == CampaignState.ENDED
    for when in (date(2026, 2, 5), date(2026, 2, 10), LAUNCHED, date(2026, 3, 15), ENDS):
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
