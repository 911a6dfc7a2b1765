"""The night against the bare read and the bare write of the same rows; workers; schemes; cost by share of changes."""

import multiprocessing
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.db import connections

from crm import db, nightly
from crm.demo.bench.measure import Goal, Report, median_of, seconds_of
from crm.demo.bench.place import bench_database
from crm.jobs import ledger
from crm.jobs.models import JobRun, JobStep
from customers.choices import LoadState
from customers.models import FeedLoad
from segments.models import Tier, TierScheme

PACKAGE = "crm.demo.bench"
READ = """
SELECT count(*) FROM (SELECT customer_id, sum(balance) AS aum FROM customers_holding GROUP BY customer_id) held
JOIN customers_metrics m USING (customer_id) WHERE m.aum IS DISTINCT FROM held.aum
"""
WRITES = (
    "UPDATE staging.bench_holding h SET balance = n.balance FROM night_holding n WHERE h.id = n.holding_id",
    "UPDATE staging.bench_metrics m SET aum = m.aum + d.aum, since_date = %(day)s, month_days = m.month_days + m.aum "
    "FROM staging.bench_delta d WHERE m.customer_id = d.customer_id AND d.aum <> 0",
    "INSERT INTO staging.bench_change (branch_id, customer_id, holding_id, as_of, old_balance, new_balance, "
    "old_counted, new_counted, recorded_at) SELECT branch_id, customer_id, holding_id, %(day)s, old_balance, balance, "
    "old_counted, new_counted, now() FROM night_holding",
)
FULL_SHARE = 0.30


def next_day() -> date:
    """The day after the newest published one."""
    published = ledger.published_date(using="batch")
    assert published is not None
    return published + timedelta(days=1)


def load_changes(share: float, day: date) -> int:
    """Leave the changes of this share of holdings for the night; returns how many."""
    load = FeedLoad.objects.using("batch").create(
        spec="eod_balances", as_of=day, file_name="bench.csv", state=LoadState.ACCEPTED
    )
    rows = db.run_sql(PACKAGE, "changes", load=load.pk, share=share, day=day.toordinal())
    db.execute("ANALYZE night_holding")
    return rows


def floors(day: date) -> dict[str, float]:
    """Seconds of the bare read, and of the bare write of the changes that wait, on copies of the tables."""
    db.run_sql(PACKAGE, "twins")
    read = median_of(3, lambda: db.fetch_value(READ))
    write = sum(seconds_of(lambda sql=sql: db.execute(sql, {"day": day})) for sql in WRITES)  # type: ignore[misc]
    for table in ("holding", "metrics", "change", "delta"):
        db.execute(f"DROP TABLE staging.bench_{table}")
    return {"bare read": read, "bare write": round(write, 4)}


def join_night(run_id: int) -> None:
    """A second worker, in a process of its own."""
    nightly.work(JobRun.objects.using("batch").get(pk=run_id))


def run_night(day: date, *, workers: int = 1, full: bool = False) -> tuple[float, dict[str, float]]:
    """Seconds of the night from opening to publishing, and of each of its steps."""
    db.execute("CHECKPOINT", using="batch") if can_checkpoint() else None
    run, _is_open = nightly.open_night(day, full=full)
    connections.close_all()
    helpers = [
        multiprocessing.get_context("fork").Process(target=join_night, args=(run.pk,)) for _n in range(1, workers)
    ]

    def work() -> None:
        for helper in helpers:
            helper.start()
        ended = nightly.work(JobRun.objects.using("batch").get(pk=run.pk))
        for helper in helpers:
            helper.join()
        assert ended.published_at is not None, ended.message

    seconds = seconds_of(work)
    steps = JobStep.objects.using("batch").filter(run_id=run.pk).order_by("no")
    return seconds, {
        step.name: round((step.finished_at - step.started_at).total_seconds(), 2)
        for step in steps
        if step.started_at and step.finished_at
    }


def can_checkpoint() -> bool:
    """Whether the batch role may ask for a checkpoint, so that no measurement pays for the one before."""
    return bool(db.fetch_value("SELECT pg_has_role(current_user, 'pg_checkpoint', 'member')"))


def measured(report: Report, name: str, share: float, **options: Any) -> float:
    """One night with this share changed, written into the report."""
    day = next_day()
    rows = load_changes(share, day)
    seconds, steps = run_night(day, **options)
    report.figures[name] = {"seconds": seconds, "changed holdings": rows, "steps": steps}
    return seconds


def bench_night(customers: int, *, keep: bool) -> Report:
    """A night in which 30 % of the holdings changed: against its floors, with two workers, recomputing all, and with
    ten schemes."""
    report = Report("night", customers)
    with bench_database(customers, keep=keep) as built:
        report.figures["build"] = built
        report.figures["holdings"] = db.fetch_value("SELECT count(*) FROM customers_holding")
        day = next_day()
        rows = load_changes(FULL_SHARE, day)
        below = floors(day)
        report.figures |= below
        alone, steps = run_night(day)
        report.figures["one worker"] = {"seconds": alone, "changed holdings": rows, "steps": steps}
        floor = below["bare read"] + below["bare write"]
        report.goals.append(Goal("night / (bare read + bare write)", alone, floor, 1.5))
        both = measured(report, "two workers", FULL_SHARE, workers=2)
        report.goals.append(Goal("two workers / one", both, alone, 0.6))
        measured(report, "full recompute", FULL_SHARE, full=True)
        only_primary()
        one = measured(report, "one scheme", FULL_SHARE)
        more_schemes(9)
        ten = measured(report, "ten schemes, settled", FULL_SHARE) if settle_schemes() else 0.0
        report.goals.append(Goal("ten schemes / one scheme", ten, one, 2.0))
    return report


def only_primary() -> None:
    TierScheme.objects.using("batch").filter(is_primary=False).update(is_active=False, is_released=False)


def more_schemes(how_many: int) -> None:
    """Schemes on the balance of the day, each with bands of its own."""
    for number in range(1, how_many + 1):
        scheme = TierScheme.objects.using("batch").create(
            code=f"bench{number}", name_zh_hans=f"第{number}套", metric="point", promotion="immediate",
            effective_from=date(2000, 1, 1), is_released=True,
        )  # fmt: skip
        edges = [0, 9_000 + 500 * number, 45_000 + 2_000 * number, 450_000 + 20_000 * number, None]
        for rank, (lower, upper) in enumerate(pairwise(edges), 1):
            Tier.objects.using("batch").create(
                scheme=scheme, rank=rank, code=f"b{rank}", name_zh_hans=f"{rank}档", lower=lower or 0, upper=upper
            )


def settle_schemes() -> bool:
    """Give everybody a first tier in the new schemes, so that the measured night only moves them."""
    day = next_day()
    load_changes(0.001, day)
    run_night(day, full=True)
    return True


def bench_delta(customers: int, *, keep: bool) -> Report:
    """Cost by share of changed holdings, and the same number of changes in a bank of half the size."""
    report = Report("delta", customers)
    with bench_database(customers, keep=keep):
        all_changed = measured(report, "all changed", 1.0)
        for share, at_most in ((0.03, 0.25), (0.003, 0.05)):
            seconds = measured(report, f"{share:.1%} changed", share)
            report.goals.append(Goal(f"{share:.1%} / all", seconds, all_changed, at_most))
        large = measured(report, "2 % changed", 0.02)
    with bench_database(customers // 2, keep=keep):
        measured(report, "warm, half the customers", 0.04)
        small = measured(report, "as many changes, half the customers", 0.04)
    report.goals.append(Goal("twice the customers, same changes", large, small, 1.1))
    return report
