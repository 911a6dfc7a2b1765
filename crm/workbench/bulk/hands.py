"""Customers change hands as a request says that a second person approved: a leaver's handover, and recycling.

A handover moves ownership, plans (a trigger) and alerts (they belong to the customer) together, writes the continuity
note of each customer, and at the end takes what else was the leaver's.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from archives import complaints, pool
from archives.models import MaintenancePlan
from campaigns.prospects import referrals, register
from crm import db
from crm.audit import trail
from crm.jobs.models import JobRun
from crm.organization.access import ScopedQuerySet
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.bulk.shape import UNDO_DAYS, Ids, Stopped
from customers import ownership
from customers.choices import BulkProblem, BulkState, CustomerStatus, ExportState, OwnershipRole
from customers.models import BulkJob, Customer, ExportRequest, Ownership, OwnershipRequest, PoolRule

FINGERPRINT = """
SELECT md5(coalesce(string_agg(customer_id || ':' || coalesce(to_owner_id, 0), ',' ORDER BY customer_id), ''))
FROM customers_ownershipmove WHERE request_id = %s
"""


def fingerprint(request: OwnershipRequest) -> str:
    """Of every customer of a request and the manager to come, as they stand there now."""
    return str(db.fetch_value(FINGERPRINT, [request.pk], using="default"))


@dataclass(frozen=True)
class Hands:
    """A request is carried out: `parameters` are its id, the reason for the history and the days to undo it."""

    word: str
    roles: frozenset[str] = frozenset({Role.BRANCH_MANAGER})
    lists: frozenset[str] = frozenset()  # no list offers it
    undo_days: int = UNDO_DAYS

    def rows(self, actor: User) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = Customer.objects.visible_to(actor)
        return found

    def request(self, job: BulkJob) -> OwnershipRequest:
        found: OwnershipRequest = OwnershipRequest.objects.get(pk=job.parameters["request"])
        return found

    def meant(self, job: BulkJob, actor: User) -> QuerySet[Any] | None:
        """The customers of the request, all of them and no others. Raises Stopped where it is not what was approved."""
        request = self.request(job)
        if fingerprint(request) != request.fingerprint:
            raise Stopped(BulkProblem.ALTERED)
        return self.rows(actor).filter(ownership_moves__request=request)

    def do(self, job: BulkJob, actor: User, ids: Ids) -> None:
        request = self.request(job)
        self.record(job, actor, request, f"{self.word}.move", ids)
        rule, day = request.rule, job.business_date
        assert day is not None
        quiet = pool.still_quiet(rule, day, ids) if isinstance(rule, PoolRule) else None
        db.run_sql(
            __package__, "move", "default",
            job=job.pk, request=request.pk, ids=list(ids), day=day, now=timezone.now(), quiet=quiet,
            reason=job.parameters["reason"],
        )  # fmt: skip

    def take_back(self, job: BulkJob, actor: User, ids: Ids, day: date) -> None:
        request = self.request(job)
        self.record(job, actor, request, f"{self.word}.move_back", ids)
        about: dict[str, Any] = {"job": job.pk, "ids": list(ids)}
        reason = job.parameters["reason"]
        db.run_sql(__package__, "move_back", "default", request=request.pk, day=day, reason=reason, **about)
        db.run_sql(__package__, "move_back_plans", "default", **about)

    def record(self, job: BulkJob, actor: User, request: OwnershipRequest, action: str, ids: Ids) -> None:
        detail = {"job": job.pk, "request": request.pk, "reason": job.parameters["reason"], "ids": list(ids)}
        trail.append(chain=request.branch_id, actor=actor, action=action, detail=detail)

    def finish(self, job: BulkJob, actor: User) -> None:
        """What is left once every customer was handled."""
        request = self.request(job)
        if request.leaver_id is None:
            return
        if job.is_undo:
            unsettle(request, job, actor)
        else:
            published = JobRun.objects.filter(job="nightly", published_at__isnull=False).order_by("-business_date")
            request.as_of = published.values_list("business_date", flat=True).first() or job.business_date
            request.settled = settle(request, job, actor)
            request.save(update_fields=["as_of", "settled"])


def settle(request: OwnershipRequest, job: BulkJob, actor: User) -> dict[str, Any]:
    """Ends what else is open of the leaver; returns the ids of the ownerships, and each plan, complaint, prospect
    and referral with who has it now.

    Assistant and foster ownerships end, and those of closed customers; plans for colleagues' customers go to who
    answers for them, to the actor where nobody does; complaints go to who asked for the handover, to the actor where
    they are about the former; prospects go to who takes over, in turn; referrals without a result to who answers for
    the customer or the prospect now; prepared jobs are forgotten and unanswered exports withdrawn.
    """
    leaver, day = request.leaver_id, job.business_date
    beside = Ownership.objects.visible_to(actor).filter(owner_id=leaver, until__isnull=True)
    ended = list(beside.exclude(role=OwnershipRole.MAIN).values_list("pk", flat=True))
    of_closed = beside.filter(role=OwnershipRole.MAIN, customer__status=CustomerStatus.CLOSED)
    ended += list(of_closed.values_list("pk", flat=True))
    Ownership.objects.filter(pk__in=ended).update(until=day)
    plans = MaintenancePlan.objects.live().visible_to(actor).filter(owner_id=leaver)
    main = pool.open_main(OuterRef("customer"))
    helped = list(plans.filter(~Exists(main.filter(owner_id=leaver))).values_list("pk", flat=True))
    new_owner = Coalesce(Subquery(main.values("owner_id")[:1]), actor.pk)
    MaintenancePlan.objects.filter(pk__in=helped).update(owner_id=new_owner)
    BulkJob.objects.using("batch").filter(actor_id=leaver, state=BulkState.PREVIEW).delete()
    waiting = ExportRequest.objects.using("batch").filter(requested_by_id=leaver, state=ExportState.WAITING)
    waiting.update(state=ExportState.WITHDRAWN)
    handed = MaintenancePlan.objects.filter(pk__in=helped).values_list("pk", "owner_id")
    leaders = [one for one in (request.requested_by, actor) if one.is_active]
    complained = complaints.hand_all(actor, request.leaver, leaders, request.reason) if request.leaver else {}
    heirs = list(ownership.candidates(request.branch_id).filter(pk__in=request.candidates))
    followed = (
        register.hand_all(actor, request.leaver, request.branch_id, heirs, timezone.now()) if request.leaver else {}
    )
    called = referrals.hand_all(actor, request.leaver, request.branch_id, leaders) if request.leaver else {}
    found = {
        "ownerships": ended,
        "plans": {str(pk): owner for pk, owner in handed},
        "complaints": {str(pk): handler for pk, handler in complained.items()},
        "prospects": {str(pk): owner for pk, owner in followed.items()},
        "referrals": {str(pk): taker for pk, taker in called.items()},
    }
    trail.record(actor, "handover.settle", target=request, detail={"leaver": leaver, **found})
    return found


def unsettle(request: OwnershipRequest, job: BulkJob, actor: User) -> None:
    """Gives that back to a leaver who stays, as far as it is still as it was left."""
    if request.leaver is None or not request.leaver.is_active:
        return
    complaints.hand_back(actor, request.leaver, request.settled.get("complaints", {}), request.reason)
    register.hand_back(actor, request.leaver, request.settled.get("prospects", {}), timezone.now())
    referrals.hand_back(actor, request.leaver, request.settled.get("referrals", {}))
    ended = Ownership.objects.filter(pk__in=request.settled.get("ownerships", []), until=job.business_date)
    ended.update(until=None)
    handed = request.settled.get("plans", {})
    for owner in set(handed.values()):
        ids = [int(pk) for pk, new_owner in handed.items() if new_owner == owner]
        MaintenancePlan.objects.live().filter(pk__in=ids, owner_id=owner).update(owner_id=request.leaver_id)


HANDOVER = Hands("handover")
RECYCLE = Hands("recycle")
