"""A month with one maturity of each kind, published by whole nights: two managers, two branches, one with a contact."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from archives.models import ContactLog
from crm.organization.models import User
from customers.models import Customer, Holding
from tests.nightly.night_world import Book
from tests.world import Bank

FIRST, DUE, NOW = date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 9)
TEN = 100_000
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class March:
    """`ann` renews, `bob` invests, `cai` leaves it in demand and `dou` takes 70,000 of it away; `far` is of north."""

    book: Book
    ann: Customer
    bob: Customer
    cai: Customer
    dou: Customer
    far: Customer

    @property
    def everybody(self) -> list[Customer]:
        return [self.ann, self.bob, self.cai, self.dou, self.far]

    def deposit(self, customer: Customer) -> Holding:
        return self.book.holdings[customer.pk][1]

    def demand(self, customer: Customer) -> Holding:
        return self.book.holdings[customer.pk][0]


def saver(book: Book, number: str, owner: User, *, matures: date = DUE, amount: int = TEN) -> Customer:
    """A customer of a manager with 20,000 in demand and a deposit that falls due."""
    customer = book.bank.customer(number, branch=owner.branch, owner=owner, open_date=date(2020, 1, 1))
    book.customers.append(customer)
    book.add(customer, 20_000)
    book.add(customer, amount, product="TIME1Y", maturity_date=matures)
    return customer


def talked(customer: Customer, staff: User, day: date, **values: object) -> ContactLog:
    """An effective contact on a day, unless the values make it another one."""
    fields = {"channel": "phone", "purpose": "maturity", "outcome": "interested", "summary": "到期想转存"}
    return ContactLog.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, staff_id=staff.pk,
        contacted_at=datetime(day.year, day.month, day.day, 10, tzinfo=SHANGHAI), **(fields | values),
    )  # fmt: skip


def build(bank: Bank) -> March:
    """Nights of FIRST, DUE and NOW; everything is provisional then."""
    book = Book(bank)
    march = March(
        book,
        saver(book, "ANN", bank.wang),
        saver(book, "BOB", bank.wang),
        saver(book, "CAI", bank.li),
        saver(book, "DOU", bank.li),
        saver(book, "FAR", bank.qian),
    )
    book.night(FIRST)
    for customer in march.everybody:
        book.change(march.deposit(customer), 0, status="closed")
    book.add(march.ann, TEN, product="TIME1Y", maturity_date=DUE + timedelta(days=365))
    book.add(march.bob, TEN, product="WEALTH")
    book.change(march.demand(march.cai), 20_000 + TEN)
    book.change(march.demand(march.dou), 50_000)
    talked(march.ann, bank.wang, DUE - timedelta(days=7))
    book.night(DUE)
    book.night(NOW)
    return march
