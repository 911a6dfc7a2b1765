"""Counters that the branch board reads instead of counting customers; written anew by each published night.

Their rows follow branches and managers, not customers. The caller holds the transaction of the night.
"""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from archives import coverage
from archives.choices import REACHED, Channel
from crm import db
from customers.choices import LIVE_ALERT_STATES

PACKAGE = "segments.figures"
DUE_DAYS = 31


def count(as_of: date) -> None:
    """Count customers, coverage, alerts and maturities by branch and main owner, and the moves of the month, as the
    published tables say at the end of `as_of`."""
    live = [str(state) for state in LIVE_ALERT_STATES]
    morning = datetime.combine(as_of + timedelta(days=1), time.min, timezone.get_default_timezone())
    db.run_sql(
        PACKAGE,
        "tiers",
        as_of=as_of,
        morning=morning,
        since=morning - timedelta(days=coverage.CYCLE_DAYS),
        top_since=morning - timedelta(days=coverage.TOP_CYCLE_DAYS),
        top_tier=coverage.TOP_TIER,
        enough=coverage.COMPLETE_ENOUGH,
        reached=[str(outcome) for outcome in REACHED],
        sms=str(Channel.SMS),
    )
    db.run_sql(PACKAGE, "alerts", as_of=as_of, live=live)
    db.run_sql(PACKAGE, "due", as_of=as_of, days=DUE_DAYS)
    db.run_sql(PACKAGE, "moves")
