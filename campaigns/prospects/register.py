"""潜客: take somebody in, say how far one has come, hand them to another manager.

Whether a number is known is asked of the whole bank; whose it is, only of what the user may see.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.contacts import start_of
from campaigns.prospects import presence
from campaigns.prospects.choices import SAID_STAGES, Stage
from campaigns.prospects.models import MOBILE, Prospect, ProspectStep
from crm import db
from crm.audit import pii, trail
from crm.audit.models import AuditEntry
from crm.organization.choices import Role
from crm.organization.models import User
from customers import ownership, search_limits
from customers.models import Customer

KNOWN = "prospect.known"
# Whoever types in numbers only to see which are known is stopped; a lobby meets no more of them than this in an hour.
MOST_KNOWN_AN_HOUR = 20


@dataclass(frozen=True)
class Particulars:
    """What somebody said of themselves, who has agreed that it is kept and that they are called."""

    name: str
    mobile: str
    needs: Sequence[str]
    source_layer: int
    sex: str = ""
    note: str = ""
    id_no: str = ""
    introduced_by: Customer | None = None


class NumberKnown(Exception):
    """The number is somebody's already; the customer or the prospect where this user may know who."""

    def __init__(self, customer: Customer | None = None, prospect: Prospect | None = None) -> None:
        super().__init__()
        self.customer, self.prospect = customer, prospect


class TooManyKnown(Exception):
    """This user has met more known numbers in an hour than a lobby can."""


class ProspectRefused(Exception):
    """It cannot be done so, or not any more; the message says why in plain words."""


def introducer(user: User, typed: str) -> Customer | None:
    """The customer of the user's whose number or whole mobile was typed; None where there is none.

    It is a search like any other, and counted as one: TooManySearches.
    """
    search_limits.expect_room(user)
    same = Q(customer_no=typed.strip().upper())
    if len(pii.mobile_digits(typed)) >= 7:
        same |= Q(mobile_index=pii.index(pii.MOBILE, typed))
    found = Customer.objects.visible_to(user).filter(same).order_by("pk").first()
    search_limits.note(user, [found.pk] if found else [])
    return found


def shown_name(name: str) -> str:
    """What lists show: a surname alone is what one is called by, of more the first and last character stay."""
    text = name.strip()
    return f"{text}*" if len(text) == 1 else pii.mask_name(text)


def register(user: User, told: Particulars, now: datetime, submission: UUID) -> Prospect:
    """Take a prospect in, once per submission, for the manager on duty who is next, or for the manager who does it.

    Raises NumberKnown and TooManyKnown.
    """
    # One after the other for each user: a tap that is sent twice finds the first, and none slips past the limit.
    db.hold_lock(f"prospect {user.pk}", using="default")
    made = Prospect.objects.visible_to(user).filter(submission=submission).first()
    if made is not None:
        return made
    refuse_known(user, told, now)
    owner = user if user.role == Role.RELATIONSHIP_MANAGER else next_owner(user, now)
    try:
        with transaction.atomic():
            prospect = Prospect.objects.create(
                branch_id=user.branch_id, name=told.name, name_mask=shown_name(told.name), sex=told.sex,
                mobile_index=pii.index(MOBILE, told.mobile), mobile_mask=MOBILE.mask(told.mobile),
                id_no_index=pii.index(pii.ID_NO, told.id_no), needs=list(told.needs),
                note=pii.veil_numbers(told.note), source_layer=told.source_layer, consent_at=now, owner=owner,
                registered_by=user, registered_at=now, stage=Stage.NEW, stage_at=now, submission=submission,
                introduced_by=told.introduced_by,
            )  # fmt: skip
            prospect.mobile_cipher = pii.encrypt(MOBILE, prospect.pk, told.mobile)
            prospect.save(update_fields=["mobile_cipher"])
            append(prospect, user, now)
            note_act(prospect, user, "register", {"owner": owner and owner.pk, "source": told.source_layer})
    except IntegrityError:
        # Of two who take in one number at once, the second finds it known.
        raise NumberKnown from None
    return prospect


def refuse_known(user: User, told: Particulars, now: datetime) -> None:
    """Raise NumberKnown where the number or the document is a customer's or a prospect's of any branch.

    Whoever has met too many is told the same of every number, known or not: TooManyKnown.
    """
    met = AuditEntry.objects.filter(actor_id=user.pk, action=KNOWN, at__gt=now - timedelta(hours=1))
    if met.count() >= MOST_KNOWN_AN_HOUR:
        raise TooManyKnown
    mobile, id_no = pii.index(MOBILE, told.mobile), pii.index(pii.ID_NO, told.id_no)
    if not db.fetch_value("SELECT campaigns_number_known(%s, %s)", [mobile, id_no], using="default"):
        return
    same = Q(mobile_index=mobile)
    if id_no is not None:
        same |= Q(id_no_index=id_no)
    customer = Customer.objects.visible_to(user).filter(same).order_by("pk").first()
    prospect = None if customer else Prospect.objects.visible_to(user).filter(same).order_by("pk").first()
    trail.append(chain=user.branch_id, actor=user, action=KNOWN, detail={"is_own": bool(customer or prospect)})
    raise NumberKnown(customer, prospect)


