"""Ending a campaign before its last day: nobody is called from that moment on, and it is measured until the day."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.choices import CampaignState
from campaigns.launching import LOCK, CampaignRefused, held
from campaigns.models import Campaign
from crm import db
from crm.audit import trail
from crm.jobs import ledger
from crm.organization.models import User


def end_early(user: User, campaign: Campaign, day: date, reason: str) -> Campaign:
    """End a running campaign on this day, by who leads it, with a reason; it is written to the audit trail.

    The last measured day is this one, or the next whose figures are still to come: a day that is published already was
    no look. Raises CampaignRefused for any other state or person, and while figures are being published.
    """
    with transaction.atomic():
        one = held(user, campaign)
        if one.state != CampaignState.RUNNING:
            raise CampaignRefused(_("The campaign does not run, so there is nothing to end."))
        # The night measures by the last day that it has read.
        if not db.try_lock(LOCK, "default"):
            raise CampaignRefused(_("The figures of a day are being published. Try again in a few minutes."))
        published = ledger.published_date()
        last = max(day, one.starts_on, published + timedelta(days=1) if published else day)
        one.planned_end, one.ends_on = one.ends_on, min(one.ends_on, last)
        one.state, one.ended_by, one.ended_at, one.end_reason = CampaignState.ENDED, user, timezone.now(), reason
        one.save(update_fields=["planned_end", "ends_on", "state", "ended_by", "ended_at", "end_reason"])
        detail = {"reason": reason, "measured_until": one.ends_on, "planned_end": one.planned_end}
        trail.record(user, "campaign.end", target=one, detail=detail)
    return one
