"""The AUM curve of one customer: month-end points and the points of change, from balance changes backwards."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, Sum

from crm.organization.models import User
from customers.models import BalanceChange, Customer
from segments.models import Tier

WIDTH, HEIGHT = 880, 190
LEFT, RIGHT, TOP, BOTTOM = 2, 104, 8, 22
DAYS = 365


@dataclass(frozen=True)
class Band:
    """A tier's ground behind the curve, in drawing units, with its lower edge in money."""

    rank: int
    name: str
    lower: Decimal
    y: float
    height: float
    label_y: float


@dataclass(frozen=True)
class Curve:
    """A step line as an SVG path, with what a reader without eyes gets: month ends and their figures."""

    path: str
    area: str
    last_x: float
    last_y: float
    last: Decimal
    lowest: Decimal
    highest: Decimal
    bands: list[Band]
    months: list[tuple[float, int]]
    figures: list[tuple[date, Decimal]]
    width: int = WIDTH
    height: int = HEIGHT
    base_y: int = HEIGHT - BOTTOM
    left: int = LEFT
    plot_width: int = WIDTH - LEFT - RIGHT
    label_x: int = WIDTH - RIGHT + 8
    month_y: int = HEIGHT - 6


def daily_changes(user: User, customer: Customer, since: date) -> list[tuple[date, Decimal]]:
    """(business date, net change of what counts in AUM) after a day, newest first."""
    rows = (
        BalanceChange.objects.visible_to(user)
        .filter(customer=customer, as_of__gt=since)
        .values("as_of")
        .annotate(net=Sum(F("new_counted") - F("old_counted")))
        .order_by("-as_of")
    )
    return [(row["as_of"], row["net"]) for row in rows]


def steps(aum: Decimal, changes: Iterable[tuple[date, Decimal]], start: date) -> list[tuple[date, Decimal]]:
    """(first day, balance) of each level, oldest first: the balance of a past day is today's less later changes."""
    found: list[tuple[date, Decimal]] = []
    level = aum
    for day, net in changes:
        found.append((day, level))
        level -= net
    found.append((start, level))
    return found[::-1]


def balance_on(levels: list[tuple[date, Decimal]], day: date) -> Decimal:
    """The balance at the end of a day."""
    return next((level for first, level in reversed(levels) if first <= day), Decimal(0))


def aum_curve(user: User, customer: Customer, aum: Decimal, as_of: date, tiers: Iterable[Tier]) -> Curve:
    """The last twelve months of a customer up to the data date, with the tier bands behind them."""
    start = as_of - timedelta(days=DAYS)
    levels = steps(aum, daily_changes(user, customer, start), start)
    top = max(level for _, level in levels)
    ceiling = top * Decimal("1.15") or Decimal(1)
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(day: date) -> float:
        return round(LEFT + plot_width * (day - start).days / DAYS, 1)

    def y(amount: Decimal) -> float:
        return round(TOP + plot_height * (1 - float(max(amount, Decimal(0)) / ceiling)), 1)

    path = f"M{x(start)} {y(levels[0][1])}" + "".join(f"H{x(day)}V{y(level)}" for day, level in levels[1:])
    path += f"H{x(as_of)}"
    month_starts = first_days(start, as_of)
    ends = [day - timedelta(days=1) for day in month_starts] + [as_of]
    return Curve(
        path=path,
        area=f"{path}V{HEIGHT - BOTTOM}H{LEFT}Z",
        last_x=x(as_of),
        last_y=y(aum),
        last=aum,
        lowest=min(level for _, level in levels),
        highest=top,
        bands=list(bands(tiers, ceiling, y)),
        months=[(x(day), day.month) for day in month_starts],
        figures=[(day, balance_on(levels, day)) for day in ends],
    )


def first_days(start: date, end: date) -> list[date]:
    """The first of each month after start, up to end."""
    found = []
    day = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    while day <= end:
        found.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def bands(tiers: Iterable[Tier], ceiling: Decimal, y: Callable[[Decimal], float]) -> Iterable[Band]:
    """The tiers that reach into the plot."""
    for tier in tiers:
        if tier.lower >= ceiling:
            continue
        top = y(min(tier.upper or ceiling, ceiling))
        height = round(y(tier.lower) - top, 1)
        yield Band(tier.rank, tier.name, tier.lower, top, height, round(top + height / 2 + 4, 1))
