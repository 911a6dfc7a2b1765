"""What an upload would do, from the beginning of its file: encoding, columns, the first rows as they will be read.

Whoever looks at it administers and may see no customer's data, so every value is masked here, not in a template; a
value that does not look like what its column holds is masked too.
"""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from crm.audit import pii
from customers.feeds.messages import REASONS, FileStopped, Reason
from customers.feeds.parse import Parsed, connect, parse, quoted, source_name, value_of
from customers.feeds.source import ZIP_STARTS, header_of, in_memory, opened, unzipped
from customers.feeds.spec import Column, Spec, spec_named
from customers.feeds.uploads import SealedReader

SAMPLE_BYTES = 1 << 20
ROWS_SHOWN = 10
NUMBERS = ("amount", "integer", "rate")
COLUMNS_TOLD = 30
HIDDEN = "****"
MASKS = {
    "id_no": pii.mask_id_no, "mobile": pii.mask_mobile, "address": pii.mask_address,
    "account_no": pii.mask_account_no,
}  # fmt: skip
# Text that tells nothing of a customer by itself, as long as it looks like a code.
CODES = frozenset({"customer_no", "branch_code", "product_code", "sub_no", "staff_no", "currency", "code"})
CODE = re.compile(r"(?!(?:.*[0-9]){11})[!-~]{1,20}")
TELLING_DATES = frozenset({"birth_date", "id_expiry_date"})
LONGEST_AMOUNT = 10**10  # longer ones might be a telephone or account number in the wrong column


@dataclass(frozen=True)
class Heading:
    """A column of the specification, and what the file calls it."""

    label: str
    in_file: str
    is_number: bool


@dataclass(frozen=True)
class Cell:
    """A masked value, or why there is none."""

    text: str
    fault: Reason | None = None
    is_warning: bool = False
    is_number: bool = False


@dataclass(frozen=True)
class Row:
    line: int
    cells: list[Cell]


@dataclass(frozen=True)
class Refusal:
    """How many rows of the sample have this fault in this column. A warning leaves the row in."""

    label: str
    reason: Reason
    rows: int
    first_line: int
    is_warning: bool


@dataclass
class Preview:
    """`problem` says why the file cannot be loaded at all; then as much is filled as could be found out."""

    encoding: str = ""
    is_whole: bool = False
    rows_seen: int = 0
    rows_refused: int = 0
    headings: list[Heading] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    problem: str = ""


def check_readable(spec_name: str, token: str, file_name: str) -> None:
    """Raise FileStopped when no text of the specification's encodings can be got out of the file."""
    spec = spec_named(spec_name)
    with sampled(token, file_name, spec) as (path, _is_whole), opened(spec, path, name=file_name):
        pass


def preview(spec_name: str, token: str, file_name: str, as_of: date, language: str) -> Preview:
    """The preview of a sealed upload; headings are in this language."""
    spec, found = spec_named(spec_name), Preview()
    link = connect(1)
    try:
        with sampled(token, file_name, spec) as (path, found.is_whole), opened(spec, path, name=file_name) as source:
            found.encoding = source.encoding.upper()
            names = header_of(source, spec) if spec.header else [column.name for column in spec.columns]
            tell_columns(found, spec, names, language)
            tell_rows(found, spec, parse(link, spec, source, as_of, path.parent), names, language)
    except FileStopped as stop:
        found.problem = str(stop)
    finally:
        link.close()
    return found


@contextmanager
def sampled(token: str, file_name: str, spec: Spec) -> Iterator[tuple[Path, bool]]:
    """The first whole lines of an upload in memory, unzipped where it is an archive, and whether they are all."""
    with io.BufferedReader(SealedReader(token)) as raw:
        if raw.read(4) in ZIP_STARTS:
            descriptor = unzipped(raw, file_name, spec, most=SAMPLE_BYTES)
        else:
            raw.seek(0)
            descriptor = in_memory(iter([raw.read(SAMPLE_BYTES + 1)]))
    try:
        size = os.fstat(descriptor).st_size
        is_whole = size <= SAMPLE_BYTES
        if not is_whole:
            end = os.pread(descriptor, size, 0).rfind(b"\n")
            os.ftruncate(descriptor, end + 1 or size)
        yield Path(f"/proc/self/fd/{descriptor}"), is_whole
    finally:
        os.close(descriptor)


