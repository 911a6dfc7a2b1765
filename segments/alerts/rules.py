"""The alerts that should be live after tonight, by kind (DOMAIN §4). Every rule asks the tier, so they live here;
the table and the comparison with what is live belong to customers."""

from datetime import date

from crm import db
from crm.jobs.models import JobRun
from crm.jobs.runner import Arguments, Counts
from customers import alert_rules
from customers.averages import month_end
from customers.choices import AlertKind
from customers.nightly import night
from segments.tiering import recompute, versions

LOOKED_AT = """
SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last
FROM (SELECT customer_id FROM night_metrics UNION ALL SELECT customer_id FROM night_tier) looked_at
"""
CRITICAL = (AlertKind.UPGRADE_CRITICAL, AlertKind.DOWNGRADE_CRITICAL)


def primary(tonight: night.Night) -> versions.Running:
    """Tonight's version of the scheme that alerts speak of."""
    return versions.primary(versions.tonight(tonight.as_of))


def rule_ids(day: date) -> list[int]:
    """The alert rules in force on a business date."""
    return [rule.pk for rule in alert_rules.in_force(day, using="batch").values()]


def judges_all(tonight: night.Night) -> bool:
    """Whether every customer is judged for the critical alerts: when averages begin anew, when the scheme or a rule
    takes a new version, when another scheme is shown, and after a night that had to leave customers out."""
    running = versions.tonight(tonight.as_of)
    last = JobRun.objects.using("batch").filter(published_at__isnull=False).order_by("-business_date").first()
    return (
        tonight.evaluates_all
        or versions.primary(running).starts
        or versions.switches(running)
        or critical_rules(tonight.as_of) != critical_rules(tonight.previous or tonight.as_of)
        or bool(last and last.counts.get("alerts_left_out"))
    )


def critical_rules(day: date) -> set[int]:
    """The rules of the alerts that are judged customer by customer, by which nothing else tells that they changed."""
    rules = alert_rules.in_force(day, using="batch")
    return {rule.pk for kind, rule in rules.items() if kind in CRITICAL}


def plan(run: JobRun) -> list[Arguments]:
    """Critical customers by range of ids; the other rules are one statement each over what falls due or moved."""
    tonight = night.of_run(run)
    db.execute("TRUNCATE night_alert")
    db.execute("ANALYZE night_tier (customer_id, scheme_id)")
    ranges = night.customer_ranges(recompute.EVERYBODY if judges_all(tonight) else LOOKED_AT)
    return [{"rule": "maturity"}, {"rule": "large_movement"}] + [{"rule": "critical", **one} for one in ranges]


def compute(run: JobRun, arguments: Arguments) -> Counts:
    """Write night_alert for one rule."""
    tonight = night.of_run(run)
    return {"rows": RULES[arguments["rule"]](tonight, arguments)}


def maturity(tonight: night.Night, arguments: Arguments) -> int:
    shown = primary(tonight)
    return db.run_sql(
        "segments.alerts",
        "maturity",
        rules=rule_ids(tonight.as_of),
        morning=tonight.morning,
        scheme=shown.scheme.pk,
        states_of=shown.states_of,
    )


def large_movement(tonight: night.Night, arguments: Arguments) -> int:
    return db.run_sql(
        "segments.alerts",
        "large_movement",
        rules=rule_ids(tonight.as_of),
        as_of=tonight.as_of,
        states_of=primary(tonight).states_of,
        is_first=tonight.is_first,
        is_rerun=tonight.is_rerun,
    )


def critical(tonight: night.Night, arguments: Arguments) -> int:
    shown = primary(tonight)
    return db.run_sql(
        "segments.alerts",
        "critical",
        rules=rule_ids(tonight.as_of),
        as_of=tonight.as_of,
        month_end=month_end(tonight.as_of),
        scheme=shown.scheme.pk,
        states_of=shown.states_of,
        everybody=judges_all(tonight),
        first=arguments["first"],
        last=arguments["last"],
    )


RULES = {"maturity": maturity, "large_movement": large_movement, "critical": critical}
