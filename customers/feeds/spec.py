"""Specifications of core-bank files: TOML files in `specs/`, one per kind of file (docs/feeds.md)."""

import codecs
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any

from customers.feeds.messages import FileStopped
from customers.feeds.targets import SIGNED_UP

HOME = "customers.feeds"
# For each target of this package the columns that it needs, and those that it may have; layers above sign up their own.
TARGETS: dict[str, tuple[set[str], set[str]]] = {
    "products": ({"code", "name", "product_class"}, {"risk", "term_days", "min_amount", "counts_in_aum"}),
    "customers": (
        {"customer_no", "name"},
        {"branch_code", "customer_type", "company_size", "sex", "birth_date", "id_type", "id_no", "id_expiry_date",
         "mobile", "address", "occupation", "employer", "open_date", "close_date", "status", "has_payroll",
         "has_pension", "is_merchant"},
    ),
    "accounts": ({"account_no", "customer_no"}, {"role", "account_type", "currency", "open_date", "close_date"}),
    "balances": (
        {"account_no", "sub_no", "product_code", "balance"},
        {"product_count", "start_date", "maturity_date", "auto_rollover", "rate", "funding_source"},
    ),
    "ownership": ({"customer_no", "staff_no"}, {"since"}),
    "summary": ({"customer_no", "name", "balance"}, {"product_count", "branch_code"}),
}  # fmt: skip
MODES = ("full", "delta")
KINDS = ("text", "amount", "integer", "rate", "date", "moment", "flag", "choice", "id_no")
DAYS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")


@dataclass(frozen=True)
class Column:
    """One value of the target row. `source` is the file's column (its name or an alias, or a position in fixed files);
    `expression` is DuckDB SQL over the file's columns instead; `value` is a constant."""

    name: str
    kind: str = "text"
    aliases: tuple[str, ...] = ()
    required: bool = False
    max_length: int = 200
    formats: tuple[str, ...] = DAYS
    choices: dict[str, str] = field(default_factory=dict)
    expression: str = ""
    value: str | None = None
    start: int = 0
    length: int = 0
    in_fen: bool = False
    open_end: bool = False
    warn_only: bool = False


@dataclass(frozen=True)
class Join:
    """Another file of the same delivery whose columns are looked up (DuckDB over both files)."""

    file: str
    on: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Spec:
    """How to read one kind of file and where its rows go."""

    name: str
    target: str
    title_zh: str
    title_en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    mode: str = "full"
    encodings: tuple[str, ...] = ("utf-8", "gb18030")
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    fixed: bool = False
    shrink_share: float = 0.3
    control_column: str = ""
    where: str = ""
    join: Join | None = None
    order: int = 50

    @property
    def title(self) -> str:
        return f"{self.title_zh} / {self.title_en}"

    @property
    def stands_at_once(self) -> bool:
        """No night publishes it: the file is of no business date that others would have to wait for."""
        return self.target in SIGNED_UP


@cache
def spec_named(name: str) -> Spec:
    """The specification of this name; raises FileStopped with the known names."""
    if name not in spec_names():
        known = ", ".join(spec_names())
        raise FileStopped(f"没有名为 {name} 的文件规格，现有：{known}", f"no specification {name}; there are: {known}")
    return parsed(name, shipped()[name])


@cache
def spec_names() -> tuple[str, ...]:
    """All shipped specifications, in the order in which their files refer to each other."""
    tables = shipped()
    return tuple(sorted(tables, key=lambda name: (tables[name].get("order", 50), name)))


@cache
def shipped() -> dict[str, dict[str, Any]]:
    """The tables of all specifications by name: of this package, and of those that have signed up."""
    packages = [HOME, *(target.package for target in SIGNED_UP.values())]
    found = [entry for package in packages for entry in files(package).joinpath("specs").iterdir()]
    return {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text(encoding="utf-8"))
        for entry in found
        if entry.name.endswith(".toml")
    }


def parsed(name: str, table: dict[str, Any]) -> Spec:
    """A Spec from its TOML table; raises ValueError for what it does not know, so that a typing error is seen."""
    check_keys(name, table, {key.name for key in fields(Spec)} | {"join_columns"}, {"columns", "key", "target"})
    columns = tuple(column(f"{name}.{key}", key, values) for key, values in table["columns"].items())
    made = as_tuples(table)
    if "join" in made:
        made["join"] = Join(**made["join"], columns=made.pop("join_columns"))
    made |= {"name": name, "columns": columns}
    spec = Spec(**made)
    for fault in faults(spec):
        raise ValueError(f"{name}: {fault}")
    return spec


def column(path: str, name: str, values: dict[str, Any]) -> Column:
    """One column from its TOML table; raises ValueError like `parsed`."""
    check_keys(path, values, {key.name for key in fields(Column)} - {"name"}, set())
    made = Column(name=name, **as_tuples(values))
    if made.kind not in KINDS:
        raise ValueError(f"{path}: unknown kind {made.kind}; there are: {', '.join(KINDS)}")
    if (made.kind == "choice") != bool(made.choices):
        raise ValueError(f"{path}: choices belong to a column of the kind choice")
    return made


def as_tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def check_keys(path: str, table: dict[str, Any], known: set[str], needed: set[str]) -> None:
    unknown, missing = sorted(set(table) - known), sorted(needed - set(table))
    if unknown:
        raise ValueError(f"{path}: unknown key {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    if missing:
        raise ValueError(f"{path}: missing key {', '.join(missing)}")


def faults(spec: Spec) -> Iterator[str]:
    """What is wrong with a specification as a whole."""
    names = {one.name for one in spec.columns}
    targets = TARGETS | {name: (set(one.needed), set(one.optional)) for name, one in SIGNED_UP.items()}
    if spec.target not in targets:
        yield f"unknown target {spec.target}; there are: {', '.join(targets)}"
    elif spec.mode not in MODES:
        yield f"unknown mode {spec.mode}; there are: {', '.join(MODES)}"
    else:
        needed, more = targets[spec.target]
        unknown, missing = sorted(names - needed - more), sorted(needed - names)
        if unknown:
            yield f"unknown column {', '.join(unknown)} for {spec.target}"
        if missing:
            yield f"missing column {', '.join(missing)} for {spec.target}"
    if not spec.key or set(spec.key) - names:
        yield f"the key {', '.join(spec.key)} is not made of columns"
    if spec.control_column and spec.control_column not in {one.name for one in spec.columns if one.kind == "amount"}:
        yield f"the control column {spec.control_column} is not an amount"
    if len(spec.delimiter) != 1 or len(spec.quote) > 1:
        yield "delimiter and quote are single characters"
    if spec.fixed and not all(one.length or one.expression or one.value is not None for one in spec.columns):
        yield "every column of a file with fixed positions has start and length"
    for encoding in spec.encodings:
        try:
            codecs.lookup(encoding)
        except LookupError:
            yield f"unknown encoding {encoding}"
