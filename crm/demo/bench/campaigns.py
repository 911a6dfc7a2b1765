"""Ten running campaigns in a night: against the bare joins of members with balances, and by share of changes."""

from datetime import date, timedelta

from django.db import transaction

from campaigns.measurement import night as campaign_results
from crm import db
from crm.demo.bench.measure import Goal, Report, median_of, seconds_of
from crm.demo.bench.night import load_changes, next_day, run_night
from crm.demo.bench.place import bench_database
from crm.jobs import ledger
from crm.jobs.models import JobRun
from customers.nightly.night import Night

NUMBER = 10
BASELINE = timedelta(days=31)
# Share of holdings changed, and the part that measuring may take of the bare joins of all members.
SHARES = ((0.03, 0.5), (0.003, 0.25))
OURS = [f"campaigns_campaign{name}" for name in ("", "member", "cell", "day")]
BARE = """
SELECT m.campaign_id, m.branch_id, m.stratum, m.arm, count(*), sum(k.aum - m.base_average),
       sum((k.aum - m.base_average) * (k.aum - m.base_average))
FROM campaigns_campaignmember m JOIN customers_metrics k USING (customer_id)
GROUP BY m.campaign_id, m.branch_id, m.stratum, m.arm
"""


def launch(starts: date) -> None:
    """Campaigns that end with the third measured night, each with a third of all customers."""
    ends = starts + timedelta(days=len(SHARES) + 1)
    for number in range(NUMBER):
        db.run_sql("crm.demo.bench", "campaigns", number=number, starts=starts, ends=ends, baseline=starts - BASELINE)
    db.execute("ANALYZE campaigns_campaignmember")


def measure_all(day: date) -> None:
    """Count everybody as of the published day."""
    with transaction.atomic(using="batch"):
        campaign_results.publish(Night(as_of=day, previous=day, full=True))


def bench_campaign(customers: int, *, keep: bool) -> Report:
    """The first measurement with its curves; counting everybody; nights with changes; the night of the last look."""
    report = Report("campaign", customers)
    with bench_database(customers, keep=keep) as built:
        report.figures["build"] = built
        day = ledger.published_date(using="batch")
        assert day is not None
        # Of a kept bank; members and what is counted of them have no foreign key that a cascade could follow.
        db.execute(f"TRUNCATE {', '.join(OURS)} CASCADE", using="owner")
        launch(day)
        report.figures["members"] = db.fetch_value("SELECT count(*) FROM campaigns_campaignmember")
        bare = median_of(3, lambda: db.fetch_all(BARE))
        first = seconds_of(lambda: measure_all(day))
        anew = median_of(3, lambda: measure_all(day))
        report.figures |= {"bare joins": bare, "first measurement, a month of curves": first, "everybody anew": anew}
        report.goals.append(Goal("everybody anew / bare joins", anew, bare, 3.0))
        measure_nights(report, bare)
    return report


def measure_nights(report: Report, bare: float) -> None:
    """The campaigns' share of nights, and of the one that judges who reached the goal."""
    for share, at_most in SHARES:
        report.goals.append(
            Goal(f"{share:.1%} changed / bare joins", night_of(report, next_day(), share), bare, at_most)
        )
    last = night_of(report, next_day(), SHARES[0][0])
    report.goals.append(Goal("the last look / bare joins", last, bare, 6.0))


def night_of(report: Report, day: date, share: float) -> float:
    """Run a night with this share of holdings changed; returns the seconds of measuring."""
    load_changes(share, day)
    seconds, _steps = run_night(day)
    measured = JobRun.objects.using("batch").get(job="nightly", business_date=day).counts["campaigns"]
    report.figures[f"{day}, {share:.1%} changed"] = {"night": seconds, **measured}
    return float(measured["seconds"])
