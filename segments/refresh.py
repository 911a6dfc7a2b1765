"""Who is in each segment by its rule: found by set difference, applied with the reason, counted by branch.

The night does it inside publish, over the tables that it has just written, so that pages see the members of the same
day as the balances. A rule is judged for whom the night or the passing of days touches; for all where it asks for what
people do in the daytime. An approved change of a rule is applied at once (segments.tasks), as of the published day.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When

from crm import db
from crm.jobs import ledger
from crm.jobs.models import JobRun
from customers.models import Customer
from customers.nightly.night import Night
from segments.choices import SegmentKind
from segments.membership import COUNTING, LOCK, PACKAGE, eligible, placed, sweep_refusals
from segments.models import NightSegment, NightTouched, Segment, SegmentMember
from segments.rules.compile import (
    certain,
    compiled,
    conditions_begun,
    conditions_met,
    follows_the_night,
    of_the_person,
    passes,
    timed,
)
from segments.rules.parse import BadRule, parse
from segments.rules.tree import Rule, segments_in
from segments.tiering import versions

log = structlog.get_logger()

# Measured at a million customers in 16 segments: 3.7 s for all, 14.6 s carried on when half of them were touched.
SMALL_SHARE = 0.15
# Whom the night touches, from `mark_touched` to the end of `publish`.
TOUCHED = "night_touched"


@dataclass(frozen=True)
class Judgement:
    """One segment as of a business date; `before` is the published day before it, if any.

    `touched_only` leaves everybody else as they are; `is_night` where the night's tables are those of this day. `rule`
    is None for a static segment.
    """

    segment: Segment
    rule: Rule | None
    day: date
    before: date | None
    touched_only: bool
    is_rerun: bool = False
    is_night: bool = False

    @property
    def is_new_rule(self) -> bool:
        return self.rule is not None and self.segment.judged_version != self.segment.version

    def wanted(self) -> QuerySet[Customer]:
        """Everybody who should be in it, among those whom this looks at."""
        rows = Customer.objects.using("batch").filter(eligible(self.segment)).filter(self.asked())
        if self.touched_only:
            rows = rows.filter(pk__in=NightTouched.objects.using("batch").values("customer_id"))
        return rows

    def asked(self) -> Q:
        """The rule; of a static segment, to have been chosen."""
        if not self.segment.is_active:
            return Q(pk__lt=0)
        if self.rule is None:
            member = SegmentMember.objects.using("batch").filter(segment=self.segment.pk, customer=OuterRef("pk"))
            return Q(Exists(member))
        return compiled(self.rule, self.day)


def mark_touched(tonight: Night) -> bool:
    """Note whom this night touches, before its working tables are emptied; False when that may be everybody."""
    db.execute("TRUNCATE night_touched")
    if tonight.full or tonight.is_first or versions.any_starts(versions.tonight(tonight.as_of)):
        return False
    db.run_sql(PACKAGE, "touched", previous=tonight.previous)
    db.execute("ANALYZE night_touched")
    return True


def mark_passed(tonight: Night, rules: Iterable[Rule]) -> None:
    """Note for whom the days since the published one turn a condition of these rules over; one scan for all of them."""
    conditions = {one for rule in rules for one in timed(rule)}
    if not conditions or tonight.previous is None or tonight.is_rerun:
        return
    turned = reduce(or_, (passes(one, tonight.as_of, tonight.previous) for one in conditions))
    chosen, values = placed(Customer.objects.using("batch").filter(turned).values_list("pk"))
    db.execute(f"INSERT INTO night_touched (customer_id) {chosen} ON CONFLICT DO NOTHING", values)
    db.execute("ANALYZE night_touched")


def publish(tonight: Night, *, touched_is_known: bool) -> dict[str, Any]:
    """Judge every segment, count the day; the caller holds the transaction of the night. Returns who joined and left,
    the seconds that it took, and the codes of the segments that could not be judged, which stay as they are.

    Must run when the night's tables are published, and before they are emptied.
    """
    began = time.monotonic()
    transaction.on_commit(sweep_refusals, using="batch", robust=True)
    db.hold_lock(LOCK)
    before = published_before(tonight.as_of)
    moved = {"joined": 0, "left": 0}
    broken: list[str] = []
    found = [(segment, rule_of(segment)) for segment in in_order()]
    if touched_is_known:
        # Where the days that pass cannot be asked for, everybody is judged.
        with kept_apart("the passing of days", broken):
            mark_passed(tonight, [rule for _segment, rule in found if rule is not None and follows_the_night(rule)])
        touched_is_known = not broken
    for segment, rule in found:
        if rule is None and segment.kind == SegmentKind.RULE:
            broken += [segment.code] if segment.version else []
            continue
        is_settled = segment.judged_version == segment.version and segment.judged_on == tonight.previous
        touched_only = (
            touched_is_known and is_settled and segment.is_active and (rule is None or follows_the_night(rule))
        )
        judgement = Judgement(segment, rule, tonight.as_of, before, touched_only, tonight.is_rerun, is_night=True)
        with kept_apart(segment.code, broken):
            for key, number in judge(judgement).items():
                moved[key] += number
    goes_on = touched_is_known and before is not None and not tonight.is_rerun and is_small()
    db.execute("TRUNCATE night_segment, night_touched")
    if not tonight.is_rerun:  # what people change counts on a later day then, as it does from now on
        db.hold_lock(COUNTING)
    count(tonight.as_of, before, moves=True, anew=not goes_on)
    return {**moved, "seconds": round(time.monotonic() - began, 2), **({"broken": broken} if broken else {})}


@contextmanager
def kept_apart(name: str, broken: list[str]) -> Iterator[None]:
    """A savepoint around the judgement of one segment: a fault in it is logged and noted in `broken`, and leaves the
    segment as it was. A lost connection is the night's to deal with."""
    try:
        with transaction.atomic(using="batch"):
            yield
    except (OperationalError, InterfaceError):
        raise
    except Exception as fault:  # whatever a rule can do to us
        log.error("segment not judged", segment=name, fault=type(fault).__name__)
        broken.append(name)


