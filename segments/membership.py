"""Static segments: customers chosen by people, added and removed by many at once, frozen with a hash.

The members of a rule are found by the night (segments.refresh); nobody adds to them or takes from them by hand.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import db
from crm.audit import trail
from crm.organization.choices import Reach
from crm.organization.models import Branch, User
from customers.choices import CustomerStatus
from customers.models import Customer
from segments.choices import SegmentKind
from segments.models import Segment

PACKAGE = "segments.members"
# Held by whoever finds members.
LOCK = "segments"
# Held while a night counts until it is committed; what people change holds it shared (migration 0014).
COUNTING = "segments.counting"
# Held shared by a refusal until it is committed, alone by whoever looks for refusals that a judgement missed.
REFUSALS = "segments.refusals"


class SegmentRefused(Exception):
    """The segment does not take this; the message says why in plain words."""


def eligible(segment: Segment) -> Q:
    """Who may be in a segment at all: active customers of its branches who have not refused profiling (PIPL 24)."""
    allowed = Q(status=CustomerStatus.ACTIVE, profiling_opt_out=False)
    if segment.owner_branch_id is not None:
        path = Branch.objects.filter(pk=segment.owner_branch_id).values("path")[:1]
        allowed &= Q(branch__path__startswith=path)
    return allowed


def add_to_static(segment: Segment, customers: QuerySet[Customer], staff: User) -> list[int]:
    """Put these customers into a static segment; returns the ids of those who were not in it before.

    One statement, on the connection of the queryset, which must start from `visible_to`. Closed customers, those who
    refuse profiling and those of other branches than the segment's are left out. Raises SegmentRefused for a segment
    by rule, a frozen and a withdrawn one.
    """
    with transaction.atomic(using=customers.db):
        held = open_static(segment, customers.db)
        chosen = customers.filter(eligible(held)).order_by().values_list("pk", "branch_id").distinct()
        return changed("add", held, chosen, staff)


def remove_from_static(segment: Segment, customers: QuerySet[Customer], staff: User) -> list[int]:
    """Take these customers out of a static segment; returns the ids of those who were in it. Raises SegmentRefused."""
    with transaction.atomic(using=customers.db):
        held = open_static(segment, customers.db)
        chosen = customers.order_by().values_list("pk", "branch_id").distinct()
        return changed("remove", held, chosen, staff)


def open_static(segment: Segment, using: str) -> Segment:
    """The segment as it stands now, held until the transaction ends: who freezes it and who changes its members take
    turns (the row itself is the night's for long). Raises SegmentRefused unless people may change its members."""
    db.hold_lock(f"segments.{segment.pk}", using)
    held = Segment.objects.using(using).get(pk=segment.pk)
    if held.kind != SegmentKind.STATIC:
        raise SegmentRefused(_("The members of “%(name)s” follow its rule.") % {"name": held.name})
    if held.frozen_at is not None:
        raise SegmentRefused(_("“%(name)s” is frozen: nobody joins or leaves it by hand.") % {"name": held.name})
    if not held.is_active:
        raise SegmentRefused(_("“%(name)s” has been withdrawn.") % {"name": held.name})
    return held


def changed(name: str, segment: Segment, chosen: QuerySet[Customer, tuple[int, int]], staff: User) -> list[int]:
    """Run the statement over the chosen customers and note in the audit trail whom it concerned; the caller holds the
    transaction."""
    statement, values = placed(chosen)
    text = db.sql_text(PACKAGE, name).replace("{chosen}", statement)
    rows = db.fetch_all(text, values | {"segment": segment.pk, "staff": staff.pk}, using=chosen.db)
    ids = sorted(row["customer_id"] for row in rows)
    detail = {"count": len(ids), "ids": ids}
    trail.append(
        chain=staff.branch_id, actor=staff, action=f"segment.{name}", object_type="segments.segment",
        object_id=str(segment.pk), detail=detail,
    )  # fmt: skip
    return ids


def placed(rows: QuerySet[Any, Any]) -> tuple[str, dict[str, Any]]:
    """A query of the ORM as text and values that can stand within a statement of ours: its parameters are named
    p0, p1 …"""
    statement, params = rows.query.get_compiler(rows.db).as_sql()
    first, *parts = statement.split("%s")
    text = first + "".join(f"%(p{number})s{part}" for number, part in enumerate(parts))
    return text, {f"p{number}": value for number, value in enumerate(params)}


def freeze(segment: Segment, staff: User) -> Segment:
    """Close a static segment: its members now are its audience, named by a hash over their ids.

    Later only those leave who close their accounts or refuse profiling; the hash stays that of the audience. Runs on
    the web's connection: raises SegmentRefused where the user does not see every member, or nothing can be frozen.
    """
    with transaction.atomic():
        held = open_static(segment, "default")
        if not sees_all(staff, held.owner_branch):
            raise SegmentRefused(_("Only who sees every customer of the segment freezes it."))
        row = db.fetch_sql(PACKAGE, "audience", "default", segment=held.pk)[0]
        if not row["members"]:
            raise SegmentRefused(_("There is nobody in it yet."))
        held.frozen_at, held.frozen_by = timezone.now(), staff
        held.audience_hash, held.audience_count = row["hash"], row["members"]
        held.save(update_fields=["frozen_at", "frozen_by", "audience_hash", "audience_count"])
        detail = {"hash": row["hash"], "count": row["members"]}
        trail.record(staff, "segment.freeze", target=held, detail=detail)
    return held


def sees_all(user: User, place: Branch | None) -> bool:
    """Whether the user's branches are this one and all below it; those of the whole bank where it is None."""
    if user.reach == Reach.SUBTREE:
        return user.branch.is_head_office if place is None else place.path.startswith(user.branch.path)
    below = Branch.objects.filter(path__startswith=user.branch.path).exclude(pk=user.branch_id)
    return place is not None and place.pk == user.branch_id and not below.exists()


def set_opt_out(customer: Customer, staff: User, *, refuses: bool) -> None:
    """Note that a customer refuses profiling, or allows it again; who refuses leaves every segment at once.

    A trigger does that in the same transaction (migration 0014), and waits for no judgement. Coming back is the next
    night's work.
    """
    with transaction.atomic():
        action = "customer.profiling_refused" if refuses else "customer.profiling_allowed"
        trail.record(staff, action, customer=customer)
        Customer.objects.filter(pk=customer.pk).update(
            profiling_opt_out=refuses, profiling_opt_out_at=timezone.now(), profiling_opt_out_by=staff
        )


def sweep_refusals() -> None:
    """Take out whom a judgement let in while they refused profiling; right after its transaction is committed.

    Every refusal that could not see the judgement's members is committed once the lock is held, and is seen here;
    every later one sees the members itself.
    """
    with transaction.atomic(using="batch"):
        db.hold_lock(REFUSALS)
        db.run_sql(PACKAGE, "refused")
