"""A balances file beside what is published, compared in DuckDB's memory: only what differs goes on to PostgreSQL.

A day's file repeats nearly every holding as it is. PostgreSQL hands out by COPY what it has published, table by table,
since its joins cost as much as the copying; a row that says the same in all its columns is left out before anything is
staged.
"""

import os
import threading
from collections.abc import Collection

import duckdb

from crm import db
from crm.audit import pii
from customers.feeds.blind import add_index
from customers.feeds.staging import BLOCK

HOLDING = {
    "holding_id": "BIGINT", "account_id": "BIGINT", "branch_id": "BIGINT", "product_id": "BIGINT", "sub_no": "VARCHAR",
    "balance": "DECIMAL(18, 2)", "product_count": "INTEGER", "start_date": "DATE", "maturity_date": "DATE",
    "auto_rollover": "BOOLEAN", "rate": "DECIMAL(8, 4)", "funding_source": "VARCHAR",
}  # fmt: skip
HOLDINGS = """
SELECT id, account_id, branch_id, product_id, sub_no, balance, product_count, start_date, maturity_date, auto_rollover,
       rate, funding_source
FROM customers_holding WHERE status = 'open'
"""
ACCOUNT = {"account_id": "BIGINT", "branch_id": "BIGINT", "account_no_index": "VARCHAR"}
# With the branch where an account will be after this night: its holdings have to follow, whatever the file says.
ACCOUNTS = """
SELECT a.id, coalesce(na.branch_id, nc.branch_id, a.branch_id), encode(a.account_no_index, 'hex')
FROM customers_account a
LEFT JOIN night_account na ON na.account_id = a.id
LEFT JOIN night_customer nc ON nc.customer_id = a.customer_id
"""
PRODUCT = {"product_id": "BIGINT", "product_code": "VARCHAR"}
PRODUCTS = "SELECT id, code FROM customers_product"
# What a value that is empty in the file counts as.
EMPTY = {"product_count": "1", "funding_source": "'own'"}


def compare_holdings(link: duckdb.DuckDBPyConnection, optional: Collection[str]) -> None:
    """Make `compared` (the rows of `good` that are not published as they stand, and holding_id alone for what is
    published as open and not in the file). `optional` names the file's columns beside key, product and balance."""
    # An account is hashed once, however many holdings it has: hashing costs more than joining.
    link.execute("CREATE TABLE named AS SELECT DISTINCT account_no FROM good")
    add_index(link, "named", pii.ACCOUNT_NO, "account_no")
    read_published(link, "account", ACCOUNT, ACCOUNTS)
    read_published(link, "product", PRODUCT, PRODUCTS)
    read_published(link, "holding", HOLDING, HOLDINGS)
    said = {name: f"coalesce(g.{name}, {EMPTY[name]})" if name in EMPTY else f"g.{name}" for name in optional}
    same = "".join(f" AND h.{name} IS NOT DISTINCT FROM {value}" for name, value in said.items())
    # Joined by the key alone: more columns in the join itself cost three times as much.
    link.execute(
        "CREATE TABLE compared AS SELECT g.*, h.holding_id FROM "
        "(SELECT good.*, n.account_no_index AS account_index, a.account_id, a.branch_id, p.product_id FROM good "
        "LEFT JOIN named n USING (account_no) LEFT JOIN account a ON a.account_no_index = n.account_no_index "
        "LEFT JOIN product p USING (product_code)) g "
        "FULL JOIN holding h ON h.account_id = g.account_id AND coalesce(h.sub_no, '') = coalesce(g.sub_no, '') "
        "WHERE g.line IS NULL OR h.holding_id IS NULL OR NOT (h.branch_id = g.branch_id "
        "AND h.product_id IS NOT DISTINCT FROM g.product_id "
        f"AND h.balance IS NOT DISTINCT FROM g.balance{same})"
    )
    link.execute("DROP TABLE named; DROP TABLE account; DROP TABLE product; DROP TABLE holding")


def lines_of(columns: dict[str, str], select: str) -> str:
    """SQL for the rows as CSV, a thousand to a value: the driver spends more on a row than the server does."""
    first, *_others = columns
    texts = ", ',', ".join(
        f"""'"' || replace({name}, '"', '""') || '"'""" if kind == "VARCHAR" else name for name, kind in columns.items()
    )
    names = ", ".join(columns)
    return f"SELECT string_agg(concat({texts}, E'\\n'), '') FROM ({select}) AS t ({names}) GROUP BY {first} >> 10"


def read_published(link: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], select: str) -> None:
    """Rows of a query to PostgreSQL as a table of DuckDB, through a pipe: neither side holds them as text."""
    reading, writing = os.pipe()
    failures: list[BaseException] = []
    kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())

    def read() -> None:
        try:
            link.execute(
                f"CREATE TABLE {table} AS SELECT * FROM read_csv('/proc/self/fd/{reading}', columns = {{{kinds}}}, "
                "header = false, delim = ',', quote = '\"', escape = '\"', auto_detect = false)"
            )
        except duckdb.Error as error:
            failures.append(error)
        finally:
            os.close(reading)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with os.fdopen(writing, "wb", buffering=BLOCK) as pipe:
            for lines in db.stream_values(lines_of(columns, select)):
                pipe.write(lines.encode())
    except BrokenPipeError:
        reader.join()
        if not failures:
            raise
    finally:
        reader.join()
    if failures:
        raise failures[0]
