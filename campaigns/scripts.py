"""What to say, version by version: one person writes, another approves, and call mode shows the newest approved one."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.choices import CampaignState
from campaigns.launching import CampaignRefused, held, leads
from campaigns.models import Campaign, CampaignScript
from crm.audit import trail
from crm.organization.models import User


def write(user: User, campaign: Campaign, text: str) -> None:
    """A version that nobody has approved is written over; else a next one begins. The same text stays."""
    text = text.replace("\r\n", "\n")  # as browsers send it
    newest = campaign.scripts.order_by("-number").first()
    if newest is not None and newest.text == text:
        return
    if newest is not None and newest.approved_at is None:
        campaign.scripts.filter(pk=newest.pk).update(text=text, written_by=user, written_at=timezone.now())
        return
    number = newest.number + 1 if newest is not None else 1
    CampaignScript.objects.create(campaign=campaign, number=number, text=text, written_by=user)


def write_later(user: User, campaign: Campaign, text: str) -> None:
    """A later version of a running campaign; calls go on with the approved one until a second person approves this.

    Raises CampaignRefused for who does not lead the campaign, and where it does not run.
    """
    with transaction.atomic():
        one = held(user, campaign)
        if one.state != CampaignState.RUNNING:
            raise CampaignRefused(_("The campaign does not run, so nobody reads a new version."))
        write(user, one, text)
        trail.record(user, "campaign.script", target=one)


def approve(user: User, campaign: Campaign, seen: str) -> None:
    """Agree to the waiting version with this mark (CampaignScript.mark); call mode shows it from now on.

    Raises CampaignRefused for its author, for another text than the one that was read, and where none waits.
    """
    with transaction.atomic():
        one = held(user, campaign)
        script = waiting(one)
        if script is None or one.state != CampaignState.RUNNING:
            raise CampaignRefused(_("No version waits for approval any more."))
        if script.written_by_id == user.pk:
            raise CampaignRefused(_("Somebody else approves what you wrote."))
        if script.mark != seen:
            raise CampaignRefused(_("The text has changed since you read it; read it again."))
        one.scripts.filter(pk=script.pk).update(approved_by=user, approved_at=timezone.now())
        trail.record(user, "campaign.script_approve", target=one, detail={"version": script.number, "text": seen})


def approved(campaign: Campaign) -> CampaignScript | None:
    """What call mode shows."""
    rows = campaign.scripts.filter(approved_at__isnull=False).select_related("approved_by")
    return rows.order_by("-number").first()


def waiting(campaign: Campaign) -> CampaignScript | None:
    """The version that a second person has still to approve."""
    newest = campaign.scripts.select_related("written_by").order_by("-number").first()
    return newest if newest is not None and newest.approved_at is None else None


def may_approve(user: User, campaign: Campaign, script: CampaignScript | None) -> bool:
    """Whether the user is a second person for a version that waits."""
    return script is not None and script.written_by_id != user.pk and leads(user, campaign)
