"""A campaign before it is launched: written and changed; and what it costs."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns import scripts
from campaigns.choices import CampaignState
from campaigns.launching import CampaignRefused, fingerprint, held, leads
from campaigns.models import Campaign
from crm.audit import trail
from crm.organization.models import User


def mark_of(campaign: Campaign) -> str:
    """What a draft says, as one value: its terms and its script."""
    return fingerprint(campaign, {})


def save(user: User, campaign: Campaign, script: str, seen: str = "") -> Campaign:
    """Write a new draft, or change one that is not launched: what was asked for is asked for no more.

    `campaign` carries the new values, `seen` is the mark of those that were changed. Raises CampaignRefused for
    branches that the user does not lead, and where somebody else has changed it since.
    """
    with transaction.atomic():
        if campaign.pk is None:
            campaign.created_by = user
            if not leads(user, campaign):
                raise CampaignRefused(_("Choose a branch all of whose customers you lead."))
        else:
            standing = held(user, campaign)
            if not (standing.is_open and leads(user, campaign)):
                raise CampaignRefused(_("The campaign is launched; nothing about its members changes any more."))
            if mark_of(standing) != seen:
                raise CampaignRefused(_("Somebody has changed this campaign meanwhile. Open it again and read it."))
        campaign.state, campaign.figures, campaign.figures_hash = CampaignState.DRAFT, {}, ""
        campaign.asked_by = campaign.asked_at = campaign.decided_by = campaign.decided_at = None
        campaign.refusal = ""
        campaign.save()
        scripts.write(user, campaign, script)
        trail.record(user, "campaign.save", target=campaign)
    return campaign


def set_cost(user: User, campaign: Campaign, cost: Decimal) -> None:
    """What was spent so far, in yuan. Raises CampaignRefused for who does not lead the campaign."""
    with transaction.atomic():
        one = held(user, campaign)
        trail.record(user, "campaign.cost", target=one, detail={"cost": cost, "before": one.cost})
        Campaign.objects.filter(pk=one.pk).update(cost=cost)
