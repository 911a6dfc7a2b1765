"""The alerts that should be live after tonight, by kind (DOMAIN §4). Every rule asks the tier, so they live here;
the table and the comparison with what is live belong to customers."""

from crm import db
from crm.jobs.models import JobRun
from crm.jobs.runner import Arguments, Counts
from customers.averages import month_end
from customers.nightly import night
from segments.tiering import recompute, versions


def primary(tonight: night.Night) -> versions.Running:
    """Tonight's version of the scheme that alerts speak of."""
    return versions.primary(versions.tonight(tonight.as_of))


def judges_all(tonight: night.Night) -> bool:
    """Whether every customer is judged for the critical alerts: when averages begin anew, when the scheme takes a new
    version, and after a night that had to leave customers out."""
    last = JobRun.objects.using("batch").filter(published_at__isnull=False).order_by("-business_date").first()
    return tonight.evaluates_all or primary(tonight).starts or bool(last and last.counts.get("alerts_left_out"))


def plan(run: JobRun) -> list[Arguments]:
    """Critical customers by range of ids; the other rules are one statement each over what falls due or moved."""
    tonight = night.of_run(run)
    db.execute("TRUNCATE night_alert")
    db.execute("ANALYZE night_tier")
    ranges = night.customer_ranges(recompute.EVERYBODY if judges_all(tonight) else recompute.CHANGED)
    return [{"rule": "maturity"}, {"rule": "large_movement"}] + [{"rule": "critical", **one} for one in ranges]


def compute(run: JobRun, arguments: Arguments) -> Counts:
    """Write night_alert for one rule."""
    tonight = night.of_run(run)
    return {"rows": RULES[arguments["rule"]](tonight, arguments)}


def maturity(tonight: night.Night, arguments: Arguments) -> int:
    return db.run_sql(
        "segments.alerts",
        "maturity",
        as_of=tonight.as_of,
        morning=tonight.morning,
        scheme=primary(tonight).scheme.pk,
    )


def large_movement(tonight: night.Night, arguments: Arguments) -> int:
    return db.run_sql(
        "segments.alerts",
        "large_movement",
        as_of=tonight.as_of,
        is_first=tonight.is_first,
        is_rerun=tonight.previous == tonight.as_of,
    )


def critical(tonight: night.Night, arguments: Arguments) -> int:
    shown = primary(tonight)
    return db.run_sql(
        "segments.alerts",
        "critical",
        as_of=tonight.as_of,
        month_end=month_end(tonight.as_of),
        scheme=shown.scheme.pk,
        states_of=shown.states_of,
        everybody=judges_all(tonight),
        first=arguments["first"],
        last=arguments["last"],
    )


RULES = {"maturity": maturity, "large_movement": large_movement, "critical": critical}
