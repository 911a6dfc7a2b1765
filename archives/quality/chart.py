"""数量 × 质量: a dot for each person of a branch, drawn by the server."""

from collections.abc import Sequence
from dataclasses import dataclass

from archives.quality.figures import Line

WIDTH, HEIGHT = 620, 260
LEFT, RIGHT, TOP, BOTTOM = 40, 70, 12, 34
LOW_SCORE = 70
STEPS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
MOST_TICKS = 8
LETTER, LINE_HEIGHT, RADIUS = 12, 13, 5


@dataclass(frozen=True)
class Dot:
    """A person, in drawing units; `label` is empty where another stands in the way."""

    line: Line
    x: float
    y: float
    label: str
    label_x: float
    label_y: float

    @property
    def is_low(self) -> bool:
        return self.line.score < LOW_SCORE


@dataclass(frozen=True)
class Dots:
    """The chart: ticks of contacts below, of points on the left."""

    dots: list[Dot]
    x_ticks: list[tuple[float, int]]
    y_ticks: list[tuple[float, int]]
    low_y: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    top: int = TOP
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM
    tick_y: int = HEIGHT - BOTTOM + 15
    axis_y: int = HEIGHT - 3
    tick_x: int = LEFT - 6


def dots(lines: Sequence[Line]) -> Dots:
    """Who comes first in the lines gets the name first, where it is crowded."""
    most = max((line.contacts for line in lines), default=0)
    step = next((one for one in STEPS if most <= one * MOST_TICKS), STEPS[-1])
    edge = (most // step + 1) * step
    # What a name must not cover: (left, base line, width) of the dots, and of the names there are.
    taken: list[tuple[float, float, float]] = [
        (place_x(line.contacts, edge) - RADIUS, place_y(line.score) + RADIUS, 2 * RADIUS) for line in lines
    ]
    return Dots(
        [dot(line, place_x(line.contacts, edge), place_y(line.score), taken) for line in lines],
        [(place_x(number, edge), number) for number in range(0, edge + 1, step)],
        [(place_y(score), score) for score in (0, 25, 50, 75, 100)],
        place_y(LOW_SCORE),
    )


def place_x(contacts: int, edge: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * contacts / edge


def place_y(score: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * score / 100


def dot(line: Line, x: float, y: float, taken: list[tuple[float, float, float]]) -> Dot:
    """With its name to the right, above or below, where there is room for it."""
    width = LETTER * len(line.name)
    for label_x, label_y in ((x + 8, y + 4), (x - width / 2, y + 19), (x - width - 8, y + 4), (x - width / 2, y - 9)):
        inside = label_x >= LEFT and label_y > TOP + 4 and label_y < HEIGHT - BOTTOM
        if inside and not any(
            abs(label_y - other_y) < LINE_HEIGHT and label_x < other_x + other_width and other_x < label_x + width
            for other_x, other_y, other_width in taken
        ):
            taken.append((label_x, label_y, width))
            return Dot(line, x, y, line.name, label_x, label_y)
    return Dot(line, x, y, "", x, y)
