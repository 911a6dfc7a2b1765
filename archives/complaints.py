"""投诉: take a complaint in, have it handled by somebody it is not about, answer it in time, deal with its cause.

Each act takes the complaint's row lock and looks at its state again, so that of two people who act at once the second
is told so. While a complaint is open, plans that would sell something are paused (pause.sql, resume.sql).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from archives import plans
from archives.choices import (
    UNANSWERED,
    ComplaintAct,
    ComplaintKind,
    ComplaintSeverity,
    ComplaintState,
    ComplaintTermKind,
)
from archives.models import Complaint, ComplaintStep, ComplaintTerm
from crm import db
from crm.audit import trail
from crm.organization.access import CUSTOMER_ROLES
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from customers.models import Customer

# So many days before the last one the handler and the branch manager are told.
SOON_DAYS = 3
TIMELINESS_DAYS = 365
MOST_BRANCHES = 12


class ComplaintRefused(Exception):
    """It cannot be done so, or not any more; the message says why in plain words."""


@dataclass(frozen=True)
class Registration:
    """What somebody complains of, and who is to handle it."""

    channel: str
    received_on: date
    category: str
    text: str
    handler: User
    complained_of: User | None = None
    severity: int = ComplaintSeverity.ORDINARY
    kind: str = ComplaintKind.ORDINARY
    complainant: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Timeliness:
    """How many complaints a branch closed, and of how many the customer was informed by the day."""

    name: str
    closed: int
    on_time: int

    @property
    def percent(self) -> float | None:
        return 100 * self.on_time / self.closed if self.closed else None


def days_of(kind: str) -> timedelta:
    """How long a kind of complaint may take, or what a special extension adds."""
    return timedelta(days=ComplaintTerm.objects.get(kind=kind).days)


def register(customer: Customer | None, actor: User, told: Registration, submission: UUID) -> Complaint:
    """Take a complaint in once per submission of the actor: a customer's, or of one who is none at their branch.

    Raises ComplaintRefused where the handler is whom it is about, or works elsewhere.
    """
    branch = customer.branch if customer else actor.branch
    check_handler(branch, told.handler, told.complained_of)
    with transaction.atomic():
        if customer is not None:
            # The customer's row is the lock: a plan that is written at this moment is seen here, and paused.
            Customer.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=customer.pk)
        values = {one.name: getattr(told, one.name) for one in fields(told)}
        complaint, is_new = Complaint.objects.get_or_create(
            registered_by=actor,
            submission=submission,
            defaults={
                **values,
                "customer_id": customer.pk if customer else None,
                "branch_id": branch.pk,
                "due_date": told.received_on + days_of(told.kind),
            },
        )
        if is_new:
            note(complaint, actor, ComplaintAct.REGISTER)
            if customer is not None:
                plans.pause(customer.pk)
    return complaint


def take(complaint: Complaint, actor: User) -> None:
    """The handler begins."""

    def change(current: Complaint) -> None:
        expect(current, ComplaintState.REGISTERED)
        current.state = ComplaintState.IN_HAND

    act(complaint, actor, ComplaintAct.TAKE, change)


def hand(complaint: Complaint, actor: User, handler: User, reason: str) -> None:
    """Give it to another handler, who is not whom it is about."""

    def change(current: Complaint) -> None:
        expect(current, *UNANSWERED, ComplaintState.ANSWERED)
        check_handler(current.branch, handler, current.complained_of)
        current.handler = handler

    act(complaint, actor, ComplaintAct.HAND, change, f"{handler.name}: {reason}")


def hand_all(actor: User, leaver: User, to: Sequence[User], reason: str) -> dict[int, int]:
    """Give all open complaints of a leaver, each to the first of these whom it is not about; returns the id of each
    with that of its handler."""
    handed: dict[int, int] = {}
    rows = Complaint.objects.open().visible_to(actor).filter(handler=leaver).select_for_update(of=("self",))
    for one in rows.order_by("pk"):
        handler = next((person for person in to if person.pk != one.complained_of_id), None)
        if handler is not None:
            given(one, actor, handler, reason)
            handed[one.pk] = handler.pk
    return handed


def hand_back(actor: User, leaver: User, handed: Mapping[str, int], reason: str) -> None:
    """Undo `hand_all`, as far as the complaints are open and nobody has given them to somebody else since."""
    rows = Complaint.objects.open().visible_to(actor).filter(pk__in=[int(pk) for pk in handed])
    for one in rows.select_for_update(of=("self",)).order_by("pk"):
        if one.handler_id == handed[str(one.pk)]:
            given(one, actor, leaver, reason)


def given(complaint: Complaint, actor: User, handler: User, reason: str) -> None:
    """Give a complaint that is held to another handler, with a line in its history."""
    complaint.handler = handler
    complaint.save(update_fields=["handler"])
    note(complaint, actor, ComplaintAct.HAND, f"{handler.name}: {reason}")


def follow_branches() -> int:
    """The night's part: an open complaint whose customer has moved to a branch out of its handler's sight goes to who
    leads that branch; returns how many."""
    handed = db.run_sql(__package__, "complaints_follow", reason=_("the customer belongs to this branch now"))
    if handed:
        trail.append(chain=trail.NO_BRANCH, actor=None, action="complaint.follow", detail={"complaints": handed})
    return handed


def find_complex(complaint: Complaint, actor: User, reason: str) -> None:
    """It is more complex than it seemed: the term of complex complaints, counted from the day it came."""

    def change(current: Complaint) -> None:
        expect(current, *UNANSWERED)
        if current.kind == ComplaintKind.COMPLEX:
            raise ComplaintRefused(_("This complaint is known to be complex already."))
        longer = days_of(ComplaintTermKind.SPECIAL) if current.is_extended else timedelta(0)
        current.kind = ComplaintKind.COMPLEX
        current.due_date = max(current.due_date, current.received_on + days_of(ComplaintTermKind.COMPLEX) + longer)

    act(complaint, actor, ComplaintAct.COMPLEX, change, reason)


def ask_special(complaint: Complaint, actor: User, reason: str) -> None:
    """Ask for the special extension; the day stays as it is until somebody else approves."""

    def change(current: Complaint) -> None:
        expect(current, *UNANSWERED)
        if current.is_extended or current.is_asked_special:
            raise ComplaintRefused(_("A special extension has been asked for already."))
        current.special_reason, current.special_asked_by = reason, actor
        current.special_decided_by = None

    act(complaint, actor, ComplaintAct.ASK, change, reason)


def decide_special(complaint: Complaint, actor: User, *, approves: bool, reason: str = "") -> None:
    """A second person, who leads the branch, approves or refuses what was asked for."""

    def change(current: Complaint) -> None:
        expect(current, *UNANSWERED)
        if not current.is_asked_special:
            raise ComplaintRefused(_("No special extension waits for approval."))
        if actor.role != Role.BRANCH_MANAGER or actor.pk == current.special_asked_by_id:
            raise ComplaintRefused(_("Another branch manager than who asked for it must decide."))
        current.special_decided_by = actor
        if approves:
            current.is_extended = True
            current.due_date += days_of(ComplaintTermKind.SPECIAL)

    act(complaint, actor, ComplaintAct.APPROVE if approves else ComplaintAct.REFUSE, change, reason)


def answer(complaint: Complaint, actor: User, decision: str, informed_on: date) -> None:
    """The customer has been informed of the decision."""

    def change(current: Complaint) -> None:
        expect(current, ComplaintState.IN_HAND)
        if informed_on < current.received_on:
            raise ComplaintRefused(_("Nobody is informed before the complaint came."))
        current.state, current.decision, current.informed_on = ComplaintState.ANSWERED, decision, informed_on

    act(complaint, actor, ComplaintAct.ANSWER, change, decision)


def close(complaint: Complaint, actor: User, root_cause: str, rectification: str, day: date) -> None:
    """Its cause is known and dealt with; paused plans of the customer go on."""

    def change(current: Complaint) -> None:
        expect(current, ComplaintState.ANSWERED)
        current.state, current.closed_on = ComplaintState.CLOSED, day
        current.root_cause, current.rectification = root_cause, rectification

    with transaction.atomic():
        act(complaint, actor, ComplaintAct.CLOSE, change, root_cause)
        if complaint.customer_id is not None:
            plans.resume(day, complaint.customer_id)


CHANGED = (
    "kind", "handler", "state", "due_date", "special_reason", "special_asked_by", "special_decided_by", "is_extended",
    "decision", "informed_on", "root_cause", "rectification", "closed_on",
)  # fmt: skip


def act(
    complaint: Complaint, actor: User, what: ComplaintAct, change: Callable[[Complaint], None], text: str = ""
) -> None:
    """Change the complaint as it is now, and write down what was done. ComplaintRefused: nothing was changed."""
    with transaction.atomic():
        rows = Complaint.objects.visible_to(actor).select_for_update(of=("self",))
        current = rows.select_related("branch", "complained_of").filter(pk=complaint.pk).first()
        if current is None or not may_act(current, actor):
            raise ComplaintRefused(_("Only the handler or a branch manager does this, and nobody it is about."))
        change(current)
        current.save(update_fields=CHANGED)
        note(current, actor, what, text)


def may_act(complaint: Complaint, actor: User) -> bool:
    """Is it this user's to handle, or to lead; and not about this user?"""
    is_theirs = complaint.handler_id == actor.pk or actor.role == Role.BRANCH_MANAGER
    return is_theirs and complaint.complained_of_id != actor.pk


