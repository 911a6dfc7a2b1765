"""A Czech bank of 1993 by its own files: people, accounts with co-holders, cards, loans, orders, twelve month ends."""

import csv
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Max, Min, Sum

from customers.models import Account, AccountHolder, Customer, Holding
from tests.real_data import bank

pytestmark = pytest.mark.timeout(900)

BOUNDS = (Decimal(10_000), Decimal(50_000), Decimal(500_000), Decimal(6_000_000))
BALANCES = "month_end_balances_199301_199402.csv"
PRODUCTS = """code,name,product_class
CURRENT,Current account,demand
CARD-classic,Classic card,card
CARD-junior,Junior card,card
CARD-gold,Gold card,card
LOAN-A,Loan that was paid back,loan
LOAN-B,Loan that was not paid back,loan
LOAN-C,Loan in order,loan
LOAN-D,Loan in arrears,loan
ORDER,Standing order,e_banking
"""
MONTH_ENDS = [date(1993, month, 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31) for month in range(1, 13)]


@pytest.fixture
def files(database: None, tmp_path: Path) -> Path:
    """The folder of the real files; the people and accounts are loaded from it, as before the first month end."""
    data, first = bank.folder("berka"), MONTH_ENDS[0].isoformat()
    bank.open_branch()
    (tmp_path / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    bank.feed("berka_products", tmp_path / "products.csv", first)
    assert bank.feed("berka_clients", data / "client.asc", first, "--control", "rows=5369")["rows_read"] == 5_369
    assert bank.feed("berka_accounts", data / "disp.asc", first, "--control", "rows=5369")["rows_read"] == 5_369
    return data


def month_ends(data: Path) -> dict[str, list[Decimal]]:
    """What the file says of each month, read by other means than ours."""
    found: dict[str, list[Decimal]] = {}
    with (data / BALANCES).open(encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["month"], []).append(Decimal(row["balance"]))
    return found


def test_a_bank_of_1993(files: Path) -> None:
    expected = month_ends(files)
    for day in MONTH_ENDS:
        bank.feed("berka_balances", files / BALANCES, day.isoformat())
        if day == MONTH_ENDS[-1]:
            bank.feed("berka_cards", files / "card.asc", day.isoformat(), "--control", "rows=892")
            bank.feed("berka_loans", files / "loan.asc", day.isoformat(), "--control", "rows=682,sum=103261740.00")
            bank.feed("berka_orders", files / "order.asc", day.isoformat(), "--control", "rows=6471,sum=21228993.60")
        bank.night(day.isoformat())
        check_tiers(day, expected[f"{day:%Y-%m}"])
    december = bank.report("tiers", "1993-12-31")
    assert december["aum"] == "36575912.90"
    holding_nothing = december["without_balance"]
    assert december["customers"] - holding_nothing == 1_139
    assert [tier["customers"] for tier in december["tiers"]] == [108 + holding_nothing, 876, 155, 0, 0]
    check_people()
    check_holdings()


def check_tiers(day: date, balances: list[Decimal]) -> None:
    """Every month end, and not only the one of the table: customers and money by tier."""
    facts = bank.report("tiers", day.isoformat())
    assert Decimal(facts["aum"]) == sum(balances, Decimal(0))
    by_tier = Counter(sum(balance >= bound for bound in BOUNDS) for balance in balances)
    by_tier[0] += facts["customers"] - len(balances)
    assert facts["customers"] == 5_369
    assert [tier["customers"] for tier in facts["tiers"]] == [by_tier[rank] for rank in range(5)]


def check_people() -> None:
    customers = Customer.objects.using("batch")
    assert Counter(customers.values_list("sex", flat=True)) == {"M": 2_724, "F": 2_645}
    assert customers.aggregate(first=Min("birth_date"), last=Max("birth_date")) == {
        "first": date(1911, 8, 20),
        "last": date(1987, 9, 27),
    }
    assert Account.objects.using("batch").filter(currency="CZK", open_date__isnull=False).count() == 4_500
    holders = AccountHolder.objects.using("batch")
    assert Counter(holders.values_list("role", flat=True)) == {"owner": 4_500, "co_holder": 869}
    owners = holders.filter(role="owner").values("account").annotate(owners=Count("id"))
    assert set(owners.values_list("owners", flat=True)) == {1}


def check_holdings() -> None:
    holdings = Holding.objects.using("batch").filter(status="open")
    counts = dict(holdings.values_list("product__code").annotate(count=Count("id")))
    assert counts == {
        "CURRENT": 1_139, "CARD-classic": 659, "CARD-junior": 145, "CARD-gold": 88, "LOAN-A": 203, "LOAN-B": 31,
        "LOAN-C": 403, "LOAN-D": 45, "ORDER": 6_471,
    }  # fmt: skip
    total = holdings.filter(product__product_class="loan").aggregate(total=Sum("balance"))["total"]
    assert total == Decimal("103261740.00")
    assert holdings.filter(product__code="ORDER").aggregate(total=Sum("balance"))["total"] == Decimal("21228993.60")
