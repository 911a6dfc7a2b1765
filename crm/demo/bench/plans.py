"""A night of planning: against the bare evaluation of who is due, by share of changes, and what it writes."""

from datetime import date
from typing import Any

from django.db import transaction

from archives.planning import planner
from crm import db
from crm.demo.bench.measure import Goal, Report, median_of, seconds_of
from crm.demo.bench.night import load_changes, next_day, run_night
from crm.demo.bench.place import bench_database
from crm.jobs import ledger
from crm.jobs.models import JobRun
from customers.nightly.night import Night

# Share of holdings changed, and the part that its planning may take of planning for everybody.
SHARES = ((0.03, 0.5), (0.003, 0.2))


def plan_all(day: date) -> dict[str, Any]:
    """Plan for everybody as of the published day."""
    with transaction.atomic(using="batch"):
        return planner.publish(Night(as_of=day, previous=day, full=True), None)


def bench_plans(customers: int, *, keep: bool) -> Report:
    """The first planning of a bank; planning for all of a settled one; nights in which 3 % and 0.3 % changed."""
    report = Report("plans", customers)
    with bench_database(customers, keep=keep) as built:
        report.figures["build"] = built
        day = ledger.published_date(using="batch")
        assert day is not None
        report.figures["managed"] = db.fetch_sql("crm.demo.bench", "plans", "batch", morning=day)[0]["managed"]
        bare = median_of(3, lambda: db.fetch_sql("crm.demo.bench", "plans", "batch", morning=day))
        db.execute("DELETE FROM archives_maintenanceplan WHERE episode <> ''")
        first = seconds_of(lambda: plan_all(day))
        db.execute("ANALYZE archives_maintenanceplan")
        plans = db.fetch_value("SELECT count(*) FROM archives_maintenanceplan WHERE episode <> ''")
        settled = median_of(3, lambda: plan_all(day))
        report.figures |= {"bare evaluation": bare, "first planning": first, "plans": plans, "settled, all": settled}
        # The bare evaluation asks for one step and writes nothing; the planner asks for ten and writes every plan once.
        report.goals.append(Goal("first planning / bare evaluation", first, bare, 25.0))
        report.goals.append(Goal("settled, all / bare evaluation", settled, bare, 10.0))
        measure_nights(report, bare, settled)
    return report


def measure_nights(report: Report, bare: float, settled: float) -> None:
    """The planner's share of nights, against the bare evaluation and against planning for everybody."""
    load_changes(0.001, next_day())
    run_night(next_day())
    for share, at_most in SHARES:
        day = next_day()
        load_changes(share, day)
        seconds, _steps = run_night(day)
        planned = JobRun.objects.using("batch").get(job="nightly", business_date=day).counts["plans"]
        report.figures[f"{share:.1%} changed"] = {"night": seconds, **planned}
        report.goals.append(Goal(f"{share:.1%} changed / bare evaluation", planned["seconds"], bare, 5.0))
        report.goals.append(Goal(f"{share:.1%} changed / settled, all", planned["seconds"], settled, at_most))
    published = ledger.published_date(using="batch")
    assert published is not None
    # What the nights left is what planning for everybody asks for: it writes nothing.
    report.figures["planned again for all"] = plan_all(published)
