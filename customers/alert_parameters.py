"""What the parameters of an alert rule may be: names, types and ranges by kind (DOMAIN §4). The night trusts them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from customers.choices import AlertKind

TIER = re.compile(r"[1-9][0-9]?", re.ASCII)
MOST_MONEY = 10**12
LONGEST_DAYS = 365
LONGEST_ANSWER_HOURS = 90 * 24


class BadParameters(ValueError):
    """Parameters that the night cannot use; the message says which and what they must be."""


@dataclass(frozen=True)
class Number:
    """A number in a closed range, whole unless `fraction`."""

    least: float
    most: float
    fraction: bool = False

    def check(self, name: str, value: Any) -> None:
        kinds = (int, float) if self.fraction else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.least <= value <= self.most:
            message = (
                _("%(name)s must be a number from %(least)s to %(most)s")
                if self.fraction
                else _("%(name)s must be a whole number from %(least)s to %(most)s")
            )
            raise BadParameters(message % {"name": name, "least": self.least, "most": self.most})


@dataclass(frozen=True)
class ByTier:
    """An amount for each tier that is watched: {"3": 50000}; a tier that is not named is not watched."""

    amount: Number

    def check(self, name: str, value: Any) -> None:
        if not isinstance(value, dict) or not value or not all(TIER.fullmatch(key) for key in value):
            raise BadParameters(_('%(name)s must give an amount by tier, such as {"3": 50000}') % {"name": name})
        for tier, amount in value.items():
            self.amount.check(f"{name} {tier}", amount)


DAYS = Number(0, LONGEST_DAYS)
MONEY = Number(0, MOST_MONEY, fraction=True)
MOVEMENT = ByTier(Number(1, MOST_MONEY, fraction=True))
SHARE = Number(0, 1, fraction=True)
BELOW_ONE = Number(0.01, 0.99, fraction=True)

KNOWN: dict[str, dict[str, Number | ByTier]] = {
    AlertKind.MATURITY: {
        "first_days": DAYS, "first_min_amount": MONEY, "first_min_tier": Number(1, 99), "second_days": DAYS,
        "last_days": DAYS, "rollover_days": DAYS,
    },
    AlertKind.UPGRADE_CRITICAL: {"from_share": BELOW_ONE, "hot_share": SHARE},
    AlertKind.DOWNGRADE_CRITICAL: {"below_share": Number(1, 2, fraction=True)},
    AlertKind.LARGE_OUT: {"by_tier": MOVEMENT, "min_share": SHARE, "keep_days": Number(1, LONGEST_DAYS)},
    AlertKind.LARGE_IN: {"by_tier": MOVEMENT, "keep_days": Number(1, LONGEST_DAYS)},
}  # fmt: skip
OPTIONAL = {"keep_days"}


def check_maturity(found: dict[str, Any]) -> None:
    if not found["last_days"] < found["second_days"] < found["first_days"]:
        raise BadParameters(_("last_days must be less than second_days, and second_days less than first_days"))
    if found["rollover_days"] > found["first_days"]:
        raise BadParameters(_("rollover_days must not be more than first_days"))


def check_upgrade(found: dict[str, Any]) -> None:
    if found["hot_share"] < found["from_share"]:
        raise BadParameters(_("hot_share must not be less than from_share"))


TOGETHER: dict[str, Callable[[dict[str, Any]], None]] = {
    AlertKind.MATURITY: check_maturity,
    AlertKind.UPGRADE_CRITICAL: check_upgrade,
}


def check(kind: str, found: Any) -> None:
    """Raises BadParameters unless these are the kind's parameters, each in its range and all in order."""
    known = KNOWN[kind]
    names = ", ".join(sorted(known))
    if not isinstance(found, dict):
        raise BadParameters(_("These parameters and no others: %(names)s") % {"names": names})
    unknown, missing = found.keys() - known.keys(), known.keys() - OPTIONAL - found.keys()
    if unknown:
        told = {"unknown": ", ".join(sorted(unknown)), "names": names}
        raise BadParameters(_("Unknown: %(unknown)s. These parameters and no others: %(names)s") % told)
    if missing:
        raise BadParameters(_("Missing: %(missing)s") % {"missing": ", ".join(sorted(missing))})
    for name, value in found.items():
        known[name].check(name, value)
    if kind in TOGETHER:
        TOGETHER[kind](found)


def check_answer_hours(hours: Any) -> None:
    """Raises BadParameters unless there is time to answer, and an end to it."""
    Number(1, LONGEST_ANSWER_HOURS).check(_("hours to answer"), hours)
