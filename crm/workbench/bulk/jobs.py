"""The life of a bulk job: prepared from a list, confirmed after a preview, run by a worker in chunks, taken back.

Who is meant is found out when the job runs, in the scope that its author has then; each chunk is one transaction in
that scope, with the author read afresh. The job's row is the lock: a second worker finds it busy, and a dead one's
job goes on where its last chunk ended.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import InterfaceError, OperationalError
from django.db.models import Count, F, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import db
from crm.audit import trail
from crm.organization.access import branch_named, scoped
from crm.organization.models import User
from crm.workbench.bulk.actions import ACTIONS
from crm.workbench.bulk.shape import Stopped
from crm.workbench.list_shapes import SHAPES
from customers.choices import BulkProblem, BulkState, CustomerStatus, ItemOutcome
from customers.customer_list import main_owner
from customers.lists.shape import selected
from customers.models import BulkItem, BulkJob, Customer

JOBS = BulkJob.objects.using("batch")
UNDER_WAY = (BulkState.QUEUED, BulkState.RUNNING)
ENDED = (BulkState.DONE, BulkState.FAILED)
MOST_CUSTOMERS = 100_000
MOST_TICKED = 500
CHUNK = 1_000
MAX_ATTEMPTS = 5
PREVIEW_DAYS = 1
COLLECT = """
INSERT INTO customers_bulkitem (job_id, outcome, row_id, customer_id, branch_id) SELECT %s, 'waiting', * FROM ({}) c
"""


class BulkRefused(Exception):
    """This cannot be done with these rows; the message says why."""


@dataclass(frozen=True)
class Preview:
    """What is meant now: `count` rows of `customers` customers, and whose those are, most first.

    `is_too_many`: more than a job takes.
    """

    count: int
    customers: int
    is_too_many: bool
    owners: list[tuple[str, int]]
    others: int


def of_user(user: User) -> QuerySet[BulkJob]:
    """The jobs that this user may see: their own."""
    return BulkJob.objects.filter(actor=user)


def prepare(user: User, list_name: str, action: str, query: str, ids: list[int] | None) -> BulkJob:
    """A job that waits for confirmation, over the ticked rows of a list or over all that the filters leave.

    Raises BulkRefused for an action that this user may not take, and for nothing ticked.
    """
    if action not in ACTIONS or user.role not in ACTIONS[action].roles or list_name not in ACTIONS[action].lists:
        raise BulkRefused(_("You may not do this to many at once."))
    if ids is not None and not 0 < len(ids) <= MOST_TICKED:
        raise BulkRefused(_("Tick some rows first, or take all that match."))
    asked = QueryDict(query[:500])
    if ids is not None:  # ticked rows stay chosen whatever becomes of them; the branch says whose managers to offer
        asked = QueryDict(urlencode({name: asked[name] for name in ("branch", "place") if asked.get(name)}))
    return BulkJob.objects.create(actor=user, list_name=list_name, action=action, query=asked.urlencode(), ids=ids)


def branch_of(job: BulkJob, user: User) -> int:
    """The branch whose managers may be chosen: that of the filters, else the user's own."""
    asked = QueryDict(job.query)
    return branch_named(user, asked.get("branch") or asked.get("place") or "")


def listed(job: BulkJob, user: User, day: date) -> QuerySet[Any]:
    """The rows of the list that the job means, as far as this user sees them now."""
    return selected(SHAPES[job.list_name], QueryDict(job.query), job.ids, user=user, day=day)


def chosen(job: BulkJob, user: User, day: date) -> QuerySet[Any]:
    """What the job acts on: those rows, or the customers behind them, each once. Raises Stopped."""
    laid_down = ACTIONS[job.action].meant(job, user)
    if laid_down is not None:
        return laid_down
    rows, subjects = listed(job, user, day), ACTIONS[job.action].rows(user)
    if rows.model is subjects.model:
        return rows
    return subjects.filter(pk__in=rows.order_by().values("customer_id"), status=CustomerStatus.ACTIVE)


def customer_path(rows: QuerySet[Any]) -> str:
    """The name of the column that holds the customer's id."""
    return "pk" if rows.model is Customer else "customer_id"


def preview(job: BulkJob, user: User, day: date, most_owners: int = 8) -> Preview:
    """What would be changed, counted no further than a job may go."""
    rows = chosen(job, user, day)
    path = customer_path(rows)
    limited = rows.model._default_manager.filter(pk__in=rows.order_by().values("pk")[: MOST_CUSTOMERS + 1])
    groups = (
        limited.order_by()
        .annotate(of_owner=main_owner(path))
        .values_list("of_owner")
        .annotate(number=Count("pk"), people=Count(path, distinct=True))
        .order_by("-number")
    )
    found = [(name or "", number, people) for name, number, people in groups]
    count = sum(number for _name, number, _people in found)
    shown = [(name, number) for name, number, _people in found[:most_owners]]
    return Preview(
        count=min(count, MOST_CUSTOMERS),
        customers=min(sum(people for _name, _number, people in found), MOST_CUSTOMERS),
        is_too_many=count > MOST_CUSTOMERS,
        owners=shown,
        others=count - sum(number for _name, number in shown),
    )


def confirm(job: BulkJob, user: User, parameters: dict[str, Any], day: date) -> bool:
    """Have a worker run it; False when that was decided already."""
    waiting = of_user(user).filter(pk=job.pk, state=BulkState.PREVIEW)
    if not waiting.update(state=BulkState.QUEUED, parameters=parameters, business_date=day):
        return False
    detail = {"list": job.list_name, "action": job.action, "query": job.query, "ids": job.ids, **parameters}
    trail.record(user, "bulk.start", target=job, detail=detail)
    return True


