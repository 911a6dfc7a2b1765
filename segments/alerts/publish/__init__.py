"""Compare the alerts that should be live with those that are; the caller holds the transaction."""

from datetime import datetime, time
from typing import Any

from django.utils import timezone

from crm import db
from crm.jobs.choices import StepState
from crm.jobs.models import JobChunk, JobRun
from customers.choices import AlertKind
from customers.nightly.night import Night
from segments.alerts import rules

KINDS_OF_RULE = {
    "maturity": [AlertKind.MATURITY],
    "large_movement": [AlertKind.LARGE_IN, AlertKind.LARGE_OUT],
    "critical": list(rules.CRITICAL),
}
BRANCHES_OPEN = time(8, 0)
LIVE = """
SELECT kind, count(*) AS live, count(*) FILTER (WHERE raised_on = %(as_of)s) AS raised
FROM customers_alert WHERE state IN ('new', 'read', 'following', 'snoozed') GROUP BY kind ORDER BY kind
"""


def spoilt_rules(run: JobRun) -> set[str]:
    """Rules of which a chunk was set aside: what they did not look at must not be closed."""
    spoilt = JobChunk.objects.using("batch").filter(step__run=run, step__name="alerts", state=StepState.QUARANTINED)
    return {chunk.arguments["rule"] for chunk in spoilt}


def publish(run: JobRun, tonight: Night) -> dict[str, Any]:
    """Update, raise and close alerts; returns live and raised alerts by kind, closed ones, and rules left out.

    The time to answer runs from the opening of the branches in the morning after the business date, so that a night
    run twice says the same.
    """
    spoilt = spoilt_rules(run)
    morning = datetime.combine(tonight.morning, BRANCHES_OPEN, timezone.get_default_timezone())
    for name in ("update", "insert"):
        db.run_sql("segments.alerts.publish", name, as_of=tonight.as_of, opens_at=morning)
    closed = db.run_sql(
        "segments.alerts.publish",
        "close",
        as_of=tonight.as_of,
        judged_kinds=[str(kind) for rule, kinds in KINDS_OF_RULE.items() if rule not in spoilt for kind in kinds],
        everybody=rules.judges_all(tonight),
        scheme=rules.primary(tonight).scheme.pk,
    )
    by_kind = {
        row["kind"]: {"live": row["live"], "raised": row["raised"]}
        for row in db.fetch_all(LIVE, {"as_of": tonight.as_of})
    }
    db.execute("TRUNCATE night_alert")
    return {"alerts": by_kind, "alerts_closed": closed, "alerts_left_out": sorted(spoilt)}
