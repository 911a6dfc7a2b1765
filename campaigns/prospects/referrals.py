"""厅堂转介: call a manager to somebody in the lobby; whoever comes first has them, and says what came of it.

Each act takes the referral's row lock and looks at it again, so that of two people who act at once the second is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.contacts import note_in_lobby
from campaigns.prospects import presence, register
from campaigns.prospects.choices import ReferralKind, Stage
from campaigns.prospects.models import Prospect, Referral
from crm.audit import pii, trail
from crm.organization import workdays
from crm.organization.choices import Role
from crm.organization.models import User
from customers import ownership
from customers.choices import CustomerType, OwnershipRole
from customers.models import Customer, Ownership


class ReferralRefused(Exception):
    """It cannot be done so, or not any more; the message says why in plain words."""


@dataclass(frozen=True)
class Call:
    """What somebody in the lobby is about."""

    need: str
    note: str = ""


def queue_for(user: User, day: date, owner_id: int | None, most: int) -> list[User]:
    """Who would be called now, in their order; nobody calls themselves."""
    asked = presence.on_duty(user.branch_id, day, owner_id).exclude(pk=user.pk)
    return list(asked[:most])


def refer_customer(customer: Customer, user: User, now: datetime, call: Call, submission: UUID) -> Referral:
    """Call a manager to a customer, once per submission; the reception and the need are noted too.

    Raises ReferralRefused while a call of today for this customer still waits.
    """
    with transaction.atomic():
        # The customer's row is the lock: of two who call at once, the second finds the first one's call.
        Customer.objects.visible_to(user).select_for_update(of=("self",)).only("pk").get(pk=customer.pk)
        made = Referral.objects.visible_to(user).filter(submission=submission).first()
        if made is not None:
            return made
        end_old(Referral.objects.of_lobby().waiting().filter(customer=customer), now)
        main = Ownership.objects.filter(customer=customer, role=OwnershipRole.MAIN, until__isnull=True)
        owner_id = main.values_list("owner_id", flat=True).first()
        referral = call_to(user, now, call, submission, owner_id, customer_id=customer.pk, branch_id=customer.branch_id)
        note_in_lobby(customer, user, now, referral.note, uuid5(submission, "reception"))
        detail = {"need": call.need, "asked": referral.queue}
        trail.record(user, "referral.make", customer=customer, target=referral, detail=detail)
    return referral


def refer_prospect(prospect: Prospect, user: User, now: datetime, call: Call, submission: UUID) -> Referral:
    """Call a manager to a prospect, first whoever looks after them. Raises ReferralRefused as for a customer."""
    with transaction.atomic():
        rows = Prospect.objects.visible_to(user).select_for_update(of=("self",)).only("pk")
        if rows.filter(pk=prospect.pk, converted_on=None, forgotten_on=None).first() is None:
            raise ReferralRefused(_("This prospect has an account by now, or is kept no longer."))
        made = Referral.objects.visible_to(user).filter(submission=submission).first()
        if made is not None:
            return made
        end_old(Referral.objects.waiting().filter(prospect=prospect), now)
        owner_id = prospect.owner_id
        referral = call_to(user, now, call, submission, owner_id, prospect_id=prospect.pk, branch_id=prospect.branch_id)
        note_act(referral, user, "make", {"need": call.need, "asked": referral.queue})
    return referral


def refer_across(customer: Customer, user: User, now: datetime, to: User, call: Call, submission: UUID) -> Referral:
    """公私联动: ask a colleague of the branch to serve the company of a person, or the people of a company.

    Raises ReferralRefused for oneself, for anybody else but a manager of the branch, and while such a call waits.
    """
    kind = ReferralKind.TO_COMPANY if customer.customer_type == CustomerType.PERSON else ReferralKind.TO_PERSONAL
    if to.pk == user.pk or not ownership.candidates(customer.branch_id).filter(pk=to.pk).exists():
        raise ReferralRefused(_("Choose another relationship manager of the customer's branch."))
    with transaction.atomic():
        Customer.objects.visible_to(user).select_for_update(of=("self",)).only("pk").get(pk=customer.pk)
        made = Referral.objects.visible_to(user).filter(submission=submission).first()
        if made is not None:
            return made
        end_old(Referral.objects.waiting().filter(customer=customer, kind=kind), now)
        day = timezone.localtime(now).date()
        until = workdays.workdays_after(day, presence.rule_on(day).across_days)
        referral = Referral.objects.create(
            kind=kind, branch_id=customer.branch_id, customer_id=customer.pk, need=call.need,
            note=pii.veil_numbers(call.note), made_by=user, made_at=now, queue=[to.pk], turns=[now],
            asked_until=now + (until - day), submission=submission,
        )  # fmt: skip
        note_act(referral, user, "make", {"need": call.need, "asked": referral.queue, "kind": kind.value})
    return referral


def end_old(waiting: QuerySet[Referral], now: datetime) -> None:
    """A call that everybody let pass is over. Raises ReferralRefused for one that somebody is still asked to take.

    Each is locked: one that is taken meanwhile waits no longer, and stays with who took it.
    """
    for one in waiting.select_for_update(of=("self",)).order_by("pk"):
        if not one.is_unanswered(now):
            raise ReferralRefused(_("A manager has been called already and is still expected."))
        one.withdrawn_at = now
        one.save(update_fields=["withdrawn_at"])


def call_to(user: User, now: datetime, call: Call, submission: UUID, owner_id: int | None, **subject: int) -> Referral:
    """Ask the managers who are there one after the other, the one of `owner_id` first."""
    day = timezone.localtime(now).date()
    rule = presence.rule_on(day)
    minutes, asked = timedelta(minutes=rule.answer_minutes), queue_for(user, day, owner_id, rule.most_asked)
    return Referral.objects.create(
        **subject, need=call.need, note=pii.veil_numbers(call.note), made_by=user, made_at=now,
        queue=[one.pk for one in asked], turns=[now + place * minutes for place in range(len(asked))],
        asked_until=now + len(asked) * minutes, submission=submission,
    )  # fmt: skip


def accept(referral: Referral, user: User, now: datetime) -> None:
    """Whoever is asked, was asked, or leads the branch takes the referral."""

    def change(current: Referral) -> None:
        if current.accepted_by_id == user.pk:
            return
        if current.accepted_by is not None:
            raise ReferralRefused(_("%(name)s was faster and has taken it.") % {"name": current.accepted_by.name})
        expect_waiting(current)
        if not may_take(current, user, now):
            raise ReferralRefused(_("It is not your turn yet."))
        current.accepted_by, current.accepted_at = user, now
        if current.prospect_id is not None:
            take_on(current.prospect_id, user, now)

    with transaction.atomic():
        if referral.prospect_id is not None:
            # Before the referral, as `refer_prospect` does: in two orders they would wait for each other.
            Prospect.objects.select_for_update(of=("self",)).only("pk").get(pk=referral.prospect_id)
        act(referral, user, "accept", change)


def take_on(prospect_id: int, user: User, now: datetime) -> None:
    """Who comes to a prospect looks after them from now on, and has met them.

    Until now the prospect was another manager's: who may take the referral may take it, the floor keeps the branch.
    """
    prospect = Prospect.objects.select_for_update(of=("self",)).get(pk=prospect_id)
    prospect.owner = user
    if prospect.stage == Stage.NEW:
        prospect.stage, prospect.stage_at = Stage.CONTACTED, now
    prospect.save(update_fields=["owner", "stage", "stage_at"])
    register.append(prospect, user, now)


def may_take(referral: Referral, user: User, now: datetime) -> bool:
    """Has this user's turn begun, or do they lead the branch? Nobody takes what they made themselves."""
    if user.pk == referral.made_by_id or user.role == Role.LOBBY_MANAGER:
        return False
    if user.role == Role.BRANCH_MANAGER:
        return True
    turns = zip(referral.queue, referral.turns, strict=True)
    return any(asked == user.pk and begins <= now for asked, begins in turns)


