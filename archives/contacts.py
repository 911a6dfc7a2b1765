"""Contact logs 联系记录: record one, and read the latest ones."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from archives import consents, plans
from archives.choices import Channel, Direction, Outcome, Purpose, is_effective, settles
from archives.consent_choices import Evidence
from archives.models import ContactLog
from crm.audit import trail
from crm.organization.choices import Role
from crm.organization.models import User
from customers import alert_answers
from customers.models import Alert, Customer


def start_of(day: date) -> datetime:
    """The moment at which a day begins where the bank is."""
    return timezone.make_aware(datetime.combine(day, time.min))


@dataclass(frozen=True)
class Contact:
    """What was done and said."""

    channel: str
    outcome: str
    purpose: str
    summary: str = ""
    amount: Decimal | None = None
    products: str = ""
    # The number of the sale's recording 双录 in the bank's own system.
    recording_no: str = ""
    next_action: str = ""
    next_date: date | None = None
    direction: str = Direction.OUTBOUND
    # The campaign that it was made for.
    campaign_id: int | None = None


@dataclass(frozen=True)
class Logged:
    """`is_new` is false when this submission was stored before; `closed_before` were answered by somebody else."""

    log: ContactLog
    is_new: bool
    answered: tuple[Alert, ...] = ()
    closed_before: tuple[Alert, ...] = ()

    @property
    def bars(self) -> bool:
        """Has this contact just made the customer one who is not to be called or texted?"""
        return self.is_new and self.log.bars


def log_contact(
    customer: Customer,
    staff: User,
    at: datetime,
    contact: Contact,
    submission: UUID,
    alert_ids: Sequence[int] = (),
    plan_id: int | None = None,
) -> Logged:
    """Store a contact once per submission, answer the alerts and plans it is about, and write the audit entry."""
    with transaction.atomic():
        log, is_new = ContactLog.objects.get_or_create(
            customer=customer,
            submission=submission,
            defaults={
                "branch_id": customer.branch_id,
                "staff": staff,
                "contacted_at": at,
                "channel": contact.channel,
                "direction": contact.direction,
                "purpose": contact.purpose,
                "outcome": contact.outcome,
                "summary": contact.summary,
                "products": contact.products,
                "amount": contact.amount,
                "recording_no": contact.recording_no,
                "next_action": contact.next_action,
                "next_date": contact.next_date,
                "campaign_id": contact.campaign_id,
            },
        )
        if not is_new:
            return Logged(log, is_new=False)
        answered, before = alert_answers.answer_by_contact(
            customer,
            alert_ids,
            staff,
            timezone.localtime(at).date(),
            reached=is_effective(contact.channel, contact.outcome),
            settled=settles(contact.channel, contact.outcome),
        )
        if contact.outcome == Outcome.REFUSED:
            log.bars = bar(log, customer, staff)
        if answered:
            log.alert = answered[0]
        if answered or log.bars:
            log.save(update_fields=["alert", "bars"])
        done = plans.follow_contact(log, customer, staff, plan_id)
        trail.record(
            staff,
            "contact.log",
            customer=customer,
            target=log,
            detail={
                "channel": contact.channel,
                "outcome": contact.outcome,
                "alerts": [alert.pk for alert in answered],
                "plans": done,
                "bars": log.bars,
                **recording_of(log),
            },
        )
        return Logged(log, True, tuple(answered), tuple(before))


def recording_of(log: ContactLog) -> dict[str, str]:
    """The number of the recording as the trail keeps it; nothing where there is none."""
    return {"recording": log.recording_no} if log.recording_no else {}


def bar(log: ContactLog, customer: Customer, actor: User) -> bool:
    """The customer refused: nobody calls or texts them from now on; False where it was so before.

    The refusal is kept as a row of the ledger in any case, which the customer's `do_not_contact` follows.
    """
    was_barred = hold(customer.pk, actor).do_not_contact
    said = consents.Said(is_given=False, evidence=Evidence.SAID, at=log.contacted_at)
    consents.append(customer, actor, said, uuid4(), contact=log)
    customer.do_not_contact = True
    return not was_barred


def hold(customer_id: int, actor: User) -> Customer:
    """The customer as things stand; nobody else says anything of their contacts until the transaction ends."""
    locked = Customer.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    return locked.only("do_not_contact").get(pk=customer_id)


class AlreadyCorrected(Exception):
    """Somebody has corrected the contact in the meantime."""


def may_correct(log: ContactLog, user: User) -> bool:
    """Its author, or a manager who sees the customer."""
    return user.pk == log.staff_id or user.role == Role.BRANCH_MANAGER


def correct(log: ContactLog, actor: User, contact: Contact, submission: UUID) -> ContactLog:
    """Append what the contact should have said; it keeps author and moment, the first row stays and counts no more.

    Alerts and plans stay as they are, but a refusal bars the customer. Raises AlreadyCorrected where it counts no more.
    """
    with transaction.atomic():
        again = ContactLog.objects.visible_to(actor).filter(customer=log.customer_id, submission=submission).first()
        if again is not None:
            return again
        now = timezone.now()
        standing = ContactLog.objects.visible_to(actor).filter(pk=log.pk, replaced_at=None)
        if not standing.update(replaced_at=now):
            raise AlreadyCorrected
        row = ContactLog.objects.create(
            **asdict(replace(contact, campaign_id=log.campaign_id)),
            branch_id=log.branch_id, customer_id=log.customer_id, staff_id=log.staff_id, alert_id=log.alert_id,
            contacted_at=log.contacted_at, corrects_id=log.corrects_id or log.pk, recorded_by=actor,
            submission=submission, bars=log.bars,
        )  # fmt: skip
        if contact.outcome == Outcome.REFUSED and log.outcome != Outcome.REFUSED:
            row.bars = bar(row, log.customer, actor)
            row.save(update_fields=["bars"])
        detail = {"corrects": row.corrects_id, "outcome": contact.outcome, "before": log.outcome, **recording_of(row)}
        trail.record(actor, "contact.correct", customer=log.customer, target=row, detail=detail)
    return row


class NothingToUndo(Exception):
    """The contact did not bar the customer, or no longer does by itself."""


def unbar(log: ContactLog, user: User, on: date) -> None:
    """Take back that a contact of the same user and day barred its customer; the contact stays.

    Raises NothingToUndo for any other contact, and where the customer has refused again since.
    """
    with transaction.atomic():
        hold(log.customer_id, user)
        mine = ContactLog.objects.visible_to(user).filter(pk=log.pk, staff=user, bars=True)
        if consents.refused_since(user, log) or not mine.filter(contacted_at__gte=start_of(on)).update(bars=False):
            raise NothingToUndo
        said = consents.Said(is_given=True, evidence=Evidence.MISTAKE, at=timezone.now())
        consents.append(log.customer, user, said, uuid4(), contact=log)
        trail.record(user, "contact.unbar", customer=log.customer, target=log)


def note_in_lobby(customer: Customer, staff: User, at: datetime, need: str, submission: UUID) -> Logged:
    """A customer was received in the lobby, perhaps with a need; it answers no alert, that is the manager's to do."""
    outcome = Outcome.INTERESTED if need else Outcome.RECEIVED
    purpose = Purpose.ARCHIVE if need else Purpose.CARE
    contact = Contact(Channel.LOBBY, outcome, purpose, summary=need, direction=Direction.INBOUND)
    return log_contact(customer, staff, at, contact, submission)


def last_contact(user: User, customer: str = "customer") -> Subquery:
    """Annotation: when and how a row's customer was last in contact, as JSON; None without a contact."""
    logs = (
        ContactLog.objects.visible_to(user)
        .filter(customer=OuterRef(customer), replaced_at=None)
        .order_by("-contacted_at")
    )
    return Subquery(logs.values(json=JSONObject(at="contacted_at", channel="channel", outcome="outcome"))[:1])