def heading_of(column: Column, language: str) -> str:
    """What a file of somebody who reads this language calls the column: its first Chinese alias, or its name."""
    chinese = next((alias for alias in column.aliases if not alias.isascii()), None)
    return chinese if chinese and language.startswith("zh") else column.name


def label_of(column: Column, language: str) -> str:
    """The same as a person says it."""
    return heading_of(column, language).replace("_", " ")


def in_header(column: Column, names: list[str]) -> str:
    return source_name(column, names) or ""


def is_constant(column: Column) -> bool:
    return bool(column.expression) or column.value is not None


def shown(spec: Spec, names: list[str]) -> list[Column]:
    """The columns that get a value from this file."""
    return [column for column in spec.columns if in_header(column, names) or column.expression]


def tell_columns(found: Preview, spec: Spec, names: list[str], language: str) -> None:
    """Which columns were recognised, which are not there, and which nobody asked for."""
    found.headings = [
        Heading(label_of(column, language), in_header(column, names), column.kind in NUMBERS)
        for column in shown(spec, names)
    ]
    found.missing = [
        label_of(column, language)
        for column in spec.columns
        if not in_header(column, names) and not is_constant(column)
    ]
    known = {in_header(column, names) for column in spec.columns}
    if known - {""}:  # else the first line is a row of data, and its values are not shown
        used = " ".join(column.expression for column in spec.columns)
        unknown = [name for name in names if name not in known and quoted(name) not in used]
        found.unknown = [HIDDEN if re.search("[0-9]{4}", name) else name[:40] for name in unknown[:COLUMNS_TOLD]]


def tell_rows(found: Preview, spec: Spec, sample: Parsed, names: list[str], language: str) -> None:
    """The first rows, and what is wrong with the rows of the sample."""
    link, columns = sample.link, shown(spec, names)
    found.rows_seen = sample.rows
    found.rows_refused = value_of(link, "SELECT count(DISTINCT line) FROM bad WHERE NOT is_warning")
    labels = {column.name: label_of(column, language) for column in spec.columns}
    found.refusals = [
        Refusal(labels.get(name, ""), REASONS[code], rows, line, is_warning)
        for name, code, is_warning, rows, line in link.execute(
            "SELECT column_name, code, is_warning, count(*), min(line) FROM bad GROUP BY ALL ORDER BY 3, 4 DESC, 1, 2"
        ).fetchall()
    ]
    values = ", ".join(quoted(column.name) for column in columns)
    for line, faults, *row in link.execute(
        f"SELECT line, faults, {values} FROM typed ORDER BY line LIMIT {ROWS_SHOWN}"
    ).fetchall():
        codes = dict(fault.split(":", 1) for fault in faults)
        found.rows.append(
            Row(line, [cell(spec, column, value, codes, language) for column, value in zip(columns, row, strict=True)])
        )


def cell(spec: Spec, column: Column, value: Any, codes: dict[str, str], language: str) -> Cell:
    fault = REASONS[codes[column.name]] if column.name in codes else None
    text = "" if value is None else masked(spec, column, value)
    if column.kind == "choice" and language.startswith("zh"):
        text = next((word for word, stored in column.choices.items() if stored == value and not word.isascii()), text)
    return Cell(text, fault, column.warn_only, column.kind in NUMBERS)


def masked(spec: Spec, column: Column, value: Any) -> str:
    """A value as the administrator may see it."""
    match value:
        case bool():
            return "✓" if value else "✗"
        case Decimal():
            return f"{value:,.2f}" if abs(value) < LONGEST_AMOUNT else HIDDEN
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date():
            return f"{value.year}-**-**" if column.name in TELLING_DATES else value.isoformat()
        case int():
            return f"{value:,}"
    text = str(value)
    if column.name in MASKS:
        return MASKS[column.name](text)
    if column.kind == "choice" or spec.target == "products":
        return text
    if column.name in CODES and CODE.fullmatch(text):
        return text
    return pii.mask_name(text) if column.name not in CODES else pii.mask_account_no(text)