def pass_on(referral: Referral, user: User, now: datetime) -> None:
    """Whoever is asked cannot come: the next one is asked at once."""

    def change(current: Referral) -> None:
        expect_waiting(current)
        place = current.turn_at(now)
        if place is None or current.queue[place] != user.pk:
            raise ReferralRefused(_("It is not your turn any more."))
        presence.leave(current, user.pk, now)

    act(referral, user, "pass", change)


def withdraw(referral: Referral, user: User, now: datetime) -> None:
    """The customer waits no longer; only the lobby, or who leads the branch, says so."""

    def change(current: Referral) -> None:
        expect_waiting(current)
        is_theirs = current.kind == ReferralKind.LOBBY or user.role != Role.LOBBY_MANAGER
        if user.role == Role.RELATIONSHIP_MANAGER or not is_theirs:
            raise ReferralRefused(_("Only the lobby or the branch manager withdraws a call."))
        current.withdrawn_at = now

    act(referral, user, "withdraw", change)


def report(referral: Referral, user: User, now: datetime, result: str, note: str) -> None:
    """Whoever took it says what came of it; a later word replaces an earlier one, the audit trail keeps both."""

    def change(current: Referral) -> None:
        if current.accepted_by_id != user.pk:
            raise ReferralRefused(_("Only whoever took it says what came of it."))
        current.result, current.result_note, current.result_at = result, pii.veil_numbers(note), now

    act(referral, user, "report", change, {"result": result})


