"""The counters that a night leaves for the branch board."""

from datetime import timedelta
from decimal import Decimal

from crm import db
from segments.models import OwnerAlerts, OwnerDue, OwnerTier
from tests.nightly.night_world import FIRST, Book
from tests.world import Bank

PUBLISHED = """
SELECT count(*) AS customers, sum(m.aum) AS aum,
       sum(month_average(m.aum, m.since_date, m.month_days, %(as_of)s::date)) AS month_average
FROM customers_metrics m JOIN customers_ownership o ON o.customer_id = m.customer_id AND o.until IS NULL
WHERE o.owner_id = %(owner)s AND m.aum <> 0
"""


def assert_counted(bank: Bank, book: Book) -> None:
    as_of = max(book.days)
    wanted = db.fetch_all(PUBLISHED, {"as_of": as_of, "owner": bank.wang.pk})[0]
    rows = list(OwnerTier.objects.using("batch").filter(owner=bank.wang))
    assert sum(row.customers for row in rows) == wanted["customers"] == 2
    assert sum(row.aum for row in rows) == wanted["aum"] == sum(book.aum(one, as_of) for one in book.customers)
    assert sum(row.month_average for row in rows) == wanted["month_average"]


def test_a_night_counts_what_it_publishes(bank: Bank) -> None:
    book = Book(bank)
    rich = book.open("6100000001", 700_000)
    book.open("6100000002", 30_000)
    due = FIRST + timedelta(days=5)
    deposit = book.add(rich, 80_000, product="TIME1Y", maturity_date=due, auto_rollover=False)
    assert book.night(FIRST).published_at
    assert_counted(bank, book)
    maturing = OwnerDue.objects.using("batch").get()
    assert (maturing.owner_id, maturing.due_date, maturing.holdings, maturing.amount) == (
        bank.wang.pk, due, 1, Decimal(80_000),
    )  # fmt: skip
    live = db.fetch_value("SELECT count(*) FROM customers_alert WHERE state = 'new'")
    assert OwnerAlerts.objects.using("batch").get().alerts == live > 0

    book.change(deposit, 0, status="closed")
    assert book.night(FIRST + timedelta(days=1)).published_at
    assert_counted(bank, book)
    assert not OwnerDue.objects.using("batch").exists()
