"""The night's part: the levels from which the progress of targets is read."""

from campaigns.seasons.models import SeasonLevel
from crm import db
from customers.nightly.night import Night


def publish(tonight: Night) -> int:
    """Write down what everybody holds at the end of the day; returns how many rows.

    Must run when the counters of the night are written. The caller holds the transaction.
    """
    if tonight.is_rerun:
        SeasonLevel.objects.using("batch").filter(as_of__gte=tonight.as_of).delete()
    return db.run_sql("campaigns.seasons", "levels", as_of=tonight.as_of)
