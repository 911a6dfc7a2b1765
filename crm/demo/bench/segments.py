"""Twenty segments in a night: against the bare evaluation of their rules, and rows written against members changed."""

import time

from django.db import connections, transaction

from crm import db
from crm.demo.bench.measure import Goal, Report, median_of, seconds_of
from crm.demo.bench.night import load_changes, next_day, run_night
from crm.demo.bench.place import bench_database
from crm.jobs import ledger
from crm.jobs.models import JobRun
from customers.models import Customer
from segments import refresh
from segments.membership import eligible
from segments.models import Segment, SegmentChange
from segments.rules.compile import compiled, follows_the_night

NUMBER = 20
CHANGED = 0.03
FLUSH_SECONDS = 2.0
WRITTEN = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables
WHERE relname IN ('segments_segmentmember', 'segments_segmentchange')
"""


def add_segments() -> None:
    """As many by balance as are missing to NUMBER."""
    missing = NUMBER - Segment.objects.using("batch").count()
    for number in range(max(0, missing)):
        edge = str(10_000 * (number + 1) * (number + 1))
        rich = {"field": "aum", "op": "ge", "value": edge}
        rule = {"all": [rich, {"field": "holds", "op": "in", "value": ["time"]}]}
        name = f"测算{number}"
        Segment.objects.using("batch").create(code=f"bench{number}", name_zh_hans=name, rule=rule, version=1)


def judgements() -> list[refresh.Judgement]:
    """Every rule, over everybody, as of the published day."""
    day = ledger.published_date(using="batch")
    assert day is not None
    found = ((one, refresh.rule_of(one)) for one in refresh.in_order())
    return [refresh.Judgement(one, rule, day, None, touched_only=False) for one, rule in found if rule is not None]


def evaluate(what: refresh.Judgement) -> int:
    """The bare evaluation: how many customers the rule means."""
    assert what.rule is not None
    rows = Customer.objects.using("batch").filter(eligible(what.segment), compiled(what.rule, what.day))
    return rows.count()


def judge_all() -> None:
    with transaction.atomic(using="batch"):
        for what in judgements():
            refresh.judge(what)


def written() -> int:
    """Rows of members and of their history that were ever written; the server counts them when a session ends."""
    connections.close_all()
    time.sleep(FLUSH_SECONDS)
    number: int = db.fetch_value(WRITTEN)
    return number


def bench_segments(customers: int, *, keep: bool) -> Report:
    """First judgement of all; judging a settled bank; a night in which 3 % of the holdings changed."""
    report = Report("segments", customers)
    with bench_database(customers, keep=keep) as built:
        report.figures["build"] = built
        add_segments()
        report.figures["first judgement"] = seconds_of(judge_all)
        db.execute("ANALYZE segments_segmentmember")
        report.figures["memberships"] = db.fetch_value("SELECT count(*) FROM segments_segmentmember")
        found = judgements()
        report.figures["segments"] = len(found)
        report.figures["rules of the night alone"] = sum(follows_the_night(one.rule) for one in found if one.rule)
        bare = median_of(3, lambda: [evaluate(one) for one in found])
        settled = median_of(3, judge_all)
        report.figures |= {"bare evaluation": bare, "settled bank, all judged": settled}
        report.goals.append(Goal("all judged / bare evaluation", settled, bare, 2.0))
        measure_night(report, bare)
    return report


def measure_night(report: Report, bare: float) -> None:
    """One night's share for segments, counting included, and what it wrote."""
    settle()
    day, before = next_day(), written()
    load_changes(CHANGED, day)
    seconds, _steps = run_night(day)
    run = JobRun.objects.using("batch").get(job="nightly", business_date=day)
    rows = written() - before
    changed = SegmentChange.objects.using("batch").filter(as_of=day).count()
    share = run.counts["segments"]["seconds"]
    report.figures |= {"night": seconds, "night, segments": share, "members changed": changed, "rows written": rows}
    report.goals.append(Goal("segments of the night / bare evaluation", share, bare, 2.0))
    report.goals.append(Goal("rows written / members changed", float(rows), float(changed), 2.0))


def settle() -> None:
    """A night before the measured one: every segment has been judged by one."""
    load_changes(0.001, next_day())
    run_night(next_day())
