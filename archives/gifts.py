"""礼品: give something to a customer within the limits, or ask for it beyond them; approve, call off, reverse."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from archives.gift_choices import GiftState
from archives.models import ContactLog, Gift, GiftStep, MaintenancePlan
from crm import db
from crm.audit import trail
from crm.organization.access import scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from customers.models import Customer

MONTHS_SHOWN = 6
MOST_COUNTED = 1_000
# After which states what may be done.
AFTER = {
    GiftState.APPROVED: (GiftState.ASKED,),
    GiftState.REFUSED: (GiftState.ASKED,),
    GiftState.GIVEN: (GiftState.APPROVED,),
    GiftState.WITHDRAWN: (GiftState.ASKED, GiftState.APPROVED),
    GiftState.REVERSED: (GiftState.GIVEN,),
}
DECIDED = (GiftState.APPROVED, GiftState.REFUSED)


class GiftRefused(Exception):
    """It cannot be done, or not any more; the message says why in plain words."""


@dataclass(frozen=True)
class Offer:
    """A gift as its form says it; `value` in yuan, exact to the fen, `given_on` the day it was or is to be given."""

    what: str
    value: Decimal
    occasion: str
    given_on: date
    note: str = ""
    plan: MaintenancePlan | None = None
    contact: ContactLog | None = None


@dataclass(frozen=True)
class Room:
    """The limits of a gift in yuan, and what was given of them before."""

    gift: Decimal
    customer_year: Decimal
    year_given: Decimal
    staff_month: Decimal
    month_given: Decimal


def room_for(customer: Customer, actor: User, plan: MaintenancePlan | None, day: date) -> Room:
    """What the actor may give this customer without asking; one statement."""
    about = [customer.pk, actor.pk, plan.pk if plan else None, day]
    (row,) = db.fetch_all("SELECT * FROM archives_gift_room(%s, %s, %s, %s)", about, using="default")
    return Room(**row)


def may_approve(user: User) -> bool:
    """Who leads a branch or several, and answers for more than the own customers."""
    scope = scope_of(user)
    return user.role == Role.BRANCH_MANAGER and scope is not None and scope.reach != Reach.OWN


def give(customer: Customer, actor: User, offer: Offer, submission: UUID, at: datetime) -> Gift:
    """Write a gift down, once per submission. Within the limits it is given with that; beyond one of them (`over`) it
    waits for a second person."""
    with transaction.atomic():
        about = [customer.pk, actor.pk, offer.value, offer.plan.pk if offer.plan else None, offer.given_on]
        # Holds the customer and the giver: of two at once, and of one form sent twice, the second sees the first.
        over = db.fetch_value("SELECT archives_gift_over(%s, %s, %s, %s, %s)", about, using="default")
        known = Gift.objects.visible_to(actor).filter(customer=customer, submission=submission).first()
        if known is not None:
            return known
        gift = Gift.objects.create(
            branch_id=customer.branch_id, customer_id=customer.pk, staff_id=actor.pk, what=offer.what,
            value=offer.value, occasion=offer.occasion, note=offer.note, plan_id=offer.plan.pk if offer.plan else None,
            contact_id=offer.contact.pk if offer.contact else None, over=over, asked_at=at, submission=submission,
        )  # fmt: skip
        if over:
            record(gift, customer, actor, GiftState.ASKED, "")
        else:
            add(gift, customer, 1, actor, GiftState.GIVEN, at, day=offer.given_on)
    return gift


def allowed(gift: Any, user: User) -> list[GiftState]:
    """What this user may do about a gift (with its state) now."""
    is_own = gift.staff_id == user.pk
    approves = may_approve(user)
    may = {
        GiftState.APPROVED: approves and not is_own,
        GiftState.REFUSED: approves and not is_own,
        GiftState.GIVEN: is_own,
        GiftState.WITHDRAWN: is_own or (approves and gift.state == GiftState.APPROVED),  # the giver may have left
        GiftState.REVERSED: is_own or approves,
    }
    return [kind for kind, before in AFTER.items() if gift.state in before and may[kind]]


def act(gift: Gift, actor: User, kind: GiftState, at: datetime, note: str = "", day: date | None = None) -> GiftStep:
    """Approve, refuse, hand over on a day, call off or reverse. Raises GiftRefused."""
    with transaction.atomic():
        seen = Customer.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
        customer = seen.get(pk=gift.customer_id)  # held, so that of two steps one comes second
        current: Any = Gift.objects.with_state().visible_to(actor).get(pk=gift.pk)
        if kind in DECIDED and current.staff_id == actor.pk:
            raise GiftRefused(_("Nobody approves the own gift; ask a manager of a place above."))
        if kind not in allowed(current, actor):
            raise GiftRefused(_("This cannot be done about the gift any more; look at what was done."))
        return add(current, customer, current.steps + 1, actor, kind, at, note, day)


def add(
    gift: Any,
    customer: Customer,
    number: int,
    actor: User,
    kind: GiftState,
    at: datetime,
    note: str = "",
    day: date | None = None,
) -> GiftStep:
    """Append what was done, and say so in the trail."""
    step = GiftStep.objects.create(
        gift_id=gift.pk, branch_id=gift.branch_id, customer_id=gift.customer_id, number=number, kind=kind,
        actor_id=actor.pk, at=at, note=note, day=day if kind == GiftState.GIVEN else None,
    )  # fmt: skip
    record(gift, customer, actor, kind, note)
    return step


def record(gift: Any, customer: Customer, actor: User, kind: GiftState, note: str) -> None:
    detail = {"gift": gift.pk, "value": str(gift.value), "over": gift.over, "note": note}
    trail.record(actor, f"gift.{kind.value}", customer=customer, target=gift, detail=detail)


def waiting(user: User) -> int:
    """How many gifts in the user's scope wait for a second person, counted up to MOST_COUNTED."""
    asked = Gift.objects.visible_to(user).exclude(over=[]).filter(~Exists(GiftStep.objects.filter(gift=OuterRef("pk"))))
    return asked[:MOST_COUNTED].count()


def results(branch_id: int, day: date, staff_id: int | None = None) -> list[dict[str, Any]]:
    """By month and member of staff: gifts, their sum, how many went beyond a limit, the month's sum and the limit."""
    since = (day.replace(day=1) - timedelta(days=31 * (MONTHS_SHOWN - 1))).replace(day=1)
    about = {"branch": branch_id, "since": since, "staff": staff_id}
    return db.fetch_sql(__package__, "gift_results", using="default", **about)
