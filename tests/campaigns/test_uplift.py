"""The statistics of a campaign: figures worked out by hand, the edges of each verdict, and properties of the sums."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaigns.uplift import (
    Cell,
    Difference,
    Look,
    Sums,
    Verdict,
    comparable,
    difference,
    total,
    uplift,
    verdict,
)

INTERIM, LAST = Look(date(2026, 7, 31), is_last=False), Look(date(2026, 9, 30), is_last=True)


def sums(values: Sequence[int | Decimal]) -> Sums:
    amounts = [Decimal(value) for value in values]
    return Sums(len(amounts), sum(amounts, Decimal(0)), sum((one * one for one in amounts), Decimal(0)))


def cell(treated: tuple[int, int], control: tuple[int, int], name: str = "") -> Cell:
    """(qualified, members) of each arm, without money."""
    return Cell(name, Sums(treated[1]), Sums(control[1]), treated[0], control[0])


def rounded(value: Decimal, places: str = "0.1") -> Decimal:
    return value.quantize(Decimal(places))


def test_share_of_one_stratum_is_the_textbook_interval() -> None:
    found = uplift([cell((434, 2911), (20, 323))])
    share, net = found.share, found.net_customers
    assert share is not None and net is not None and found.anyway is not None
    assert rounded(share.value * 100) == Decimal("8.7")
    assert (rounded(share.low * 100), rounded(share.high * 100)) == (Decimal("5.8"), Decimal("11.7"))
    assert rounded(net.value, "1") == 254
    assert [rounded(net.low, "1"), rounded(net.high, "1")] == [Decimal(168), Decimal(339)]
    assert rounded(found.anyway, "1") == 180
    cost = found.cost_per_net_customer(Decimal("91400"))
    assert cost is not None and rounded(cost, "1") == 360
    flattering = found.cost_per_qualified(Decimal("91400"))
    assert flattering is not None and rounded(flattering, "1") == 211


def test_money_of_one_stratum_is_welch() -> None:
    treated, control = [100, 250, -50, 400, 300], [10, 20, -30]
    found = difference([(sums(treated), sums(control))])
    error = (variance(treated) / 5 + variance(control) / 3) ** 0.5
    assert found.value == Decimal(200)
    assert float(found.error) == pytest.approx(error, rel=1e-12)
    assert float(found.high) == pytest.approx(200 + 1.96 * error, rel=1e-12)


def test_strata_weigh_by_their_share_of_the_treated() -> None:
    # Within each stratum the arms do the same; their mixture differs, which a plain comparison takes for an effect.
    rich, poor = cell((50, 100), (450, 900), "rich"), cell((90, 900), (10, 100), "poor")
    plain, fair = uplift([total([rich, poor])]).share, uplift([rich, poor]).share
    assert plain is not None and fair is not None
    assert plain.value == Decimal("-0.32") and not plain.includes_zero
    assert fair.value == 0 and fair.includes_zero
    # A tenth of the treated with an effect of 0.3, the rest with none.
    lifted = uplift([replace(rich, treated_qualified=80), poor]).share
    assert lifted is not None and rounded(lifted.value, "0.0001") == Decimal("0.03")


def test_nobody_is_left_out_of_thin_strata() -> None:
    thick, thicker = cell((5, 40), (1, 10), "thick"), cell((5, 40), (3, 30), "thicker")
    none, one, two = cell((1, 9), (0, 0), "a"), cell((0, 8), (1, 1), "b"), cell((1, 7), (1, 1), "c")
    assert comparable([thick, none, one, two]) == [thick, total([none, one, two])]
    # What is still too thin joins the smallest.
    kept, joined = comparable([thicker, thick, none, one])
    assert (kept, joined) == (thicker, replace(total([thick, none, one]), stratum="thick"))
    assert comparable([one]) == [] and comparable([]) == []
    for cells in ([thick, none, one, two], [thicker, thick, none, one]):
        assert total(comparable(cells)).treated.members == total(cells).treated.members
        assert total(comparable(cells)).control.members == total(cells).control.members


def test_nothing_to_compare() -> None:
    for cells in ([], [cell((3, 10), (0, 0))], [cell((3, 10), (1, 1))]):
        found = uplift(cells)
        assert (found.share, found.money, found.net_customers, found.net_aum, found.anyway) == (None,) * 5
        assert found.cost_per_net_customer(Decimal(100)) is None
        assert verdict(found, LAST) == Verdict.NO_CONTROL
    assert uplift([]).cost_per_qualified(Decimal(100)) is None


@pytest.mark.parametrize(
    ("treated", "control", "look", "said"),
    [
        ((434, 2911), (20, 323), None, Verdict.TOO_EARLY),
        ((434, 2911), (20, 323), INTERIM, Verdict.CAN_TELL),
        ((434, 2911), (20, 323), LAST, Verdict.FINAL),
        ((200, 1800), (12, 199), LAST, Verdict.TOO_FEW),  # DOMAIN §4: at least 200 in the control arm
        ((270, 1800), (12, 200), LAST, Verdict.FINAL),
        ((434, 2911), (4, 323), LAST, Verdict.TOO_FEW),
        ((434, 2911), (5, 323), LAST, Verdict.FINAL),
        ((2907, 2911), (300, 323), LAST, Verdict.TOO_FEW),
        ((300, 2911), (27, 323), LAST, Verdict.CANNOT_TELL),
        # 2.6 standard errors: told at the end, not before it.
        ((290, 2911), (19, 323), INTERIM, Verdict.TOO_EARLY),
        ((290, 2911), (19, 323), LAST, Verdict.FINAL),
        # What does harm is told as well.
        ((200, 2911), (50, 323), LAST, Verdict.FINAL),
    ],
)  # fmt: skip
def test_verdicts(treated: tuple[int, int], control: tuple[int, int], look: Look | None, said: Verdict) -> None:
    assert verdict(uplift([cell(treated, control)]), look) == said


def test_interval_that_touches_zero_includes_it() -> None:
    assert Difference(Decimal("1.96"), Decimal(1)).includes_zero
    assert not Difference(Decimal("1.97"), Decimal(1)).includes_zero
    assert Difference(Decimal("-1.96"), Decimal(1)).includes_zero


def test_cost_is_told_only_of_an_effect() -> None:
    assert uplift([cell((300, 2911), (27, 323))]).cost_per_net_customer(Decimal(1000)) is None
    assert uplift([cell((200, 2911), (50, 323))]).cost_per_net_customer(Decimal(1000)) is None


AMOUNTS = some.lists(some.decimals(-(10**9), 10**9, places=2), min_size=2, max_size=30)


@given(AMOUNTS, AMOUNTS)
def test_sums_of_parts_are_the_sums_of_all(one: list[Decimal], other: list[Decimal]) -> None:
    together = sums(one) + sums(other)
    assert (together.members, together.total) == (len(one) + len(other), sum(one + other, Decimal(0)))
    spread = variance([float(value) for value in one + other]) / len(one + other)
    assert float(together.squared_error) == pytest.approx(spread, rel=1e-6, abs=1e-3)
    assert float(together.mean) == pytest.approx(fmean(float(value) for value in one + other), rel=1e-6, abs=1e-3)


@given(AMOUNTS, AMOUNTS)
def test_arms_change_places(treated: list[Decimal], control: list[Decimal]) -> None:
    there, back = (difference([pair]) for pair in ((sums(treated), sums(control)), (sums(control), sums(treated))))
    assert (there.value, there.error) == (back.value.copy_negate(), back.error)
    assert there.includes_zero == back.includes_zero