def open_of(user: User, taker: User, branch_id: int) -> QuerySet[Referral]:
    """The referrals of a branch that a manager has taken and not said the result of."""
    taken = Referral.objects.visible_to(user).filter(branch_id=branch_id, accepted_by=taker, result="")
    return taken.filter(withdrawn_at=None)


def hand_all(actor: User, leaver: User, branch_id: int, leaders: Sequence[User]) -> dict[int, int]:
    """Give what a leaver has taken to who answers for the customer or the prospect now; id → manager of each.

    Where nobody does, or whoever does has made the referral, it goes to the first of these leaders who has not.
    """
    main = Ownership.objects.filter(customer=OuterRef("customer"), role=OwnershipRole.MAIN, until__isnull=True)
    answers = Coalesce(Subquery(main.values("owner_id")[:1]), F("prospect__owner_id"), output_field=BigIntegerField())
    rows = list(
        open_of(actor, leaver, branch_id).annotate(answers=answers).select_for_update(of=("self",)).order_by("pk")
    )
    found = [one.answers for one in rows]
    there = set(User.objects.filter(pk__in=found, is_active=True).exclude(pk=leaver.pk).values_list("pk", flat=True))
    handed: dict[int, int] = {}
    for one, answering in zip(rows, found, strict=True):
        asked = [*(there & {answering}), *(leader.pk for leader in leaders if leader.pk != leaver.pk)]
        new = next((pk for pk in asked if pk != one.made_by_id), None)
        if new is not None:
            one.accepted_by_id = handed[one.pk] = new
    Referral.objects.bulk_update([one for one in rows if one.pk in handed], ["accepted_by"])
    return handed


def hand_back(actor: User, leaver: User, handed: Mapping[str, int]) -> None:
    """Undo `hand_all`, as far as no result was said and nobody else has it since."""
    held = Referral.objects.visible_to(actor).filter(pk__in=[int(pk) for pk in handed], result="", withdrawn_at=None)
    rows = [
        one for one in held.select_for_update(of=("self",)).order_by("pk") if one.accepted_by_id == handed[str(one.pk)]
    ]
    for one in rows:
        one.accepted_by = leaver
    Referral.objects.bulk_update(rows, ["accepted_by"])


CHANGED = (
    "queue",
    "turns",
    "asked_until",
    "accepted_by",
    "accepted_at",
    "withdrawn_at",
    "result",
    "result_note",
    "result_at",
)


def act(
    referral: Referral,
    user: User,
    what: str,
    change: Callable[[Referral], None],
    detail: dict[str, object] | None = None,
) -> None:
    """Change the referral as it is now. ReferralRefused: nothing was changed."""
    with transaction.atomic():
        rows = Referral.objects.visible_to(user).select_for_update(of=("self",)).select_related("accepted_by")
        current = rows.filter(pk=referral.pk).first()
        if current is None:
            raise ReferralRefused(_("This call is not yours any more."))
        change(current)
        current.save(update_fields=CHANGED)
        note_act(current, user, what, detail or {})


def expect_waiting(referral: Referral) -> None:
    if referral.accepted_at is not None:
        raise ReferralRefused(_("Somebody has taken it already."))
    if referral.withdrawn_at is not None:
        raise ReferralRefused(_("The customer waits no longer."))


def note_act(referral: Referral, user: User, what: str, detail: dict[str, object]) -> None:
    """One entry of the audit trail, in the chain of the branch."""
    trail.append(
        chain=referral.branch_id,
        actor=user,
        action=f"referral.{what}",
        customer_id=referral.customer_id,
        object_type=Referral._meta.label_lower,
        object_id=str(referral.pk),
        detail=detail,
    )
