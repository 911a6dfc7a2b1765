"""What a customer's page says of campaigns: which run for them, and which leave them alone."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, Q, Value, When
from django.db.models.functions import JSONObject
from django.utils import timezone

from archives.campaign_choice import Running, sign_up
from campaigns.calls import is_left_alone, left_alone
from campaigns.choices import CampaignState
from campaigns.models import CampaignMember
from crm.organization.models import User
from customers.models import Customer

MOST_SHOWN = 5


@dataclass(frozen=True)
class Standing:
    """A running campaign that the customer is a member of; `is_left_alone`: not contacted in it."""

    campaign_id: int
    name: str
    member_id: int
    is_left_alone: bool
    is_calling: bool


def running_for(user: User) -> ArraySubquery:
    """Annotation of customers: the running campaigns of each, for `standings`."""
    day = timezone.localdate()
    rows = CampaignMember.objects.visible_to(user).filter(
        customer=OuterRef("pk"), campaign__state=CampaignState.RUNNING, campaign__ends_on__gte=day
    )
    told = JSONObject(
        campaign_id="campaign_id", name="campaign__name", member_id="pk",
        is_left_alone=Case(When(left_alone(), then=Value(True)), default=Value(False)),
        is_calling=Case(When(campaign__starts_on__lte=day, then=Value(True)), default=Value(False)),
    )  # fmt: skip
    return ArraySubquery(rows.order_by("-campaign_id").values(json=told)[:MOST_SHOWN])


def standings(found: list[dict[str, Any]] | None) -> list[Standing]:
    """What `running_for` has brought."""
    return [Standing(**one) for one in found or []]


def choices(user: User, customer: Customer, day: date) -> list[Running]:
    """The campaigns that a contact with the customer may be for on a day, and those that leave the customer alone."""
    rows = CampaignMember.objects.visible_to(user).filter(
        left_alone() | Q(campaign__starts_on__lte=day),
        customer=customer, campaign__state=CampaignState.RUNNING, campaign__ends_on__gte=day,
    )  # fmt: skip
    found = rows.select_related("campaign").order_by("-campaign_id")[:MOST_SHOWN]
    return [Running(one.campaign_id, one.campaign.name, is_left_alone(one)) for one in found]


def register() -> None:
    """The form of a contact offers the campaigns of the customer (archives.campaign_choice)."""
    sign_up(choices)
