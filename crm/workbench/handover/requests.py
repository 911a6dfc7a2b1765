"""The life of a change of hands: asked for, decided upon by a second person, carried out by a job, taken back."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from archives import pool
from archives.models import Complaint, MaintenancePlan
from campaigns.prospects import referrals, register
from crm import db
from crm.audit import trail
from crm.organization.access import leaders_of
from crm.organization.models import User
from crm.workbench.bulk import jobs
from crm.workbench.bulk.hands import fingerprint
from crm.workbench.handover.planning import HandoverRefused
from customers import ownership
from customers.choices import BulkAction, BulkState, ItemOutcome, ListName, OwnershipRole, RequestKind, RequestState
from customers.models import Alert, BulkJob, Ownership, OwnershipMove, OwnershipRequest, PoolRule

ACTION_OF = {RequestKind.HANDOVER: BulkAction.HANDOVER, RequestKind.RECYCLE: BulkAction.RECYCLE}
APPROVERS_SHOWN = 5
DRAFT_DAYS = 1
COLLECT = """
INSERT INTO customers_ownershipmove (
    request_id, branch_id, customer_id, unit, rank, aum, minutes, is_maturing, from_owner_id, outcome)
SELECT %(request)s, q.branch_id, q.customer_id, -q.customer_id, q.tier, q.aum, 0, false, q.owner_id, 'waiting'
FROM ({quiet}) q
"""


def of_user(user: User) -> QuerySet[Any]:
    """The requests of the branches that this manager leads."""
    return OwnershipRequest.objects.visible_to(user)


def held(user: User, request: OwnershipRequest, state: RequestState) -> OwnershipRequest:
    """The request as it is now, held until the transaction ends. Raises HandoverRefused where somebody was faster."""
    found = of_user(user).select_for_update(of=("self",)).filter(pk=request.pk, state=state).first()
    if found is None:
        raise HandoverRefused(_("This has been decided upon in the meantime."))
    return found  # type: ignore[no-any-return]


@transaction.atomic
def ask(user: User, request: OwnershipRequest) -> None:
    """Leave one's own draft for a second person, sealed as it is.

    Raises HandoverRefused for anybody else's, and while another one of the same leaver is open.
    """
    db.hold_lock(f"handover of {request.leaver_id}", using="default")
    mine = held(user, request, RequestState.DRAFT)
    if mine.requested_by_id != user.pk:
        raise HandoverRefused(_("This draft is not yours."))
    same = OwnershipRequest.objects.filter(leaver_id=mine.leaver_id, branch_id=mine.branch_id, kind=mine.kind)
    is_open = same.filter(state=RequestState.WAITING).exists()
    if is_open or same.filter(job__state__in=jobs.UNDER_WAY).exists():
        raise HandoverRefused(_("Another request of the same kind is open. Wait until it is over."))
    mine.state, mine.fingerprint = RequestState.WAITING, fingerprint(mine)
    mine.save(update_fields=["state", "fingerprint"])
    record(user, "ask", mine)


@transaction.atomic
def approve(user: User, request: OwnershipRequest, seal: str, day: date) -> BulkJob:
    """Have it carried out, in the approver's scope; returns the job, for which a worker is to be woken.

    `seal` is the fingerprint of what the approver has seen. Raises HandoverRefused for one's own, or where it differs.
    """
    waiting = to_decide(user, request)
    if seal != waiting.fingerprint or fingerprint(waiting) != seal:
        raise HandoverRefused(_("This is not what was asked for any more. Refuse it, and have it asked for again."))
    job: BulkJob = BulkJob.objects.create(
        list_name=ListName.CUSTOMERS,
        action=ACTION_OF[RequestKind(waiting.kind)],
        actor=user,
        state=BulkState.QUEUED,
        business_date=day,
        parameters={
            "request": waiting.pk,
            "reason": waiting.reason,
            "undo_days": ownership.rule_on(day).undo_days,
        },
    )
    waiting.job = job
    close(user, waiting, RequestState.APPROVED, "")
    record(user, "approve", waiting, job=job.pk)
    return job


@transaction.atomic
def refuse(user: User, request: OwnershipRequest, reason: str) -> None:
    """Leave everything as it is, and say why. Raises HandoverRefused."""
    waiting = to_decide(user, request)
    close(user, waiting, RequestState.REFUSED, reason)
    record(user, "refuse", waiting, refusal=reason)


@transaction.atomic
def withdraw(user: User, request: OwnershipRequest) -> None:
    """Take one's own back before anybody has decided. Raises HandoverRefused."""
    mine = held(user, request, RequestState.WAITING)
    if mine.requested_by_id != user.pk:
        raise HandoverRefused(_("This request is not yours to take back."))
    mine.state = RequestState.WITHDRAWN
    mine.save(update_fields=["state"])
    record(user, "withdraw", mine)


