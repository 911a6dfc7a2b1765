"""Resident identity numbers, GB 11643-1999: 18 characters with a check character, or 15 of the first generation.

The region is compared with every code since 1980, since a card keeps the code of its year of issue. New zones inside a
prefecture are not all listed, so a region counts as known when its prefecture ever existed.
"""

import re
from datetime import date
from functools import cache
from importlib.resources import files

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
RESIDENT = ("resident_id", "居民身份证", "身份证")


@cache
def prefectures() -> frozenset[str]:
    """The first four digits of every division code since 1980, from the list that python-stdnum ships."""
    found, province = set(), ""
    for line in files("stdnum.cn").joinpath("loc.dat").read_text(encoding="utf-8").splitlines():
        match = re.match(r"(\s*)([0-9]+)", line)
        if match is None:
            continue
        if match[1]:
            found.add(province + match[2][:2])
        else:
            province = match[2]
    return frozenset(found)


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
    if number[:4] not in prefectures():
        return "id_region"
    try:
        date(int(birth[:4]), int(birth[4:6]), int(birth[6:]))
    except ValueError:
        return "id_birth"
    if len(number) == 18 and check_character(number[:17]) != number[17].upper():
        return "id_check"
    return None


def fault(number: str, id_type: str) -> str:
    """The same as DuckDB SQL over two column expressions: a code, or NULL; other documents are not looked into."""
    resident = ", ".join(f"'{name}'" for name in RESIDENT)
    known = ", ".join(f"'{code}'" for code in sorted(prefectures()))
    products = " + ".join(
        f"{weight} * CAST(substring({number}, {place}, 1) AS INTEGER)" for place, weight in enumerate(WEIGHTS, 1)
    )
    birth = f"CASE length({number}) WHEN 18 THEN substring({number}, 7, 8) ELSE '19' || substring({number}, 7, 6) END"
    return (
        f"CASE WHEN {number} IS NULL OR {id_type} IS NULL OR {id_type} NOT IN ({resident}) THEN NULL "
        f"WHEN NOT regexp_full_match({number}, '[0-9]{{17}}[0-9Xx]|[0-9]{{15}}') THEN 'id_length' "
        f"WHEN left({number}, 4) NOT IN ({known}) THEN 'id_region' "
        f"WHEN try_strptime({birth}, '%Y%m%d') IS NULL THEN 'id_birth' "
        f"WHEN length({number}) = 18 AND substring('{CHECKS}', ({products}) % 11 + 1, 1) <> upper(right({number}, 1)) "
        "THEN 'id_check' END"
    )
