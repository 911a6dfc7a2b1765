"""A model as its page shows it: the comparison, the bands, the calibration as a drawing, and what weighs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.propensity.choices import JUDGED, Band
from campaigns.propensity.features import BY_NAME
from campaigns.propensity.models import PropensityModel

# The drawing, in its own units.
SIZE, EDGE = 300, 40
RANKINGS: dict[str, str | Promise] = {
    "model": _("This model"),
    "aum": _("By AUM, as lists do"),
    "alert": _("By alert, then by AUM"),
    "trees": _("Boosted trees, as a yardstick"),
}
PARTS: dict[str, str | Promise] = {
    "fit": _("Learned from"),
    "calibrate": _("Level set by"),
    "held": pgettext_lazy("months", "Judged by"),
}


@dataclass(frozen=True)
class Ranking:
    """How well one order of the judged contacts was: in its top tenth `yes` of `asked` said yes."""

    name: str
    label: str | Promise
    auc: str
    lift: str
    asked: int
    yes: int


@dataclass(frozen=True)
class Point:
    """One of ten bins: where it stands in the drawing, and its figures."""

    x: float
    y: float
    asked: int
    expected: str
    said: str


@dataclass(frozen=True)
class Part:
    label: str | Promise
    first: str
    last: str
    asked: int
    yes: int
    share: str


@dataclass(frozen=True)
class BandLine:
    band: Band
    asked: int
    yes: int
    share: str


@dataclass(frozen=True)
class Weight:
    """A feature that raises or lowers the score; `width` of 100 is the heaviest."""

    label: str | Promise
    raises: bool
    width: int


@dataclass(frozen=True)
class Sheet:
    """Shares and AUC as text. `is_clear`: the interval of the gain over the better plain ranking is above nothing."""

    rankings: list[Ranking]
    parts: list[Part]
    bands: list[BandLine]
    points: list[Point]
    ticks: list[tuple[float, float, str]]
    weights: list[Weight]
    auc: str
    auc_low: str
    auc_high: str
    gain_low: str
    gain_high: str
    over: str | Promise
    is_clear: bool
    expected: str
    said: str
    brier: str
    size: int = SIZE
    edge: int = EDGE
    far: int = SIZE - EDGE


def sheet_of(model: PropensityModel) -> Sheet | None:
    """None while there are no figures."""
    if model.state not in JUDGED:
        return None
    figures = model.figures
    highest = max(max(one["expected"], one["yes"] / one["asked"]) for one in figures["bins"])
    top = min(1.0, (int(highest * 10) + 1) / 10)
    gain = figures["gain"]
    held = figures["held"]
    return Sheet(
        rankings=[ranking(name, label, figures) for name, label in RANKINGS.items()],
        parts=[part(label, figures[name]) for name, label in PARTS.items()],
        bands=[band(one) for one in figures["bands"]],
        points=[point(one, top) for one in figures["bins"]],
        ticks=[(*place(top * step / 2, top * step / 2, top), f"{100 * top * step / 2:.0f}%") for step in range(3)],
        weights=weights_of(model.weights),
        auc=f"{figures['auc']['model']:.3f}",
        auc_low=f"{figures['auc_95'][0]:.3f}",
        auc_high=f"{figures['auc_95'][1]:.3f}",
        gain_low=f"{gain['auc_95'][0]:+.3f}",
        gain_high=f"{gain['auc_95'][1]:+.3f}",
        over=RANKINGS[gain["over"]],
        is_clear=gain["auc_95"][0] > 0,
        expected=percent(figures["expected"]),
        said=percent(held["yes"] / held["asked"]),
        brier=f"{figures['brier']:.3f}",
    )


def percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def ranking(name: str, label: str | Promise, figures: Mapping[str, Any]) -> Ranking:
    top = figures["top"][name]
    return Ranking(name, label, f"{figures['auc'][name]:.3f}", f"{figures['lift'][name]:.2f}", top["asked"], top["yes"])


def part(label: str | Promise, told: Mapping[str, Any]) -> Part:
    return Part(label, told["from"], told["to"], told["asked"], told["yes"], percent(told["yes"] / told["asked"]))


def band(told: Mapping[str, Any]) -> BandLine:
    share = percent(told["yes"] / told["asked"]) if told["asked"] else "–"
    return BandLine(Band(told["band"]), told["asked"], told["yes"], share)


def place(expected: float, said: float, top: float) -> tuple[float, float]:
    """Where a share that was expected and one that came stand in the drawing."""
    width = SIZE - 2 * EDGE
    return round(EDGE + width * expected / top, 1), round(SIZE - EDGE - width * said / top, 1)


def point(told: Mapping[str, Any], top: float) -> Point:
    said = told["yes"] / told["asked"]
    x, y = place(told["expected"], said, top)
    return Point(x, y, told["asked"], percent(told["expected"]), percent(said))


def weights_of(weights: Mapping[str, Any]) -> list[Weight]:
    """The features in the order of what they weigh, as far as they are still known by name."""
    pairs = [
        (name, weight) for name, weight in zip(weights["names"], weights["weight"], strict=True) if name in BY_NAME
    ]
    heaviest = max((abs(weight) for _name, weight in pairs), default=0) or 1
    ordered = sorted(pairs, key=lambda pair: -abs(pair[1]))
    return [Weight(BY_NAME[name].more, weight > 0, round(100 * abs(weight) / heaviest)) for name, weight in ordered]
