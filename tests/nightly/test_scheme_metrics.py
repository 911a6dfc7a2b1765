"""Metrics beyond the balance, review days, branches and reach below an edge: the SQL against a plain judgement."""

import random
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

import pytest

from crm.organization.access import scoped
from customers.models import Customer, Holding, Metrics
from segments import schemes, scores
from segments.models import (
    NightMeasure,
    SchemeBranch,
    SchemeFactor,
    SchemeWeight,
    Tier,
    TierChange,
    TierScheme,
    TierState,
)
from segments.tiering import versions
from tests.nightly.night_world import FIRST, Book
from tests.nightly.test_tier_rules import history, state
from tests.world import Bank

FEN = Decimal("0.01")
WEIGHTS = {"demand": Decimal("0.5"), "time": Decimal(1), "wealth": Decimal("0.8")}


def make_scheme(code: str, metric: str, edges: list[int], **fields: object) -> TierScheme:
    """A scheme that is not released yet, its tiers named by rank."""
    values = {"promotion": "immediate", "effective_from": date(2000, 1, 1), "name_zh_hans": code, **fields}
    scheme = TierScheme.objects.using("batch").create(code=code, metric=metric, **values)
    for rank, lower in enumerate(edges, 1):
        upper = edges[rank] if rank < len(edges) else None
        Tier.objects.using("batch").create(
            scheme=scheme, rank=rank, code=f"t{rank}", name_zh_hans=f"{rank}", lower=lower, upper=upper
        )
    return scheme


def weigh(scheme: TierScheme, weights: dict[str, Decimal], each: dict[str, int] | None = None) -> None:
    for kind in {*weights, *(each or {})}:
        SchemeWeight.objects.using("batch").create(
            scheme=scheme, product_class=kind, per_yuan=weights.get(kind, 0), each=(each or {}).get(kind, 0)
        )


def factor(scheme: TierScheme, measure: str, weight: int, full_at: int, **more: int) -> None:
    SchemeFactor.objects.using("batch").create(
        scheme=scheme, measure=measure, weight=weight, full_at=full_at, **{"zero_at": 0, **more}
    )


def release(scheme: TierScheme) -> TierScheme:
    schemes.activate(TierScheme.objects.get(pk=scheme.pk))
    return scheme


def measured(scheme: TierScheme) -> dict[int, Decimal]:
    """What tonight measured in the scheme."""
    rows = NightMeasure.objects.using("batch").filter(scheme_id=scheme.pk)
    return dict(rows.values_list("customer_id", "value"))


def balance(book: Book, holding: Holding, day: date) -> Decimal:
    """At the end of a day, from what the book remembers; before the first night as on it."""
    known = [one for one in book.days if one <= max(day, min(book.days))]
    return book.days[max(known)].get(holding.pk, Decimal(0))


def last_month(day: date) -> list[date]:
    end = day.replace(day=1) - timedelta(days=1)
    return [end.replace(day=number) for number in range(1, end.day + 1)]


