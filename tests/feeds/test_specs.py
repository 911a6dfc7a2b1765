"""Specifications are data: every shipped one is sound, and a typing error in a new one is told, not swallowed."""

from typing import Any

import pytest

from customers.feeds.spec import parsed, spec_named, spec_names
from customers.models import Customer


def table(**changes: Any) -> dict[str, Any]:
    columns: dict[str, Any] = {"customer_no": {"required": True}, "staff_no": {"aliases": ["工号"]}}
    return {"title_zh": "管户", "title_en": "Owners", "target": "ownership", "key": ["customer_no"], "columns": columns,
            **changes}  # fmt: skip


def test_every_shipped_specification_is_sound() -> None:
    assert {"eod_customers", "eod_accounts", "eod_balances", "eod_products", "eod_ownership", "xiamen",
            "berka_clients", "berka_accounts", "berka_balances"} <= set(spec_names())  # fmt: skip
    for name in spec_names():
        spec = spec_named(name)
        known = [alias.casefold() for column in spec.columns for alias in (column.name, *column.aliases)]
        assert len(known) == len(set(known)), f"{name}: one name for two columns"
        assert spec.title_zh and spec.title_en, name


def test_files_come_after_those_that_they_refer_to() -> None:
    targets = [spec_named(name).target for name in spec_names() if name.startswith("eod_")]
    assert targets == ["products", "customers", "accounts", "balances", "ownership"]


def test_choices_are_values_of_the_field() -> None:
    for column in spec_named("eod_customers").columns:
        if column.kind == "choice":
            choices = getattr(Customer._meta.get_field(column.name), "flatchoices", ())
            allowed = {value for value, _label in choices}
            assert set(column.choices.values()) <= allowed, column.name


def with_column(name: str, **values: Any) -> dict[str, Any]:
    made = table()
    made["columns"][name] = values
    return made


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (table(targte="x"), r"^mine: unknown key targte; there are: columns, .*target"),
        (table(target="customer"), r"^mine: unknown target customer; there are: products, customers"),
        (table(mode="fulll"), r"^mine: unknown mode fulll; there are: full, delta"),
        (table(key=["cust"]), r"^mine: the key cust is not made of columns"),
        (table(key=[]), r"^mine: the key  is not made of columns"),
        (table(control_column="staff_no"), r"^mine: the control column staff_no is not an amount"),
        (table(delimiter="||"), r"^mine: delimiter and quote are single characters"),
        (table(encodings=["utf-9"]), r"^mine: unknown encoding utf-9"),
        (table(fixed=True), r"^mine: every column of a file with fixed positions has start and length"),
        (table(columns={"customer_no": {}}), r"^mine: missing column staff_no for ownership"),
        (with_column("staf_no"), r"^mine: unknown column staf_no for ownership"),
        (with_column("since", kind="dates"), r"^mine\.since: unknown kind dates; there are: text, amount"),
        (with_column("since", alias=["x"]), r"^mine\.since: unknown key alias; there are: aliases"),
        (with_column("since", kind="choice"), r"^mine\.since: choices belong to a column of the kind choice"),
        ({"target": "ownership"}, r"^mine: missing key columns, key"),
    ],
)
def test_a_typing_error_is_told(bad: dict[str, Any], message: str) -> None:
    assert parsed("mine", table()).columns[1].aliases == ("工号",)
    with pytest.raises(ValueError, match=message):
        parsed("mine", bad)