def is_small() -> bool:
    """Whether the night touches so few that carrying figures on is cheaper than counting every member."""
    touched = db.fetch_value("SELECT count(*) FROM night_touched")
    customers = db.fetch_value("SELECT reltuples FROM pg_class WHERE oid = 'customers_metrics'::regclass")
    return bool(touched < customers * SMALL_SHARE)


def refresh_now(segment: Segment) -> None:
    """Judge one segment as of the published day, after its rule was approved or it was withdrawn, and all that ask for
    it; nothing before a first night."""
    day = ledger.published_date(using="batch")
    if day is None:
        return
    with transaction.atomic(using="batch"):
        transaction.on_commit(sweep_refusals, using="batch", robust=True)
        db.hold_lock(LOCK)
        before = published_before(day)
        for held in with_askers(segment):
            rule = rule_of(held)
            if rule is not None or held.kind == SegmentKind.STATIC:
                judge(Judgement(held, rule, day, before, touched_only=False))
                count(day, before, only=held.pk, moves=False, anew=True)


def with_askers(segment: Segment) -> Iterator[Segment]:
    """The segment, and all whose rules ask for it or for one of these, each after those that it asks for."""
    found = {segment.code}
    for one in in_order():
        if one.code in found or needed(one) & found:
            found.add(one.code)
            yield one


def published_before(day: date) -> date | None:
    """The newest published business date before a day: since then its changes have come."""
    runs = JobRun.objects.using("batch").filter(job="nightly", published_at__isnull=False, business_date__lt=day)
    newest = runs.order_by("-business_date").first()
    return newest.business_date if newest else None


def rule_of(segment: Segment) -> Rule | None:
    """The rule in force; None for a static segment, and for one whose rule cannot be read, which the log tells of."""
    if segment.kind != SegmentKind.RULE or not segment.version:
        return None
    try:
        return parse(segment.rule)
    except BadRule as fault:
        log.error("segment rule unreadable", segment=segment.code, version=segment.version, fault=str(fault))
        return None


def in_order() -> Iterator[Segment]:
    """All segments, each after those that its rule asks for."""
    waiting = list(Segment.objects.using("batch").order_by("pk"))
    needs = {one.code: needed(one) for one in waiting}
    done: set[str] = set()
    while waiting:
        ready = [one for one in waiting if needs[one.code] <= done] or waiting
        yield from ready
        done |= {one.code for one in ready}
        waiting = [one for one in waiting if one.code not in done]


def needed(segment: Segment) -> set[str]:
    rule = rule_of(segment)
    return segments_in(rule) if rule else set()


def judge(what: Judgement) -> dict[str, int]:
    """Find the difference, say why for each customer, and apply it; returns how many joined and left."""
    segment = what.segment
    db.execute("DELETE FROM night_segment WHERE segment_id = %s", [segment.pk])
    wanted, values = placed(what.wanted().values_list("pk"))
    among = "AND customer_id IN (SELECT customer_id FROM night_touched)" if what.touched_only else ""
    text = db.sql_text(PACKAGE, "difference").replace("{wanted}", wanted).replace("{among}", among)
    found = db.execute(text, values | {"segment": segment.pk})
    moved = {"joined": 0, "left": 0}
    if found:
        explain(what)
        moved = db.fetch_sql(PACKAGE, "apply", "batch", segment=segment.pk, version=segment.version, as_of=what.day)[0]
        if what.is_rerun:
            db.run_sql(PACKAGE, "undone", segment=segment.pk, as_of=what.day)
    Segment.objects.using("batch").filter(pk=segment.pk).update(judged_version=segment.version, judged_on=what.day)
    return moved


def explain(what: Judgement) -> None:
    """The branch, the cause and the conditions of everybody who joins or leaves."""
    rows = Customer.objects.using("batch").filter(
        pk__in=NightSegment.objects.using("batch").filter(segment_id=what.segment.pk).values("customer_id")
    )
    met = conditions_met(what.rule, what.day) if what.rule else Value(0)
    begun = conditions_begun(what.rule, what.day, what.before) if what.rule and what.before else Value(0)
    is_asked = Case(When(what.asked(), then=True), default=False, output_field=BooleanField())
    columns = ("pk", "branch_id", "status", "profiling_opt_out", "open_date", "is_asked", "met", "begun")
    told, values = placed(rows.annotate(is_asked=is_asked, met=met, begun=begun).values_list(*columns))
    values |= {
        "segment": what.segment.pk,
        "is_active": what.segment.is_active,
        "is_new_rule": what.is_new_rule,
        "before": what.before or date.min,
        "version": what.segment.version,
        "is_night": what.is_night and not what.is_rerun,
        "certain": certain(what.rule) if what.rule else 0,
        "person": of_the_person(what.rule) if what.rule else 0,
    }
    db.execute(db.sql_text(PACKAGE, "explain").replace("{told}", told), values)


def count(as_of: date, before: date | None, *, only: int | None = None, moves: bool, anew: bool) -> None:
    """The figures of the day, by segment and branch: from every member where `anew`, else from those of the day before.

    With `moves` the night's changes of home branch are counted.
    """
    db.run_sql(PACKAGE, "figures", as_of=as_of, before=before or date.min, only=only, moves=moves, anew=anew)
