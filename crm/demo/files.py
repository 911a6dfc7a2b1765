"""The core bank's files of the day after the demo's last one, so that its first night has real work."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from crm import db
from crm.demo import staff
from crm.demo.enrolment import account_no, customer_no
from crm.demo.people import People, Person

CUSTOMER_HEADER = (
    "customer_no", "name", "branch_code", "customer_type", "company_size", "sex", "birth_date", "id_type", "id_no",
    "mobile", "address", "occupation", "open_date", "has_payroll", "has_pension", "is_merchant", "status",
)  # fmt: skip
ACCOUNT_HEADER = ("account_no", "customer_no", "role", "account_type", "currency", "open_date")
BALANCE_HEADER = (
    "account_no", "sub_no", "product_code", "balance", "product_count", "start_date", "maturity_date", "auto_rollover",
    "rate", "funding_source",
)  # fmt: skip
# One newcomer among this many customers.
ONE_IN = 2_000
LEAST_NEWCOMERS = 3


def write_files(folder: Path, customers: int, seed: int, as_of: date) -> list[Path]:
    """Write customers (newcomers), accounts and balances of the day after `as_of`; returns the files.

    Runs inside the demo's transaction: the day's moves are computed from its temporary tables.
    """
    day = as_of + timedelta(days=1)
    target = folder / day.isoformat()
    target.mkdir(parents=True, exist_ok=True)
    db.run_sql("crm.demo", "next_day", day=day)
    count = max(LEAST_NEWCOMERS, customers // ONE_IN)
    codes = [code for code, _share in staff.OUTLETS]
    shares = [share for _code, share in staff.OUTLETS]
    newcomers = [one for one in People(count, seed, day, shares, first=customers + 1) if one.open_date <= day]
    for person in newcomers:
        person.open_date = day
    last_account = int(db.fetch_value("SELECT coalesce(max(id), 0) FROM customers_account"))
    numbers = range(last_account + 1, last_account + 1 + len(newcomers))
    stamp = f"{day:%Y%m%d}"
    return [
        write_csv(
            target / f"eod_customers_{stamp}.csv",
            CUSTOMER_HEADER,
            (customer_line(person, codes[person.place]) for person in newcomers),
        ),
        write_csv(target / f"eod_accounts_{stamp}.csv", ACCOUNT_HEADER, account_lines(newcomers, numbers, day)),
        write_csv(target / f"eod_balances_{stamp}.csv", BALANCE_HEADER, balance_lines(newcomers, numbers, day)),
    ]


def customer_line(person: Person, branch_code: str) -> tuple[Any, ...]:
    """One customer in the order of CUSTOMER_HEADER."""
    return (
        customer_no(person.id),
        person.name,
        branch_code,
        "company" if person.is_company else "person",
        "small" if person.is_company else "",
        person.sex,
        person.birth_date or "",
        "credit_code" if person.is_company else "resident_id",
        person.id_no,
        person.mobile,
        person.address,
        person.occupation,
        person.open_date,
        *(int(flag) for flag in (person.has_payroll, person.has_pension, person.is_merchant)),
        "active",
    )


def account_lines(newcomers: list[Person], numbers: Iterable[int], day: date) -> Iterator[Sequence[Any]]:
    """Every account of the bank, then those of the newcomers."""
    yield from db.copy_rows_out(
        "COPY (SELECT '0099' || lpad(a.id::text, 15, '0'), c.customer_no, 'owner', a.account_type, a.currency, "
        "a.open_date FROM customers_account a JOIN customers_customer c ON c.id = a.customer_id ORDER BY a.id) "
        "TO STDOUT"
    )
    for person, number in zip(newcomers, numbers, strict=True):
        yield (account_no(number), customer_no(person.id), "owner", "settlement", "CNY", day)


def balance_lines(newcomers: list[Person], numbers: Iterable[int], day: date) -> Iterator[Sequence[Any]]:
    """Every open holding at the end of the day, then a first deposit of each newcomer."""
    yield from db.copy_rows_out(
        "COPY (SELECT '0099' || lpad(account_id::text, 15, '0'), sub_no, code, balance, product_count, start_date, "
        "maturity_date, auto_rollover::int, rate, 'own' FROM demo_next_day ORDER BY account_id, sub_no) TO STDOUT"
    )
    for person, number in zip(newcomers, numbers, strict=True):
        yield (account_no(number), "", "DEMAND", f"{person.id % 97 * 811 + 100}.00", 1, day, "", "", "0.05", "own")


def write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> Path:
    """UTF-8 with a header row; the file appears under its name only when it is whole."""
    partial = path.with_suffix(".part")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)
    partial.replace(path)
    return path
