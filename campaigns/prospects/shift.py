"""交班: the lobby's day in figures, and its handover to whoever comes next."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from archives.choices import Channel
from archives.contacts import start_of
from archives.models import ContactLog
from campaigns.prospects.choices import Result
from campaigns.prospects.models import LobbyShift, Prospect, Referral
from crm import db
from crm.audit import pii, trail
from crm.organization.choices import Role
from crm.organization.models import User


class HandoverRefused(Exception):
    """It cannot be taken over so, or not any more; the message says why in plain words."""


@dataclass(frozen=True)
class Tally:
    """A day of the lobby: customers and visitors served, customers recognised among them, those with a need noted,
    managers called, and calls that ended in business (whichever day they were made)."""

    recognised: int
    needs: int
    visitors: int
    referred: int
    succeeded: int

    @property
    def served(self) -> int:
        return self.recognised + self.visitors


def tally_of(user: User, day: date, of_staff: Q) -> dict[str, Subquery]:
    """Columns for one statement: what the staff of this condition (on `staff`) did on a day, as three JSON rows."""
    begin, end = start_of(day), start_of(day + timedelta(days=1))

    def only(rows: QuerySet[Any], path: str, at: str) -> Any:
        within = {f"{at}__gte": begin, f"{at}__lt": end}
        staff = User.objects.filter(of_staff).values("pk")
        return rows.filter(**within, **{f"{path}__in": staff}).order_by()

    logs = only(ContactLog.objects.visible_to(user), "staff", "contacted_at")
    logs = logs.filter(channel=Channel.LOBBY, replaced_at=None).annotate(one=F("branch_id") * 0).values("one")
    received = logs.annotate(
        recognised=Count("customer", distinct=True), needs=Count("customer", distinct=True, filter=~Q(summary=""))
    )
    prospects = only(Prospect.objects.visible_to(user), "registered_by", "registered_at")
    visitors = prospects.annotate(one=F("branch_id") * 0).values("one").annotate(number=Count("pk"))
    made = only(Referral.objects.visible_to(user), "made_by", "made_at")
    referred = made.annotate(one=F("branch_id") * 0).values("one").annotate(number=Count("pk"))
    ended = only(Referral.objects.visible_to(user).filter(result=Result.DONE), "made_by", "result_at")
    succeeded = ended.annotate(one=F("branch_id") * 0).values("one").annotate(number=Count("pk"))
    return {
        "received": Subquery(received.values(json=JSONObject(recognised="recognised", needs="needs"))),
        "visitors": Subquery(visitors.values("number")),
        "referred": Subquery(referred.values("number")),
        "succeeded": Subquery(succeeded.values("number")),
    }


def tally_from(found: Any) -> Tally:
    """The figures of a row that has the columns of `tally_of`."""
    received = found["received"] or {"recognised": 0, "needs": 0}
    return Tally(**received, **{name: found[name] or 0 for name in ("visitors", "referred", "succeeded")})


def team_of(user: User) -> Q:
    """The lobby managers of the user's branch."""
    return Q(branch_id=user.branch_id, role=Role.LOBBY_MANAGER)


def branch_tally(user: User, day: date) -> Tally:
    """What the whole lobby of the user's branch did on a day; one statement."""
    return tally_from(User.objects.filter(pk=user.pk).values(**tally_of(user, day, team_of(user))).get())


def notes_of(user: User, day: date, most: int) -> list[ContactLog]:
    """The needs that the lobby noted on a day, newest first."""
    logs = ContactLog.objects.visible_to(user).filter(
        branch_id=user.branch_id, channel=Channel.LOBBY, contacted_at__gte=start_of(day), replaced_at=None
    )
    shown = logs.exclude(summary="").select_related("customer", "staff").order_by("-contacted_at")
    return list(shown.only("contacted_at", "summary", "staff__name", "customer__name_mask", "customer__sex")[:most])


@dataclass(frozen=True)
class Left:
    """What the lobby manager before left for whoever comes next."""

    pk: int
    by: str
    at: datetime
    sentence: str
    served: int
    referred: int


def left_for(user: User, now: datetime) -> Subquery:
    """A column: the newest word of a colleague, of the last three days, that nobody has taken over yet, as JSON."""
    recent = LobbyShift.objects.visible_to(user).filter(branch_id=user.branch_id, taken_at=None)
    newer = LobbyShift.objects.filter(branch_id=OuterRef("branch_id"), handed_at__gt=OuterRef("handed_at"))
    waiting = recent.filter(~Exists(newer), handed_at__gt=now - timedelta(days=3)).exclude(handed_by=user)
    return Subquery(
        waiting.values(
            json=JSONObject(pk="pk", by="handed_by__name", at="handed_at", sentence="sentence", tally="tally")
        )[:1]
    )


def left_from(found: Mapping[str, Any] | None) -> Left | None:
    """What `left_for` has read."""
    if not found:
        return None
    at, tally = datetime.fromisoformat(found["at"]), Tally(**found["tally"])
    return Left(found["pk"], found["by"], at, found["sentence"], tally.served, tally.referred)


def hand_over(user: User, now: datetime, day: date, sentence: str, submission: UUID) -> LobbyShift:
    """Leave the lobby to whoever comes next, with the day's figures and one sentence; once per submission."""
    with transaction.atomic():
        # One after the other for each user: of a tap that is sent twice, the second finds the first.
        db.hold_lock(f"lobby handover {user.pk}", using="default")
        made: LobbyShift | None = LobbyShift.objects.visible_to(user).filter(submission=submission).first()
        if made is not None:
            return made
        tally = branch_tally(user, day)
        shift: LobbyShift = LobbyShift.objects.create(
            branch_id=user.branch_id, handed_by=user, handed_at=now, sentence=pii.veil_numbers(sentence),
            tally=asdict(tally), submission=submission,
        )  # fmt: skip
        note_act(shift, user, "hand")
    return shift


def take_over(shift: LobbyShift, user: User, now: datetime) -> None:
    """The next one has read it. Raises HandoverRefused where it is one's own, or somebody has taken over before."""
    with transaction.atomic():
        current = LobbyShift.objects.visible_to(user).select_for_update(of=("self",)).get(pk=shift.pk)
        if current.handed_by_id == user.pk:
            raise HandoverRefused(_("Another person takes over what you handed over."))
        if current.taken_at is not None and current.taken_by_id != user.pk:
            raise HandoverRefused(_("Somebody has taken over already."))
        current.taken_by, current.taken_at = user, now
        current.save(update_fields=["taken_by", "taken_at"])
        note_act(current, user, "take")


def note_act(shift: LobbyShift, user: User, what: str) -> None:
    trail.append(
        chain=shift.branch_id, actor=user, action=f"lobby.{what}", object_type=LobbyShift._meta.label_lower,
        object_id=str(shift.pk), detail={},
    )  # fmt: skip
