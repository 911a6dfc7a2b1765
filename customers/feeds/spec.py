"""Specifications of core-bank files: TOML files in `specs/`, one per kind of file (docs/feeds.md)."""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from customers.feeds.messages import FileStopped

TARGETS = ("products", "customers", "accounts", "balances", "ownership", "summary")
KINDS = ("text", "amount", "integer", "rate", "date", "flag", "choice", "id_no")


@dataclass(frozen=True)
class Column:
    """One value of the target row. `source` is the file's column (its name or an alias, or a position in fixed files);
    `expression` is DuckDB SQL over the file's columns instead; `value` is a constant."""

    name: str
    kind: str = "text"
    aliases: tuple[str, ...] = ()
    required: bool = False
    max_length: int = 200
    formats: tuple[str, ...] = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")
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


@cache
def spec_named(name: str) -> Spec:
    """The specification of this name; raises FileStopped with the known names."""
    if name not in spec_names():
        known = ", ".join(spec_names())
        raise FileStopped(f"没有名为 {name} 的文件规格，现有：{known}", f"no specification {name}; there are: {known}")
    text = files("customers.feeds").joinpath("specs", f"{name}.toml").read_text(encoding="utf-8")
    return parsed(name, tomllib.loads(text))


@cache
def spec_names() -> tuple[str, ...]:
    """All shipped specifications, in the order in which their files refer to each other."""
    folder = files("customers.feeds").joinpath("specs")
    found = [entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")]
    ranks = {name: tomllib.loads(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")) for name in found}
    return tuple(sorted(found, key=lambda name: (ranks[name].get("order", 50), name)))


def parsed(name: str, table: dict[str, Any]) -> Spec:
    """A Spec from its TOML table; raises ValueError for what it does not know, so that a typing error is seen."""
    columns = tuple(column(key, values) for key, values in table.pop("columns").items())
    join = Join(**{**table.pop("join"), "columns": tuple(table["join_columns"])}) if "join" in table else None
    table.pop("join_columns", None)
    for key in ("encodings", "key"):
        if key in table:
            table[key] = tuple(table[key])
    spec = Spec(name=name, columns=columns, join=join, **table)
    if spec.target not in TARGETS:
        raise ValueError(f"{name}: unknown target {spec.target}")
    return spec


def column(name: str, values: dict[str, Any]) -> Column:
    for key in ("aliases", "formats"):
        if key in values:
            values[key] = tuple(values[key])
    made = Column(name=name, **values)
    if made.kind not in KINDS:
        raise ValueError(f"{name}: unknown kind {made.kind}")
    return made
