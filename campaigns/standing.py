"""What a customer's page says of campaigns: which run for them, and which leave them alone."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, Value, When
from django.db.models.functions import JSONObject

from campaigns.calls import left_alone
from campaigns.choices import CampaignState
from campaigns.models import CampaignMember
from crm.organization.models import User

MOST_SHOWN = 5


@dataclass(frozen=True)
class Standing:
    """A running campaign that the customer is a member of; `is_left_alone`: not contacted in it."""

    campaign_id: int
    name: str
    member_id: int
    is_left_alone: bool


def running_for(user: User) -> ArraySubquery:
    """Annotation of customers: the running campaigns of each, for `standings`."""
    rows = CampaignMember.objects.visible_to(user).filter(
        customer=OuterRef("pk"), campaign__state=CampaignState.RUNNING
    )
    told = JSONObject(
        campaign_id="campaign_id", name="campaign__name", member_id="pk",
        is_left_alone=Case(When(left_alone(), then=Value(True)), default=Value(False)),
    )  # fmt: skip
    return ArraySubquery(rows.order_by("-campaign_id").values(json=told)[:MOST_SHOWN])


def standings(found: list[dict[str, Any]] | None) -> list[Standing]:
    """What `running_for` has brought."""
    return [Standing(**one) for one in found or []]
