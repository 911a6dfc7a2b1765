"""The only place that holds a raw cursor: SQL files by name, COPY in both directions, locks, row-level security.

A `.sql` file lies beside the module that runs it and bears its name; parameters are named, `%(as_of)s`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

from django.db import connections, migrations, transaction

COPY_BLOCK = 1 << 20


@cache
def sql_text(package: str, name: str) -> str:
    """The text of `<package>/<name>.sql`."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def run_sql(package: str, name: str, using: str = "batch", **params: Any) -> int:
    """Run `<package>/<name>.sql` and return the number of rows that its first statement touched."""
    with connections[using].cursor() as cursor:
        cursor.execute(sql_text(package, name), params or None)
        return max(int(cursor.rowcount), 0)


def execute(statement: str, params: Mapping[str, Any] | Sequence[Any] | None = None, using: str = "batch") -> int:
    """Run one statement written in place (short ones only; long ones belong in a file)."""
    with connections[using].cursor() as cursor:
        cursor.execute(statement, params)
        return max(int(cursor.rowcount), 0)


def fetch_all(
    statement: str, params: Mapping[str, Any] | Sequence[Any] | None = None, using: str = "batch"
) -> list[dict[str, Any]]:
    """Rows of one statement as dictionaries; for results that are small by construction."""
    with connections[using].cursor() as cursor:
        cursor.execute(statement, params)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def fetch_sql(package: str, name: str, using: str = "batch", **params: Any) -> list[dict[str, Any]]:
    """`fetch_all` for `<package>/<name>.sql`."""
    return fetch_all(sql_text(package, name), params or None, using)


def fetch_value(statement: str, params: Mapping[str, Any] | Sequence[Any] | None = None, using: str = "batch") -> Any:
    """The first column of the first row, or None."""
    with connections[using].cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
        return row[0] if row else None


def copy_rows_in(copy_statement: str, rows: Iterable[Sequence[Any]], using: str = "batch") -> int:
    """Stream Python rows through COPY … FROM STDIN; returns the number of rows sent."""
    sent = 0
    with connections[using].cursor() as cursor, cursor.copy(copy_statement) as copy:
        for row in rows:
            copy.write_row(row)
            sent += 1
    return sent


def copy_bytes_in(copy_statement: str, source: BinaryIO, using: str = "batch") -> None:
    """Stream raw bytes through COPY … FROM STDIN (the server parses and transcodes)."""
    with connections[using].cursor() as cursor, cursor.copy(copy_statement) as copy:
        while block := source.read(COPY_BLOCK):
            copy.write(block)


def stream_values(statement: str, using: str = "batch") -> Iterator[Any]:
    """The first column of every row, fetched a few at a time; inside a transaction only."""
    with connections[using].chunked_cursor() as cursor:
        cursor.execute(statement)
        for row in cursor:
            yield row[0]


def copy_rows_out(copy_statement: str, using: str = "batch") -> Iterator[tuple[Any, ...]]:
    """Rows of COPY … TO STDOUT, streamed, as text values."""
    with connections[using].cursor() as cursor, cursor.copy(copy_statement) as copy:
        yield from copy.rows()


def hold_lock(name: str, using: str = "batch") -> None:
    """Wait for the transaction-level advisory lock of this name (session locks leak through pools)."""
    execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name], using)


def stay_idle(using: str) -> None:
    """Let this transaction wait as long as its work elsewhere takes: it holds a lock, and the server ends idle ones."""
    execute("SET LOCAL idle_in_transaction_session_timeout = 0", using=using)


def try_lock(name: str, using: str = "batch") -> bool:
    """Take the transaction-level advisory lock of this name, or say at once that somebody holds it."""
    return bool(fetch_value("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name], using))


@contextmanager
def role_settings(
    settings: Mapping[str, str], role: str | None = None, using: str = "default", *, snapshot: bool = False
) -> Iterator[None]:
    """One transaction in which row-level security sees these settings, and optionally another role.

    With `snapshot` all its statements see the database at one moment, and none may write. Only transaction-local
    forms are used: a session-level SET would survive into the pool's next borrower. One round trip to the server.
    """
    statements = ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"] if snapshot else []
    statements.append("SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(settings)))
    if role is not None:
        statements.append(f"SET LOCAL ROLE {connections[using].ops.quote_name(role)}")
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("; ".join(statements), [text for pair in settings.items() for text in pair])
        yield


BRANCH_POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_branches ON {table} TO crm_app USING ({column} = ANY ((SELECT
  string_to_array(nullif(current_setting('crm.branches', true), ''), ',')::bigint[])::bigint[]));
CREATE POLICY head_office ON {table} TO crm_hq USING (true) WITH CHECK (true);
"""
DENY_POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
REVOKE ALL ON {table} FROM crm_app, crm_hq;
"""
NO_POLICY = """
DROP POLICY IF EXISTS own_branches ON {table};
DROP POLICY IF EXISTS head_office ON {table};
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""


def guard_by_branch(table: str, column: str = "branch_id") -> migrations.RunSQL:
    """Migration operation: the web role sees only rows of the branches in its context (SECURITY §3.1)."""
    return migrations.RunSQL(BRANCH_POLICY.format(table=table, column=column), NO_POLICY.format(table=table))


def guard_from_web(table: str) -> migrations.RunSQL:
    """Migration operation: a working table of the night, which the web role cannot touch at all."""
    return migrations.RunSQL(DENY_POLICY.format(table=table), NO_POLICY.format(table=table))


def web_writes(tables: Mapping[str, str]) -> migrations.RunSQL:
    """Migration operation: what the web role may write, by table: INSERT, UPDATE, DELETE; "" where it only reads."""
    kept = (f"GRANT {writes} ON {table} TO crm_app, crm_hq;\n" for table, writes in tables.items() if writes)
    names = ", ".join(tables)
    return migrations.RunSQL(
        f"REVOKE INSERT, UPDATE, DELETE ON {names} FROM crm_app, crm_hq;\n{''.join(kept)}",
        f"GRANT INSERT, UPDATE, DELETE ON {names} TO crm_app, crm_hq;",
    )