def weighted(book: Book, customer: Customer, day: date, *, average: bool) -> Decimal:
    """Weighted assets by adding up days; a customer held nothing before the first day."""
    days = last_month(day) if average else [day]
    total = Decimal(0)
    for holding in book.holdings[customer.pk]:
        held = [balance(book, holding, one) for one in days if one >= FIRST]
        total += WEIGHTS.get(holding.product.product_class, Decimal(0)) * sum(held) / len(days)
    return total.quantize(FEN, ROUND_DOWN)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weighted_assets_and_points_equal_the_sums_over_days_and_holdings(bank: Bank, seed: int) -> None:
    """Each night's values, for whoever was measured, are those of the book; nobody who changed is left out."""
    now = make_scheme("w_now", "weighted", [0, 30_000, 60_000])
    before = make_scheme("w_before", "weighted_last_month", [0, 30_000, 60_000], promotion="next_month")
    points = make_scheme("w_points", "points", [1, 40, 80])
    for scheme in (now, before):
        weigh(scheme, WEIGHTS)
        release(scheme)
    weigh(points, {"demand": Decimal("0.001"), "loan": Decimal("0.002")}, {"wealth": 7})
    release(points)
    chance = random.Random(seed)
    book = Book(bank)
    people = [book.open(f"W{number}", chance.randrange(0, 90_000)) for number in range(6)]
    day = FIRST
    for _step in range(9):
        touched = set(book.customers) if day == FIRST else set()
        for customer in chance.sample(people, 3):
            if chance.random() < 0.4:
                kind = chance.choice(["TIME1Y", "WEALTH", "LOAN", "DEMAND"])
                book.add(customer, chance.randrange(0, 50_000), product=kind)
            else:
                book.change(chance.choice(book.holdings[customer.pk]), chance.randrange(0, 90_000))
            touched.add(customer)
        book.night(day)
        values, averages, stars = measured(now), measured(before), measured(points)
        assert {one.pk for one in touched} <= set(values)
        by_pk = {one.pk: one for one in people}
        for pk, value in values.items():
            assert value == weighted(book, by_pk[pk], day, average=False)
        for pk, value in averages.items():
            assert value == weighted(book, by_pk[pk], day, average=True), (day, pk)
        for pk, value in stars.items():
            held = [(one.product.product_class, balance(book, one, day)) for one in book.holdings[pk]]
            sums = {"demand": Decimal("0.001"), "loan": Decimal("0.002")}
            told = sum((sums.get(kind, 0) * amount + 7 * (kind == "wealth") for kind, amount in held), Decimal(0))
            assert value == told.quantize(FEN, ROUND_DOWN)
        for one in people:
            edge = weighted(book, one, day, average=False)
            assert state(one, "w_now").rank == 1 + (edge >= 30_000) + (edge >= 60_000)
        day += timedelta(days=chance.choice([1, 1, 6, 19]))


def test_money_that_only_changes_its_product_moves_a_weighted_scheme(bank: Bank) -> None:
    """The sum of assets stays, and so do deposits: only the weights tell the holdings apart."""
    scheme = make_scheme("w", "weighted", [0, 60_000])
    weigh(scheme, {"demand": Decimal("0.5"), "time": Decimal(1)})
    release(scheme)
    book = Book(bank)
    customer = book.open("C1", 80_000)
    time = book.add(customer, 0, product="TIME1Y")
    book.night(FIRST)
    assert state(customer, "w").rank == 1
    book.change(book.holdings[customer.pk][0], 0)
    book.change(time, 80_000)
    book.night(FIRST + timedelta(days=1))
    assert (state(customer, "w").rank, state(customer, "five_point").rank) == (2, 3)


def test_a_products_own_weight_comes_before_that_of_its_class(bank: Bank) -> None:
    scheme = make_scheme("w", "weighted", [0, 10])
    weigh(scheme, {"demand": Decimal(1)})
    SchemeWeight.objects.using("batch").create(scheme=scheme, product=bank.products["DEMAND"], per_yuan=Decimal("0.1"))
    release(scheme)
    book = Book(bank)
    customer = book.open("C1", 1_000)
    book.night(FIRST)
    assert measured(scheme) == {customer.pk: Decimal(100)}


