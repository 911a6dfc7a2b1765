"""The averages of migration customers 0004 as expressions over a customer's nightly row, and the contribution."""

from datetime import date
from decimal import Decimal

from django.db.models import DateField, DecimalField, F, Func, Value
from django.db.models.functions import Abs, Greatest

MONEY = DecimalField(max_digits=18, decimal_places=2)
# Yearly contribution (DOMAIN §4, ours): 0.8 % of deposits and 2 % of loans; fees are in no file yet.
OF_DEPOSITS = Greatest(F("metrics__deposit"), Value(Decimal(0)), output_field=MONEY) * Value(Decimal("0.008"))
OF_LOANS = Abs(F("metrics__loan")) * Value(Decimal("0.02"))
CONTRIBUTION = OF_DEPOSITS + OF_LOANS
AUM, SINCE = F("metrics__aum"), F("metrics__since_date")


def month(day: date) -> Func:
    """月日均 of the day's month, to date."""
    as_of = Value(day, DateField())
    return Func(AUM, SINCE, F("metrics__month_days"), as_of, function="month_average", output_field=MONEY)


def last_month(day: date) -> Func:
    """上月月日均."""
    days = F("metrics__month_days"), F("metrics__last_month_days")
    return Func(AUM, SINCE, *days, Value(day, DateField()), function="last_month_average", output_field=MONEY)
