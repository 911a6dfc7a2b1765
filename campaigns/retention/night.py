"""The night's part of 到期承接: open what has matured, follow what is open, count. The caller holds the transaction.

What a customer held on the eve of a maturity is what is published while that day's night has not published yet, so no
copies of balances are kept; a day that had no night, and files that came late, change nothing about that.
"""

from datetime import timedelta

from archives.choices import REACHED, Channel
from crm import db
from customers.averages import month_start
from customers.nightly.night import Night

PACKAGE = "campaigns.retention"
# The longest run of days off and the window of T+15 lie within this many days.
LONGEST_WINDOW = 31


def begin(tonight: Night) -> int:
    """Open the maturities since the published day, before anything is published; returns how many.

    A day that is corrected keeps those that its first night has opened: the eve is not what it corrects.
    """
    if tonight.previous is None:
        return 0
    dates = {"as_of": tonight.as_of, "previous": tonight.previous}
    opened = db.run_sql(PACKAGE, "open", **dates)
    db.run_sql(PACKAGE, "reclassified", **dates)
    return opened


def follow(tonight: Night) -> int:
    """Split what has matured by the holdings that are published now, and count it; returns the rows that changed."""
    previous = tonight.previous or tonight.as_of
    as_of = tonight.as_of
    changed = db.run_sql(PACKAGE, "follow", as_of=as_of, previous=previous, full=tonight.full)
    reached = [str(outcome) for outcome in REACHED]
    changed += db.run_sql(PACKAGE, "contacted", as_of=as_of, reached=reached, sms=str(Channel.SMS))
    count(tonight)
    return changed


def count(tonight: Night) -> None:
    """The counters of the months that tonight can have changed."""
    since = month_start((tonight.previous or tonight.as_of) - timedelta(days=LONGEST_WINDOW))
    db.run_sql(PACKAGE, "figures", as_of=tonight.as_of, since=since)
