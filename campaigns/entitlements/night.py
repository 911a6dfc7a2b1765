"""The night's part of 权益与积分: what ends, what tiers are given, and points that nobody has to type in.

It works for the morning after its business date, when people read it: a period begins on that day, and what could be
used on the eve for the last time is over. It looks at whom the night changed; at everybody when a period begins, when
somebody has changed what a tier is given, and in a first or full night. Every statement finds what is missing, so that
a second run of the same night writes nothing; when a day is corrected, what was given on it and is not due any more is
taken back by a counter-entry, unless it is used already.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from campaigns.entitlements.ledger import last_day_of_points, points_rule
from campaigns.entitlements.models import PointsRule
from crm import db
from customers.nightly.night import Night

PACKAGE = __package__
ONE_DAY = timedelta(days=1)
# Campaigns whose results may still change (campaigns.measurement.night).
LONGEST_AFTER = timedelta(days=500)
HOLD_GIVEN = """
SELECT campaigns_ledger_hold_all(array_agg(DISTINCT customer_id)) FROM campaigns_ledgerentry
WHERE day = %s AND kind = 'earn' AND staff_id IS NULL
"""


@dataclass(frozen=True)
class Dawn:
    """The day for which a night works, and the first that the night before has not seen to."""

    day: date
    since: date

    @classmethod
    def of(cls, tonight: Night) -> "Dawn":
        before = tonight.as_of - ONE_DAY if tonight.is_rerun or tonight.previous is None else tonight.previous
        return cls(tonight.morning, before + 2 * ONE_DAY)


def publish(tonight: Night, moved: Sequence[int], qualified: int) -> dict[str, Any]:
    """Write what the night finds, within its transaction, after tiers, prospects and campaigns; returns counts.

    `moved` are the customers of another tier since this night, `qualified` how many reached a campaign's goal.
    """
    began = time.monotonic()
    dawn = Dawn.of(tonight)
    rule = points_rule(dawn.day, "batch")
    counts = {"expired": expire(dawn), "taken_back": take_back(dawn) if tonight.is_rerun else 0}
    counts["granted"] = grant(dawn, moved, is_for_all=tonight.full or tonight.is_first, is_rerun=tonight.is_rerun)
    points: dict[str, Any] = {
        "day": dawn.day,
        "expires_on": last_day_of_points(dawn.day, rule.valid_months),
        "value": rule.point_value,
    }
    if qualified or tonight.is_rerun or tonight.full or tonight.is_first:
        counts["campaign_points"] = db.run_sql(
            PACKAGE, "campaign_points", ended_after=dawn.day - LONGEST_AFTER, **points
        )
    counts |= by_rule(tonight, rule, points)
    return {**counts, "seconds": round(time.monotonic() - began, 2)}


def expire(dawn: Dawn) -> int:
    """Write off what could be used until the eve, of whom it concerns."""
    found = db.fetch_sql(PACKAGE, "ending", first=dawn.since - ONE_DAY, day=dawn.day)[0]["customers"]
    return int(db.fetch_value("SELECT campaigns_ledger_expire(%s, %s)", [found, dawn.day])) if found else 0


def take_back(dawn: Dawn) -> int:
    """Of a corrected day: what it gave, and what is not due by what the correction found. Who is using some of it at
    this moment is waited for."""
    db.fetch_value(HOLD_GIVEN, [dawn.day])
    return db.run_sql(PACKAGE, "take_back", day=dawn.day)


def grant(dawn: Dawn, moved: Sequence[int], *, is_for_all: bool, is_rerun: bool) -> int:
    """Give each customer what the tier of now is given in the period, less what they were given in it before."""
    if is_for_all or db.fetch_sql(PACKAGE, "opens", since=dawn.since, day=dawn.day)[0]["opens"]:
        return db.run_sql(PACKAGE, "grants", day=dawn.day, customers=None)
    known = list(moved)
    if is_rerun:
        known += [
            row["customer_id"]
            for row in db.fetch_all(
                "SELECT DISTINCT customer_id FROM campaigns_ledgerentry WHERE source = 'tier' AND day = %s", [dawn.day]
            )
        ]
    return db.run_sql(PACKAGE, "grants", day=dawn.day, customers=known) if known else 0


def by_rule(tonight: Night, rule: PointsRule, points: dict[str, Any]) -> dict[str, int]:
    """Points for whom a customer introduced, and once a month for the average of the month that is over."""
    counts = {}
    if rule.referral_points:
        counts["referral_points"] = db.run_sql(
            PACKAGE, "referral_points", number=rule.referral_points, as_of=tonight.as_of, **points
        )
    if rule.average_is_on and tonight.month_opens and tonight.previous is not None:
        counts["average_points"] = db.run_sql(
            PACKAGE, "average_points", above=rule.average_above, permille=rule.average_permille, as_of=tonight.as_of,
            month=f"{tonight.as_of:%Y-%m}", **points,
        )  # fmt: skip
    return counts