def next_owner(user: User, now: datetime) -> User | None:
    """The manager on duty who was given the fewest prospects that day; None while nobody is there."""
    day = timezone.localtime(now).date()
    given = (
        Prospect.objects.visible_to(user)
        .filter(owner=OuterRef("pk"), registered_at__gte=start_of(day))
        .order_by()
        .values("owner")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return presence.on_duty(user.branch_id, day).order_by(Coalesce(Subquery(given), Value(0)), "staff_no").first()


def move(prospect: Prospect, user: User, now: datetime, stage: str, note: str) -> None:
    """Say how far one has come. Raises ProspectRefused where the account is there, or the prospect is forgotten."""

    def change(current: Prospect) -> None:
        if stage not in SAID_STAGES:
            raise ProspectRefused(_("That an account was opened is found by the night, nobody says so."))
        current.stage, current.stage_at = stage, now

    act(prospect, user, now, "move", change, note)


def give(prospect: Prospect, user: User, now: datetime, owner: User) -> None:
    """Let another manager of the branch look after a prospect."""

    def change(current: Prospect) -> None:
        if not ownership.candidates(current.branch_id).filter(pk=owner.pk).exists():
            raise ProspectRefused(_("Choose a relationship manager of the prospect's branch."))
        current.owner = owner

    act(prospect, user, now, "give", change)


def act(
    prospect: Prospect, user: User, now: datetime, what: str, change: Callable[[Prospect], None], note: str = ""
) -> None:
    """Change the prospect as it is now, with a line in its history. ProspectRefused: nothing was changed."""
    with transaction.atomic():
        rows = Prospect.objects.visible_to(user).select_for_update(of=("self",))
        current = rows.filter(pk=prospect.pk, converted_on=None, forgotten_on=None).first()
        if current is None:
            raise ProspectRefused(_("This prospect has an account by now, or is kept no longer."))
        change(current)
        current.save(update_fields=["owner", "stage", "stage_at"])
        append(current, user, now, note)
        note_act(current, user, what, {"stage": current.stage, "owner": current.owner_id})


def forget(prospect: Prospect, user: User, now: datetime) -> None:
    """The visitor withdraws the consent: name, numbers and notes go at once, and calls that wait for them end.

    No account is found for them afterwards. ProspectRefused where an account is there, or they are forgotten already.
    """
    with transaction.atomic():
        rows = Prospect.objects.visible_to(user).select_for_update(of=("self",)).only("branch_id")
        current = rows.filter(pk=prospect.pk, converted_on=None, forgotten_on=None).first()
        if current is None:
            raise ProspectRefused(_("This prospect has an account by now, or is kept no longer."))
        note_act(current, user, "forget", {"why": "consent withdrawn"})
        asked = [[current.pk], timezone.localtime(now).date(), now]
        db.fetch_value("SELECT campaigns_forget(%s, %s, %s)", asked, using="default")


def open_of(user: User, owner: User, branch_id: int) -> QuerySet[Prospect]:
    """The prospects of a branch whom a manager still looks after."""
    waiting = Prospect.objects.visible_to(user).filter(converted_on=None, forgotten_on=None)
    return waiting.filter(owner=owner, branch_id=branch_id).exclude(stage=Stage.DROPPED)


def hand_all(actor: User, leaver: User, branch_id: int, to: Sequence[User], now: datetime) -> dict[int, int]:
    """Give a leaver's open prospects to these managers in turn; returns the id of each with that of its manager."""
    rows = open_of(actor, leaver, branch_id).select_for_update(of=("self",)).order_by("pk") if to else ()
    owners = [(one, to[place % len(to)]) for place, one in enumerate(rows)]
    given(owners, actor, now)
    return {one.pk: owner.pk for one, owner in owners}


def hand_back(actor: User, leaver: User, handed: Mapping[str, int], now: datetime) -> None:
    """Undo `hand_all`, as far as they are kept and nobody has given them to somebody else since."""
    kept = Prospect.objects.visible_to(actor).filter(converted_on=None, forgotten_on=None)
    rows = kept.filter(pk__in=[int(pk) for pk in handed]).select_for_update(of=("self",)).order_by("pk")
    given([(one, leaver) for one in rows if one.owner_id == handed[str(one.pk)]], actor, now)


def given(owners: Sequence[tuple[Prospect, User]], actor: User, now: datetime) -> None:
    """Give prospects that are held to other managers, each with a line in its history."""
    for prospect, owner in owners:
        prospect.owner = owner
    Prospect.objects.bulk_update([one for one, _owner in owners], ["owner"])
    ProspectStep.objects.bulk_create(
        ProspectStep(branch_id=one.branch_id, prospect=one, stage=one.stage, owner=owner, actor=actor, at=now)
        for one, owner in owners
    )


def append(prospect: Prospect, user: User, now: datetime, note: str = "") -> None:
    """One line of the history: the stage and the manager as they are now."""
    ProspectStep.objects.create(
        branch_id=prospect.branch_id, prospect=prospect, stage=prospect.stage, note=pii.veil_numbers(note),
        owner_id=prospect.owner_id, actor=user, at=now,
    )  # fmt: skip


def note_list(user: User, rows: Sequence[Prospect]) -> None:
    """Prospects were shown as a list: one entry with their ids, in the chain of the reader's branch."""
    trail.append(
        chain=user.branch_id, actor=user, action="prospect.list", object_type=Prospect._meta.label_lower,
        detail={"ids": [one.pk for one in rows]},
    )  # fmt: skip


def note_act(prospect: Prospect, user: User, what: str, detail: dict[str, object]) -> None:
    """One entry of the audit trail, in the chain of the branch."""
    trail.append(
        chain=prospect.branch_id, actor=user, action=f"prospect.{what}",
        object_type=Prospect._meta.label_lower, object_id=str(prospect.pk), detail=detail,
    )  # fmt: skip
