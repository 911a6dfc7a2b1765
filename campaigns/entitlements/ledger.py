"""权益与积分台账: use what a customer has, give points, ask for more of them, decide, take an entry back.

Each verb holds the customer's balances first, so that of two at once the second sees what the first has left.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from archives.gifts import may_approve
from campaigns.entitlements.choices import EntryKind, Source
from campaigns.entitlements.models import Entitlement, LedgerEntry, PointsRequest, PointsRule
from crm import db
from crm.audit import trail
from crm.organization import effective
from crm.organization.models import User
from customers.averages import month_end
from customers.choices import CustomerStatus
from customers.models import Customer

# What may be used of an entitlement on a day, from the lots that end first.
LOTS = """
SELECT lot_id, rest, unit_value FROM campaigns_ledger_lots(ARRAY[%s::bigint])
WHERE entitlement_id IS NOT DISTINCT FROM %s AND expires_on >= %s ORDER BY expires_on, lot_id
"""


class LedgerRefused(Exception):
    """It cannot be written; the message says why in plain words."""


@dataclass(frozen=True)
class Moment:
    """When something is written: the business day, and the instant."""

    day: date
    at: datetime


def points_rule(day: date, using: str = "default") -> PointsRule:
    """The rule of points in force on a day."""
    return effective.rule_on(PointsRule, day, using)


def last_day_of_points(day: date, months: int) -> date:
    """The last day of points earned on a day: that of the month which lies so many months later."""
    last = month_end(day)
    for _month in range(months):
        last = month_end(last + timedelta(days=1))
    return last


def use(
    customer: Customer,
    actor: User,
    entitlement: Entitlement | None,
    quantity: int,
    reason: str,
    submission: UUID,
    when: Moment,
) -> list[LedgerEntry]:
    """核销: take units of an entitlement, or points where none is named, from the lots that end first; once per
    submission. Returns an entry for each lot; raises LedgerRefused where there are fewer."""
    stem = f"use:{customer.pk}:{entitlement.pk if entitlement else 0}:{submission}:"
    about = [customer.pk, entitlement.pk if entitlement else None, when.day]
    with transaction.atomic():
        hold(customer)
        known = list(LedgerEntry.objects.visible_to(actor).filter(customer=customer, reference__startswith=stem))
        if known:
            return known
        lots = db.fetch_all(LOTS, about, using="default")
        room = sum(lot["rest"] for lot in lots)
        if quantity > room:
            raise LedgerRefused(_("There are %(room)s left, fewer than you want to use.") % {"room": room})
        entries: list[LedgerEntry] = []
        for lot in lots:
            taken = min(quantity, lot["rest"])
            if taken:
                entries.append(
                    append(
                        customer, actor, when, kind=EntryKind.SPEND, quantity=-taken, source=Source.MANUAL,
                        reason=reason, reference=f"{stem}{len(entries)}", unit_value=lot["unit_value"],
                        entitlement=entitlement, lot_id=lot["lot_id"],
                    )
                )  # fmt: skip
            quantity -= taken
        return entries


def give(
    customer: Customer, actor: User, points: int, reason: str, submission: UUID, when: Moment
) -> LedgerEntry | PointsRequest:
    """Give a customer points by hand, once per submission. Beyond the limit of the month it asks a second person.
    Raises LedgerRefused where the customer is closed."""
    rule = points_rule(when.day)
    with transaction.atomic():
        hold(customer)
        reference = f"give:{customer.pk}:{submission}"
        known = written(actor, reference)
        asked = PointsRequest.objects.visible_to(actor).filter(customer=customer, submission=submission).first()
        if known is not None or asked is not None:
            return known or asked  # type: ignore[return-value]  # one of them is there
        refuse_closed(customer)
        by_hand = db.fetch_value("SELECT campaigns_ledger_by_hand(%s, %s)", [customer.pk, when.day], using="default")
        if by_hand + points <= rule.manual_limit:
            return add_points(customer, actor, points, reason, reference, when)
        asked = PointsRequest.objects.create(
            branch_id=customer.branch_id, customer_id=customer.pk, points=points, reason=reason, asked_by_id=actor.pk,
            asked_at=when.at, submission=submission,
        )  # fmt: skip
        detail = {"points": points, "reason": reason}
        trail.record(actor, "points.ask", customer=customer, target=asked, detail=detail)
        return asked


def decide(request: PointsRequest, actor: User, *, is_granted: bool, when: Moment) -> None:
    """Grant what was asked for, which gives the points, or refuse it. Raises LedgerRefused for who asked, once somebody
    has decided, and where points would go to a closed customer."""
    with transaction.atomic():
        customer = Customer.objects.visible_to(actor).get(pk=request.customer_id)
        hold(customer)
        one = PointsRequest.objects.visible_to(actor).get(pk=request.pk)
        if one.decided_at is not None:
            raise LedgerRefused(_("Somebody has decided about these points already."))
        if one.asked_by_id == actor.pk or not may_approve(actor):
            raise LedgerRefused(_("Nobody decides about the points they ask for; ask a manager of a place above."))
        if is_granted:
            refuse_closed(customer)
        one.decided_by, one.decided_at, one.is_granted = actor, when.at, is_granted
        one.save(update_fields=["decided_by", "decided_at", "is_granted"])
        verb = "points.grant" if is_granted else "points.refuse"
        trail.record(actor, verb, customer=customer, target=one, detail={"points": one.points})
        if is_granted:
            reference = f"give:{customer.pk}:{one.submission}"
            add_points(customer, actor, one.points, one.reason, reference, when, one)


def reverse(entry: LedgerEntry, actor: User, reason: str, when: Moment) -> None:
    """冲正: take back what was issued, or a whole use with all its entries, by counter-entries. Raises LedgerRefused
    where that was done before, or where what was issued is used or over."""
    with transaction.atomic():
        customer = Customer.objects.visible_to(actor).get(pk=entry.customer_id)
        hold(customer)
        if not may_approve(actor) or entry.kind not in (EntryKind.EARN, EntryKind.SPEND):
            raise LedgerRefused(_("Only what was issued or used is reversed, by a manager of the branch."))
        known = LedgerEntry.objects.visible_to(actor).filter(customer=customer).select_related("entitlement")
        if known.filter(reverses=entry).exists():
            raise LedgerRefused(_("This entry is reversed already."))
        if entry.kind == EntryKind.EARN and (entry.expires_on is None or entry.expires_on < when.day):
            raise LedgerRefused(_("What was issued has expired; there is nothing to take back."))
        if entry.kind == EntryKind.EARN and known.filter(lot=entry).aggregate(taken=Sum("quantity"))["taken"]:
            raise LedgerRefused(_("Some of it is used already; reverse that first."))
        whole = Q(pk=entry.pk)
        if entry.kind == EntryKind.SPEND:
            whole = Q(kind=EntryKind.SPEND, reference__startswith=entry.reference.rpartition(":")[0] + ":")
        for one in known.filter(whole).order_by("pk"):
            append(
                customer, actor, when, kind=EntryKind.REVERSE, quantity=-one.quantity, source=one.source,
                reason=reason, reference=f"reverse:{one.pk}", unit_value=one.unit_value, entitlement=one.entitlement,
                campaign_id=one.campaign_id, reverses=one, lot_id=one.lot_id or one.pk,
            )  # fmt: skip


def hold(customer: Customer) -> None:
    """Hold the customer's balances until the transaction ends."""
    db.fetch_value("SELECT campaigns_ledger_hold(%s)", [customer.pk], using="default")


