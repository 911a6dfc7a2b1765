"""From staged rows to the night's working tables: ids resolved, only what differs from the published tables.

Each merge runs in the caller's transaction on the batch alias. It writes refused rows to the temporary table
`refused` (line, column_name, code) and returns the number of changed rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from crm import db
from crm.audit import pii
from customers.feeds import pinyin
from customers.feeds.blind import add_index
from customers.feeds.published import compare_holdings
from customers.feeds.staging import stage

BATCH = 20_000
# By which column a full file tells who is missing: column of `refused_key`, column of the staged rows.
REFUSED_KEY = {
    "stage_customer": ("key", "customer_no"),
    "stage_account": ("account_no_index", "account_no_index"),
    "stage_holding": ("account_no_index", "account_no_index"),
    "stage_owner": ("key", "customer_no"),
}


@dataclass(frozen=True)
class Delivery:
    """What a merge needs to know of the load."""

    link: duckdb.DuckDBPyConnection
    load_id: int
    as_of: date
    is_full: bool
    closes_missing: bool
    provided: frozenset[str]
    default_branch: int | None


def begin() -> None:
    """The list of rows that only PostgreSQL can refuse."""
    db.execute("CREATE TEMP TABLE refused (line bigint, column_name text, code text) ON COMMIT DROP")


def refuse(condition: str, table: str, column: str, code: str) -> None:
    """Move staged rows that meet a condition to `refused`."""
    if table in REFUSED_KEY:
        key = REFUSED_KEY[table]
        db.execute(f"INSERT INTO refused_key ({key[0]}) SELECT s.{key[1]} FROM {table} s WHERE {condition}")
    db.execute(
        f"WITH gone AS (DELETE FROM {table} s WHERE {condition} RETURNING line) "
        "INSERT INTO refused SELECT line, %s, %s FROM gone",
        [column, code],
    )


def earlier(table: str, *key: str) -> str:
    """The condition that a staged row with the same key stands before this one in the file."""
    same = " AND ".join(f"o.{column} = s.{column}" for column in key)
    return f"EXISTS (SELECT FROM {table} o WHERE {same} AND o.line < s.line)"


def kept_ids(table: str, id_column: str, key: Iterable[str], old_loads: list[int]) -> None:
    """Take the rows of replaced loads out of a working table, and remember their ids by natural key."""
    keys = ", ".join(key)
    db.execute(
        f"CREATE TEMP TABLE old_{table} ON COMMIT DROP AS SELECT {keys}, {id_column} AS id FROM {table} "
        "WHERE load_id = ANY (%s) AND is_new",
        [old_loads],
    )
    db.execute(f"DELETE FROM {table} WHERE load_id = ANY (%s)", [old_loads])


PRODUCT_OPTIONAL = ("risk", "term_days", "min_amount", "counts_in_aum")


def products(delivery: Delivery) -> int:
    """The product catalogue has no money in it: it is written at once, and the night moves what counts otherwise."""
    delivery.link.execute(
        "CREATE TABLE product AS SELECT line, code, name, product_class, "
        + ", ".join(name if name in delivery.provided else f"NULL AS {name}" for name in PRODUCT_OPTIONAL)
        + " FROM good"
    )
    stage(
        delivery.link, "SELECT * FROM product ORDER BY line", "stage_product",
        "line bigint, code text, name text, product_class text, risk smallint, term_days int, "
        "min_amount numeric(18, 2), counts_in_aum boolean",
    )  # fmt: skip
    has: dict[str, Any] = {f"has_{name}": name in delivery.provided for name in PRODUCT_OPTIONAL}
    return db.run_sql("customers.feeds.merge", "products", **has)


CUSTOMER_PLAIN = {
    "name": "text", "customer_type": "text", "company_size": "text", "sex": "text", "birth_date": "date",
    "id_type": "text", "id_expiry_date": "date", "occupation": "text", "employer": "text", "open_date": "date",
    "close_date": "date", "status": "text", "has_payroll": "boolean", "has_pension": "boolean",
    "is_merchant": "boolean",
}  # fmt: skip
CUSTOMER_SECRET = {"id_no": pii.ID_NO, "mobile": pii.MOBILE, "address": pii.ADDRESS}
# Empty text columns hold '', not NULL; these are the values of a column that is empty in the file.
CUSTOMER_EMPTY = {
    "customer_type": "'person'", "company_size": "''", "sex": "''", "id_type": "''", "occupation": "''",
    "employer": "''", "status": "'active'", "has_payroll": "false", "has_pension": "false", "is_merchant": "false",
}  # fmt: skip


def customers(delivery: Delivery, old_loads: list[int]) -> int:
    """New and changed customers; in a full file those who are missing are closed."""
    link, provided = delivery.link, delivery.provided
    for name, field in CUSTOMER_SECRET.items():
        if name in provided:
            add_index(link, "good", field, name)
    secret = [name for name in CUSTOMER_SECRET if name in provided]
    plain = [name for name in CUSTOMER_PLAIN if name in provided]
    branch = "branch_code" if "branch_code" in provided else "NULL"
    stage(
        link,
        f"SELECT line, customer_no, {branch}, {', '.join(plain)}"
        + "".join(f", '\\x' || {name}_index" for name in secret) + " FROM good ORDER BY line",
        "stage_customer",
        "line bigint, customer_no text, branch_code text, " + ", ".join(f"{n} {CUSTOMER_PLAIN[n]}" for n in plain)
        + "".join(f", {name}_index bytea" for name in secret),
        resolved=("branch_id",),
    )  # fmt: skip
    kept_ids("night_customer", "customer_id", ["customer_no"], old_loads)
    if "branch_code" in provided:
        db.execute(
            "UPDATE stage_customer s SET branch_id = b.id FROM organization_branch b WHERE b.code = s.branch_code"
        )
        refuse("s.branch_id IS NULL", "stage_customer", "branch_code", "branch")
    else:
        db.execute(
            "UPDATE stage_customer s SET branch_id = coalesce("
            "(SELECT branch_id FROM customers_customer c WHERE c.customer_no = s.customer_no), %s)",
            [delivery.default_branch],
        )
        refuse("s.branch_id IS NULL", "stage_customer", "customer_no", "branch")

    def value(name: str) -> str:
        return f"coalesce(s.{name}, {CUSTOMER_EMPTY[name]})" if name in CUSTOMER_EMPTY else f"s.{name}"

    status = "" if "status" in provided else " OR c.status <> 'active'"
    differs = " OR ".join(
        [f"c.{name} IS DISTINCT FROM {value(name)}" for name in plain]
        + [f"c.{name}_index IS DISTINCT FROM s.{name}_index" for name in secret]
    )
    db.execute(
        "CREATE TEMP TABLE changed_customer ON COMMIT DROP AS "
        "SELECT s.*, c.id IS NULL AS is_new, c.branch_id AS old_branch, "
        "coalesce(c.id, o.id, nextval(pg_get_serial_sequence('customers_customer', 'id'))) AS customer_id "
        "FROM stage_customer s LEFT JOIN customers_customer c USING (customer_no) "
        "LEFT JOIN old_night_customer o USING (customer_no) "
        f"WHERE c.id IS NULL OR c.branch_id <> s.branch_id OR {differs}{status}"
    )
    seal_customers(delivery, secret)
    insert_customers(delivery, plain, secret, value)
    changed = db.fetch_value("SELECT count(*) FROM changed_customer")
    if delivery.closes_missing and "status" not in provided:
        changed += db.run_sql("customers.feeds.merge", "customers_missing", load=delivery.load_id, as_of=delivery.as_of)
    return int(changed)


def insert_customers(delivery: Delivery, plain: list[str], secret: list[str], value: Any) -> None:
    """Changed customers as whole rows: what the file says, and what is published where the file has no such column."""
    pairs = {
        "customer_id": "s.customer_id", "load_id": "%(load)s", "is_new": "s.is_new",
        "old_branch_id": "CASE WHEN s.old_branch <> s.branch_id THEN s.old_branch END",
        "customer_no": "s.customer_no", "branch_id": "s.branch_id",
    }  # fmt: skip
    for name in CUSTOMER_PLAIN:
        empty = CUSTOMER_EMPTY.get(name, "NULL")
        pairs[name] = (
            value(name) if name in plain else "'active'" if name == "status" else f"coalesce(c.{name}, {empty})"
        )
    for name in ("name_mask", "name_pinyin", "name_initials", "name_bigrams"):
        pairs[name] = f"z.{name}"
    for name in CUSTOMER_SECRET:
        pairs[f"{name}_cipher"] = f"CASE WHEN z.{name}_kept THEN c.{name}_cipher ELSE z.{name}_cipher END"
        pairs[f"{name}_mask"] = f"coalesce(CASE WHEN z.{name}_kept THEN c.{name}_mask ELSE z.{name}_mask END, '')"
        pairs[f"{name}_index"] = f"s.{name}_index" if name in secret else f"c.{name}_index"
    pairs["id_no_tail_index"] = "CASE WHEN z.id_no_kept THEN c.id_no_tail_index ELSE z.id_no_tail_index END"
    db.execute(
        f"INSERT INTO night_customer ({', '.join(pairs)}) SELECT {', '.join(pairs.values())} "
        "FROM changed_customer s JOIN sealed z ON z.line = s.line "
        "LEFT JOIN customers_customer c ON c.id = s.customer_id "
        "ON CONFLICT (customer_id) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in pairs if name != "customer_id"),
        {"load": delivery.load_id},
    )


def seal_customers(delivery: Delivery, secret: list[str]) -> None:
    """Temporary table `sealed`: readings and masks of names, and C2 values encrypted where they are new or changed."""
    kept = ", ".join(
        f"(c.id IS NOT NULL AND c.{name}_index IS NOT DISTINCT FROM s.{name}_index) AS {name}_kept"
        if name in secret
        else f"true AS {name}_kept"
        for name in CUSTOMER_SECRET
    )
    flags = ", ".join(f"{name}_kept boolean" for name in CUSTOMER_SECRET)
    values = ", ".join(f"{name}_cipher bytea, {name}_mask text" for name in CUSTOMER_SECRET)
    db.execute(
        "CREATE TEMP TABLE sealed (line bigint, name_mask text, name_pinyin text, name_initials text, "
        f"name_bigrams text[], {flags}, {values}, id_no_tail_index bytea) ON COMMIT DROP"
    )
    rows = db.fetch_all(
        f"SELECT s.line, s.customer_id, {kept} FROM changed_customer s "
        "LEFT JOIN customers_customer c ON c.id = s.customer_id ORDER BY s.line"
    )
    for start in range(0, len(rows), BATCH):
        copy_sealed(delivery.link, rows[start : start + BATCH], secret)
    db.execute("ANALYZE sealed")


def copy_sealed(link: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], secret: list[str]) -> None:
    first, last = rows[0]["line"], rows[-1]["line"]
    wanted = {row["line"] for row in rows}
    columns = ", ".join(["line", "name", *secret])
    between = link.execute(f"SELECT {columns} FROM good WHERE line BETWEEN {first} AND {last}").fetchall()
    texts = {row[0]: row for row in between if row[0] in wanted}
    ids = [row["customer_id"] for row in rows]
    nothing: list[bytes | None] = [None] * len(rows)
    ciphers = dict.fromkeys(CUSTOMER_SECRET, nothing)
    masks, tails = {name: [""] * len(rows) for name in CUSTOMER_SECRET}, nothing
    for place, name in enumerate(secret, 2):
        plain = [None if row[f"{name}_kept"] else texts[row["line"]][place] for row in rows]
        ciphers[name], masks[name] = sealed_texts(CUSTOMER_SECRET[name], ids, plain)
        if name == "id_no":
            tails = pii.tail_index_many(pii.ID_NO, plain)

    def as_copied() -> Iterable[tuple[Any, ...]]:
        for number, row in enumerate(rows):
            name = texts[row["line"]][1]
            values = [(ciphers[one][number], masks[one][number]) for one in CUSTOMER_SECRET]
            yield (
                row["line"], pii.mask_name(name), pinyin.full(name), pinyin.initials(name), pinyin.bigrams(name),
                *(row[f"{one}_kept"] for one in CUSTOMER_SECRET),
                *(part for value in values for part in value), tails[number],
            )  # fmt: skip

    db.copy_rows_in("COPY sealed FROM STDIN", as_copied())


def sealed_texts(field: pii.Field, ids: list[int], plain: list[str | None]) -> tuple[list[bytes | None], list[str]]:
    """Cipher texts and masks; look-up hashes have been made for the whole column already (blind.add_index)."""
    return pii.encrypt_many(field, ids, plain), [field.mask(value) if value else "" for value in plain]


def accounts(delivery: Delivery, old_loads: list[int]) -> int:
    """Accounts with their owners, and everybody else named on them."""
    link, provided = delivery.link, delivery.provided
    add_index(link, "good", pii.ACCOUNT_NO, "account_no")
    optional = {"role": "text", "account_type": "text", "currency": "text", "open_date": "date", "close_date": "date"}
    stage(
        link,
        "SELECT line, '\\x' || account_no_index, customer_no, "
        + ", ".join(name if name in provided else "NULL" for name in optional) + " FROM good ORDER BY line",
        "stage_account",
        "line bigint, account_no_index bytea, customer_no text, "
        + ", ".join(f"{name} {kind}" for name, kind in optional.items()),
        resolved=("customer_id", "branch_id"),
    )  # fmt: skip
    db.execute("UPDATE stage_account SET role = coalesce(role, 'owner'), currency = coalesce(currency, 'CNY')")
    kept_ids("night_account", "account_id", ["account_no_index"], old_loads)
    db.execute("DELETE FROM night_holder WHERE load_id = ANY (%s)", [old_loads])
    db.run_sql("customers.feeds.merge", "accounts_customer")
    refuse("s.customer_id IS NULL", "stage_account", "customer_no", "customer")
    refuse(earlier("stage_account", "account_no_index", "customer_id"), "stage_account", "account_no", "duplicate")
    db.run_sql("customers.feeds.merge", "accounts_owner")
    refuse(
        "NOT EXISTS (SELECT FROM account_of o WHERE o.account_no_index = s.account_no_index)",
        "stage_account", "account_no", "no_owner",
    )  # fmt: skip
    changed = db.run_sql("customers.feeds.merge", "accounts_write", load=delivery.load_id)
    seal_accounts(delivery)
    changed += db.run_sql("customers.feeds.merge", "holders_write", load=delivery.load_id)
    if delivery.closes_missing:
        changed += db.run_sql("customers.feeds.merge", "holders_missing", load=delivery.load_id)
        changed += db.run_sql("customers.feeds.merge", "accounts_missing", load=delivery.load_id, as_of=delivery.as_of)
    return changed


def seal_accounts(delivery: Delivery) -> None:
    """Cipher text and mask of new accounts' numbers."""
    rows = db.fetch_all(
        "SELECT n.account_id, o.line FROM night_account n JOIN account_of o USING (account_no_index) "
        "WHERE n.load_id = %s AND n.is_new ORDER BY o.line",
        [delivery.load_id],
    )
    if not rows:
        return
    db.execute("CREATE TEMP TABLE sealed_account (account_id bigint, cipher bytea, mask text) ON COMMIT DROP")
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        between = f"line BETWEEN {batch[0]['line']} AND {batch[-1]['line']}"
        plain = dict(delivery.link.execute(f"SELECT line, account_no FROM good WHERE {between}").fetchall())
        ids = [row["account_id"] for row in batch]
        sealed = sealed_texts(pii.ACCOUNT_NO, ids, [plain[row["line"]] for row in batch])
        db.copy_rows_in("COPY sealed_account FROM STDIN", zip(ids, *sealed, strict=True))
    db.execute(
        "UPDATE night_account n SET account_no_cipher = z.cipher, account_no_mask = z.mask "
        "FROM sealed_account z WHERE z.account_id = n.account_id"
    )


