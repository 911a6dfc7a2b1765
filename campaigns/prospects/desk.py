"""What waits for somebody now: calls from the lobby with their clock, and new prospects. Nothing is written here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from archives.contacts import start_of
from campaigns.prospects import presence, referrals
from campaigns.prospects.choices import Stage
from campaigns.prospects.models import Prospect, Referral
from crm.organization.choices import Role
from crm.organization.models import User
from customers.models import Customer

MOST_SHOWN = 8


@dataclass(frozen=True)
class Waiting:
    """A call of today as its reader sees it now.

    `asked` is whose turn it is, "" when nobody is left; `ends` when the turn passes on; `next_name` to whom.
    """

    referral: Referral
    asked: str
    is_mine: bool
    may_take: bool
    begins: datetime | None
    ends: datetime | None
    next_name: str
    sees_customer: bool

    @property
    def subject(self) -> Any:
        return self.referral.customer or self.referral.prospect


@dataclass(frozen=True)
class Desk:
    """What waits for a user: calls, those taken without a result, new prospects; whether the user is on duty."""

    calls: list[Waiting]
    taken: list[Referral]
    prospects: list[Prospect]
    is_there: bool


def shown(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """With what a line of a referral shows; the customer's page only leads there for whoever may see it."""
    in_scope = Customer.objects.visible_to(user).filter(pk=OuterRef("customer_id"))
    found: QuerySet[Any] = (
        rows.select_related("customer", "prospect", "made_by", "accepted_by")
        .annotate(sees_customer=Exists(in_scope))
        .only(
            "branch_id", "kind", "need", "note", "made_at", "queue", "turns", "asked_until", "accepted_at",
            "withdrawn_at", "result", "result_note", "result_at", "customer__name_mask", "customer__sex",
            "prospect__name_mask", "prospect__sex", "made_by__name", "accepted_by__name",
        )
    )  # fmt: skip
    return found


def calls_for(user: User, now: datetime) -> list[Waiting]:
    """The calls of today that nobody has taken: those a manager is or was asked, those of the lobby's branch."""
    today = start_of(timezone.localtime(now).date())
    waiting = Referral.objects.waiting().visible_to(user).filter(made_at__gte=today, branch_id=user.branch_id)
    if user.role == Role.RELATIONSHIP_MANAGER:
        waiting = waiting.filter(queue__contains=[user.pk])
    rows: list[Any] = list(shown(waiting, user).order_by("made_at", "pk")[:MOST_SHOWN])
    seen = [waits(one, user, now, names_of(rows)) for one in rows]
    # A manager learns of a call when it is their turn, not before.
    return [one for one in seen if one.may_take or user.role != Role.RELATIONSHIP_MANAGER]


def names_of(rows: Sequence[Referral]) -> dict[int, str]:
    """The names of all who are asked; no statement where nobody is."""
    asked = {pk for one in rows for pk in one.queue}
    return dict(User.objects.filter(pk__in=asked).values_list("pk", "name")) if asked else {}


def waits(referral: Any, user: User, now: datetime, names: dict[int, str]) -> Waiting:
    """One call at this moment."""
    place = referral.turn_at(now)
    queue = referral.queue
    after = queue[place + 1] if place is not None and place + 1 < len(queue) else None
    return Waiting(
        referral=referral,
        asked=names.get(queue[place], "") if place is not None else "",
        is_mine=place is not None and queue[place] == user.pk,
        may_take=referrals.may_take(referral, user, now),
        begins=referral.turns[place] if place is not None else None,
        ends=referral.ends_of(place) if place is not None else None,
        next_name=names.get(after, "") if after is not None else "",
        sees_customer=referral.sees_customer,
    )


def desk(user: User, now: datetime) -> Desk:
    """All of it, in five statements at most."""
    day = timezone.localtime(now).date()
    month_ago = now - timedelta(days=presence.rule_on(day).success_days)
    taken = Referral.objects.visible_to(user).filter(accepted_by=user, result="", made_at__gte=month_ago)
    mine = Q(owner=user) if user.role == Role.RELATIONSHIP_MANAGER else Q(owner=None)
    new = Prospect.objects.visible_to(user).filter(mine, stage=Stage.NEW, forgotten_on=None)
    return Desk(
        calls=calls_for(user, now),
        taken=list(shown(taken, user).order_by("-accepted_at")[:MOST_SHOWN]),
        prospects=list(new.defer("mobile_cipher").order_by("-stage_at", "-pk")[:MOST_SHOWN]),
        is_there=presence.is_there(user, day),
    )


def unanswered(user: User, branch_ids: Sequence[int], now: datetime) -> QuerySet[Referral]:
    """The calls of the last days that everybody who was asked let pass, the latest first."""
    since = start_of(timezone.localtime(now).date() - timedelta(days=1))
    waiting = Referral.objects.waiting().visible_to(user).filter(branch_id__in=branch_ids, made_at__gte=since)
    return waiting.filter(asked_until__lte=now).order_by("-made_at", "-pk")
