"""How pages draw segments: names behind codes, the drift, the overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from customers.filters import MOST_SEGMENTS, SEGMENT
from segments.choices import VersionState
from segments.models import Segment, SegmentVersion
from segments.pages import DRIFT_DAYS, Day, Line
from segments.rules.builder import op_label

register = template.Library()

WIDTH, HALF, FOOT = 860, 48, 16
SLOT = WIDTH / DRIFT_DAYS
LOOKS = {
    VersionState.DRAFT: ("warn", "hourglass"),
    VersionState.IN_FORCE: ("ok", "circle-check"),
    VersionState.REPLACED: ("", "history"),
    VersionState.REFUSED: ("crit", "ban"),
    VersionState.WITHDRAWN: ("", "x"),
}


@register.simple_tag
def segment_words(ids: str) -> str:
    """`2,-6` as names; what names no segment stays as it is."""
    parts = [part for part in ids.split(",") if SEGMENT.fullmatch(part)][:MOST_SEGMENTS]
    found = Segment.objects.filter(pk__in=[int(part.removeprefix("-")) for part in parts])
    names = {str(one.pk): one.name for one in found}
    told = [
        _("not %(name)s") % {"name": names.get(part[1:], part[1:])} if part.startswith("-") else names.get(part, part)
        for part in parts
    ]
    return _(", ").join(told) or ids[:40]


@register.filter
def version_look(version: SegmentVersion) -> tuple[str, str]:
    """Class and icon of a version's state."""
    return LOOKS[VersionState(version.state)]


@register.filter
def op_words(op: str) -> str:
    return op_label(op)


@dataclass(frozen=True)
class Bar:
    """A day of the drift: what came stands above the line, what went hangs below it."""

    day: Day
    x: float
    up: float
    up_y: float
    down: float
    label: str


@dataclass(frozen=True)
class Drift:
    bars: list[Bar]
    width: int
    height: int
    line: int
    bar: float
    most: int


@register.filter
def drift_chart(days: Sequence[Day]) -> Drift | None:
    """The bars of the last days up to the newest one; None where nobody came or went."""
    # The day on which a segment was filled would flatten all others: it is cut where there are others.
    usual = [day for day in days if day.joined != day.members] or days
    most = max((max(day.joined, day.left) for day in usual), default=0)
    if not most:
        return None
    last = days[-1].as_of
    bars = []
    for day in days:
        up, down = (round(HALF * min(1, number / most), 1) for number in (day.joined, day.left))
        place = WIDTH - SLOT * ((last - day.as_of) / timedelta(days=1) + 1)
        bars.append(Bar(day, round(place + 1, 1), up, round(HALF - up, 1), down, drift_label(day)))
    return Drift(bars, WIDTH, 2 * HALF + FOOT, HALF, round(SLOT - 2, 1), most)


def drift_label(day: Day) -> str:
    """`3/10: +2 −1` and the reasons, a line each."""
    lines = [f"{day.as_of.isoformat()}  +{day.joined} −{day.left}"]
    lines += [f"+{one.number} {one.text}" for one in day.came]
    lines += [f"−{one.number} {one.text}" for one in day.went]
    return "\n".join(lines)


@register.filter
def share(line: Line, which: str) -> str:
    """A figure of the comparison as text."""
    value: Decimal = getattr(line, which)
    return f"{value:.1f}%" if line.is_share else f"{value:.2f}"


@register.filter
def half_of(line: Line, which: str) -> Any:
    """The length of a bar, percent of the larger of the two."""
    most = max(line.own, line.all)
    return f"{getattr(line, which) / most * 100:.1f}" if most else "0"
