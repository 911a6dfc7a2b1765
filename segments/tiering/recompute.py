"""Tonight's tiers: one pass over the changed set for all schemes in force (DOMAIN §3 TierScheme)."""

from collections.abc import Iterable
from datetime import date

from crm import db
from crm.jobs.models import JobRun
from crm.jobs.runner import Arguments, Counts
from customers.averages import quarter_start
from customers.nightly import night
from segments.choices import TierMetric
from segments.tiering import versions
from segments.tiering.versions import Running

CHANGED = "SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last FROM night_metrics"
EVERYBODY = """
SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last
FROM (SELECT customer_id FROM customers_metrics UNION ALL SELECT customer_id FROM night_metrics) everybody
"""


def plan(run: JobRun) -> list[Arguments]:
    """Chunks of the changed set; of everybody when a month opens, a version takes over, or a metric drifts."""
    tonight = night.of_run(run)
    db.execute("TRUNCATE night_tier")
    db.execute("ANALYZE night_metrics (customer_id)")
    running = versions.tonight(tonight.as_of)
    everybody = tonight.evaluates_all or versions.any_starts(running) or drift_since(tonight.as_of, running) is not None
    return list(night.customer_ranges(EVERYBODY if everybody else CHANGED))


def compute(run: JobRun, arguments: Arguments) -> Counts:
    """Write night_tier for one range of customers."""
    tonight = night.of_run(run)
    return {"rows": judge(tonight, versions.tonight(tonight.as_of), arguments)}


def judge(tonight: night.Night, running: list[Running], arguments: Arguments) -> int:
    """Judge one range of customers by these versions, into night_tier; returns the rows written."""
    starts = versions.any_starts(running)
    return db.run_sql(
        "segments.tiering",
        "recompute",
        as_of=tonight.as_of,
        month_start=tonight.month_start,
        schemes=[one.scheme.pk for one in running],
        states_of=[one.states_of for one in running],
        starts=[one.starts for one in running],
        everybody=tonight.evaluates_all or starts,
        settled_too=tonight.full or starts,
        unsettled_since=tonight.unsettled_since(quarterly=TierMetric.QUARTER_AVERAGE in versions.drifts(running)),
        drift_since=drift_since(tonight.as_of, running),
        is_first=tonight.is_first,
        is_rerun=tonight.is_rerun,
        first=arguments["first"],
        last=arguments["last"],
    )


def drift_since(as_of: date, running: Iterable[Running]) -> date | None:
    """Since when a change of balance moves the metric of a scheme every day; None when no scheme drifts."""
    metrics = versions.drifts(running)
    if TierMetric.QUARTER_AVERAGE in metrics:
        return quarter_start(as_of)
    if TierMetric.MONTH_AVERAGE in metrics:
        return as_of.replace(day=1)
    return None
