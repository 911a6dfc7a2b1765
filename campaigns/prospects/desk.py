"""What waits for somebody now: calls from the lobby with their clock, and new prospects. Nothing is written here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from archives.contacts import start_of
from campaigns.prospects import referrals
from campaigns.prospects.choices import ReferralKind, Result, Stage
from campaigns.prospects.models import Prospect, Referral
from crm.organization import workdays
from crm.organization.choices import Role
from crm.organization.models import User
from customers.models import Customer

MOST_SHOWN = 12
TAKEN_DAYS = 7


@dataclass(frozen=True)
class Waiting:
    """A call of today as its reader sees it now.

    `asked` is whose turn it is, "" when nobody is left; `left` of its `seconds` are to go, then it passes on to
    `next_name`.
    """

    referral: Referral
    asked: str
    is_mine: bool
    may_take: bool
    seconds: int
    left: int
    next_name: str
    sees_customer: bool

    @property
    def clock(self) -> str:
        return f"{self.left // 60}:{self.left % 60:02}"

    @property
    def subject(self) -> Any:
        return self.referral.customer or self.referral.prospect


@dataclass(frozen=True)
class Desk:
    """What the lobby wants of a user now: calls nobody has taken, and those taken that have no result yet."""

    calls: list[Waiting]
    taken: list[Any]
    results: ClassVar[list[tuple[str, Any]]] = list(Result.choices)

    @property
    def customer_ids(self) -> list[int]:
        """The customers whom the page names."""
        rows = [*(call.referral for call in self.calls), *self.taken]
        return [one.customer_id for one in rows if one.customer_id]


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


def desk(user: User, now: datetime) -> Desk:
    """Calls of today, those of the user's own turn only for a manager; two statements at most."""
    today = timezone.localtime(now).date()
    of_branch = Q(branch_id=user.branch_id)
    if user.role == Role.RELATIONSHIP_MANAGER:
        of_branch = Q(queue__contains=[user.pk])
    of_today = Q(made_at__gte=start_of(today)) | Q(asked_until__gt=now)
    waiting = Q(accepted_at=None, withdrawn_at=None) & of_today & of_branch
    if user.role == Role.LOBBY_MANAGER:
        waiting &= Q(kind=ReferralKind.LOBBY)
    taken = Q(accepted_by=user, result="", made_at__gte=start_of(today - timedelta(days=TAKEN_DAYS)))
    # Nobody says what came of somebody who has been forgotten.
    taken &= Q(prospect=None) | Q(prospect__forgotten_on=None)
    rows = shown(Referral.objects.visible_to(user).filter(waiting | taken), user)
    # What somebody is still asked to take comes before what all let pass, and both before what lacks a result.
    first = rows.order_by(F("accepted_at").asc(nulls_first=True), "-asked_until", "-pk")[:MOST_SHOWN]
    found: list[Any] = sorted(first, key=lambda one: (one.made_at, one.pk))
    open_calls = [one for one in found if one.accepted_at is None]
    names = names_of(open_calls)
    calls = [waits(one, user, now, names) for one in open_calls]
    # A manager learns of a call when it is their turn, not before.
    is_manager = user.role == Role.RELATIONSHIP_MANAGER
    return Desk(
        calls=[one for one in calls if one.may_take or not is_manager],
        taken=[one for one in found if one.accepted_at is not None],
    )


def names_of(rows: Sequence[Referral]) -> dict[int, str]:
    """The names of all who are asked; no statement where nobody is."""
    asked = {pk for one in rows for pk in one.queue}
    return dict(User.objects.filter(pk__in=asked).values_list("pk", "name")) if asked else {}


def waits(referral: Any, user: User, now: datetime, names: dict[int, str]) -> Waiting:
    """One call at this moment."""
    place = referral.turn_at(now)
    queue = referral.queue
    ends = referral.ends_of(place) if place is not None else now
    after = queue[place + 1] if place is not None and place + 1 < len(queue) else None
    return Waiting(
        referral=referral,
        asked=names.get(queue[place], "") if place is not None else "",
        is_mine=place is not None and queue[place] == user.pk,
        may_take=referrals.may_take(referral, user, now),
        seconds=int((ends - referral.turns[place]).total_seconds()) if place is not None else 0,
        left=int((ends - now).total_seconds()),
        next_name=names.get(after, "") if after is not None else "",
        sees_customer=referral.sees_customer,
    )


def new_prospects(user: User) -> QuerySet[Prospect]:
    """Whom nobody has spoken with yet: the user's own, or for who leads the branch those without a manager."""
    mine = Q(owner=user) if user.role == Role.RELATIONSHIP_MANAGER else Q(owner=None)
    return Prospect.objects.visible_to(user).filter(mine, stage=Stage.NEW, forgotten_on=None).order_by("-stage_at")


def unanswered(user: User, branch_ids: Sequence[int], now: datetime) -> QuerySet[Referral]:
    """The calls since the last working day that everybody who was asked let pass, the latest first."""
    since = workdays.start_of_workday_before(timezone.localtime(now).date())
    waiting = Referral.objects.waiting().visible_to(user).filter(branch_id__in=branch_ids)
    return waiting.filter(asked_until__gte=since, asked_until__lte=now).order_by("-made_at", "-pk")
