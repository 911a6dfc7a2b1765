"""授权登记: append what a customer agreed to or refused, with its evidence; nothing is ever changed."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from archives.models import Consent, ContactLog
from crm.audit import trail
from crm.organization.models import User
from customers.models import Customer

MOST_SHOWN = 50


@dataclass(frozen=True)
class Said:
    """What the customer said; an empty purpose or channel is any. `at` is when, not when it was noted."""

    is_given: bool
    evidence: str
    at: datetime
    purpose: str = ""
    channel: str = ""
    reference: str = ""


def append(customer: Customer, actor: User, said: Said, submission: UUID, contact: ContactLog | None = None) -> Consent:
    """Keep it once per submission, and write the audit entry. `do_not_contact` follows what is said of any contact."""
    with transaction.atomic():
        row, is_new = Consent.objects.get_or_create(
            customer=customer,
            submission=submission,
            defaults={"branch_id": customer.branch_id, "recorded_by": actor, "contact": contact, **asdict(said)},
        )
        if is_new:
            detail = {**asdict(said), "at": said.at.isoformat(), "contact": contact.pk if contact else None}
            trail.record(actor, "consent.record", customer=customer, target=row, detail=detail)
    return row


def refused_since(actor: User, log: ContactLog) -> bool:
    """Was a refusal of any contact noted after this one (as first written), that is not its own?"""
    first = log.corrects_id or log.pk
    rows = Consent.objects.visible_to(actor).filter(customer=log.customer_id, purpose="", channel="", is_given=False)
    later = rows.filter(recorded_at__gt=log.contacted_at)
    return later.exclude(Q(contact=first) | Q(contact__corrects=first)).exists()


def of_customer(actor: User, customer: Customer) -> list[Consent]:
    """The ledger of a customer, what was said last first."""
    rows = Consent.objects.visible_to(actor).filter(customer=customer).select_related("recorded_by")
    return list(rows.order_by("-at", "-pk")[:MOST_SHOWN])
