"""Rows of a file as typed columns, and what is wrong with them: a few statements of DuckDB, in memory only.

Lines are read whole, so that the line number of every row is exact, whatever is wrong with it.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from customers.feeds import id_numbers
from customers.feeds.messages import FileStopped
from customers.feeds.source import Source, header_of, opened
from customers.feeds.spec import Column, Join, Spec

ISO = "%Y-%m-%d"
TYPES = {
    "text": "VARCHAR", "choice": "VARCHAR", "id_no": "VARCHAR", "amount": "DECIMAL(18, 2)", "integer": "INTEGER",
    "rate": "DECIMAL(8, 4)", "date": "DATE", "moment": "TIMESTAMP", "flag": "BOOLEAN",
}  # fmt: skip
ID_TYPE = '"id_type"'
# Twelve digits, so that ten thousand holdings of a customer still add up within numeric(18, 2), where one row too many
# would fail the whole night; for the same reason counts have five digits.
AMOUNT = r"[-+]?0{0,4}[0-9]{1,12}(\.[0-9]{1,2}0*)?"
# Separators of thousands only where they belong: a decimal comma must not become an amount a hundred times as large.
GROUPED = r"[-+]?[0-9]{1,3}(,[0-9]{3}){1,3}(\.[0-9]{1,2}0*)?"
FEN = r"^[-+]?0{0,4}[0-9]{1,14}$"
INTEGER = r"^-?0{0,4}[0-9]{1,5}$"
TIMES_OF_DAY = ((" ", "%H:%M:%S"), (" ", "%H:%M"), ("T", "%H:%M:%S"), ("T", "%H:%M"), ("", "%H%M%S"), ("", ""))
FLAGS = {"y": True, "yes": True, "1": True, "true": True, "是": True, "n": False, "no": False, "0": False,
         "false": False, "否": False}  # fmt: skip


@dataclass(frozen=True)
class Parsed:
    """A connection that holds `good` (line, the specification's columns) and `bad` (line, column_name, code)."""

    link: duckdb.DuckDBPyConnection
    rows: int
    columns: frozenset[str]


def connect(threads: int) -> duckdb.DuckDBPyConnection:
    """DuckDB without disk, network or extensions: the text of customers stays in this process's memory."""
    return duckdb.connect(
        config={"threads": threads, "temp_directory": "", "enable_external_access": True,
                "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )  # fmt: skip


def parse(link: duckdb.DuckDBPyConnection, spec: Spec, source: Source, as_of: date, folder: Path) -> Parsed:
    """Read, split, type and check every row; raises FileStopped when the file as a whole cannot be read so."""
    names = header_of(source, spec) if spec.header else [column.name for column in spec.columns]
    check_header(spec, names, source)
    if any(column.kind == "id_no" for column in spec.columns):
        id_numbers.add_regions(link)
    try:
        read_lines(link, spec, source, names)
        if spec.join is not None:
            join_file(link, spec, spec.join, folder)
        type_columns(link, spec, names, as_of)
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        raise FileStopped(f"文件无法解析：{text}", f"the file cannot be parsed: {text}") from error
    rows = value_of(link, "SELECT count(*) FROM typed") + value_of(link, "SELECT count(*) FROM ragged")
    have = [*names, *(spec.join.columns if spec.join else ())]
    return Parsed(link, rows, frozenset(column.name for column in spec.columns if source_name(column, have)))


def value_of(link: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = link.execute(statement).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def names_of(column: Column) -> set[str]:
    return {column.name.casefold(), *(alias.casefold() for alias in column.aliases)}


def source_name(column: Column, names: list[str]) -> str | None:
    """The file's name for a column, by its own name or an alias; None when the file has none."""
    wanted = names_of(column)
    return next((name for name in names if name.casefold() in wanted), None)


def check_header(spec: Spec, names: list[str], source: Source) -> None:
    """Raise FileStopped unless every required column is there once.

    A header of which no column is known is taken for a row of data, and a row of data is not repeated in a message.
    """
    joined = spec.join.columns if spec.join else ()
    missing = [
        column.name
        for column in spec.columns
        if column.required and not column.expression and column.value is None and not spec.fixed
        and source_name(column, [*names, *joined]) is None
    ]  # fmt: skip
    if missing and not any(source_name(column, names) for column in spec.columns):
        raise FileStopped(
            f"第一行不是表头：没有认出任何一列，缺少{'、'.join(missing)}",
            f"the first line is no header: none of its columns is known; missing: {', '.join(missing)}",
        )
    if missing:
        raise FileStopped(
            f"缺少列：{'、'.join(missing)}；表头是：{'、'.join(names[:30])}",
            f"missing columns: {', '.join(missing)}; the header is: {', '.join(names[:30])}",
        )
    for column in spec.columns:
        same = [name for name in names if name.casefold() in names_of(column)]
        if len({name.casefold() for name in same}) > 1:
            raise FileStopped(
                f"表头中这些列含义相同，只能有一列：{'、'.join(same)}",
                f"these columns of the header mean the same, one of them may be there: {', '.join(same)}",
            )
    lower = [name.casefold() for name in names]  # DuckDB tells names apart by more than their case
    repeated = sorted({name for name in names if lower.count(name.casefold()) > 1})
    if repeated:
        raise FileStopped(f"表头有重复的列：{'、'.join(repeated)}", f"the header repeats: {', '.join(repeated)}")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def read_lines(
    link: duckdb.DuckDBPyConnection, spec: Spec, source: Source, names: list[str], table: str = "split"
) -> None:
    """Table `split` (line, one text column per file column) and `ragged` (lines with another number of columns)."""
    lines = (
        f"SELECT row_number() OVER () AS line, ltrim(t, chr(65279)) AS t FROM read_csv({literal(source.path)}, "
        f"columns = {{'t': 'VARCHAR'}}, header = false, delim = {literal(source.separator)}, quote = '', escape = '', "
        "auto_detect = false, strict_mode = false)"
    )
    body = f"SELECT * FROM ({lines}) WHERE trim(coalesce(t, '')) <> ''" + (" AND line > 1" if spec.header else "")
    if spec.fixed:
        cuts = ", ".join(f"substring(t, {c.start}, {c.length}) AS {quoted(c.name)}" for c in spec.columns if c.length)
        width = max(c.start + c.length - 1 for c in spec.columns if c.length)
        link.execute(f"CREATE TABLE whole AS {body}")
        link.execute(f"CREATE TABLE ragged AS SELECT line FROM whole WHERE length(t) < {width}")
        link.execute(f"CREATE TABLE {table} AS SELECT line, {cuts} FROM whole WHERE length(t) >= {width}")
        link.execute("DROP TABLE whole")
        return
    ragged = "ragged" if table == "split" else f"{table}_ragged"
    if source.is_plain and spec.header and read_plain(link, spec, source, names, table):
        link.execute(f"CREATE TABLE {ragged} (line BIGINT)")
        return
    link.execute(f"CREATE TABLE fields AS SELECT line, {fields(spec)} AS f FROM ({body})")
    link.execute(f"CREATE TABLE {ragged} AS SELECT line FROM fields WHERE len(f) <> {len(names)}")
    columns = ", ".join(f"f[{number}] AS {quoted(name)}" for number, name in enumerate(names, 1))
    link.execute(f"CREATE TABLE {table} AS SELECT line, {columns} FROM fields WHERE len(f) = {len(names)}")
    link.execute("DROP TABLE fields")


def read_plain(link: duckdb.DuckDBPyConnection, spec: Spec, source: Source, names: list[str], table: str) -> bool:
    """The same by DuckDB's own reader, many times as fast, where it finds one row in every line; else False."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    try:
        link.execute(
            f"CREATE TABLE {table} AS SELECT row_number() OVER () + 1 AS line, * FROM read_csv({literal(source.path)}, "
            f"columns = {{{columns}}}, header = true, delim = {literal(spec.delimiter)}, quote = '', escape = '', "
            "auto_detect = false, null_padding = false)"
        )
    except duckdb.Error:  # a row with another number of columns: line by line then
        return False
    if value_of(link, f"SELECT count(*) FROM {table}") == source.lines - 1:
        return True
    link.execute(f"DROP TABLE {table}")  # empty lines, which are no rows but count as lines
    return False


def fields(spec: Spec) -> str:
    """SQL for the list of a line's values; quotes are looked at only in lines that have one."""
    delimiter, quote = spec.delimiter, spec.quote
    plain = f"string_split(t, {literal(delimiter)})"
    if not quote:
        return plain
    d, q = f"\\x{ord(delimiter):02x}", f"\\x{ord(quote):02x}"
    pattern = f"{d}(?:{q}(?:[^{q}]|{q}{q})*{q}|[^{d}{q}]*)"
    parts = f"regexp_extract_all({literal(delimiter)} || t, {literal(pattern)})"
    # What the pattern left out (a quote inside a bare value) makes the line ragged rather than shorter.
    clean = (
        f"list_transform({parts}, lambda x: CASE WHEN x[2] = {literal(quote)} "
        f"THEN replace(x[3:-2], {literal(quote * 2)}, {literal(quote)}) ELSE x[2:] END)"
    )
    whole = f"length(list_aggregate({parts}, 'string_agg', '')) = length(t) + 1"
    return f"CASE WHEN NOT contains(t, {literal(quote)}) THEN {plain} WHEN {whole} THEN {clean} ELSE [] END"


def join_file(link: duckdb.DuckDBPyConnection, spec: Spec, join: Join, folder: Path) -> None:
    """Look columns up in another file of the same delivery."""
    with opened(spec, folder / join.file) as other:
        names = header_of(other, spec)
        read_lines(link, spec, other, names, table="joined")
    taken = ", ".join(f"j.{quoted(name)}" for name in join.columns)
    link.execute(
        f"CREATE TABLE split_joined AS SELECT s.*, {taken} FROM split s "
        f"LEFT JOIN joined j USING ({quoted(join.on)}) ORDER BY s.line"
    )
    link.execute("DROP TABLE split; DROP TABLE joined; ALTER TABLE split_joined RENAME TO split")


def type_columns(link: duckdb.DuckDBPyConnection, spec: Spec, names: list[str], as_of: date) -> None:
    """Tables `typed` (all rows with their faults), `good` and `bad`."""
    have = [*names, *(spec.join.columns if spec.join else ())]
    text = ", ".join(f"{trimmed(text_of(column, have))} AS {quoted(column.name)}" for column in spec.columns)
    where = f"WHERE {spec.where.replace('$as_of', f'DATE {literal(as_of.isoformat())}')}" if spec.where else ""
    link.execute(f"CREATE VIEW texts AS SELECT line, {text} FROM split {where}")
    values = ", ".join(f"{typed(column)} AS {quoted(value_name(column))}" for column in spec.columns)
    faults = ", ".join(f"{fault(column)} AS {quoted(fault_name(column))}" for column in spec.columns)
    named = ", ".join(f"{quoted(value_name(column))} AS {quoted(column.name)}" for column in spec.columns)
    found = ", ".join(quoted(fault_name(column)) for column in spec.columns)
    link.execute(
        f"CREATE TABLE typed AS SELECT line, {named}, "
        f"CASE WHEN coalesce({found}) IS NULL THEN [] "
        f"ELSE list_filter([{found}], lambda x: x IS NOT NULL) END AS faults "
        f"FROM (SELECT *, {faults} FROM (SELECT *, {values} FROM texts))"
    )
    link.execute("DROP VIEW texts; DROP TABLE split")
    key = ", ".join(f"coalesce({quoted(name)}, '')" for name in spec.key)
    warned = [column.name for column in spec.columns if column.warn_only]
    fatal = (
        f"list_filter(faults, lambda x: split_part(x, ':', 1) NOT IN ({', '.join(map(literal, warned))}))"
        if warned
        else "faults"
    )
    link.execute(
        f"CREATE TABLE bad AS SELECT line, split_part(f, ':', 1) AS column_name, split_part(f, ':', 2) AS code, "
        f"list_contains([{', '.join(map(literal, warned))}]::VARCHAR[], split_part(f, ':', 1)) AS is_warning "
        "FROM (SELECT line, unnest(faults) AS f FROM typed) "
        "UNION ALL SELECT line, '', 'columns', false FROM ragged"
    )
    # Only rows whose key occurs twice are numbered: few, in a file of millions.
    link.execute(
        f"CREATE TABLE repeated AS SELECT line FROM (SELECT line, row_number() OVER (PARTITION BY {key} ORDER BY line) "
        f"AS nth FROM typed WHERE len({fatal}) = 0 AND ({key}) IN (SELECT ({key}) FROM typed WHERE len({fatal}) = 0 "
        f"GROUP BY {key} HAVING count(*) > 1)) WHERE nth > 1"
    )
    link.execute(f"INSERT INTO bad SELECT line, {literal(spec.key[0])}, 'duplicate', false FROM repeated")
    link.execute(
        f"CREATE TABLE good AS SELECT * EXCLUDE (faults) FROM typed WHERE len({fatal}) = 0 "
        "AND line NOT IN (SELECT line FROM repeated)"
    )


def value_name(column: Column) -> str:
    return f"{column.name} value"


def fault_name(column: Column) -> str:
    return f"{column.name} fault"


def text_of(column: Column, names: list[str]) -> str:
    """SQL for the raw text of a column."""
    if column.value is not None:
        return literal(column.value)
    if column.expression:
        return f"TRY(CAST(({column.expression}) AS VARCHAR))"
    name = source_name(column, names)
    return quoted(name) if name else "NULL::VARCHAR"


def trimmed(text: str) -> str:
    """SQL for a text without spaces around it, NULL when nothing is left; few values have a space to look for."""
    return f"nullif(CASE WHEN contains({text}, ' ') THEN trim({text}) ELSE {text} END, '')"


def typed(column: Column) -> str:
    """SQL for the typed value; NULL where the text is not one."""
    name = quoted(column.name)
    match column.kind:
        case "amount":
            if column.in_fen:  # by multiplication, since DuckDB divides in floating point
                fen = f"TRY_CAST(regexp_extract({name}, {literal(FEN)}) AS DECIMAL(18, 0))"
                return f"CAST({fen} * CAST('0.01' AS DECIMAL(3, 2)) AS DECIMAL(18, 2))"
            return (
                f"CASE WHEN regexp_full_match({name}, {literal(AMOUNT)}) THEN TRY_CAST({name} AS DECIMAL(18, 2)) "
                f"WHEN regexp_full_match({name}, {literal(GROUPED)}) "
                f"THEN TRY_CAST(replace({name}, ',', '') AS DECIMAL(18, 2)) END"
            )
        case "integer":
            return f"TRY_CAST(regexp_extract({name}, {literal(INTEGER)}) AS INTEGER)"
        case "rate":
            return (
                f"TRY_CAST(regexp_extract(rtrim({name}, '%'), '^-?[0-9]{{1,3}}(\\.[0-9]{{1,4}}0*)?$') AS DECIMAL(8, 4))"
            )
        case "date":
            return f"CASE WHEN {in_range(column)} THEN {parsed_date(column)} END"
        case "moment":
            return f"CASE WHEN {moment_in_range(column)} THEN {parsed_moment(column)} END"
        case "flag":
            yes = ", ".join(literal(text) for text, value in FLAGS.items() if value)
            no = ", ".join(literal(text) for text, value in FLAGS.items() if not value)
            return f"CASE WHEN lower({name}) IN ({yes}) THEN true WHEN lower({name}) IN ({no}) THEN false END"
        case "choice":
            cases = " ".join(f"WHEN {literal(text)} THEN {literal(value)}" for text, value in column.choices.items())
            return f"CASE {name} {cases} END"
        case "id_no" if not column.warn_only:
            return f"CASE WHEN ({id_numbers.fault(name, ID_TYPE)}) IS NULL AND {clean_text(column)} THEN {name} END"
    return f"CASE WHEN {clean_text(column)} THEN {name} END"


def clean_text(column: Column) -> str:
    name = quoted(column.name)
    return f"(length({name}) <= {column.max_length} AND NOT regexp_matches({name}, '[[:cntrl:]]'))"


def parsed_date(column: Column) -> str:
    name, formats = quoted(column.name), "[" + ", ".join(map(literal, column.formats)) + "]"
    slow = f"CAST(try_strptime({name}, {formats}) AS DATE)"
    if ISO not in column.formats:
        return slow
    # The cast takes more forms than this one, but is many times as fast.
    shape = f"regexp_full_match({name}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
    return f"coalesce(TRY_CAST(CASE WHEN {shape} THEN {name} END AS DATE), {slow})"


def parsed_moment(column: Column) -> str:
    """A day with or without a time, by the clock of the bank; a day alone is its first moment."""
    times = [f"{day}{between}{clock}" for day in column.formats for between, clock in TIMES_OF_DAY]
    formats = "[" + ", ".join(map(literal, times)) + "]"
    return f"try_strptime({quoted(column.name)}, {formats})"


def moment_in_range(column: Column) -> str:
    return f"({parsed_moment(column)} BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2099-12-31 23:59:59')"


def is_open_end(column: Column) -> str:
    return f"({parsed_date(column)} = DATE '9999-12-31')" if column.open_end else "false"


def in_range(column: Column) -> str:
    return f"({parsed_date(column)} BETWEEN DATE '1900-01-01' AND DATE '2099-12-31')"


def fault(column: Column) -> str:
    """SQL for "column:code" of what is wrong with a text, NULL when nothing is."""
    name = quoted(column.name)
    checks: list[tuple[str, str]] = []
    match column.kind:
        case "date":
            allowed = f"{in_range(column)} OR coalesce({is_open_end(column)}, false)"
            checks = [(f"{parsed_date(column)} IS NULL", "date"), (f"NOT ({allowed})", "date_range")]
        case "moment":
            checks = [(f"{parsed_moment(column)} IS NULL", "moment"), (f"NOT {moment_in_range(column)}", "date_range")]
        case "text":
            checks = [
                (f"length({name}) > {column.max_length}", "too_long"),
                (f"NOT {clean_text(column)}", "characters"),
            ]
        case "id_no":
            code = id_numbers.fault(name, ID_TYPE)
            return (
                f"CASE WHEN {name} IS NOT NULL THEN {literal(column.name + ':')} || "
                f"CASE WHEN length({name}) > {column.max_length} THEN 'too_long' "
                f"WHEN NOT {clean_text(column)} THEN 'characters' ELSE {code} END END"
            )
        case _:
            checks = [(f"{typed(column)} IS NULL", {"flag": "choice"}.get(column.kind, column.kind))]
    missing = (
        f"WHEN {name} IS NULL THEN {literal(column.name + ':required')} "
        if column.required
        else f"WHEN {name} IS NULL THEN NULL "
    )
    # Almost every text is a value: only the others are looked into.
    missing += f"WHEN {quoted(value_name(column))} IS NOT NULL THEN NULL "
    return (
        "CASE "
        + missing
        + " ".join(f"WHEN {test} THEN {literal(column.name + ':' + code)}" for test, code in checks)
        + " END"
    )
