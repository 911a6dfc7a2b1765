"""Both arms over the days and the intervals of the strata, drawn as SVG by the server: it prints, works without
JavaScript, and the same figures stand in tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from campaigns.uplift import Difference

WIDTH, HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 132, 16, 24
MOST_TICKS = 5
LABEL_GAP = 16
FOREST_WIDTH, FOREST_HEIGHT, FOREST_EDGE = 230, 30, 8
AXIS_WIDTH, AXIS_HEIGHT, AXIS_LINE, AXIS_EDGE = 300, 40, 16, 14


@dataclass(frozen=True)
class Point:
    """What a customer of each arm has changed on average by the end of a day, in yuan."""

    day: date
    treated: Decimal
    control: Decimal | None


@dataclass(frozen=True)
class Lines:
    """Two lines in drawing units; `control` is empty without a control group. `launch_x` is where the launch is."""

    treated: str
    control: str
    between: str
    launch_x: float
    last_x: float
    last_treated_y: float
    last_control_y: float
    treated_label_y: float
    control_label_y: float
    zero_y: float
    ticks: list[tuple[float, Decimal]]
    months: list[tuple[float, date]]
    last: Point
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    base: int = HEIGHT - BOTTOM
    tick_x: int = LEFT - 6
    label_x: int = WIDTH - RIGHT + 8
    month_y: int = HEIGHT - 6

    @property
    def before_width(self) -> float:
        return round(self.launch_x - self.left, 1)


def round_steps(low: Decimal, high: Decimal, most: int = MOST_TICKS) -> list[Decimal]:
    """Round figures within low and high, zero among them: steps of 1, 2 or 5 in some power of ten."""
    width = (high - low) or Decimal(1)
    size = Decimal(10) ** (width.adjusted() - 1)
    step = next(size * factor for factor in (1, 2, 5, 10, 20, 50, 100) if width / (size * factor) <= most)
    return [step * number for number in range(-int(-low // step), int(high // step) + 1)]


def lines(points: Sequence[Point], launch: date) -> Lines | None:
    """The lines through these days, oldest first; None before there are two."""
    if len(points) < 2:
        return None
    values = [one.treated for one in points] + [one.control for one in points if one.control is not None]
    low, high = min(Decimal(0), *values), max(Decimal(0), *values)
    low, high = (low, high) if low < high else (Decimal(0), Decimal(1))
    first, last = points[0], points[-1]
    span = (last.day - first.day).days

    def x(day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - first.day).days / span, 1)

    def y(amount: Decimal) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * float((high - amount) / (high - low)), 1)

    treated = [(x(one.day), y(one.treated)) for one in points]
    control = [(x(one.day), y(one.control)) for one in points if one.control is not None]
    treated_y, control_y = treated[-1][1], control[-1][1] if control else treated[-1][1]
    return Lines(
        treated=path(treated),
        control=path(control),
        between=f"{path(treated)}L{path(control[::-1])[1:]}Z" if control else "",
        launch_x=x(min(max(launch, first.day), last.day)),
        last_x=x(last.day),
        last_treated_y=treated_y,
        last_control_y=control_y,
        treated_label_y=apart(treated_y, control_y),
        control_label_y=apart(control_y, treated_y, is_lower_of_equals=True),
        zero_y=y(Decimal(0)),
        ticks=[(y(amount), amount) for amount in round_steps(low, high)],
        months=[(x(day), day) for day in month_starts(first.day, last.day)],
        last=last,
    )


def path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in places) if places else ""


def apart(own: float, other: float, *, is_lower_of_equals: bool = False) -> float:
    """Where a label stands so that the other line's does not cover it."""
    missing = max(0.0, LABEL_GAP - abs(own - other)) / 2
    is_below = own > other or (own == other and is_lower_of_equals)
    return round(own + 4 + (missing if is_below else -missing), 1)


def month_starts(first: date, last: date) -> list[date]:
    """The first days of the months within these days."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    return [day for day in starts if first <= day <= last]


@dataclass(frozen=True)
class Whisker:
    """An interval on the scale of its table, in drawing units."""

    low: float
    value: float
    high: float
    zero: float
    width: int = FOREST_WIDTH
    height: int = FOREST_HEIGHT
    middle: int = FOREST_HEIGHT // 2

    @property
    def diamond(self) -> str:
        """The total's mark, as wide as its interval."""
        middle = self.middle
        return f"M{self.low} {middle}L{self.value} {middle - 7}L{self.high} {middle}L{self.value} {middle + 7}Z"

    @property
    def square_x(self) -> float:
        return round(self.value - 4, 1)


@dataclass(frozen=True)
class Forest:
    """Intervals one under the other with one scale; `ticks` in points of a hundred."""

    whiskers: list[Whisker | None]
    ticks: list[tuple[float, Decimal]]
    width: int = FOREST_WIDTH


def forest(intervals: Sequence[Difference | None]) -> Forest:
    """Draw shares with their intervals, zero always in the picture."""
    known = [one for one in intervals if one is not None]
    low = min((one.low for one in known), default=Decimal(0))
    high = max((one.high for one in known), default=Decimal(0))
    low, high = min(low, Decimal("-0.01")), max(high, Decimal("0.01"))

    def x(share: Decimal) -> float:
        return round(FOREST_EDGE + (FOREST_WIDTH - 2 * FOREST_EDGE) * float((share - low) / (high - low)), 1)

    ticks = [(x(share), share * 100) for share in round_steps(low, high, 5)]
    return Forest(
        [Whisker(x(one.low), x(one.value), x(one.high), x(Decimal(0))) if one else None for one in intervals], ticks
    )


@dataclass(frozen=True)
class Axis:
    """One interval of money over an axis with round figures."""

    low: float
    value: float
    high: float
    ticks: list[tuple[float, Decimal]]
    width: int = AXIS_WIDTH
    height: int = AXIS_HEIGHT
    line_y: int = AXIS_LINE
    left: int = AXIS_EDGE
    right: int = AXIS_WIDTH - AXIS_EDGE

    @property
    def band_width(self) -> float:
        return round(self.high - self.low, 1)


def axis(interval: Difference) -> Axis:
    """The interval, zero always in the picture."""
    low, high = min(interval.low, Decimal(0)), max(interval.high, Decimal(0)) or Decimal(1)

    def x(amount: Decimal) -> float:
        return round(AXIS_EDGE + (AXIS_WIDTH - 2 * AXIS_EDGE) * float((amount - low) / (high - low)), 1)

    ticks = [(x(amount), amount) for amount in round_steps(low, high, 4)]
    return Axis(x(interval.low), x(interval.value), x(interval.high), ticks)