def may_undo(job: BulkJob, now: Any) -> bool:
    """Within its days (seven, or the same day) from its end, while anything of it still stands: once, or again where
    the first time broke off."""
    if job.finished_at is None or job.state not in ENDED or (job.is_undo and job.state != BulkState.FAILED):
        return False
    days = job.parameters.get("undo_days", ACTIONS[job.action].undo_days)
    if not days:
        return bool(job.business_date == timezone.localdate(now))
    return bool(now - job.finished_at <= timedelta(days=days))


def undo(job: BulkJob, user: User, now: Any) -> bool:
    """Have a worker take it back, as far as nobody has changed it since; False when it is too late.

    It runs in the scope of this user: whoever approved a handover may have left by then.
    """
    if not may_undo(job, now):
        return False
    changed = BulkItem.objects.filter(job=job, outcome=ItemOutcome.CHANGED).count()
    trail.record(user, "bulk.undo", target=job, detail={"changed": changed})
    ended = BulkJob.objects.filter(Q(is_undo=False) | Q(state=BulkState.FAILED), pk=job.pk, state__in=ENDED)
    again = {"total": changed, "handled": 0, "attempts": 0, "problem": ""}
    return bool(ended.update(actor=user, state=BulkState.QUEUED, is_undo=True, **again))


def run(job_id: int) -> str:
    """Run a confirmed job, or take one back, chunk by chunk; returns its state, or `busy` and `over`."""
    if not JOBS.filter(pk=job_id, state__in=UNDER_WAY).update(state=BulkState.RUNNING, attempts=F("attempts") + 1):
        return "over"
    job = JOBS.get(pk=job_id)
    try:
        if job.attempts > MAX_ATTEMPTS:
            raise Stopped(BulkProblem.ERROR)
        while (state := step(job)) == BulkState.RUNNING:
            pass
    except Stopped as stop:
        return fail(job_id, stop.problem)
    except (OperationalError, InterfaceError):
        raise  # nothing can be noted: the sweep sends another worker
    except Exception:
        fail(job_id, BulkProblem.ERROR)
        raise
    return state


def fail(job_id: int, problem: BulkProblem) -> str:
    """End a job that cannot go on; what its chunks have done stands, and can be undone."""
    JOBS.filter(pk=job_id).update(state=BulkState.FAILED, problem=problem, finished_at=timezone.now())
    return BulkState.FAILED


def step(job: BulkJob) -> str:
    """One chunk in one transaction, in the author's scope of this moment. Raises Stopped."""
    actor = User.objects.select_related("branch").get(pk=job.actor_id)
    if not actor.is_active or actor.role not in ACTIONS[job.action].roles:
        raise Stopped(BulkProblem.NO_RIGHT)
    with scoped(actor):
        held = BulkJob.objects.select_for_update(skip_locked=True).filter(pk=job.pk).first()
        if held is None:
            return "busy"
        if held.state != BulkState.RUNNING:
            return held.state
        if not held.is_collected:
            collect(held, actor)
            return BulkState.RUNNING
        return next_chunk(held, actor)


def collect(job: BulkJob, actor: User) -> None:
    """Write an item for everything that the job means now, in one statement."""
    assert job.business_date is not None
    found = chosen(job, actor, job.business_date)
    kept = found.order_by().annotate(of=F(customer_path(found))).values_list("pk", "of", "branch_id")
    rows = kept[: MOST_CUSTOMERS + 1]
    statement, params = rows.query.sql_with_params()
    total = db.execute(COLLECT.format(statement), [job.pk, *params], using="default")
    if total > MOST_CUSTOMERS:
        raise Stopped(BulkProblem.TOO_MANY)
    BulkJob.objects.filter(pk=job.pk).update(is_collected=True, total=total, attempts=0)


def next_chunk(job: BulkJob, actor: User) -> str:
    """Handle the next items, or end the job when there are none."""
    outcome = ItemOutcome.CHANGED if job.is_undo else ItemOutcome.WAITING
    items = BulkItem.objects.filter(job=job)
    ids = list(items.filter(outcome=outcome).order_by("row_id").values_list("row_id", flat=True)[:CHUNK])
    mine = BulkJob.objects.filter(pk=job.pk)
    if not ids:
        ACTIONS[job.action].finish(job, actor)
        state = BulkState.UNDONE if job.is_undo else BulkState.DONE
        mine.update(state=state, finished_at=timezone.now())
        return state
    action = ACTIONS[job.action]
    # The rows are the lock against a single change of the same one (ownership, alert answers, plans).
    locked = action.rows(actor).filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
    in_scope = list(locked.values_list("pk", flat=True))
    if job.is_undo:
        action.take_back(job, actor, in_scope, timezone.localdate())
    else:
        action.do(job, actor, in_scope)
    gone = set(ids) - set(in_scope)
    items.filter(row_id__in=gone).update(outcome=ItemOutcome.OUT_OF_SCOPE)
    mine.update(handled=F("handled") + len(ids), attempts=0)
    return BulkState.RUNNING


def outcomes(job: BulkJob) -> list[tuple[ItemOutcome, int]]:
    """How many came to which end, of those that did."""
    found = dict(BulkItem.objects.filter(job=job).order_by().values_list("outcome").annotate(Count("pk")))
    return [(one, found[one]) for one in ItemOutcome if found.get(one)]


def sweep() -> list[int]:
    """Forget what nobody confirmed within a day; returns the jobs that a worker must be woken for."""
    oldest = timezone.now() - timedelta(days=PREVIEW_DAYS)
    JOBS.filter(state=BulkState.PREVIEW, created_at__lt=oldest).delete()
    return list(JOBS.filter(state__in=UNDER_WAY).order_by("pk").values_list("pk", flat=True))
