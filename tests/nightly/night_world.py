"""A small bank of which Python knows every balance of every day: the oracle of the nightly tests.

Changes go into the working tables as an accepted file would put them there; nights run through crm.nightly.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from crm import nightly
from crm.jobs.models import JobRun
from customers.models import Customer, Holding, NightCustomer, NightHolding
from tests.world import Bank

FIRST = date(2026, 1, 20)


@dataclass
class Book:
    """What the bank's core system says: the balance of each holding at the end of each day."""

    bank: Bank
    customers: list[Customer] = field(default_factory=list)
    holdings: dict[int, list[Holding]] = field(default_factory=lambda: defaultdict(list))
    today: dict[int, Decimal] = field(default_factory=dict)
    days: dict[date, dict[int, Decimal]] = field(default_factory=dict)

    def open(self, number: str, balance: Decimal | int, *, product: str = "DEMAND", **fields: object) -> Customer:
        """A customer with one holding, both new on the next night."""
        customer = self.bank.customer(number, owner=self.bank.wang, open_date=FIRST)
        self.customers.append(customer)
        self.add(customer, balance, product=product, is_new_customer=True, **fields)
        return customer

    def add(
        self,
        customer: Customer,
        balance: Decimal | int,
        *,
        product: str = "DEMAND",
        is_new_customer: bool = False,
        **fields: object,
    ) -> Holding:
        """A new holding of a customer."""
        if is_new_customer:
            self.set_status(customer, "active")
        holding = self.bank.holding(customer, 0, product=product, **fields)
        self.holdings[customer.pk].append(holding)
        self.today[holding.pk] = Decimal(0)
        self.change(holding, balance, old_count=0)
        return holding

    def set_status(self, customer: Customer, status: str, **fields: object) -> None:
        """What the coming customer file says of a customer."""
        NightCustomer.objects.using("batch").update_or_create(
            customer_id=customer.pk,
            defaults={
                "load_id": 0, "is_new": False, "customer_no": customer.customer_no, "customer_type": "person",
                "branch_id": customer.branch_id, "name": customer.name, "name_mask": customer.name_mask,
                "open_date": customer.open_date, "status": status, **fields,
            },
        )  # fmt: skip

    def change(self, holding: Holding, balance: Decimal | int, **fields: object) -> None:
        """The balance of a holding at the end of the coming business date."""
        published = Holding.objects.using("batch").get(pk=holding.pk)
        new = Decimal(balance)
        self.today[holding.pk] = new
        counts = published.product.counted_in_aum
        deposit = published.product.counted_class in ("demand", "time", "large_cd", "notice")
        NightHolding.objects.using("batch").update_or_create(
            holding_id=holding.pk,
            defaults={
                "load_id": 0, "is_new": False, "branch_id": published.branch_id, "customer_id": published.customer_id,
                "account_id": published.account_id, "sub_no": published.sub_no, "product_id": published.product_id,
                "balance": new, "status": "open", "maturity_date": published.maturity_date,
                "start_date": published.start_date,
                "auto_rollover": published.auto_rollover, "rate": published.rate,
                "old_balance": published.balance,
                "old_counted": published.balance if counts else 0, "new_counted": new if counts else 0,
                "old_deposit": published.balance if deposit else 0, "new_deposit": new if deposit else 0,
                "old_count": 1, "new_count": 1, **fields,
            },
        )  # fmt: skip

    def night(self, as_of: date, *, rerun: bool = False, full: bool = False) -> JobRun:
        """End of a business date: remember the balances and run the night."""
        self.days[as_of] = dict(self.today)
        run, is_open = nightly.open_night(as_of, rerun=rerun, full=full)
        return nightly.work(run) if is_open else run

    def aum(self, customer: Customer, day: date) -> Decimal:
        """AUM of a customer at the end of a day, from the remembered days; the last one before it where none is."""
        known = [one for one in self.days if one <= day]
        if not known:
            return Decimal(0)
        balances = self.days[max(known)]
        return sum(
            (balances.get(one.pk, Decimal(0)) for one in self.holdings[customer.pk] if one.product.counts_in_aum),
            Decimal(0),
        )

    def average(self, customer: Customer, first: date, last: date) -> Decimal:
        """The plain average over days, summed day by day, cut to the fen. Days before the first night count as the
        first night's balance, which is what a bank's first load knows."""
        total, day = Decimal(0), first
        start = min(self.days)
        while day <= last:
            stood = day >= FIRST if day < start else True
            total += self.aum(customer, max(day, start)) if stood else Decimal(0)
            day += timedelta(days=1)
        return (total / ((last - first).days + 1)).quantize(Decimal("0.01"), "ROUND_DOWN")