def expect(complaint: Complaint, *states: str) -> None:
    if complaint.state not in states:
        told = {"state": complaint.get_state_display()}
        raise ComplaintRefused(_("Somebody was faster: the complaint is “%(state)s” now.") % told)


def note(complaint: Complaint, actor: User, what: ComplaintAct, text: str = "") -> None:
    """One line of the history, and of the audit trail (which knows that it was done, not what was said)."""
    ComplaintStep.objects.create(
        branch_id=complaint.branch_id, customer_id=complaint.customer_id, complaint=complaint, act=what,
        note=text, due_date=complaint.due_date, actor=actor,
    )  # fmt: skip
    trail.append(
        chain=complaint.branch_id,
        actor=actor,
        action=f"complaint.{what.value}",
        customer_id=complaint.customer_id,
        object_type=Complaint._meta.label_lower,
        object_id=str(complaint.pk),
        detail={"due": complaint.due_date, "handler": complaint.handler_id},
    )


def check_handler(branch: Branch, handler: User, complained_of: User | None) -> None:
    if complained_of is not None and handler.pk == complained_of.pk:
        raise ComplaintRefused(_("Nobody handles a complaint about themselves. Choose somebody else."))
    if not handlers(branch).filter(pk=handler.pk).exists():
        raise ComplaintRefused(_("Choose somebody of the branch, or who leads a branch above it."))


