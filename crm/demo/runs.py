"""The ledger of the past weeks: nights and files as the 任务中心 shows them: the first real night has a past."""

import random
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm import db
from crm.jobs.choices import RunState, StepState
from crm.jobs.models import JobRun, JobStep
from customers.choices import LoadState
from customers.models import FeedLoad
from segments.models import TierScheme

NIGHTS = 30
STEPS = (("metrics", 0.30), ("tiers", 0.22), ("alerts", 0.18), ("publish", 0.30))
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = """
SELECT (SELECT count(DISTINCT customer_id) FROM customers_balancechange WHERE as_of = %(day)s) AS changed,
       (SELECT count(*) FROM customers_balancechange WHERE as_of = %(day)s) AS balances,
       (SELECT count(*) FROM customers_holding WHERE status = 'open') AS holdings,
       (SELECT count(*) FROM segments_tierchange WHERE as_of = %(day)s) AS moves,
       (SELECT count(*) FROM customers_alert WHERE raised_on = %(day)s) AS raised,
       (SELECT count(*) FROM customers_alert WHERE closed_on = %(day)s) AS closed
"""
FIGURES = """
SELECT sum(customers) AS customers, sum(aum)::text AS aum FROM segments_dayfigure
WHERE as_of = %(day)s AND scheme_id = %(scheme)s
"""


def write_runs(start: date, as_of: date, seed: int) -> None:
    """One published night for the first day and for each of the last weeks, with the figures of that day."""
    scheme = TierScheme.objects.using("batch").get(is_primary=True).pk
    days = [start, *(as_of - timedelta(days=back) for back in range(min(NIGHTS, (as_of - start).days) - 1, -1, -1))]
    chance = random.Random(seed)  # noqa: S311 - made-up seconds
    for day in days:
        write_run(day, scheme, chance)


def write_run(day: date, scheme: int, chance: random.Random) -> None:
    """One night at six in the morning after its day; seconds are made up, rows are those of the history."""
    rows = db.fetch_all(DAY, {"day": day})[0]
    figures = db.fetch_all(FIGURES, {"day": day, "scheme": scheme})[0]
    began = datetime.combine(day + timedelta(days=1), time(6), SHANGHAI)
    seconds = 4 + rows["balances"] / 20_000 + chance.random() * 2
    ended = began + timedelta(seconds=seconds)
    counts: dict[str, Any] = {
        "options": {"full": False},
        "rows": rows["balances"],
        "customers": int(figures["customers"] or 0),
        "aum": figures["aum"] or "0",
        "is_demo": True,
    }
    run = JobRun.objects.using("batch").create(
        job="nightly",
        business_date=day,
        state=RunState.PUBLISHED,
        step_no=len(STEPS),
        started_at=began,
        finished_at=ended,
        published_at=ended,
        counts=counts,
    )
    write_steps(run, began, seconds, {"metrics": rows["changed"], "tiers": rows["moves"], "alerts": rows["raised"]})
    FeedLoad.objects.using("batch").create(
        spec="eod_balances",
        as_of=day,
        file_name=f"eod_balances_{day:%Y%m%d}.csv",
        size_bytes=rows["holdings"] * 70,
        state=LoadState.PUBLISHED,
        rows_read=rows["holdings"],
        rows_changed=rows["balances"],
        finished_at=began,
        seconds=round(0.5 + rows["balances"] / 90_000, 2),
    )


def write_steps(run: JobRun, began: datetime, seconds: float, rows: dict[str, int]) -> None:
    """The steps of a run that is over."""
    at = began
    for number, (name, share) in enumerate(STEPS, 1):
        ended = at + timedelta(seconds=seconds * share)
        JobStep.objects.using("batch").create(
            run=run,
            no=number,
            name=name,
            state=StepState.DONE,
            started_at=at,
            finished_at=ended,
            rows=rows.get(name, sum(rows.values())),
        )
        at = ended