def test_who_has_no_points_is_not_rated_and_stars_move_on_review_days_alone(bank: Bank) -> None:
    """icbc_points: unrated at nil, six classes, reviewed on 30 June and 31 December."""
    stars = TierScheme.objects.get(code="icbc_points")
    TierScheme.objects.filter(pk=stars.pk).update(effective_from=date(2026, 1, 1))
    with pytest.raises(schemes.BadVersion):
        release(stars)  # it has ended in 2021, as shipped
    TierScheme.objects.filter(pk=stars.pk).update(effective_to=None)
    release(stars)
    book = Book(bank)
    none, some = book.open("C0", 0), book.open("C1", 600_000)
    book.night(date(2026, 3, 1))
    assert not TierState.objects.using("batch").filter(customer=none, scheme=stars).exists()
    assert state(some, "icbc_points").rank == 3  # 600 points: four stars
    book.change(book.holdings[some.pk][0], 3_000_000)
    book.change(book.holdings[none.pk][0], 60_000)
    book.night(date(2026, 3, 2))
    assert state(some, "icbc_points").rank == 3
    assert state(none, "icbc_points").rank == 2  # the first rating does not wait
    book.change(book.holdings[none.pk][0], 0)
    book.night(date(2026, 6, 29))
    assert (state(some, "icbc_points").rank, state(none, "icbc_points").rank) == (3, 2)
    book.night(date(2026, 7, 1))  # there was no night on the review day itself
    assert state(some, "icbc_points").rank == 4
    moves = [(None, 2, "promoted"), (2, None, "downgraded")]
    assert history(none, "icbc_points") == moves


def test_a_branch_where_a_scheme_ends_later_or_begins_later(bank: Bank) -> None:
    scheme = make_scheme("local", "point", [0, 10_000], effective_to=date(2026, 3, 10))
    SchemeBranch.objects.using("batch").create(scheme=scheme, branch=bank.region, effective_to=date(2026, 3, 12))
    SchemeBranch.objects.using("batch").create(scheme=scheme, branch=bank.north, effective_from=date(2026, 3, 11))
    release(scheme)
    book = Book(bank)
    people = {}
    for place in (bank.south, bank.north, bank.far):
        customer = bank.customer(f"P{place.code}", branch=place)
        book.add(customer, 20_000)
        book.set_status(customer, "active")
        people[place.code] = customer

    def rated() -> set[str]:
        held = TierState.objects.using("batch").filter(scheme=scheme).values_list("customer_id", flat=True)
        return {code for code, customer in people.items() if customer.pk in set(held)}

    seen = {}
    for number in (9, 10, 11, 12, 13):
        assert book.night(date(2026, 3, number)).state == "published"
        seen[number] = rated()
    assert seen[9] == seen[10] == {"111", "211"}
    assert seen[11] == {"111"}  # far has ended; north, of which nothing is said at the end, never began before it
    assert seen[12] == {"111"}
    assert not TierScheme.objects.get(pk=scheme.pk).is_active
    left = TierChange.objects.using("batch").get(customer=people["211"], scheme=scheme, as_of=date(2026, 3, 11))
    assert (left.new_rank, left.cause) == (None, "scheme_changed")


def test_a_tier_is_kept_within_reach_of_its_edge(bank: Bank) -> None:
    release(make_scheme("kept", "point", [0, 10_000, 50_000], keep_percent=10))
    book = Book(bank)
    customer = book.open("C1", 50_000)
    holding = book.holdings[customer.pk][0]
    seen = []
    for number, amount in enumerate(["50000", "45000", "44999.99", "49999.99", "50000", "8000"], 1):
        book.change(holding, Decimal(amount))
        book.night(date(2026, 3, number))
        seen.append(state(customer, "kept").rank)
    assert seen == [3, 3, 2, 2, 3, 1]


def test_ccb_watches_after_three_months_and_falls_to_the_highest_of_six(bank: Bank) -> None:
    rule = TierScheme.objects.get(code="ccb_ocrm")
    with pytest.raises(schemes.BadBands):
        schemes.activate(rule)  # the thresholds are for the bank to enter
    for tier, lower, upper in zip(rule.tiers.order_by("rank"), (0, 1, 3, 6), (1, 3, 6, None), strict=True):
        Tier.objects.filter(pk=tier.pk).update(lower=lower * 10_000, upper=upper and upper * 10_000)
    release(rule)
    book = Book(bank)
    customer = book.open("C1", 100_000)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    assert state(customer, "ccb_ocrm").rank == 4
    holding = book.holdings[customer.pk][0]
    seen = []
    for month, amount in zip(range(3, 10), (5_000, 35_000, 5_000, 5_000, 5_000, 5_000, 5_000), strict=True):
        book.change(holding, amount)
        book.night(date(2026, month, 2))
        book.night(date(2026, month + 1, 1))
        now = state(customer, "ccb_ocrm")
        seen.append((now.rank, now.months_below, now.is_watched))
    assert seen[:3] == [(4, 1, False), (4, 2, False), (4, 3, True)]
    assert seen[5][0] == 3  # 35,000 in April was the best of the six


