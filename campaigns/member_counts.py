"""How many members the list of campaigns tells a reader: those whom they see."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from campaigns.launching import leads
from campaigns.models import Campaign, CampaignMember
from crm.organization.models import User


@dataclass(frozen=True)
class Counted:
    """A campaign with the members that the reader sees. `controls` is only for who sees all of them: in a part it would
    tell who the control group is; others read whether there is one."""

    campaign: Campaign
    members: int
    is_whole: bool

    @property
    def controls(self) -> int | None:
        return self.campaign.controls if self.is_whole else None


def counted(user: User, campaigns: Sequence[Campaign]) -> list[Counted]:
    """The campaigns of a page, in their order; one statement more where the reader sees some only in part."""
    led = {one.owner_branch_id: one for one in campaigns}
    places = {branch_id for branch_id, one in led.items() if leads(user, one)}
    whole = {one.pk for one in campaigns if one.owner_branch_id in places}
    parts = [one.pk for one in campaigns if one.launched_at and one.pk not in whole]
    rows = CampaignMember.objects.visible_to(user).filter(campaign__in=parts).order_by()
    seen = dict(rows.values_list("campaign").annotate(number=Count("pk"))) if parts else {}
    return [
        Counted(one, one.members_count if one.pk in whole else seen.get(one.pk, 0), one.pk in whole)
        for one in campaigns
    ]
