"""The AUM curve of one customer: a step line over the tier bands, with what happened marked on it. Drawn as SVG by the
server: it prints, works without JavaScript, and its figures stand in a table for readers without eyes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, Sum

from crm.organization.models import User
from crm.workbench.templatetags.screen import money_text, short_day
from crm.workbench.timeline import Event
from customers.models import BalanceChange, Customer
from segments.models import Tier

WIDTH, HEIGHT = 580, 214
LEFT, RIGHT, TOP, BOTTOM = 54, 84, 10, 24
DAYS = 365
# The edge of the tier above is drawn when the curve has come this near: it is what the page speaks of.
NEAR = Decimal("1.5")
TICKS = 4
# Labels of movements: a row each of up to three, as wide as their text about is.
LABEL_ROWS, ROW_HEIGHT, LETTER, TIER_LETTER = 3, 15, 7, 13
MOST_LABELS = 4

Scale = Callable[[Decimal], float]


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
class Mark:
    """An event on the curve. `label` is empty where there is no room; `words` say it in full."""

    name: str
    x: float
    y: float
    words: str
    day: date
    label: str = ""
    label_x: float = 0
    label_y: float = 0
    anchor: str = "start"


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
    ticks: list[tuple[float, Decimal]]
    months: list[tuple[float, int]]
    figures: list[tuple[date, Decimal]]
    marks: list[Mark] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT
    base_y: int = HEIGHT - BOTTOM
    left: int = LEFT
    top: int = TOP
    plot_width: int = WIDTH - LEFT - RIGHT
    tick_x: int = LEFT - 6
    label_x: int = WIDTH - RIGHT + 8
    month_y: int = HEIGHT - 7

    @property
    def rise(self) -> Decimal:
        """What has come in, less what went out, since the end of last month; negative when more went out."""
        return self.last - self.figures[-2][1] if len(self.figures) > 1 else Decimal(0)

    @property
    def fall(self) -> Decimal:
        return -self.rise


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


def aum_curve(
    user: User, customer: Customer, aum: Decimal, as_of: date, tiers: Sequence[Tier], events: Sequence[Event]
) -> Curve:
    """The last twelve months of a customer up to the data date, over the tier bands, with these events on it."""
    start = as_of - timedelta(days=DAYS)
    levels = steps(aum, daily_changes(user, customer, start), start)
    lowest, highest = min(level for _, level in levels), max(level for _, level in levels)
    floor, ceiling = window(lowest, highest, tiers)
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(day: date) -> float:
        return round(LEFT + plot_width * (day - start).days / DAYS, 1)

    def y(amount: Decimal) -> float:
        inside = min(max(amount, floor), ceiling)
        return round(TOP + plot_height * (1 - float((inside - floor) / (ceiling - floor))), 1)

    path = f"M{x(start)} {y(levels[0][1])}" + "".join(f"H{x(day)}V{y(level)}" for day, level in levels[1:])
    path += f"H{x(as_of)}"
    month_starts = first_days(start, as_of)
    ends = [day - timedelta(days=1) for day in month_starts] + [as_of]
    shown = [event for event in events if start < event.day <= as_of]
    return Curve(
        path=path,
        area=f"{path}V{HEIGHT - BOTTOM}H{LEFT}Z",
        last_x=x(as_of),
        last_y=y(aum),
        last=aum,
        lowest=lowest,
        highest=highest,
        bands=list(bands(tiers, floor, ceiling, y)),
        ticks=[(y(amount), amount) for amount in ticks(floor, ceiling)],
        months=[(x(day), day.month) for day in month_starts],
        figures=[(day, balance_on(levels, day)) for day in ends],
        marks=marks(shown, levels, {tier.rank: tier.name for tier in tiers}, x, y),
    )


def window(lowest: Decimal, highest: Decimal, tiers: Sequence[Tier]) -> tuple[Decimal, Decimal]:
    """(floor, ceiling) of the drawing in money: the curve fills it, and the next tier's edge is in it when near."""
    edge = next((tier.lower for tier in tiers if highest < tier.lower <= highest * NEAR), Decimal(0))
    ceiling = max(highest * Decimal("1.08"), edge * Decimal("1.04")) or Decimal(1)
    return max(Decimal(0), lowest - (ceiling - lowest) / 2), ceiling


