"""`manage.py report` against what Python knows of the same days."""

import json
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.nightly.night_world import Book
from tests.world import Bank

DAYS = [date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 12)]


@pytest.fixture
def book(bank: Bank) -> Book:
    """Three published days: a customer who rises, one who falls, one who leaves, one who comes, one who stays."""
    book = Book(bank)
    rises, falls, leaves = book.open("A", 9_000), book.open("B", 600_000), book.open("C", Decimal("50000.00"))
    book.open("D", 0)
    book.night(DAYS[0])
    book.change(book.holdings[rises.pk][0], Decimal("10000.00"))
    book.set_status(leaves, "closed")
    book.change(book.holdings[leaves.pk][0], 0)
    book.night(DAYS[1])
    book.change(book.holdings[falls.pk][0], Decimal("41234.56"))
    book.open("E", 8_000)
    book.night(DAYS[2])
    return book


def report(name: str, as_of: date, *more: str) -> dict[str, Any]:
    out = StringIO()
    call_command("report", name, "--as-of", as_of.isoformat(), "--scheme", "five_point", "--json", *more, stdout=out)
    facts: dict[str, Any] = json.loads(out.getvalue())
    return facts


def test_tiers_of_every_published_day(book: Book) -> None:
    first, second, third = (report("tiers", day) for day in DAYS)
    assert [row["customers"] for row in first["tiers"]] == [2, 0, 1, 1, 0]
    assert (first["aum"], first["customers"], first["without_balance"]) == ("659000.00", 4, 1)
    assert [row["exactly_at_lower"] for row in first["tiers"]] == [1, 0, 1, 0, 0]
    assert [row["customers"] for row in second["tiers"]] == [1, 1, 0, 1, 0]
    assert [row["aum"] for row in third["tiers"]] == ["8000.00", "51234.56", "0.00", "0.00", "0.00"]
    # How many products were held is known of the newest day alone.
    assert ([row["products"] for row in third["tiers"]], third["products"]) == ([2, 2, 0, 0, 0], 4)
    assert (first["products"], first["tiers"][0]["products"]) == (None, None)


def test_moves_and_matrix_between_two_days(book: Book) -> None:
    moves = report("moves", DAYS[2], "--since", DAYS[0].isoformat())
    assert {kind: moves[kind] for kind in ("up", "down", "same", "new", "gone")} == {
        "up": 1, "down": 1, "same": 1, "new": 1, "gone": 1,
    }  # fmt: skip
    cells = {
        (cell["old_rank"], cell["new_rank"]): cell["customers"]
        for cell in report("matrix", DAYS[2], "--since", DAYS[0].isoformat())["cells"]
    }
    assert cells == {(1, 2): 1, (4, 2): 1, (1, 1): 1, (0, 1): 1, (3, 0): 1}


def test_candidates_have_reached_the_share_but_not_the_bound(book: Book) -> None:
    bands = {band["rank"]: (band["customers"], band["total"]) for band in report("candidates", DAYS[2])["bands"]}
    assert bands == {1: (1, "8000.00"), 2: (1, "41234.56"), 3: (0, "0.00"), 4: (0, "0.00")}
    first = {band["rank"]: band["customers"] for band in report("candidates", DAYS[0])["bands"]}
    assert first == {1: 1, 2: 0, 3: 0, 4: 0}


def test_what_cannot_be_reported_is_refused_in_words(book: Book) -> None:
    for arguments in (
        ["tiers", "--as-of", "2026-04-01"],
        ["tiers", "--as-of", "2026-03-10", "--scheme", "nine"],
        ["candidates", "--as-of", "2026-03-10", "--scheme", "five"],
    ):
        with pytest.raises(CommandError) as refused:
            call_command("report", *arguments)
        assert refused.value.returncode == 3
    with pytest.raises(CommandError, match="1989-12-31"):
        call_command("report", "tiers", "--as-of", "1989-12-31")
    with pytest.raises(CommandError) as wrong:
        call_command("report", "moves", "--as-of", "2026-03-12")
    assert wrong.value.returncode == 2


@pytest.mark.parametrize("name", ["moves", "matrix"])
def test_an_earlier_day_that_lies_later_is_wrong_usage(name: str) -> None:
    """Otherwise the report would be mirrored: whoever went up would be told as gone down."""
    with pytest.raises(CommandError, match=r"--since 2026-03-12 .*--as-of 2026-03-10") as refused:
        call_command("report", name, "--as-of", "2026-03-10", "--since", "2026-03-12")
    assert refused.value.returncode == 2
