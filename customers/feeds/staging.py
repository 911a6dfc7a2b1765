"""From DuckDB's memory into temporary tables of PostgreSQL: typed values and look-up hashes, never plain C2 text."""

import os
import threading

import duckdb

from crm import db

BLOCK = 1 << 20


def stage(
    link: duckdb.DuckDBPyConnection, select: str, table: str, columns: str, *, resolved: tuple[str, ...] = ()
) -> None:
    """Make a temporary table that lasts as long as the transaction, and copy the rows of a DuckDB query into it.

    `columns` is the column list of CREATE TABLE, `resolved` names id columns that PostgreSQL will fill. DuckDB writes
    CSV into a pipe that PostgreSQL's COPY reads.
    """
    db.execute(f"CREATE TEMP TABLE {table} ({columns}) ON COMMIT DROP")
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def write() -> None:
        try:
            link.execute(f"COPY ({select}) TO '/proc/self/fd/{writing}' (FORMAT csv, HEADER false)")
        except duckdb.Error as error:
            failures.append(error)
        finally:
            os.close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with os.fdopen(reading, "rb", buffering=BLOCK) as pipe:
            db.copy_bytes_in(f"COPY {table} FROM STDIN (FORMAT csv)", pipe)
    finally:
        writer.join()
    if failures:
        raise failures[0]
    for name in resolved:
        db.execute(f"ALTER TABLE {table} ADD COLUMN {name} bigint")
    db.execute(f"ANALYZE {table}")
