"""Two days of end-of-day files of a bank of thousands, made by number, no chance in them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

CUSTOMERS = 8_000
SURNAMES = "王李张刘陈杨黄赵吴周单曾"
ORDER = ("eod_customers", "eod_accounts", "eod_balances")


def people(day: int) -> Iterator[int]:
    """Everybody on the first day; on the second some have left and some have come."""
    if day == 1:
        yield from range(CUSTOMERS)
    else:
        yield from (number for number in range(CUSTOMERS + 400) if number % 50)


def customers(day: int) -> Iterator[str]:
    yield "customer_no,name,branch_code,mobile,address,open_date"
    for number in people(day):
        branch = number % 3 + 1 if day == 1 or number % 30 != 2 else (number + 1) % 3 + 1
        mobile = f"1390000{number if day == 1 or number % 20 else number + 9000:04}"[-11:]
        name = SURNAMES[number % len(SURNAMES)] + chr(0x4E00 + number % 997)
        yield f"F{number},{name},{branch},{mobile},滨江市{number}号,2020-01-0{number % 9 + 1}"


def account(number: int) -> str:
    return f"62{number:014}"


def accounts(day: int) -> Iterator[str]:
    yield "account_no,customer_no,role,open_date"
    there = set(people(day))
    for number in people(day):
        yield f"{account(number)},F{number},owner,2020-01-02"
        if number % 10 == 1 and number + 2 in there:
            yield f"{account(number)},F{number + 2},co_holder,"


def balances(day: int, as_of: date) -> Iterator[str]:
    yield "account_no,sub_no,product_code,balance,maturity_date"
    for number in people(day):
        fen = number * 7919 % 60_000_000 + (number * 15_485_863 % 90_000_000 if day == 2 and number % 4 == 0 else 0)
        yield f"{account(number)},,DEMAND,{fen // 100}.{fen % 100:02},"
        matures = as_of + timedelta(days=number % 60)
        yield f"{account(number)},T,TIME,{number * 104_729 % 600_000}.00,{matures if number % 2 else ''}"


def write(folder: Path, day: int, as_of: date) -> list[tuple[str, Path]]:
    """The files of a day in its folder; specification and path of each, in their order."""
    place = folder / as_of.isoformat()
    place.mkdir(parents=True, exist_ok=True)
    parts = {"eod_customers": customers(day), "eod_accounts": accounts(day), "eod_balances": balances(day, as_of)}
    for spec, lines in parts.items():
        (place / f"{spec}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [(spec, place / f"{spec}.csv") for spec in ORDER]