def refuse_closed(customer: Customer) -> None:
    """As the night, people give nothing to who is a customer no longer."""
    if customer.status == CustomerStatus.CLOSED:
        raise LedgerRefused(_("The customer has closed all accounts; no more points are given."))


def written(actor: User, reference: str) -> LedgerEntry | None:
    """The entry that this form has led to before."""
    return LedgerEntry.objects.visible_to(actor).filter(reference=reference).first()


def add_points(
    customer: Customer, actor: User, points: int, reason: str, reference: str, when: Moment,
    request: PointsRequest | None = None,
) -> LedgerEntry:  # fmt: skip
    rule = points_rule(when.day)
    return append(
        customer, actor, when, kind=EntryKind.EARN, quantity=points, source=Source.MANUAL, reason=reason,
        reference=reference, unit_value=rule.point_value, request=request,
        expires_on=last_day_of_points(when.day, rule.valid_months),
    )  # fmt: skip


def append(
    customer: Customer, actor: User, when: Moment, *, kind: EntryKind, quantity: int, source: str, reason: str,
    reference: str, unit_value: Decimal, entitlement: Entitlement | None = None, campaign_id: int | None = None,
    request: PointsRequest | None = None, reverses: LedgerEntry | None = None, expires_on: date | None = None,
    lot_id: int | None = None,
) -> LedgerEntry:  # fmt: skip
    """Write an entry in the actor's name, and say so in the trail."""
    entry = LedgerEntry.objects.create(
        branch_id=customer.branch_id, customer_id=customer.pk, entitlement_id=entitlement.pk if entitlement else None,
        kind=kind, quantity=quantity, day=when.day, expires_on=expires_on, source=source, reason=reason,
        reference=reference, unit_value=unit_value, campaign_id=campaign_id, request_id=request.pk if request else None,
        reverses_id=reverses.pk if reverses else None, lot_id=lot_id, staff_id=actor.pk, at=when.at,
    )  # fmt: skip
    detail = {"quantity": quantity, "entitlement": entitlement.code if entitlement else "", "reason": reason}
    trail.record(actor, f"ledger.{kind.value}", customer=customer, target=entry, detail=detail)
    return entry