FACTORS = {
    "deposit": (40, 0, 100_000), "term_days": (20, 0, 400), "spending": (10, 0, 20_000), "classes": (10, 1, 3),
    "movements": (10, 0, 4), "overdue_days": (10, 90, 0),
}  # fmt: skip


Move = tuple[date, Holding, Decimal, Decimal]


def span(holding: Holding) -> int:
    return (holding.maturity_date - holding.start_date).days if holding.maturity_date and holding.start_date else 0


def plain_score(book: Book, customer: Customer, day: date, moves: list[Move]) -> Decimal:
    """The score as docs/tiering.md says it."""
    held = [(one, balance(book, one, day)) for one in book.holdings[customer.pk]]
    deposits = [(one, amount) for one, amount in held if one.product.product_class in ("demand", "time")]
    total = sum((amount for _one, amount in deposits), Decimal(0))
    terms = sum((amount * span(one) for one, amount in deposits), Decimal(0))
    recent = [one for one in moves if day - timedelta(days=90) < one[0] <= day and one[1].customer_id == customer.pk]
    spent = [old - new for _day, one, old, new in recent if one.product.product_class == "demand" and old > new]
    late = [(day - one.maturity_date).days for one, amount in held
            if one.product.product_class == "loan" and amount and one.maturity_date]  # fmt: skip
    measures = {
        "deposit": total, "term_days": terms / total if total else Decimal(0), "spending": sum(spent, Decimal(0)),
        "classes": Decimal(len({one.product.product_class for one, _ in held})), "movements": Decimal(len(recent)),
        "overdue_days": Decimal(max([0, *late])),
    }  # fmt: skip
    if measures["overdue_days"] >= 90:
        return Decimal(0)
    points = Decimal(0)
    for name, (weight, zero, full) in FACTORS.items():
        reached = weight * (measures[name].quantize(FEN, ROUND_DOWN) - zero) / (full - zero)
        points += min(Decimal(weight), max(Decimal(0), reached)).quantize(FEN, ROUND_DOWN)
    return max(Decimal(1), points)


def told_score(bank: Bank, scheme: TierScheme, customer: Customer, day: date) -> Decimal:
    """What the customer page explains."""
    with scoped(bank.zhou):
        metrics = Metrics.objects.get(pk=customer.pk)
        factors = SchemeFactor.objects.filter(scheme=scheme)
        return scores.total(scores.parts_of(bank.zhou, customer, metrics, factors, day))


@pytest.mark.parametrize("seed", [4, 5])
def test_scores_equal_the_plain_sum_of_their_factors(bank: Bank, seed: int) -> None:
    scheme = make_scheme("s", "score", [0, 1, 40, 70], promotion="next_month", applies_to="person")
    for name, (weight, zero, full) in FACTORS.items():
        factor(scheme, name, weight, full, zero_at=zero, **({"forbids_from": 90} if name == "overdue_days" else {}))
    release(scheme)
    chance = random.Random(seed)
    book = Book(bank)
    people = [book.open(f"S{number}", chance.randrange(0, 60_000)) for number in range(7)]
    moves: list[Move] = []
    for customer in people[:3]:
        book.add(customer, 30_000, product="TIME1Y", start_date=FIRST, maturity_date=FIRST + timedelta(days=300))
    book.add(people[6], 9_000, product="LOAN", maturity_date=date(2026, 1, 1))
    book.night(FIRST)
    day = FIRST
    for _step in range(8):
        before, day = day, day + timedelta(days=chance.choice([3, 9, 13, 25]))
        for customer in chance.sample(people, 3):
            holding = chance.choice(book.holdings[customer.pk])
            old, new = book.today[holding.pk], Decimal(chance.randrange(0, 90_000))
            if old != new:
                book.change(holding, new)
                moves.append((day, holding, old, new))
        book.night(day)
        found = measured(scheme)
        for customer in people:
            if customer.pk in found:
                assert found[customer.pk] == plain_score(book, customer, day, moves), (day, customer.customer_no)
                assert found[customer.pk] == told_score(bank, scheme, customer, day)
        if day.replace(day=1) != before.replace(day=1):
            assert len(found) == len(people)
    assert state(people[6], "s").rank == 1  # overdue since January, and forbidden from April on


