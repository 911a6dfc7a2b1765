"""Tonight's tiers: one pass over the changed set for all schemes in force (DOMAIN §3 TierScheme)."""

from collections.abc import Iterable
from datetime import date

from crm import db
from crm.jobs.models import JobRun
from crm.jobs.runner import Arguments, Counts
from customers.averages import quarter_start
from customers.nightly import night
from segments.choices import BY_MONEY, Promotion, TierMetric
from segments.tiering import measures, versions
from segments.tiering.versions import Running

CHANGED = "SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last FROM night_metrics"
CHANGED_HOLDINGS = """
SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last
FROM (SELECT customer_id FROM night_metrics UNION SELECT customer_id FROM night_holding) changed
"""
EVERYBODY = """
SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last
FROM (SELECT customer_id FROM customers_metrics UNION ALL SELECT customer_id FROM night_metrics) everybody
"""


def plan(run: JobRun) -> list[Arguments]:
    """Chunks of the changed set; of everybody when a month opens, a version takes over, or a metric drifts."""
    tonight = night.of_run(run)
    db.execute("TRUNCATE night_tier, night_measure")
    db.execute("ANALYZE night_metrics (customer_id)")
    running = versions.tonight(tonight.as_of)
    measures.take_places(tonight, running)
    everybody = judges_all(tonight, running) or drift_since(tonight.as_of, running) is not None
    changed = CHANGED_HOLDINGS if measures.by_holdings(running) else CHANGED
    return list(night.customer_ranges(EVERYBODY if everybody else changed))


def compute(run: JobRun, arguments: Arguments) -> Counts:
    """Write night_tier for one range of customers."""
    tonight = night.of_run(run)
    return {"rows": judge(tonight, versions.tonight(tonight.as_of), arguments)}


def judge(tonight: night.Night, running: list[Running], arguments: Arguments) -> int:
    """Judge one range of customers by these versions, into night_tier; returns the rows written."""
    everybody = judges_all(tonight, running)
    measures.measure(tonight, running, arguments["first"], arguments["last"], everybody=everybody)
    return db.run_sql(
        "segments.tiering",
        "recompute",
        as_of=tonight.as_of,
        schemes=[one.scheme.pk for one in running],
        states_of=[one.states_of for one in running],
        starts=[one.starts for one in running],
        periods=[one.period_start for one in running],
        due=[one.is_due for one in running],
        everybody=everybody,
        settled_too=tonight.full or turns(running) or any(one.scheme.metric not in BY_MONEY for one in running),
        holdings_too=measures.by_holdings(running),
        unsettled_since=tonight.unsettled_since(quarterly=TierMetric.QUARTER_AVERAGE in versions.drifts(running)),
        drift_since=drift_since(tonight.as_of, running),
        is_first=tonight.is_first,
        is_rerun=tonight.is_rerun,
        first=arguments["first"],
        last=arguments["last"],
    )


def turns(running: Iterable[Running]) -> bool:
    """Whether tonight everybody may move, whatever happened to their balance: a version takes over, a review day has
    come, places are taken, or a scheme begins or ends in some branch."""
    return any(one.starts or one.turns or (one.is_due and compares_or_reviews(one)) for one in running)


def compares_or_reviews(one: Running) -> bool:
    return one.scheme.promotion == Promotion.REVIEW or one.scheme.metric == TierMetric.PERCENTILE


def judges_all(tonight: night.Night, running: Iterable[Running]) -> bool:
    """Whether customers are looked at tonight whom no file speaks of."""
    return tonight.evaluates_all or turns(running)


def drift_since(as_of: date, running: Iterable[Running]) -> date | None:
    """Since when a change of balance moves the metric of a scheme every day; None when no scheme drifts."""
    metrics = versions.drifts(running)
    if TierMetric.QUARTER_AVERAGE in metrics:
        return quarter_start(as_of)
    if TierMetric.MONTH_AVERAGE in metrics:
        return as_of.replace(day=1)
    return None