def to_decide(user: User, request: OwnershipRequest) -> OwnershipRequest:
    waiting = held(user, request, RequestState.WAITING)
    if not may_decide(user, waiting):
        raise HandoverRefused(_("A second person decides upon it."))
    return waiting


def may_decide(user: User, request: OwnershipRequest) -> bool:
    """Whoever leads the branch and is neither the requester nor the one who leaves."""
    return request.state == RequestState.WAITING and user.pk not in (request.requested_by_id, request.leaver_id)


def close(user: User, request: OwnershipRequest, state: RequestState, refusal: str) -> None:
    request.state, request.refusal = state, refusal
    request.decided_by, request.decided_at = user, timezone.now()
    request.save(update_fields=["state", "refusal", "decided_by", "decided_at", "job"])


def undo(user: User, request: OwnershipRequest, now: datetime) -> bool:
    """Have it taken back, customers who have moved again since left as they are; False when it is too late."""
    if request.job is None or not jobs.undo(request.job, user, now):
        return False
    record(user, "undo", request, job=request.job_id)
    return True


def may_undo(request: OwnershipRequest, now: datetime) -> bool:
    return request.job is not None and jobs.may_undo(request.job, now)


def approvers_of(request: OwnershipRequest) -> list[User]:
    """Some who may approve it: managers who lead the branch, nearest first."""
    return list(leaders_of(request.branch, request.requested_by_id)[:APPROVERS_SHOWN])


def outcomes(user: User, request: OwnershipRequest) -> list[tuple[ItemOutcome, int]]:
    """How many of its customers came to which end."""
    moves = OwnershipMove.objects.visible_to(user).filter(request=request).order_by()
    found = dict(moves.values_list("outcome").annotate(Count("pk")))
    return [(one, found[one]) for one in ItemOutcome if found.get(one)]


def left_open(user: User, leaver: User, branch_id: int) -> dict[str, int]:
    """What the leaver still has open in the branch: nothing, once all was handed over."""
    main = Ownership.objects.visible_to(user).filter(owner=leaver, branch_id=branch_id, until__isnull=True)
    alerts = Alert.objects.live().visible_to(user).filter(Alert.objects.owned_by(leaver.pk), branch_id=branch_id)
    plans = MaintenancePlan.objects.live().visible_to(user).filter(owner=leaver, branch_id=branch_id)
    complaints = Complaint.objects.open().visible_to(user).filter(handler=leaver, branch_id=branch_id)
    return {
        "customers": main.filter(role=OwnershipRole.MAIN).count(),
        "beside": main.exclude(role=OwnershipRole.MAIN).count(),
        "alerts": alerts.count(),
        "plans": plans.count(),
        "complaints": complaints.count(),
        "prospects": register.open_of(user, leaver, branch_id).count(),
        "referrals": referrals.open_of(user, leaver, branch_id).count(),
    }


@transaction.atomic
def recycling(user: User, rule: PoolRule, reason: str, day: date) -> OwnershipRequest:
    """A draft that takes everybody back whom the rule in force of a branch means today. Raises HandoverRefused."""
    if pool.in_force(rule.branch_id) != rule:
        raise HandoverRefused(_("Only the rule in force takes customers back."))
    request: OwnershipRequest = OwnershipRequest.objects.create(
        kind=RequestKind.RECYCLE, branch_id=rule.branch_id, rule=rule, reason=reason, requested_by=user
    )
    about = {**pool.about(rule, day), "request": request.pk}
    request.total = db.execute(pool.quiet(COLLECT), about, using="default")
    if not request.total:
        raise HandoverRefused(_("The rule means nobody today."))
    request.save(update_fields=["total"])
    record(user, "draft", request)
    return request


def record(user: User, verb: str, request: OwnershipRequest, **more: Any) -> None:
    detail = {"customers": request.total, "leaver": request.leaver_id, "fingerprint": request.fingerprint, **more}
    trail.append(
        chain=request.branch_id,
        actor=user,
        action=f"{request.kind}.{verb}",
        object_type="OwnershipRequest",
        object_id=str(request.pk),
        detail=detail,
    )


def sweep(now: datetime) -> None:
    """Forget drafts that nobody asked for within a day."""
    old = OwnershipRequest.objects.using("batch").filter(
        state=RequestState.DRAFT, requested_at__lt=now - timedelta(days=DRAFT_DAYS)
    )
    old.delete()
