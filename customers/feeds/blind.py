"""Look-up hashes of whole columns inside DuckDB, equal to those of crm.audit.pii: HMAC written out in SHA-256."""

import duckdb

from crm.audit import pii

SHA256_BLOCK = 64
# The canonical form of values in plain ASCII; others (full-width digits, addresses) go through Python.
CANONICAL = {
    "id_no": "upper(regexp_replace({v}, '[^0-9A-Za-z]', '', 'g'))",
    "account_no": "upper(regexp_replace({v}, '[^0-9A-Za-z]', '', 'g'))",
    "address": "upper(regexp_replace({v}, '[^0-9A-Za-z]', '', 'g'))",
    "mobile": "regexp_replace(regexp_replace({v}, '[^0-9]', '', 'g'), '^(?:0086|86)([0-9]{{11}})$', '\\1')",
}
# Texts that are canonical already: nearly all of a core bank's file.
CANONICAL_ALREADY = {"mobile": "1[0-9]{10}"}
COMPACT = "[0-9A-Z]*"


def add_index(link: duckdb.DuckDBPyConnection, table: str, field: pii.Field, column: str) -> None:
    """Add `<column>_index` (32 hexadecimal digits) to a table that has the plain column."""
    key = pii.key_ring().index_key.ljust(SHA256_BLOCK, b"\0")
    inner = bytes(byte ^ 0x36 for byte in key) + f"{field.name}\0".encode()
    outer = bytes(byte ^ 0x5C for byte in key)
    canonical = CANONICAL[field.name].format(v=column)
    already = CANONICAL_ALREADY.get(field.name, COMPACT)
    target = f"{column}_index"
    # As a new table, since DuckDB updates a column at twice the price.
    link.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT * EXCLUDE (canonical), CASE WHEN canonical <> '' THEN "
        f"left(sha256($outer::BLOB || unhex(sha256($inner::BLOB || encode(canonical)))), 32) END AS {target} "
        f"FROM (SELECT *, CASE WHEN regexp_full_match({column}, '{already}') THEN {column} "
        f"WHEN regexp_full_match({column}, '[ -~]*') THEN {canonical} END AS canonical FROM {table})",
        {"inner": inner, "outer": outer},
    )
    others = [
        row[0]
        for row in link.execute(
            f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL AND {target} IS NULL"
        ).fetchall()
    ]
    if not others:
        return
    hashes = [index.hex() if index else None for index in pii.index_many(field, others)]
    link.execute("CREATE TEMP TABLE by_python (plain VARCHAR, hash VARCHAR)")
    for start in range(0, len(others), 10_000):
        pairs = [
            value
            for pair in zip(others[start : start + 10_000], hashes[start : start + 10_000], strict=True)
            for value in pair
        ]
        places = ", ".join("(?, ?)" for _pair in range(len(pairs) // 2))
        link.execute(f"INSERT INTO by_python VALUES {places}", pairs)
    link.execute(f"UPDATE {table} SET {target} = b.hash FROM by_python b WHERE {table}.{column} = b.plain")
    link.execute("DROP TABLE by_python")
