"""The score of one customer with its parts, for the page that explains it; the night reckons the same in SQL
(segments/tiering/scores.sql)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Greatest

from crm.jobs import ledger
from crm.organization.models import User
from customers.averages import Balances, cut, last_month_average, quarter_average
from customers.choices import HoldingStatus, ProductClass
from customers.models import BalanceChange, Customer, Holding, Metrics
from segments.choices import Measure
from segments.gap import balances_of
from segments.models import SchemeFactor
from segments.tiering.measures import MOVEMENT_DAYS

TERM_CLASSES = (ProductClass.TIME, ProductClass.LARGE_CD, ProductClass.NOTICE)
DEPOSIT_CLASSES = (ProductClass.DEMAND, *TERM_CLASSES)
MOST_HOLDINGS = 1000
LEAST = Decimal(1)
MONEY = frozenset({
    Measure.AUM, Measure.LAST_MONTH_AVERAGE, Measure.DEPOSIT, Measure.LOAN, Measure.CONTRIBUTION, Measure.SPENDING,
})  # fmt: skip


@dataclass(frozen=True)
class Part:
    """What one factor gives: its measure, and `points` of the most that it could give."""

    factor: SchemeFactor
    value: Decimal
    points: Decimal

    @property
    def is_money(self) -> bool:
        return self.factor.measure in MONEY

    @property
    def forbids(self) -> bool:
        return self.factor.forbids_from is not None and self.value >= self.factor.forbids_from


def part_of(factor: SchemeFactor, value: Decimal) -> Part:
    reached = factor.weight * (value - factor.zero_at) / (factor.full_at - factor.zero_at)
    return Part(factor, value, cut(min(factor.weight, max(Decimal(0), reached))))


def total(parts: Iterable[Part]) -> Decimal:
    """The score of a customer: from 1 to 100, or 0 where a factor forbids one."""
    parts = list(parts)
    if any(part.forbids for part in parts):
        return Decimal(0)
    return max(LEAST, sum((part.points for part in parts), Decimal(0)))


def parts_of(
    user: User, customer: Customer, metrics: Metrics, factors: Iterable[SchemeFactor], as_of: date
) -> list[Part]:
    """Every factor's part on the data of as_of; three statements at most."""
    factors = list(factors)
    found = of_metrics(metrics, as_of) | of_holdings(user, customer, as_of)
    if {factor.measure for factor in factors} & {Measure.SPENDING, Measure.MOVEMENTS}:
        found |= of_changes(user, customer, as_of)
    return [part_of(factor, cut(found[Measure(factor.measure)])) for factor in factors]


def of_metrics(metrics: Metrics, as_of: date) -> dict[Measure, Decimal]:
    row: Balances = balances_of(metrics)
    quarter = quarter_average(row, as_of)
    highest = max(row.aum, quarter)
    return {
        Measure.AUM: metrics.aum,
        Measure.LAST_MONTH_AVERAGE: last_month_average(row, as_of),
        Measure.DEPOSIT: metrics.deposit,
        Measure.LOAN: abs(metrics.loan),
        Measure.CONTRIBUTION: max(Decimal(0), metrics.deposit) * Decimal("0.008") + abs(metrics.loan) * Decimal("0.02"),
        Measure.STABILITY: 100 * max(Decimal(0), min(row.aum, quarter)) / highest if highest else Decimal(0),
    }


def of_holdings(user: User, customer: Customer, as_of: date) -> dict[Measure, Decimal]:
    """Term by balance, kinds of products, and the days of the loan that is longest overdue."""
    rows: list[Any] = list(
        Holding.objects.visible_to(user).filter(customer=customer)
        .values("balance", "start_date", "maturity_date", "status", "product__counted_class", "product__term_days")
        [:MOST_HOLDINGS]
    )  # fmt: skip
    deposits = [row for row in rows if row["balance"] > 0 and row["product__counted_class"] in DEPOSIT_CLASSES]
    whole = sum((row["balance"] for row in deposits), Decimal(0))
    weighted = sum((row["balance"] * term_of(row) for row in deposits), Decimal(0))
    is_open = [row for row in rows if row["status"] == HoldingStatus.OPEN]
    late = [
        (as_of - row["maturity_date"]).days for row in is_open
        if row["product__counted_class"] == ProductClass.LOAN and row["balance"] and row["maturity_date"]
    ]  # fmt: skip
    return {
        Measure.TERM_DAYS: weighted / whole if whole else Decimal(0),
        Measure.CLASSES: Decimal(len({row["product__counted_class"] for row in is_open})),
        Measure.OVERDUE_DAYS: Decimal(max([0, *late])),
    }


def term_of(row: Mapping[str, Any]) -> int:
    """The agreed days of a deposit; money that can be taken out any day has none."""
    if row["product__counted_class"] not in TERM_CLASSES:
        return 0
    if row["start_date"] and row["maturity_date"]:
        return int(max(0, (row["maturity_date"] - row["start_date"]).days))
    return int(row["product__term_days"] or 0)


def of_changes(user: User, customer: Customer, as_of: date) -> dict[Measure, Decimal]:
    """What left demand deposits, and how often a balance changed, in 90 days; a bank's first load is no movement."""
    first = ledger.first_published() or as_of
    changes = BalanceChange.objects.visible_to(user).filter(
        customer=customer, as_of__gt=max(first, as_of - timedelta(days=MOVEMENT_DAYS)), as_of__lte=as_of
    )
    moved = changes.exclude(old_balance=F("new_balance"))
    spent = Sum(
        Greatest(Decimal(0), F("old_balance") - F("new_balance")),
        filter=Q(holding__product__counted_class=ProductClass.DEMAND),
    )
    found = moved.aggregate(movements=Count("pk"), spending=spent)
    return {Measure.MOVEMENTS: Decimal(found["movements"]), Measure.SPENDING: found["spending"] or Decimal(0)}
