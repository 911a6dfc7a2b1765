"""Three month ends of a bank's real deposits: every figure to the customer and to the fen.

The expected figures were computed with exact decimals from the same files by other means; no row of them is here.
"""

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crm.organization.models import User
from tests.real_data import bank, below_fifty_thousand

pytestmark = pytest.mark.timeout(900)

JULY, AUGUST, SEPTEMBER = "2019-07-31", "2019-08-31", "2019-09-30"
MEMBERS = {JULY: "cunkuan_m7.csv", AUGUST: "cunkuan_m8.csv", SEPTEMBER: "cunkuan_m9.csv"}
# customers, sum, products, customers with nothing, customers by tier, customers exactly on a tier's lower bound.
TOTALS = {
    JULY: (181_220, "29473511971.02", 295_936, 16_518, [138_694, 9_481, 23_617, 9_018, 410], [128, 200, 195, 4]),
    AUGUST: (190_278, "31785338006.95", 312_029, 18_395, [146_655, 9_261, 24_357, 9_589, 416], [176, 291, 227, 2]),
    SEPTEMBER: (200_711, "34124681235.73", 327_859, 16_905, [155_320, 9_534, 25_142, 10_238, 477], [72, 110, 224, 2]),
}
MOVES = {
    (JULY, AUGUST): {"up": 3_235, "down": 3_462, "same": 174_519, "new": 9_062, "gone": 4},
    (AUGUST, SEPTEMBER): {"up": 3_524, "down": 3_561, "same": 183_187, "new": 10_439, "gone": 6},
}
# Rows August, columns September, in the order of the ranks; the last of both is "not a customer".
MATRIX = [
    [144_233, 1_499, 711, 178, 28, 6],
    [1_590, 7_121, 515, 31, 4, 0],
    [934, 463, 22_424, 530, 6, 0],
    [228, 34, 266, 9_039, 22, 0],
    [24, 1, 3, 18, 370, 0],
    [8_311, 416, 1_223, 442, 47, 0],
]
CANDIDATES = [
    ("8000.00", 1_230, "10949964.18"),
    ("40000.00", 1_077, "46248061.74"),
    ("400000.00", 2_576, "1124439633.97"),
    ("4800000.00", 106, "551558127.88"),
]


def totals(as_of: str) -> tuple[Any, ...]:
    facts = bank.report("tiers", as_of)
    tiers = facts["tiers"]
    assert sum((Decimal(tier["aum"]) for tier in tiers), Decimal(0)) == Decimal(facts["aum"])
    assert tiers[0]["exactly_at_lower"] == facts["without_balance"]  # the lowest tier begins at nothing
    return (
        facts["customers"], facts["aum"], facts["products"], facts["without_balance"],
        [tier["customers"] for tier in tiers], [tier["exactly_at_lower"] for tier in tiers[1:]],
    )  # fmt: skip


def square(as_of: str, since: str) -> list[list[int]]:
    facts = bank.report("matrix", as_of, "--since", since)
    cells = {(cell["old_rank"], cell["new_rank"]): cell["customers"] for cell in facts["cells"]}
    return [[cells.pop((old, new), 0) for new in facts["ranks"]] for old in facts["ranks"]]


def page_of_moves(client: Client, as_of: str, since: str) -> None:
    """The page of head office tells the same table, and opens a cell's customers."""
    address = f"/tiers/moves/?scheme=five_point&from={since}&to={as_of}"
    began = time.monotonic()
    shown = client.get(f"{address}&unit=aum").context["table"]
    print(f"{since} {as_of} page of moves: {time.monotonic() - began:.2f} s")
    lines = [[cell.cell.customers for cell in line.cells] for line in shown.lines]
    assert lines == [*MATRIX[:-1], MATRIX[-1][:-1]]
    assert [line.total.customers for line in shown.lines[:5]] == TOTALS[since][4]
    assert [column.customers for column in shown.columns] == TOTALS[as_of][4]
    money = (shown.matrix.opening.opening, shown.matrix.closing.closing)
    assert money == (Decimal(TOTALS[since][1]), Decimal(TOTALS[as_of][1]))
    for cell, number in (("3-2", 463), ("1-5", 28), ("0-5", 47), ("1-0", 6), ("5-5", 370)):
        assert client.get(f"{address}&cell={cell}").context["page"].count == number


def load_month(archive: Path, as_of: str) -> None:
    which = ("--member", MEMBERS[as_of])
    loaded = bank.feed("xiamen", archive, as_of, *which)
    assert loaded["rows_read"] == TOTALS[as_of][0]
    bank.night(as_of)
    # The same file once more is left alone.
    again = bank.command("feed", "load", "xiamen", str(archive), "--as-of", as_of, *which)
    assert (again["load"], again["state"]) == (loaded["load"], "published")
    assert totals(as_of) == TOTALS[as_of]


def test_three_month_ends_to_the_customer_and_to_the_fen(database: None, client_of: Callable[[User], Client]) -> None:
    archive = bank.folder("xiamen") / "cunkuan_m7-m9.zip"
    bank.open_branch()
    head_office = bank.head_office()
    load_month(archive, JULY)
    load_month(archive, AUGUST)
    campaign = below_fifty_thousand.launch_over_all(head_office)
    load_month(archive, SEPTEMBER)
    for (since, as_of), expected in MOVES.items():
        moves = bank.report("moves", as_of, "--since", since)
        assert {kind: moves[kind] for kind in expected} == expected
    matrix = square(SEPTEMBER, AUGUST)
    assert matrix == MATRIX
    page_of_moves(client_of(head_office), SEPTEMBER, AUGUST)
    # 5万达标: who stood below 50,000 in August, and who of them reached it by the end of September.
    below = [*matrix[0][:5], matrix[0][5], *matrix[1]]
    assert sum(below) == below_fifty_thousand.IN_THE_BASE
    assert sum(matrix[0][2:5]) + sum(matrix[1][2:5]) == below_fifty_thousand.REACHED
    below_fifty_thousand.check_reached(campaign)
    bands = bank.report("candidates", SEPTEMBER)["bands"]
    assert [(band["from_value"], band["customers"], band["total"]) for band in bands] == CANDIDATES
    # Past days are told from history: the figures of July, after two more months.
    customers, total, _products, nothing, tiers, bounds = TOTALS[JULY]
    assert totals(JULY) == (customers, total, None, nothing, tiers, bounds)