def test_the_place_in_a_branch_is_taken_once_a_year_and_never_more_than_a_fifth_are_high(bank: Bank) -> None:
    scheme = make_scheme("place", "percentile", [0, 50, 80], promotion="review", review_days="06-30")
    factor(scheme, "deposit", 100, 1_000_000)
    release(scheme)
    book = Book(bank)
    people = [book.open(f"P{number:02}", 10_000 * (number + 1)) for number in range(10)]
    north = bank.customer("N1", branch=bank.north)
    book.add(north, 1)
    book.set_status(north, "active")
    book.night(FIRST)
    ranks = [state(one, "place").rank for one in people]
    assert sorted(ranks) == [1] * 5 + [2] * 3 + [3] * 2
    assert state(north, "place").rank == 1  # alone in the branch, nobody stands below
    book.change(book.holdings[people[0].pk][0], 900_000)
    late = book.open("P99", 500_000)
    book.night(FIRST + timedelta(days=1))
    assert state(people[0], "place").rank == ranks[0]
    assert not TierState.objects.using("batch").filter(scheme=scheme, customer=late).exists()
    book.night(date(2026, 7, 2))
    assert [state(one, "place").rank for one in (people[0], late)] == [3, 3]
    before = {one.pk: one.rank for one in TierState.objects.using("batch").filter(scheme=scheme)}
    book.night(date(2026, 7, 2), rerun=True)
    assert {one.pk: one.rank for one in TierState.objects.using("batch").filter(scheme=scheme)} == before


def test_a_release_says_what_a_scheme_lacks(bank: Bank) -> None:
    without = make_scheme("a", "weighted", [0, 1])
    hasty = make_scheme("b", "score", [0, 1])
    factor(hasty, "aum", 100, 10)
    light = make_scheme("c", "score", [0, 1], promotion="next_month")
    factor(light, "aum", 99, 10)
    dayless = make_scheme("d", "point", [0, 1], promotion="review")
    odd = make_scheme("e", "point", [0, 1], promotion="review", review_days="02-30")
    for one in (without, hasty, light, dayless, odd):
        with pytest.raises(schemes.BadRules):
            release(one)
    with pytest.raises(schemes.BadBands):
        release(TierScheme.objects.get(code="icbc_2021"))
    assert not versions.in_force(date(2026, 3, 1)) or {"five", "five_point"} == {
        one.code for one in versions.in_force(date(2026, 3, 1))
    }


def test_a_new_version_takes_weights_factors_and_branches_along(bank: Bank) -> None:
    scheme = make_scheme("v", "weighted", [0, 1])
    weigh(scheme, {"demand": Decimal(1)})
    factor(scheme, "aum", 100, 10)
    SchemeBranch.objects.using("batch").create(scheme=scheme, branch=bank.far, effective_to=date(2030, 1, 1))
    copy = schemes.new_version(TierScheme.objects.get(pk=scheme.pk), date(2026, 3, 1))
    assert (copy.weights.count(), copy.factors.count(), copy.branches.count(), copy.tiers.count()) == (1, 1, 1, 2)
    assert scheme.weights.count() == 1
