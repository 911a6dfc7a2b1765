"""The drawing of the curve: what is in the window, which amounts stand at its side, and labels that do not collide."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.workbench import curve
from crm.workbench.timeline import Event
from segments.models import Tier

FIRST = date(2025, 3, 10)
TIERS = [
    Tier(rank=rank, name_zh_hans=name, lower=Decimal(lower), upper=Decimal(upper) if upper else None)
    for rank, name, lower, upper in (
        (1, "潜力", 0, 10_000),
        (2, "有效", 10_000, 50_000),
        (3, "中端", 50_000, 500_000),
        (4, "高端", 500_000, 6_000_000),
        (5, "私行", 6_000_000, None),
    )
]
amounts = st.decimals(min_value=0, max_value=10**9, places=2)


@given(lowest=amounts, more=amounts)
def test_the_curve_lies_in_its_window_with_round_amounts_beside_it(lowest: Decimal, more: Decimal) -> None:
    floor, ceiling = curve.window(lowest, lowest + more, TIERS)
    assert 0 <= floor <= lowest
    assert lowest + more <= ceiling
    assert floor < ceiling
    beside = curve.ticks(floor, ceiling)
    assert 1 <= len(beside) <= curve.TICKS
    assert all(floor < amount <= ceiling for amount in beside)
    steps = {right - left for left, right in pairwise(beside)}
    assert len(steps) <= 1
    assert all(step.normalize().as_tuple().digits in ((1,), (2,), (5,)) for step in steps)


@pytest.mark.parametrize(("highest", "is_drawn"), [(467_600, True), (333_334, True), (333_333, False)])
def test_the_edge_above_is_drawn_when_it_is_near(highest: int, is_drawn: bool) -> None:
    _floor, ceiling = curve.window(Decimal(300_000), Decimal(highest), TIERS)
    assert (ceiling > 500_000) == is_drawn


def test_bands_that_lie_outside_are_not_drawn() -> None:
    floor, ceiling = curve.window(Decimal(400_000), Decimal(467_600), TIERS)
    ranks = [band.rank for band in curve.bands(TIERS, floor, ceiling, lambda amount: float(ceiling - amount))]
    assert ranks == [3, 4]


def test_an_empty_book_has_a_drawing_too() -> None:
    assert curve.window(Decimal(0), Decimal(0), TIERS) == (Decimal(0), Decimal(1))


def money(number: int, day: date, net: int) -> Event:
    return Event("money", datetime.combine(day, time(8), UTC), number, "", {"amount": str(Decimal(net))})


def drawn(events: list[Event]) -> list[curve.Mark]:
    levels = [(FIRST, Decimal(100_000))]
    return curve.marks(
        events, levels, {4: "高端", 3: "中端"}, lambda day: curve.LEFT + (day - FIRST).days, lambda _: 50.0
    )


@given(st.lists(st.tuples(st.integers(0, 440), st.integers(-(10**9), 10**9)), max_size=12))
def test_labels_of_movements_never_cover_each_other(moves: list[tuple[int, int]]) -> None:
    marks = drawn([money(number, FIRST + timedelta(day), net) for number, (day, net) in enumerate(moves)])
    assert len(marks) == len(moves)
    labelled = [mark for mark in marks if mark.label]
    assert len(labelled) <= curve.MOST_LABELS
    rows: dict[float, list[tuple[float, float]]] = {}
    for mark in labelled:
        width = len(mark.label) * curve.LETTER
        begin = mark.label_x - width if mark.anchor == "end" else mark.label_x
        rows.setdefault(mark.label_y, []).append((begin, begin + width))
    for row in rows.values():
        assert all(left[1] <= right[0] for left, right in pairwise(sorted(row)))
    if moves:
        assert labelled


def test_the_largest_movements_have_labels_and_every_one_its_words() -> None:
    events = [money(number, FIRST + timedelta(70 * number), 1000 * (number + 1)) for number in range(6)]
    marks = drawn(events)
    assert [bool(mark.label) for mark in marks] == [False, False, True, True, True, True]
    assert all("000.00" in mark.words for mark in marks)


def test_of_two_moves_too_near_each_other_the_later_one_is_named() -> None:
    tiers = [
        Event("tier", datetime.combine(FIRST + timedelta(day), time(8), UTC), day, "",
              {"old": 1, "new": new, "amount": "1", "cause": "promoted"})
        for day, new in ((10, 3), (20, 4), (90, 3))
    ]  # fmt: skip
    assert [mark.label for mark in drawn(tiers)] == ["", "高端", "中端"]


def test_contacts_stand_at_the_foot() -> None:
    said = Event("contact", datetime.combine(FIRST, time(2), UTC), 1, "", {"channel": "phone", "outcome": "sold"})
    (mark,) = drawn([said])
    assert (mark.name, mark.label) == ("contact", "")
    assert mark.y > curve.HEIGHT - curve.BOTTOM - 10
