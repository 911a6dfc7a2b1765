"""The order of 今日: 50 points for severity, 30 for tier and amount, 20 for how near the due date is (DOMAIN §4)."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, FloatField, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable, Func
from django.db.models.functions import Cast, Coalesce, Greatest, Least, Ln, Round

from crm.organization.models import User
from customers.choices import AlertState, Severity
from customers.models import Alert, Customer

SEVERITY_POINTS = {Severity.RED: 50, Severity.AMBER: 30, Severity.INFORMATION: 10}
TIER_POINTS = 3.0  # for each of five tiers
AMOUNT_POINTS = 15.0  # reached at FULL_AMOUNT, on a logarithmic scale: ten times the money is not ten calls
FULL_AMOUNT = 1_000_000
SMALL_AMOUNT = 10_000
NEAR_POINTS = 20.0
NEAR_DAYS = 30.0
TOP = "top"  # the place before the first row
PLACE = re.compile(r"(\d{1,3})~(-?\d{1,16}(?:\.\d{1,2})?)~(\d{1,18})", re.ASCII)


def points(today: date) -> Combinable:
    """0 to 100 for an alert on this day, in whole points so that a page can go on from the last one."""
    severity = Case(*[When(severity=s, then=Value(float(p))) for s, p in SEVERITY_POINTS.items()], default=Value(0.0))
    tier = Coalesce(Cast(F("customer__metrics__tier"), FloatField()), Value(0.0)) * Value(TIER_POINTS)
    amount = Greatest(Coalesce(Cast(F("amount"), FloatField()), Value(0.0)), Value(0.0))
    money = Least(
        Value(AMOUNT_POINTS),
        Ln(amount / Value(float(SMALL_AMOUNT)) + Value(1.0))
        / Ln(Value(FULL_AMOUNT / SMALL_AMOUNT + 1.0))
        * Value(AMOUNT_POINTS),
    )
    days = Func(
        F("due_date"), Value(today), template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField()
    )
    far = Least(Greatest(Cast(days, FloatField()), Value(0.0)), Value(NEAR_DAYS))
    near = Value(NEAR_POINTS) - Coalesce(far, Value(NEAR_DAYS)) / Value(NEAR_DAYS) * Value(NEAR_POINTS)
    return Cast(Round(severity + tier + money + near), IntegerField())


@dataclass(frozen=True)
class Parts:
    """What the points of an alert are made of."""

    total: int
    severity: int
    money: int
    near: int


def parts(points: int, alert: Alert, today: date) -> Parts:
    """The points that the list was ordered by, taken apart; tier and money are what the other two leave."""
    severity = SEVERITY_POINTS[Severity(alert.severity)]
    days = NEAR_DAYS if alert.due_date is None else min(max((alert.due_date - today).days, 0), NEAR_DAYS)
    near = min(round(NEAR_POINTS - days / NEAR_DAYS * NEAR_POINTS), points - severity)
    return Parts(points, severity, points - severity - near, near)


def place_of(alert: Any) -> str:
    """Where a row stands in the order: what `after` goes on from."""
    return f"{alert.points}~{alert.stake}~{alert.pk}"


def waiting(user: User, today: date, owner: str = "") -> QuerySet[Alert]:
    """Live alerts in the user's scope that are not put off to a later day.

    `owner` is the id of a main owner, "none" for customers without one, "" for all.
    """
    open_now = Q(state__in=[AlertState.NEW, AlertState.READ, AlertState.FOLLOWING])
    back_today = Q(state=AlertState.SNOOZED, snoozed_until__lte=today)
    alerts = Alert.objects.visible_to(user).filter(open_now | back_today)
    if owner == "none":
        return alerts.exclude(main_owner())
    return alerts.filter(main_owner(owner_id=int(owner))) if owner else alerts


def main_owner(**conditions: int) -> Q:
    return Q(
        customer__in=Customer.objects.filter(
            ownerships__role="main",
            ownerships__until__isnull=True,
            **{f"ownerships__{name}": value for name, value in conditions.items()},
        )
    )


def first_of_each_customer(alerts: QuerySet[Alert], today: date) -> QuerySet[Any]:
    """One alert per customer, the most urgent, with its `points`; the rest wait behind it."""
    best = (
        alerts.annotate(points=points(today))
        .order_by("customer_id", "-points", "-amount", "pk")
        .distinct("customer_id")
    )
    return Alert.objects.filter(pk__in=best.values("pk")).annotate(
        points=points(today), stake=Coalesce(F("amount"), Value(Decimal(0)))
    )


def in_order(alerts: QuerySet[Any]) -> QuerySet[Any]:
    """Most points first; of equal points the larger stake."""
    return alerts.order_by("-points", "-stake", "pk")


def after(alerts: QuerySet[Any], place: str) -> QuerySet[Any]:
    """The rows behind the last one of a page; an unreadable place starts from the top."""
    found = PLACE.fullmatch(place)
    if found is None:
        return alerts
    last = (int(found[1]), Decimal(found[2]), int(found[3]))
    return alerts.filter(
        Q(points__lt=last[0]) | Q(points=last[0], stake__lt=last[1]) | Q(points=last[0], stake=last[1], pk__gt=last[2])
    )