def ticks(floor: Decimal, ceiling: Decimal) -> list[Decimal]:
    """Up to four round amounts within the drawing: steps of 1, 2 or 5 in some power of ten."""
    size = Decimal(10) ** ((ceiling - floor).adjusted() - 1)
    step = next(size * factor for factor in (1, 2, 5, 10, 20, 50, 100) if (ceiling - floor) / (size * factor) <= TICKS)
    first = int(floor / step) + 1
    return [step * number for number in range(first, int(ceiling / step) + 1)]


def first_days(start: date, end: date) -> list[date]:
    """The first of each month after start, up to end."""
    found = []
    day = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    while day <= end:
        found.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def bands(tiers: Iterable[Tier], floor: Decimal, ceiling: Decimal, y: Scale) -> Iterable[Band]:
    """The tiers that reach into the plot."""
    for tier in tiers:
        if tier.lower >= ceiling or (tier.upper is not None and tier.upper <= floor):
            continue
        top = y(min(tier.upper or ceiling, ceiling))
        height = round(y(tier.lower) - top, 1)
        yield Band(tier.rank, tier.name, tier.lower, top, height, round(top + height / 2 + 4, 1))


def marks(
    events: Sequence[Event],
    levels: list[tuple[date, Decimal]],
    tiers: dict[int, str],
    x: Callable[[date], float],
    y: Scale,
) -> list[Mark]:
    """Contacts at the foot, tier moves at the head, large movements on the line; the largest of them with a label."""
    moved = sorted((event for event in events if event.name == "money"), key=lambda event: event.at)
    largest = sorted(moved, key=lambda event: -(event.amount or 0))[:MOST_LABELS]
    ends = [float("-inf")] * LABEL_ROWS
    found, head = [], float("inf")
    for event in sorted(events, key=lambda event: event.at, reverse=True):
        day, name = event.day, tiers.get(event.detail.get("new") or 0, "")
        words = f"{short_day(day)} {event.title}"
        if event.name == "contact":
            found.append(Mark("contact", x(day), HEIGHT - BOTTOM - 4, f"{words} {event.text}", day))
        elif event.name == "tier" and name:
            has_room = x(day) + len(name) * TIER_LETTER < head
            head = x(day) if has_room else head
            found.append(Mark("tier", x(day), TOP, f"{words} {name}", day, name if has_room else ""))
    for event in moved:
        place = x(event.day), y(balance_on(levels, event.day))
        found.append(movement(event, *place, ends, is_labelled=event in largest))
    return sorted(found, key=lambda mark: mark.day)


def movement(event: Event, x: float, y: float, ends: list[float], *, is_labelled: bool) -> Mark:
    """A large movement; its label goes into the lowest row that is free there, or is left out."""
    sign = "−" if event.detail["amount"].startswith("-") else "+"
    label = f"{short_day(event.day, event.day)} {sign}{money_text(event.amount)}"
    words = f"{event.title} {label}"
    width = len(label) * LETTER
    is_at_end = x + width > WIDTH - RIGHT
    begin = x - width if is_at_end else x
    row = next((number for number, end in enumerate(ends) if begin > end), None)
    label_y = HEIGHT - BOTTOM - 12 - ROW_HEIGHT * (row or 0)
    if not is_labelled or row is None:
        return Mark("money", x, y, words, event.day)
    ends[row] = begin + width + LETTER
    anchor, shift = ("end", -4) if is_at_end else ("start", 4)
    return Mark("money", x, y, words, event.day, label, x + shift, label_y, anchor)
