"""Real calls of a bank: the file is read to its figures, and what the product learns from it is judged out of time.

Sex is not in the file; marital status and place are never features, nor is the duration of the call.
"""

import math
from collections import Counter
from datetime import date

import numpy as np
import pytest

from campaigns.propensity.learning import Examples, Learned, learn
from tests.real_data.marketing import Client, clients

LAST_YEAR = date(2009, 11, 18)  # the last of the file is 2010-11-17
# Before that: the last quarter of the year is left for the level.
LEVEL = date(2009, 5, 1)
JOBS = ("student", "retired", "blue-collar", "management", "unemployed", "entrepreneur", "services")


@pytest.fixture(scope="module")
def found() -> list[Client]:
    return list(clients())


def test_it_is_read_to_the_figures_of_the_file(found: list[Client]) -> None:
    assert len(found) == 45_211
    assert sum(one.contacts for one in found) == 124_956
    assert sum(one.said_yes for one in found) == 5_289
    days = [one.day for one in found]
    assert days == sorted(days)
    assert (days[0], days[-1]) == (date(2008, 5, 5), date(2010, 11, 17))
    assert by(found, "channel") == {
        "cellular": (29_285, 4_369), "telephone": (2_906, 390), "unknown": (13_020, 530),
    }  # fmt: skip
    earlier = by(found, "earlier")
    assert (earlier["success"], earlier["failure"]) == ((1_511, 978), (4_901, 618))
    months = Counter((one.day.year, one.day.month) for one in found)
    assert (months[2008, 5], months[2010, 11], len(months)) == (7_957, 75, 30)


def by(found: list[Client], name: str) -> dict[str, tuple[int, int]]:
    """Clients and those who said yes, by one thing known of them."""
    asked = Counter(getattr(one, name) for one in found)
    yes = Counter(getattr(one, name) for one in found if one.said_yes)
    return {value: (number, yes[value]) for value, number in asked.items()}


def features(one: Client) -> dict[str, float]:
    """What was known before the call, in the manner of campaigns.propensity.features.

    The number of contacts is none of it: whoever says yes is not called again, so that it follows from the answer.
    """
    known = one.known
    age, balance, since = int(known["age"]), int(known["balance"]), int(known["pdays"])
    numbers = {
        "age_under_30": age < 30, "age_60": age >= 60, "balance": math.copysign(math.log1p(abs(balance)), balance),
        "earlier_contacts": math.log1p(int(known["previous"])),
        "never_before": since < 0, "asked_100_days": 0 <= since <= 100, "asked_200_days": 100 < since <= 200,
        "cellular": one.channel == "cellular", "telephone": one.channel == "telephone",
        "tertiary": known["education"] == "tertiary", "secondary": known["education"] == "secondary",
    }  # fmt: skip
    numbers |= {f"earlier_{kind}": one.earlier == kind for kind in ("success", "failure", "other")}
    numbers |= {f"job_{job}": known["job"] == job for job in JOBS}
    numbers |= {name: known[name] == "yes" for name in ("default", "housing", "loan")}
    return {name: float(value) for name, value in numbers.items()}


@pytest.fixture(scope="module")
def learned(found: list[Client]) -> Learned:
    rows = [features(one) for one in found]
    names = tuple(rows[0])
    examples = Examples(
        names=names,
        x=np.array([[row[name] for name in names] for row in rows]),
        yes=np.array([one.said_yes for one in found], dtype=np.int64),
        day=np.array([one.day for one in found], dtype="datetime64[D]"),
        plain={"balance": np.array([float(one.known["balance"]) for one in found])},
    )
    return learn(examples, np.datetime64(LEVEL), np.datetime64(LAST_YEAR))


def test_of_the_last_year_it_ranks_better_than_the_balance_and_than_trees(learned: Learned) -> None:
    figures = learned.figures
    print({name: figures[name] for name in ("held", "auc", "auc_95", "lift", "top", "brier", "expected")})
    print(figures["bins"])
    assert not {"duration", "sex", "marital"} & set(learned.weights["names"])
    assert (figures["held"]["from"], figures["held"]["to"]) == ("2009-11-24", "2010-11-17")
    assert (figures["held"]["asked"], figures["held"]["yes"]) == (2_871, 1_468)
    assert figures["fit"]["to"] < str(LEVEL) <= figures["calibrate"]["from"]
    assert figures["auc"]["model"] > 0.66
    assert figures["gain"]["over"] == "balance"
    assert figures["gain"]["auc_95"][0] > 0.1
    assert figures["auc"]["model"] > figures["auc"]["trees"]
    assert figures["lift"]["model"] > 1.4
