"""Learn who says yes from what was known before each contact, and judge it out of time. Knows no database.

The earliest part of the time is learned from, the next one sets the level (Platt), the last one is only judged by. The
result is a logistic regression, folded into numbers that SQL applies; boosted trees are grown beside it as a yardstick.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Numbers = NDArray[np.float64]
# Fewer answers than these say nothing; ours. Of each part, so many yes and so many no.
LEAST_TO_FIT, LEAST_TO_JUDGE = 100, 30
# Shares of the contacts, by time.
FIT_SHARE, CALIBRATE_SHARE = 0.6, 0.2
BINS = 10
RESAMPLES = 200
SEED = 20260101
# What share of the judged contacts the bands "high" and "middle" were cut at.
HIGH_SHARE, MIDDLE_SHARE = 0.1, 0.4


class TooFew(Exception):
    """There are not enough answers to learn from: how many said yes and no in which part, and how many it takes."""

    def __init__(self, part: str, yes: int, no: int, least: int) -> None:
        super().__init__(f"{part}: {yes} yes, {no} no, {least} of each needed")
        self.part, self.yes, self.no, self.least = part, yes, no, least


@dataclass(frozen=True)
class Examples:
    """Contacts in the order of their days. `x`: a row each, a column for each of `names`; `plain`: other rankings to be
    compared with, higher first."""

    names: tuple[str, ...]
    x: Numbers
    yes: NDArray[np.int64]
    day: NDArray[np.datetime64]
    plain: Mapping[str, Numbers]

    def part(self, first: np.datetime64, last: np.datetime64) -> "Examples":
        """Those from `first` on and before `last`."""
        kept = (self.day >= first) & (self.day < last)
        plain = {name: values[kept] for name, values in self.plain.items()}
        return Examples(self.names, self.x[kept], self.yes[kept], self.day[kept], plain)


@dataclass(frozen=True)
class Learned:
    """`weights` is all that scoring needs, `figures` what a person judges the model by; both are plain JSON."""

    weights: dict[str, Any]
    figures: dict[str, Any]


def by_share(examples: Examples) -> tuple[np.datetime64, np.datetime64]:
    """The days on which the second and the third part begin; a day is never cut in two. Raises TooFew for nothing."""
    if not len(examples.day):
        raise TooFew("fit", 0, 0, LEAST_TO_FIT)
    places = (int(len(examples.day) * share) for share in (FIT_SHARE, FIT_SHARE + CALIBRATE_SHARE))
    second, third = (examples.day[place] for place in places)
    return second, third


def learn(examples: Examples, second: np.datetime64, third: np.datetime64) -> Learned:
    """Learn from the days before `second`, set the level by those before `third`, judge by the rest.

    Raises TooFew where one of the three has too few answers.
    """
    first, end = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")
    fit, calibrate, held = (examples.part(*days) for days in ((first, second), (second, third), (third, end)))
    for name, part, least in (
        ("fit", fit, LEAST_TO_FIT),
        ("calibrate", calibrate, LEAST_TO_JUDGE),
        ("held", held, LEAST_TO_JUDGE),
    ):
        refuse_too_few(name, part, least)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(fit.x, fit.yes)
    level = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid").fit(calibrate.x, calibrate.yes)
    weights = folded(examples.names, model, level)
    chances = chance(weights, held.x)
    weights["high"], weights["middle"] = (
        float(np.quantile(chances, 1 - share)) for share in (HIGH_SHARE, MIDDLE_SHARE)
    )
    trees = HistGradientBoostingClassifier(max_depth=4, early_stopping=False, random_state=SEED).fit(fit.x, fit.yes)
    parts = {"fit": told(fit), "calibrate": told(calibrate), "held": told(held)}
    figures = parts | judged(held, chances, trees.predict_proba(held.x)[:, 1], weights)
    return Learned(weights, figures)


def refuse_too_few(name: str, part: Examples, least: int) -> None:
    """Raise TooFew unless a part has enough of both answers."""
    yes = int(part.yes.sum())
    no = len(part.yes) - yes
    if min(yes, no) < least:
        raise TooFew(name, yes, no, least)


def folded(names: tuple[str, ...], model: Any, level: Any) -> dict[str, Any]:
    """One mean, scale and weight for each feature and one intercept, the level included: chance = 1/(1+exp(-score))."""
    scaler, logistic = model[0], model[1]
    sigmoid = level.calibrated_classifiers_[0].calibrators[0]
    slope, shift = -float(sigmoid.a_), -float(sigmoid.b_)
    return {
        "names": list(names),
        "mean": [float(one) for one in scaler.mean_],
        "scale": [float(one) for one in scaler.scale_],
        "weight": [float(one) * slope for one in logistic.coef_[0]],
        "intercept": float(logistic.intercept_[0]) * slope + shift,
    }


def chance(weights: Mapping[str, Any], x: Numbers) -> Numbers:
    """What SQL computes too (score.sql): how likely each row says yes."""
    mean, scale, weight = (np.array(weights[name]) for name in ("mean", "scale", "weight"))
    score = weights["intercept"] + ((x - mean) / scale) @ weight
    result: Numbers = 1 / (1 + np.exp(-score))
    return result


def told(part: Examples) -> dict[str, Any]:
    """A part in figures: its days, contacts, and how many said yes."""
    return {
        "from": str(part.day[0]),
        "to": str(part.day[-1]),
        "asked": len(part.yes),
        "yes": int(part.yes.sum()),
    }


def judged(held: Examples, chances: Numbers, trees: Numbers, weights: Mapping[str, Any]) -> dict[str, Any]:
    """What the model is worth on contacts that it has not seen, beside the plain rankings and the trees."""
    rankings = {"model": chances, "trees": trees, **held.plain}
    best_plain = max(held.plain, key=lambda name: auc(held.yes, held.plain[name]))
    intervals = resampled(held.yes, chances, held.plain[best_plain])
    return {
        "auc": {name: round(auc(held.yes, scores), 4) for name, scores in rankings.items()},
        "auc_95": intervals["model"],
        "lift": {name: round(lift(held.yes, scores), 4) for name, scores in rankings.items()},
        "top": {name: top_tenth(held.yes, scores) for name, scores in rankings.items()},
        "gain": {"over": best_plain, "auc_95": intervals["gain"]},
        "brier": round(float(brier_score_loss(held.yes, chances)), 4),
        "expected": round(float(chances.mean()), 4),
        "bins": bins(held.yes, chances),
        "bands": bands(held.yes, chances, weights),
    }


def auc(yes: NDArray[np.int64], scores: Numbers) -> float:
    """How often somebody who said yes stands above somebody who did not; 0.5 is chance."""
    return float(roc_auc_score(yes, scores))


def top_tenth(yes: NDArray[np.int64], scores: Numbers) -> dict[str, int]:
    """Of the tenth with the highest scores: how many, and how many said yes. Of equal scores the earlier contact."""
    number = max(1, len(yes) // 10)
    best = np.argsort(-scores, kind="stable")[:number]
    return {"asked": number, "yes": int(yes[best].sum())}


def lift(yes: NDArray[np.int64], scores: Numbers) -> float:
    """How many times as many say yes in the top tenth as among all."""
    top = top_tenth(yes, scores)
    return top["yes"] / top["asked"] / float(yes.mean())


def resampled(yes: NDArray[np.int64], model: Numbers, plain: Numbers) -> dict[str, list[float]]:
    """95% intervals of the model's AUC and of its gain over the plain ranking, both from the same resamples."""
    chance_of = np.random.default_rng(SEED)
    found: dict[str, list[float]] = {"model": [], "gain": []}
    for _number in range(RESAMPLES):
        drawn = chance_of.integers(0, len(yes), len(yes))
        if yes[drawn].min() == yes[drawn].max():
            continue
        one = auc(yes[drawn], model[drawn])
        found["model"].append(one)
        found["gain"].append(one - auc(yes[drawn], plain[drawn]))
    return {name: [round(float(np.quantile(all_of, q)), 4) for q in (0.025, 0.975)] for name, all_of in found.items()}


def bins(yes: NDArray[np.int64], chances: Numbers) -> list[dict[str, Any]]:
    """Ten parts by chance, lowest first: what was expected, and how many said yes. A calibrated model meets both."""
    parts = np.array_split(np.argsort(chances, kind="stable"), BINS)
    return [
        {"asked": len(part), "expected": round(float(chances[part].mean()), 4), "yes": int(yes[part].sum())}
        for part in parts
    ]


def bands(yes: NDArray[np.int64], chances: Numbers, weights: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The three bands that people see, best first: how many were asked, and how many said yes."""
    high, middle = chances >= weights["high"], chances >= weights["middle"]
    parts = (high, middle & ~high, ~middle)
    return [
        {"band": place, "asked": int(part.sum()), "yes": int(yes[part].sum())} for place, part in enumerate(parts, 1)
    ]