def staff_of(branch: Branch) -> QuerySet[User]:
    """Who works with customers at a branch: about whom somebody may complain there."""
    return User.objects.filter(branch=branch, role__in=CUSTOMER_ROLES, is_active=True).order_by("staff_no")


def handlers(branch: Branch) -> QuerySet[User]:
    """Who may handle a complaint of this branch: its own staff, and who leads a branch above it."""
    above = [int(pk) for pk in branch.path.strip(".").split(".")[:-1]]
    leads = Q(branch_id__in=above, role=Role.BRANCH_MANAGER, reach=Reach.SUBTREE)
    of_branch = Q(branch=branch, role__in=CUSTOMER_ROLES)
    return User.objects.filter(of_branch | leads, is_active=True).order_by("-branch__path", "staff_no")


def due_soon(rows: QuerySet[Complaint], day: date) -> QuerySet[Complaint]:
    """Those whose answer is owed within SOON_DAYS, or was owed before, the latest first."""
    last = day + timedelta(days=SOON_DAYS)
    return rows.filter(state__in=UNANSWERED, due_date__lte=last).order_by("due_date", "pk")


def due_number(user: User, day: date) -> Any:
    """How many complaints this user has to answer within days, as one row; no row without any."""
    mine = due_soon(Complaint.objects.visible_to(user).filter(handler=user), day)
    return mine.order_by().values("handler_id").annotate(number=Count("pk")).values("number")


def history(actor: User, complaint: Complaint) -> list[ComplaintStep]:
    """All that was done, newest first."""
    steps = ComplaintStep.objects.visible_to(actor).filter(complaint=complaint).select_related("actor")
    return list(steps.order_by("-pk")[:100])


def timeliness(actor: User, day: date) -> list[Timeliness]:
    """投诉及时率 (DOMAIN §6) of the past year: informed by the day ÷ closed, by branch, worst first.

    The first line is the whole; the others are there where the user sees more than one branch.
    """
    closed = Complaint.objects.visible_to(actor).filter(
        state=ComplaintState.CLOSED, closed_on__gt=day - timedelta(days=TIMELINESS_DAYS)
    )
    counts: dict[str, Any] = {"closed": Count("pk"), "on_time": Count("pk", filter=Q(informed_on__lte=F("due_date")))}
    rows = closed.order_by().values_list("branch__name").annotate(**counts)
    found = sorted((Timeliness(*row) for row in rows), key=lambda one: (one.on_time / one.closed, one.name))
    whole = Timeliness("", sum(one.closed for one in found), sum(one.on_time for one in found))
    return [whole, *(found[:MOST_BRANCHES] if len(found) > 1 else [])]
