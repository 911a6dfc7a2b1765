"""Averages of one customer's AUM on a day, exact to the fen (DOMAIN §6); the night uses the same formulas in SQL.

A metrics row says what the balance was at the end of `since_date` and how many balance-days 积数 its month, quarter
and the month before had gathered until then. Since it has not changed after, every later day follows.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal

FEN = Decimal("0.01")


@dataclass(frozen=True)
class Balances:
    """The numbers of customers.Metrics that averages need."""

    aum: Decimal
    since_date: date
    month_days: Decimal = Decimal(0)
    quarter_days: Decimal = Decimal(0)
    last_month_days: Decimal = Decimal(0)


def month_start(day: date) -> date:
    return day.replace(day=1)


def month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def quarter_start(day: date) -> date:
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def cut(amount: Decimal) -> Decimal:
    """Down to the fen: an average just below a threshold must not reach it by rounding."""
    return amount.quantize(FEN, ROUND_DOWN)


def month_balance_days(row: Balances, as_of: date) -> Decimal:
    """Σ of the end-of-day balances of as_of's month up to and including as_of."""
    if row.since_date >= month_start(as_of):
        return row.month_days + row.aum * ((as_of - row.since_date).days + 1)
    return row.aum * as_of.day


def month_average(row: Balances, as_of: date) -> Decimal:
    """月日均 of as_of's month, to date."""
    return cut(month_balance_days(row, as_of) / as_of.day)


def projected_month_average(row: Balances, as_of: date) -> Decimal:
    """月日均 of the whole month if the balance stays as it is: (S + B·(D−d)) ÷ D."""
    return month_average(row, month_end(as_of))


def last_month_average(row: Balances, as_of: date) -> Decimal:
    """上月月日均: the average of the whole month before as_of's."""
    last_day = month_start(as_of) - timedelta(days=1)
    if row.since_date > last_day:
        return cut(row.last_month_days / last_day.day)
    return month_average(row, last_day)


def quarter_average(row: Balances, as_of: date) -> Decimal:
    """季日均 of as_of's quarter, to date."""
    start = quarter_start(as_of)
    days = (as_of - start).days + 1
    if row.since_date >= start:
        return cut((row.quarter_days + row.aum * ((as_of - row.since_date).days + 1)) / days)
    return row.aum


def deposit_needed(row: Balances, as_of: date, threshold: Decimal) -> Decimal | None:
    """What must come in on the day after as_of, and stay, for this month's average to reach `threshold`.

    max(0, (T·D − S) ÷ (D − d) − B), rounded up to the fen; None when the month has no day left.
    """
    last_day = month_end(as_of)
    days_left = (last_day - as_of).days
    if days_left == 0:
        return None
    missing = (threshold * last_day.day - month_balance_days(row, as_of)) / days_left - row.aum
    return max(Decimal(0), missing).quantize(FEN, ROUND_CEILING)
