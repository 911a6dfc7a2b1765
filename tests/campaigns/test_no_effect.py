"""A/A: of a thousand campaigns that do nothing at all, parted by the draw of the launch, hardly one shows an effect;
and one that does something shows it."""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

import pytest

from campaigns import launching
from campaigns.uplift import Cell, Sums, Uplift, uplift
from crm import db

CUSTOMERS, OWNERS, CAMPAIGNS, CONTROL_PCT = 3_230, 6, 1_000, 10
BANDS = (20_000, 30_000, 40_000)


@dataclass(frozen=True)
class Person:
    """What a made-up customer does without any campaign; money in fen."""

    number: int
    base: int
    owner: int
    has_reached: bool
    change: int

    @property
    def stratum(self) -> tuple[int, int]:
        return sum(self.base >= bound for bound in BANDS), self.owner


def lot(*of: object) -> float:
    """A chance between 0 and 1 that is always the same."""
    return int(hashlib.md5(repr(of).encode(), usedforsecurity=False).hexdigest()[:13], 16) / 16**13


def person(number: int) -> Person:
    """6 to 40 of a hundred reach the goal, the nearer the likelier; half bring nothing, a few of them very much."""
    near = lot("near", number)
    wave = math.sqrt(-2 * math.log(lot("size", number) + 1e-12)) * math.cos(2 * math.pi * lot("turn", number))
    money = 0 if lot("any", number) < 0.5 else round(300_000 * math.exp(1.1 * wave)) - 250_000
    return Person(
        number, 10_000 + int(40_000 * near), number % OWNERS, lot("goal", number) < 0.06 + 0.34 * near**3, money
    )


BANK = sorted(map(person, range(1, CUSTOMERS + 1)), key=lambda one: one.stratum)
STRATA = {stratum: list(inside) for stratum, inside in groupby(BANK, key=lambda one: one.stratum)}
NUMBERS = {stratum: [str(one.number).encode() for one in inside] for stratum, inside in STRATA.items()}


def controls(campaign: int) -> dict[tuple[int, int], list[Person]]:
    """The control group by stratum: the lot of campaigns/launching/audience.sql in Python, where a thousand draws take
    seconds."""
    before, wanted = hashlib.sha256(f"{campaign}:".encode()), CUSTOMERS * CONTROL_PCT // 100
    place = sixty_bits(before.digest()) % CUSTOMERS
    found: dict[tuple[int, int], list[Person]] = {}
    for stratum, numbers in NUMBERS.items():
        lots = []
        for index, number in enumerate(numbers):
            one = before.copy()
            one.update(number)
            lots.append((sixty_bits(one.digest()), index))
        lots.sort()
        # Where the count of those wanted goes up by one.
        found[stratum] = [
            STRATA[stratum][index]
            for at, (_lot, index) in enumerate(lots, place)
            if (at + 1) * wanted // CUSTOMERS > at * wanted // CUSTOMERS
        ]
        place += len(numbers)
    return found


def sixty_bits(digest: bytes) -> int:
    return int.from_bytes(digest[:8]) >> 4


def sums_of(people: Iterable[Person], lift: float = 0, gain: int = 0) -> list[int]:
    """Members, qualified, Σ change, Σ change² of these people, after a campaign that gives each so much."""
    sums = [0, 0, 0, 0]
    for one in people:
        change = one.change + gain
        sums[0] += 1
        sums[1] += one.has_reached or (lift > 0 and lot("lift", one.number) < lift)
        sums[2] += change
        sums[3] += change * change
    return sums


ALL = {stratum: sums_of(people) for stratum, people in STRATA.items()}


def compared(campaign: int, lift: float = 0, gain: int = 0) -> Uplift:
    """What comes of comparing the groups, after the campaign has given the treated so much."""
    cells = []
    for stratum, people in controls(campaign).items():
        control = sums_of(people)
        treated = [whole - part for whole, part in zip(ALL[stratum], control, strict=True)]
        if lift or gain:
            chosen = set(people)
            treated = sums_of((one for one in STRATA[stratum] if one not in chosen), lift, gain)
        cells.append(cell_of(str(stratum), treated, control))
    return uplift(cells)


def cell_of(name: str, treated: list[int], control: list[int]) -> Cell:
    arms = [Sums(one[0], Decimal(one[2]) / 100, Decimal(one[3]) / 10_000) for one in (treated, control)]
    return Cell(name, arms[0], arms[1], treated[1], control[1])


@pytest.mark.timeout(120)
def test_a_thousand_campaigns_without_effect_show_none() -> None:
    found = [compared(number) for number in range(1, CAMPAIGNS + 1)]
    assert {one.all.control.members for one in found} == {323}
    shares, money = [one.share for one in found if one.share], [one.money for one in found if one.money]
    assert len(shares) == len(money) == CAMPAIGNS
    quiet = sum(one.includes_zero for one in shares), sum(one.includes_zero for one in money)
    print(f"no effect in customers, in money: {quiet} of {CAMPAIGNS}")
    assert min(quiet) >= 930
    # Nor is the comparison deaf: the intervals are no wider than they say, and neither group is favoured.
    assert max(quiet) <= 970
    for differences in (shares, money):
        assert 430 <= sum(one.value > 0 for one in differences) <= 570


def test_an_effect_is_seen() -> None:
    found = [compared(number, lift=0.12, gain=200_000) for number in range(1, 41)]
    shares, money = [one.share for one in found if one.share], [one.money for one in found if one.money]
    assert sum(one.low > 0 for one in shares) >= 38
    assert sum(one.low > 0 for one in money) >= 38
    assert 1_800 < sum((one.value for one in money), Decimal(0)) / 40 < 2_200


MADE_UP = """
WITH reasoned AS (
    SELECT number AS customer_id, 1 AS branch_id, 2 AS tier, owner AS owner_id, base::numeric AS base,
           base::numeric AS base_average, base::numeric AS base_aum, base::numeric AS aum, NULL::bigint AS rival,
           NULL::text AS reason
    FROM unnest(%(numbers)s::bigint[], %(bases)s::bigint[], %(owners)s::bigint[]) AS b(number, base, owner)
), placed AS (
"""


@pytest.mark.parametrize("campaign", [1, 17, 20_261_126])
def test_the_launch_draws_the_same(database: None, campaign: int) -> None:
    """The text of the launch, from the draw on, over the made-up customers."""
    _candidates, placed, draw = db.sql_text(launching.PACKAGE, "audience").partition("), placed AS (\n")
    assert placed
    values = {
        "numbers": [one.number for one in BANK], "bases": [one.base for one in BANK],
        "owners": [one.owner for one in BANK], "campaign": campaign, "bands": list(BANDS), "by_tier": True,
        "by_band": True, "by_owner": True, "control_pct": CONTROL_PCT, "least_control": 200,
    }  # fmt: skip
    rows = db.fetch_all(MADE_UP + draw, values)
    launched = {row["customer_id"] for row in rows if row["arm"] == "control"}
    assert len(rows) == CUSTOMERS
    assert launched == {one.number for people in controls(campaign).values() for one in people}
