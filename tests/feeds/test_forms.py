"""The forms in which core systems write their files: fixed positions, fen, deltas, bars, no header."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customers.feeds.load import load_file
from customers.feeds.parse import type_columns
from customers.feeds.spec import Spec, parsed
from customers.models import FeedLoad, Holding, NightHolding
from tests.feeds.delivery import Delivery
from tests.world import TODAY, Bank

NUMBERS = ("6200000000000001", "6200000000000002", "6200000000000003")


@pytest.fixture
def delivery(bank: Bank, tmp_path: Path) -> Delivery:
    """The day after a published one."""
    delivery = Delivery(tmp_path)
    delivery.first_day()
    delivery.night()
    delivery.as_of += timedelta(days=1)
    return delivery


def balances(columns: dict[str, dict[str, Any]], **more: Any) -> Spec:
    """A specification of balances of our own."""
    made: dict[str, dict[str, Any]] = {
        "account_no": {"required": True}, "sub_no": {"value": ""}, "product_code": {"value": "DEMAND"},
        "balance": {"kind": "amount", "required": True},
    }  # fmt: skip
    for name, values in columns.items():
        made[name] = {**made.get(name, {}), **values}
    head = {"title_zh": "余额", "title_en": "Balances", "target": "balances", "key": ["account_no", "sub_no"]}
    return parsed("mine", {**head, "columns": made, "control_column": "balance", **more})


def load(delivery: Delivery, spec: Spec, content: bytes) -> FeedLoad:
    path = delivery.write("mine.txt", content)
    return load_file(spec, path, as_of=delivery.as_of, accept_shrink=True)


def waiting() -> dict[str, Decimal]:
    rows = NightHolding.objects.using("batch").filter(status="open").order_by("account_id", "sub_no")
    return {f"{row.account_id}{row.sub_no}": row.balance for row in rows}


def test_fixed_positions_without_a_header_in_fen(delivery: Delivery) -> None:
    spec = balances(
        {"account_no": {"start": 1, "length": 16}, "balance": {"start": 17, "length": 12, "in_fen": True}},
        header=False, fixed=True,
    )  # fmt: skip
    lines = [f"{number}{fen:>12}" for number, fen in zip(NUMBERS, ("100", "-1", "12345678901"), strict=True)]
    content = "\r\n".join([*lines, NUMBERS[0] + "short", f"{NUMBERS[1]}        1.00", ""])
    found = load(delivery, spec, content.encode("gb18030"))
    assert (found.state, found.rows_read, found.rows_rejected) == ("accepted", 5, 2)
    assert sorted(waiting().values()) == [Decimal("-0.01"), Decimal("1.00"), Decimal("123456789.01")]
    reasons = {row.rule: row.example_line for row in found.rejects.using("batch").all()}
    assert reasons == {"columns": 4, "amount": 5}


def test_bars_and_no_quotes(delivery: Delivery) -> None:
    spec = balances({"account_no": {"aliases": ["ACCT"]}, "balance": {"aliases": ["BAL"]}}, delimiter="|", quote="")
    content = f'ACCT|NOTE|BAL\n{NUMBERS[0]}|say "hi, you|5.00\n{NUMBERS[1]}||6\n'
    found = load(delivery, spec, content.encode())
    assert (found.state, found.rows_rejected) == ("accepted", 0)
    assert sorted(waiting().values()) == [Decimal(5), Decimal(6)]


def test_a_delta_says_nothing_of_those_whom_it_leaves_out(delivery: Delivery) -> None:
    content = f"account_no,balance\n{NUMBERS[2]},7\n".encode()
    found = load(delivery, balances({}, mode="delta"), content)
    assert (found.state, found.rows_changed) == ("accepted", 1)
    assert NightHolding.objects.using("batch").get().balance == 7
    delivery.night()
    assert Holding.objects.using("batch").filter(status="open").count() == 4
    delivery.as_of += timedelta(days=1)
    full = load(delivery, balances({}), content)
    assert (full.state, full.rows_changed) == ("accepted", 3)
    delivery.night()
    assert Holding.objects.using("batch").get(status="open").balance == 7


def test_columns_that_a_file_does_not_have_stay_as_they_are(delivery: Delivery) -> None:
    spec = balances({"sub_no": {"value": "T1"}, "product_code": {"value": "TIME1Y"}}, mode="delta")
    load(delivery, spec, f"account_no,balance\n{NUMBERS[0]},90000\n".encode())
    delivery.night()
    deposit = Holding.objects.using("batch").get(sub_no="T1")
    assert (deposit.balance, str(deposit.maturity_date), deposit.rate) == (
        Decimal(90_000), "2026-03-20", Decimal("1.95"),
    )  # fmt: skip


def typed_as(column: dict[str, Any], texts: list[str]) -> list[tuple[Any, bool]]:
    """Value and goodness of each text as the balance column."""
    spec = balances({"balance": column})
    with duckdb.connect() as link:
        link.execute("CREATE TABLE split (line INTEGER, account_no VARCHAR, balance VARCHAR)")
        link.execute("CREATE TABLE ragged (line INTEGER)")
        for line, text in enumerate(texts):
            link.execute("INSERT INTO split VALUES (?, ?, ?)", [line, f"A{line}", text])
        type_columns(link, spec, ["account_no", "balance"], TODAY)
        rows = link.execute("SELECT balance, line NOT IN (SELECT line FROM bad) FROM typed ORDER BY line").fetchall()
    return [(row[0], row[1]) for row in rows]


FEN = st.integers(-(10**14) + 1, 10**14 - 1)  # twelve digits and two decimals


@settings(max_examples=60)
@given(st.lists(FEN, min_size=1, max_size=20))
@example([99_999_999_999_999, -99_999_999_999_999, 0])
def test_every_amount_is_exact_to_the_fen_in_every_writing(amounts: list[int]) -> None:
    exact = [Decimal(fen) / 100 for fen in amounts]
    good = [(value, True) for value in exact]
    assert typed_as({}, [f"{value:.2f}" for value in exact]) == good
    assert typed_as({}, [f"{value:,.2f}" for value in exact]) == good
    assert typed_as({}, [f"{value:+.5f}" for value in exact]) == good
    assert typed_as({"in_fen": True}, [str(fen) for fen in amounts]) == good
    assert typed_as({"in_fen": True}, [f"{fen:018d}" for fen in amounts]) == good  # as cut from fixed positions


@pytest.mark.parametrize("column", [{}, {"in_fen": True}])
def test_an_amount_of_thirteen_digits_is_refused_in_every_writing(column: dict[str, Any]) -> None:
    fen = [10**14, -(10**14), 10**18 - 1]
    texts = [str(value) for value in fen] if column else [f"{value // 100}.00" for value in fen]
    grouped = [] if column else [f"{value // 100:,}" for value in fen]
    assert typed_as(column, texts + grouped) == [(None, False)] * len(texts + grouped)


@settings(max_examples=60)
@given(st.lists(st.text("0123456789.,+-eE万元 ０Na", min_size=1, max_size=12), min_size=1, max_size=20))
def test_what_is_no_amount_is_never_taken_for_one(texts: list[str]) -> None:
    for text, (value, is_good) in zip(texts, typed_as({}, texts), strict=True):
        if is_good:
            assert Decimal(text.strip().replace(",", "")) == value
            assert value.as_tuple().exponent == -2
        else:
            assert value is None