HOLDING_OPTIONAL = {
    "product_count": "int", "start_date": "date", "maturity_date": "date", "auto_rollover": "boolean",
    "rate": "numeric(8, 4)", "funding_source": "text",
}  # fmt: skip


def balances(delivery: Delivery, old_loads: list[int]) -> int:
    """Holdings that are new or differ; in a full file those that are missing are closed at nil."""
    link, provided = delivery.link, delivery.provided
    compare_holdings(link, [name for name in HOLDING_OPTIONAL if name in provided])
    stage(
        link,
        "SELECT line, '\\x' || account_index, coalesce(sub_no, ''), product_code, balance, "
        + ", ".join(name if name in provided else "NULL" for name in HOLDING_OPTIONAL)
        + " FROM compared WHERE line IS NOT NULL ORDER BY line",
        "stage_holding",
        "line bigint, account_no_index bytea, sub_no text, product_code text, balance numeric(18, 2), "
        + ", ".join(f"{name} {kind}" for name, kind in HOLDING_OPTIONAL.items()),
        resolved=("account_id", "customer_id", "branch_id", "product_id"),
    )  # fmt: skip
    kept_ids("night_holding", "holding_id", ["account_id", "sub_no"], old_loads)
    db.execute("DELETE FROM night_holding WHERE is_reclassified")  # of a night that failed; the next one makes its own
    db.run_sql("customers.feeds.merge", "balances_account")
    refuse("s.account_id IS NULL", "stage_holding", "account_no", "account")
    db.run_sql("customers.feeds.merge", "balances_product")
    refuse("s.product_id IS NULL", "stage_holding", "product_code", "product")
    db.execute("ANALYZE stage_holding")
    # Two spellings of one account number are two rows for the edge, and one holding here.
    refuse(earlier("stage_holding", "account_id", "sub_no"), "stage_holding", "account_no", "duplicate")
    has: dict[str, Any] = {f"has_{name}": name in provided for name in HOLDING_OPTIONAL}
    changed = db.run_sql("customers.feeds.merge", "balances_write", load=delivery.load_id, **has)
    if delivery.closes_missing:
        gone = "SELECT holding_id FROM compared WHERE line IS NULL ORDER BY holding_id"
        stage(link, gone, "stage_missing", "holding_id bigint")
        changed += db.run_sql("customers.feeds.merge", "balances_missing", load=delivery.load_id)
    return changed


