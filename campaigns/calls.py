"""Call lists: a campaign's members of a manager, whom they may call now, who is next, and whose turn a member is."""

from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Value
from django.utils import timezone

from archives.choices import Bar, Channel, Purpose
from archives.contactable import VerdictOf, verdict_of
from archives.contacts import Contact, Logged, log_contact
from campaigns.choices import Arm, MemberStatus
from campaigns.models import Campaign, CampaignMember
from crm.organization.models import User
from customers import turns

# Still to be asked, in this order of lists.
OPEN = (MemberStatus.WAITING, MemberStatus.NOT_REACHED)
# How many members are looked at at once for the next one to call, and how often: who is barred just now is passed over.
LOOKED_AT = 50
MOST_LOOKS = 20
NOT_CALLED = "left_alone"


class NotCalled(Exception):
    """The member is left alone in this campaign."""


def members_of(user: User, campaign: Campaign) -> QuerySet[CampaignMember]:
    """The members whom the user sees."""
    return CampaignMember.objects.visible_to(user).filter(campaign=campaign)


def left_alone() -> Q:
    """Whom this campaign does not contact: the control group, and whom another campaign has."""
    return ~Q(arm=Arm.TREAT) | Q(yielded_to__isnull=False)


def is_left_alone(member: CampaignMember) -> bool:
    """The same of one member."""
    return member.arm != Arm.TREAT or member.yielded_to_id is not None


def counts(rows: QuerySet[CampaignMember]) -> dict[str, int]:
    """status → members who may be contacted, and how many are left alone; one statement."""
    found = rows.order_by().values("status").annotate(
        asked=Count("pk", filter=~left_alone()), alone=Count("pk", filter=left_alone())
    )  # fmt: skip
    groups = {row["status"]: (row["asked"], row["alone"]) for row in found}
    numbers = {status: groups[status][0] if status in groups else 0 for status in MemberStatus.values}
    return {**numbers, NOT_CALLED: sum(alone for _asked, alone in groups.values())}


def listed(rows: QuerySet[CampaignMember], status: str) -> QuerySet[CampaignMember]:
    """The members of a tab of the list."""
    if status == NOT_CALLED:
        return rows.filter(left_alone())
    return rows.exclude(left_alone()).filter(status=status)


def with_verdict(rows: QuerySet[CampaignMember], at: datetime) -> QuerySet[CampaignMember]:
    """Each row with `bar`: why the customer may not be called at this moment (archives.contactable)."""
    return rows.annotate(bar=VerdictOf("customer_id", Value(Purpose.CAMPAIGN.value), Value(Channel.PHONE.value), at))


def next_member(user: User, campaign: Campaign, at: datetime, after: int = 0) -> CampaignMember | None:
    """The next one to call behind a customer id, else from the front, taken for the user; who is barred just now is
    passed over, and whom a colleague is calling."""
    if not campaign.is_calling(timezone.localtime(at).date()):
        return None
    for bound in (Q(customer_id__gt=after), Q(customer_id__lt=after)):
        for status in OPEN:
            rows = (
                listed(members_of(user, campaign), status)
                .filter(bound)
                .exclude(turns.taken_by_others(user, at, "customer"))
            )
            found = first_free(user, with_verdict(rows, at), at)
            if found is not None:
                return found
    return None


def first_free(user: User, rows: QuerySet[CampaignMember], at: datetime) -> CampaignMember | None:
    """The first of these who may be called at this moment, taken for the user; None also where the hour is not one for
    calls."""
    place = 0
    for _look in range(MOST_LOOKS):
        chunk = list(rows.filter(customer_id__gt=place).order_by("customer_id")[:LOOKED_AT])
        for row in chunk:
            verdict = verdict_of(row.bar)  # type: ignore[attr-defined]
            if verdict is None and turns.take(user, row.customer_id, at):
                # A colleague may have been done with them between the look and the taking.
                again = rows.filter(pk=row.pk).first()
                if again is not None and verdict_of(again.bar) is None:  # type: ignore[attr-defined]
                    return again
                turns.release(user, row.customer_id)
            if verdict is not None and verdict.bar == Bar.HOURS:
                return None
        if len(chunk) < LOOKED_AT:
            return None
        place = chunk[-1].customer_id
    return None


def log(user: User, member: CampaignMember, at: datetime, contact: Contact, submission: UUID) -> Logged:
    """Store what came of a call, once per submission; the member's state follows (a trigger of the contact).

    Raises NotCalled for who is left alone in this campaign.
    """
    if is_left_alone(member):
        raise NotCalled
    return log_contact(member.customer, user, at, contact, submission)
