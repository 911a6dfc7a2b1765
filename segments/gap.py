"""The gap to a tier of the primary scheme: what is missing, and what to deposit today to close it (DOMAIN §6)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from customers.averages import Balances, deposit_needed, month_end, projected_month_average
from customers.models import Metrics
from segments.choices import TierMetric
from segments.models import Tier


@dataclass(frozen=True)
class Gap:
    """`value` is what the tier is judged by (for averages: this month's, if the balance stays as it is).

    `deposit_today` must come in on the day after the data date, for the average of the month of that date; None when
    that month is over. `deposit_next` is what must be there from the first of next month on. `until` ends the month
    in which a deposit of the day after the data date counts.
    """

    tier: Tier
    value: Decimal
    missing: Decimal
    deposit_today: Decimal | None
    deposit_next: Decimal
    until: date
    is_average: bool

    @property
    def deposit(self) -> Decimal:
        """What must come in on the day after the data date and stay until `until`: on the last day of a month that is
        the first of the next one, of which the average is still open."""
        return self.deposit_next if self.deposit_today is None else self.deposit_today

    @property
    def is_reached(self) -> bool:
        return self.missing <= 0

    @property
    def is_near(self) -> bool:
        """Half of the way is there: worth talking about with the customer."""
        return self.value * 2 >= self.tier.lower


def balances_of(metrics: Metrics) -> Balances:
    return Balances(metrics.aum, metrics.since_date, metrics.month_days, metrics.quarter_days, metrics.last_month_days)


def gap_to(tier: Tier, metrics: Metrics, as_of: date) -> Gap:
    """How far a customer is from the lower edge of a tier, on the data of as_of."""
    row = balances_of(metrics)
    if tier.scheme.metric == TierMetric.POINT:
        missing = tier.lower - row.aum
        return Gap(tier, row.aum, missing, max(Decimal(0), missing), max(Decimal(0), missing), as_of, False)
    value = projected_month_average(row, as_of)
    return Gap(
        tier=tier,
        value=value,
        missing=tier.lower - value,
        deposit_today=deposit_needed(row, as_of, tier.lower),
        deposit_next=max(Decimal(0), tier.lower - row.aum),
        until=month_end(as_of + timedelta(days=1)),
        is_average=True,
    )


def gap_to_next(tiers: dict[int, Tier], metrics: Metrics, as_of: date) -> Gap | None:
    """The gap to the tier above the customer's; None in the top tier or without a tier."""
    above = tiers.get(metrics.tier + 1) if metrics.tier in tiers else None
    return gap_to(above, metrics, as_of) if above else None


def gap_to_keep(tiers: dict[int, Tier], metrics: Metrics, as_of: date) -> Gap | None:
    """What is missing to the customer's own tier; None while it is reached."""
    own = tiers.get(metrics.tier)
    gap = gap_to(own, metrics, as_of) if own else None
    return gap if gap and not gap.is_reached else None