def ownership(delivery: Delivery, old_loads: list[int]) -> int:
    """Main owners that differ from the open ones."""
    provided = delivery.provided
    stage(
        delivery.link,
        "SELECT line, customer_no, "
        + ", ".join(name if name in provided else "NULL" for name in ("staff_no", "since"))
        + " FROM good ORDER BY line",
        "stage_owner",
        "line bigint, customer_no text, staff_no text, since date",
        resolved=("customer_id", "branch_id", "owner_id"),
    )  # fmt: skip
    db.execute("DELETE FROM night_ownership WHERE load_id = ANY (%s)", [old_loads])
    db.run_sql("customers.feeds.merge", "ownership_customer")
    refuse("s.customer_id IS NULL", "stage_owner", "customer_no", "customer")
    db.execute(
        "UPDATE stage_owner s SET owner_id = u.id FROM organization_user u "
        "WHERE u.staff_no = s.staff_no AND u.is_active"
    )
    refuse("s.staff_no IS NOT NULL AND s.owner_id IS NULL", "stage_owner", "staff_no", "owner")
    # Scope goes by branch: somebody of another one would own customers whom they cannot see.
    refuse(
        "s.branch_id <> (SELECT u.branch_id FROM organization_user u WHERE u.id = s.owner_id)",
        "stage_owner", "staff_no", "owner_branch",
    )  # fmt: skip
    return db.run_sql("customers.feeds.merge", "ownership_write", load=delivery.load_id, as_of=delivery.as_of)
