"""A draft of a scheme simulated: what it tells is what happens, it changes nobody, and two people decide."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from crm.organization.access import scoped
from crm.organization.models import User
from segments import scheme_drafts, schemes, simulation
from segments.models import (
    DayFigure,
    NightTier,
    SchemeFactor,
    SchemeSimulation,
    SchemeWeight,
    SimulatedMover,
    SimulatedTier,
    TierScheme,
    TierState,
)
from segments.scheme_drafts import DraftRefused
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)
BALANCES = (0, 6_000, 9_000, 20_000, 48_000, 60_000, 200_000, 480_000, 700_000, 7_000_000)
Told = dict[int, tuple[int, Decimal]]


@pytest.fixture
def book(bank: Bank) -> Book:
    """A month of nights in which some balances moved, so that the averages differ from the balances."""
    book = Book(bank)
    for number, balance in enumerate(BALANCES):
        book.open(f"S{number}", balance)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 2, 20), date(2026, 3, 1)):
        book.night(day)
    for number, balance in ((3, 4_000), (5, 30_000), (7, 520_000)):
        book.change(book.holdings[book.customers[number].pk][0], balance)
    book.night(DAY)
    return book


def draft(code: str, lower: dict[int, int] | None = None, **rules: Any) -> TierScheme:
    copy = schemes.new_version(TierScheme.objects.get(code=code, is_active=True), DAY)
    for rank, edge in (lower or {}).items():
        copy.tiers.filter(rank=rank).update(lower=edge)
        copy.tiers.filter(rank=rank - 1).update(upper=edge)
    TierScheme.objects.filter(pk=copy.pk).update(**rules)
    copy.refresh_from_db()
    return copy


def simulated(user: User, scheme: TierScheme) -> SchemeSimulation:
    """As the page and its worker do it."""
    with scoped(user):
        one = scheme_drafts.start(user, scheme, "")
    assert simulation.run(one.pk) == "ready"
    return SchemeSimulation.objects.get(pk=one.pk)


def by_tier(one: SchemeSimulation, side: str) -> Told:
    told: Told = {}
    for move in one.result["moves"]:
        number, money = told.get(move[side], (0, Decimal(0)))
        told[move[side]] = (number + move["customers"], money + Decimal(move["aum"]))
    return {rank: pair for rank, pair in told.items() if rank}


def published(scheme: TierScheme, day: date) -> Told:
    told: Told = {}
    for row in DayFigure.objects.using("batch").filter(scheme=scheme, as_of=day):
        number, money = told.get(row.rank, (0, Decimal(0)))
        told[row.rank] = (number + row.customers, money + row.aum)
    return {rank: pair for rank, pair in told.items() if pair[0]}


@pytest.mark.parametrize("metric", ["point", "month_average", "last_month_average", "quarter_average"])
@pytest.mark.parametrize("code", ["five", "five_point"])
def test_a_night_of_the_same_data_date_publishes_exactly_the_simulated_figures(
    book: Book, code: str, metric: str
) -> None:
    repeated_night(book, draft(code, {2: 5_000, 3: 40_000, 4: 300_000}, metric=metric, effective_from=DAY))


@pytest.mark.parametrize("metric", ["weighted", "weighted_last_month", "points"])
def test_so_it_does_by_what_is_held(book: Book, metric: str) -> None:
    scheme = draft("five_point", {2: 2_000, 3: 9_000, 4: 30_000}, metric=metric, effective_from=DAY)
    SchemeWeight.objects.using("batch").create(scheme=scheme, product_class="demand", per_yuan=Decimal("0.1"), each=3)
    repeated_night(book, scheme)


@pytest.mark.parametrize("metric", ["score", "percentile"])
def test_so_it_does_by_scores(book: Book, metric: str) -> None:
    rules = {"metric": metric, "promotion": "next_month", "effective_from": DAY}
    scheme = draft("five_point", {2: 20, 3: 40, 4: 60, 5: 80}, **rules)
    for measure, weight, full_at in (("aum", 60, 600_000), ("stability", 40, 100)):
        SchemeFactor.objects.using("batch").create(scheme=scheme, measure=measure, weight=weight, full_at=full_at)
    repeated_night(book, scheme)


def repeated_night(book: Book, scheme: TierScheme) -> None:
    """Simulate a draft that begins on the day that was published last, and judge this day once more by it."""
    one = simulated(book.bank.zhou, scheme)
    assert one.base is not None
    running = one.base
    assert by_tier(one, "old") == published(running, DAY)
    told = by_tier(one, "new")
    assert told != by_tier(one, "old")
    # The same data date once more, by the draft: released by hand, as the product only releases for days to come.
    TierScheme.objects.filter(pk=scheme.pk).update(is_released=True)
    assert book.night(DAY, rerun=True).state == "published"
    assert published(scheme, DAY) == told
    moved = {
        row.customer_id: (row.old_rank, row.new_rank)
        for row in SimulatedMover.objects.using("batch").filter(simulation=one)
    }
    now = dict(TierState.objects.using("batch").filter(scheme=scheme).values_list("customer_id", "rank"))
    assert {pk: new for pk, (_old, new) in moved.items()} == {pk: now[pk] for pk in moved}
    assert sum(move["customers"] for move in one.result["moves"] if move["old"] != move["new"]) == len(moved)


def test_approval_releases_it_and_the_first_night_brings_what_was_told(book: Book) -> None:
    bank = book.bank
    one = simulated(bank.zhou, draft("five", {2: 5_000, 3: 40_000}))
    with scoped(bank.zhou):
        scheme_drafts.submit(bank.zhou, one)
    with scoped(bank.lu):
        first = scheme_drafts.approve(bank.lu, one)
    assert first == DAY + timedelta(days=1)
    assert book.night(first).state == "published"
    assert published(TierScheme.objects.get(pk=one.scheme_id), first) == by_tier(one, "new")


def test_it_changes_nobody_and_waiting_files_change_nothing(book: Book) -> None:
    before = sorted(TierState.objects.using("batch").values_list("customer", "scheme", "rank", "since"))
    scheme = draft("five_point", {3: 100_000})
    told = by_tier(simulated(book.bank.zhou, scheme), "new")
    book.change(book.holdings[book.customers[9].pk][0], 1)
    book.set_status(book.customers[8], "closed")
    assert by_tier(simulated(book.bank.zhou, scheme), "new") == told
    assert sorted(TierState.objects.using("batch").values_list("customer", "scheme", "rank", "since")) == before
    assert not NightTier.objects.using("batch").exists()


def test_small_chunks_and_a_second_try_count_nobody_twice(book: Book, settings: Any) -> None:
    scheme = draft("five_point", {3: 100_000})
    told = by_tier(simulated(book.bank.zhou, scheme), "new")
    settings.NIGHT_CHUNK_CUSTOMERS = 2
    one = simulated(book.bank.zhou, scheme)
    assert by_tier(one, "new") == told
    assert sum(row.customers for row in SimulatedTier.objects.using("batch").filter(simulation=one)) == len(BALANCES)
    assert simulation.run(one.pk) == "over"


def test_a_night_in_between_spoils_it(book: Book) -> None:
    with scoped(book.bank.zhou):
        one = scheme_drafts.start(book.bank.zhou, draft("five_point", {3: 100_000}), "")
    book.night(DAY + timedelta(days=1))
    assert simulation.run(one.pk) == "failed"
    one.refresh_from_db()
    assert (one.fingerprint, "NightMoved" in one.decision) == ("", True)


def test_a_night_after_it_spoils_the_decision_too(book: Book) -> None:
    bank = book.bank
    one, other = (
        simulated(bank.zhou, draft("five_point", {3: 100_000})),
        simulated(bank.zhou, draft("five", {3: 40_000})),
    )
    with scoped(bank.zhou):
        scheme_drafts.submit(bank.zhou, one)
    book.night(DAY + timedelta(days=1))
    with scoped(bank.lu), pytest.raises(DraftRefused):
        scheme_drafts.approve(bank.lu, one)
    with scoped(bank.zhou), pytest.raises(DraftRefused):
        scheme_drafts.submit(bank.zhou, other)


def test_a_draft_that_changes_under_the_worker_yields_no_figures(book: Book) -> None:
    """Else they would be of one set of rules under the fingerprint of another."""
    scheme = draft("five_point", {3: 100_000})
    with scoped(book.bank.zhou):
        one = scheme_drafts.start(book.bank.zhou, scheme, "")
    scheme.tiers.filter(rank=3).update(lower=45_000)
    scheme.tiers.filter(rank=2).update(upper=45_000)
    assert simulation.run(one.pk) == "failed"
    one.refresh_from_db()
    assert (one.fingerprint, "DraftMoved" in one.decision) == ("", True)


def test_contacts_a_month_follow_the_cadence_of_the_tiers(book: Book) -> None:
    one = simulated(book.bank.zhou, draft("five_point", {4: 150_000}))
    monthly = {int(rank): Decimal(number) for rank, number in one.result["monthly"].items()}
    (manager,) = one.result["managers"]
    for side, name in (("old", "now"), ("new", "then")):
        asked = sum(
            (monthly.get(rank, Decimal(0)) * number for rank, (number, _m) in by_tier(one, side).items()), Decimal(0)
        )
        assert Decimal(manager[name]) == round(asked, 1)
    assert manager["name"] == book.bank.wang.name
    assert Decimal(manager["then"]) > Decimal(manager["now"])


def test_two_people_decide_and_only_about_what_they_saw(book: Book) -> None:
    bank, scheme = book.bank, draft("five_point", {3: 100_000})
    one = simulated(bank.zhou, scheme)
    for stranger in (bank.sun, bank.he, bank.wang, bank.wu):
        with scoped(stranger), pytest.raises(DraftRefused):
            scheme_drafts.submit(stranger, one)
    with scoped(bank.zhou):
        scheme_drafts.submit(bank.zhou, one)
        with pytest.raises(DraftRefused):
            scheme_drafts.approve(bank.zhou, one)
        with pytest.raises(DraftRefused):
            scheme_drafts.save(bank.zhou, scheme, {}, {})
    for stranger in (bank.sun, bank.he, bank.wu):
        with scoped(stranger), pytest.raises(DraftRefused):
            scheme_drafts.approve(stranger, one)
    with scoped(bank.lu), pytest.raises(DraftRefused):
        scheme_drafts.withdraw(bank.lu, one)
    with scoped(bank.lu):
        scheme_drafts.send_back(bank.lu, one, "too many calls")
    scheme.refresh_from_db()
    assert not scheme.is_released
    with scoped(bank.zhou), pytest.raises(DraftRefused):
        scheme_drafts.submit(bank.zhou, one)


def test_a_draft_that_was_changed_has_to_be_simulated_again(book: Book) -> None:
    bank, scheme = book.bank, draft("five_point", {3: 100_000})
    one = simulated(bank.zhou, scheme)
    with scoped(bank.zhou):
        scheme_drafts.submit(bank.zhou, one)
    scheme.tiers.filter(rank=3).update(lower=90_000)
    scheme.tiers.filter(rank=2).update(upper=90_000)
    with scoped(bank.lu), pytest.raises(DraftRefused):
        scheme_drafts.approve(bank.lu, one)
    with scoped(bank.zhou):
        scheme_drafts.withdraw(bank.zhou, one)
        scheme_drafts.save(
            bank.zhou, scheme, {"metric": "month_average"}, {1: 0, 2: 8_000, 3: 90_000, 4: 500_000, 5: 6_000_000}
        )
    scheme.refresh_from_db()
    assert [band.upper for band in scheme.tiers.order_by("rank")] == [8_000, 90_000, 500_000, 6_000_000, None]
    with scoped(bank.zhou), pytest.raises(schemes.BadBands):
        scheme_drafts.save(bank.zhou, scheme, {}, {1: 0, 2: 8_000, 3: 7_000, 4: 500_000, 5: 6_000_000})


def test_the_database_keeps_the_figures_and_the_second_person(book: Book) -> None:
    bank, one = book.bank, simulated(book.bank.zhou, draft("five_point", {3: 40_000}))
    with scoped(bank.zhou), pytest.raises(DatabaseError), transaction.atomic():
        SchemeSimulation.objects.filter(pk=one.pk).update(result={})
    with scoped(bank.zhou), pytest.raises(DatabaseError), transaction.atomic():
        SchemeSimulation.objects.filter(pk=one.pk).update(state="approved", proposed_by=bank.zhou, decided_by=bank.zhou)
    for user, number in ((bank.he, 1), (bank.zhou, 1), (bank.feng, 0), (bank.lu, 0)):
        with scoped(user):
            assert SimulatedTier.objects.filter(simulation=one).exists() == bool(number)
            assert SimulatedMover.objects.visible_to(user).filter(simulation=one).exists() == bool(number)
