"""在岗: which managers of a branch are there now, and in which order they are called."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import BooleanField, Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from archives.contacts import start_of
from campaigns.prospects.models import LobbyRule, Presence, Referral
from crm.audit import trail
from crm.organization import effective
from crm.organization.choices import Role
from crm.organization.models import User


def rule_on(day: date) -> LobbyRule:
    """The parameters of the lobby that hold on a day."""
    return effective.rule_on(LobbyRule, day)


def rules_on(day: date) -> QuerySet[LobbyRule]:
    """The same as a part of another statement: the rule in force on a day is the first row."""
    begun = Case(When(effective_from__lte=day, then=Value(0)), default=Value(1))
    by_age = Case(When(effective_from__lte=day, then=F("effective_from")))
    return LobbyRule.objects.order_by(begun, by_age.desc(), "effective_from")


def with_presence(staff: QuerySet[Any], day: date) -> QuerySet[Any]:
    """With `is_there`: what each said last of this day; without a word, whether they have signed in on it."""
    said = Presence.objects.filter(user=OuterRef("pk"), day=day).values("is_present")
    signed_in = Case(
        When(last_login__gte=start_of(day), last_login__lt=start_of(day + timedelta(days=1)), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    found: QuerySet[Any] = staff.annotate(is_there=Coalesce(Subquery(said), signed_in))
    return found


def on_duty(branch_id: int, day: date, first: int | None = None) -> QuerySet[User]:
    """The relationship managers of a branch who are there, in the order in which they are called: `first` by its id,
    then who took the fewest referrals that day."""
    managers = User.objects.filter(branch_id=branch_id, role=Role.RELATIONSHIP_MANAGER, is_active=True)
    taken = (
        Referral.objects.filter(branch_id=branch_id, accepted_by=OuterRef("pk"), made_at__gte=start_of(day))
        .order_by()
        .values("accepted_by")
        .annotate(number=Count("pk"))
        .values("number")
    )
    is_first = Case(When(pk=first, then=Value(0)), default=Value(1))
    found: QuerySet[User] = with_presence(managers, day).filter(is_there=True)
    return found.order_by(is_first, Coalesce(Subquery(taken), Value(0)), "staff_no")


def is_there(user: User, day: date) -> bool:
    """Is this member of staff on duty?"""
    return with_presence(User.objects.filter(pk=user.pk), day).filter(is_there=True).exists()


def say(user: User, present: bool, now: datetime) -> None:
    """Note whether somebody is on duty, and let the lobby's calls of the day that nobody has taken follow.

    Who leaves is asked no more, and whoever comes next is asked that much earlier; who comes is asked last.
    """
    day = timezone.localtime(now).date()
    Presence.objects.update_or_create(user=user, day=day, defaults={"is_present": present, "said_at": now})
    trail.record(user, "presence.say", detail={"present": present})
    if user.role != Role.RELATIONSHIP_MANAGER:
        return
    minutes = timedelta(minutes=rule_on(day).answer_minutes)
    waiting = Referral.objects.of_lobby().waiting().filter(branch_id=user.branch_id, made_at__gte=start_of(day))
    of_queue = Q(queue__contains=[user.pk])
    for one in waiting.filter(of_queue if not present else ~of_queue).select_for_update().order_by("pk"):
        if present:
            join(one, user.pk, now, minutes)
        else:
            leave(one, user.pk, now)
        one.save(update_fields=["queue", "turns", "asked_until"])


def join(referral: Referral, user_id: int, now: datetime, minutes: timedelta) -> None:
    """Ask one more manager, once everybody else was."""
    begins = max(referral.asked_until, now)
    referral.queue, referral.turns = [*referral.queue, user_id], [*referral.turns, begins]
    referral.asked_until = begins + minutes


def leave(referral: Referral, user_id: int, now: datetime) -> None:
    """Do not wait for a manager any longer: a turn to come falls away, one that runs ends now."""
    place = referral.queue.index(user_id)
    begins, ends = referral.turns[place], referral.ends_of(place)
    if ends <= now:
        return
    earlier = ends - max(begins, now)
    kept = place if begins > now else place + 1
    referral.turns = [*referral.turns[:kept], *(moment - earlier for moment in referral.turns[place + 1 :])]
    referral.queue = [*referral.queue[:kept], *referral.queue[place + 1 :]]
    referral.asked_until -= earlier
