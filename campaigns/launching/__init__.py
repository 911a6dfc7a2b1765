"""Launching a campaign: look at the figures, ask for it, approve exactly what was seen, and write it in one piece.

Who looks and who asks run on the web's connection, where row-level security shows the same customers: only who sees all
of the campaign's branches gets as far. The launch itself is a worker's, in one transaction: all of it or nothing.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.campaign_models import FIGURES_MOVED, LEAST_CONTROL
from campaigns.choices import UNLAUNCHED, CampaignState, Stratifier
from campaigns.models import Campaign, CampaignExclusion, CampaignScript
from crm import db
from crm.audit import trail
from crm.organization.choices import Role
from crm.organization.models import User
from segments.membership import sees_all

PACKAGE = "campaigns.launching"
# Held by a launch, and by the night that publishes: members are written before its changes or after them.
LOCK = "campaigns"
# What the approver agrees to, beside the figures.
TERMS = (
    "name", "kind", "theme", "owner_branch_id", "segment_id", "starts_on", "ends_on", "baseline_from", "baseline_to",
    "priority", "reward", "reward_points", "budget", "basis", "base_from", "base_below", "success", "success_amount",
    "kept_months", "kept_amount", "bands", "control_pct", "stratify_by", "leaves_out_loans",
)  # fmt: skip
EACH_NIGHT = ("as_of", "aum")


class CampaignRefused(Exception):
    """The campaign does not take this; the message says why in plain words."""


def leads(user: User, campaign: Campaign) -> bool:
    """Whether the user manages the campaign's branch and sees all customers whom it may have."""
    return user.role == Role.BRANCH_MANAGER and sees_all(user, campaign.owner_branch)


def may_decide(user: User, campaign: Campaign) -> bool:
    """Who leads the campaign too, and has neither asked for it nor written what is to be said."""
    script = script_of(campaign)
    authors = {campaign.asked_by_id, script.written_by_id if script else None}
    return campaign.state == CampaignState.ASKED and user.pk not in authors and leads(user, campaign)


def script_of(campaign: Campaign) -> CampaignScript | None:
    """The newest script, approved or not."""
    return campaign.scripts.order_by("-number").first()


def parameters(campaign: Campaign) -> dict[str, Any]:
    """What the statements of this package ask for."""
    return {
        "campaign": campaign.pk,
        "segment": campaign.segment_id,
        "path": campaign.owner_branch.path,
        "least_control": LEAST_CONTROL,
        "by_tier": Stratifier.TIER in campaign.stratify_by,
        "by_band": Stratifier.BAND in campaign.stratify_by,
        "by_owner": Stratifier.OWNER in campaign.stratify_by,
        **{
            name: getattr(campaign, name)
            for name in (
                "basis", "base_from", "base_below", "baseline_from", "baseline_to", "starts_on", "ends_on", "priority",
                "bands", "control_pct", "leaves_out_loans",
            )
        },
    }  # fmt: skip


def figures_of(campaign: Campaign, using: str, drawn: str | None = None) -> dict[str, Any]:
    """What there is to approve, now: counts, reasons, overlaps, hashes over the ids. One statement.

    `drawn` is a table that holds the audience already.
    """
    text = db.sql_text(PACKAGE, "figures")
    if drawn is None:
        values = parameters(campaign)
        text = f"WITH drawn AS MATERIALIZED (\n{db.sql_text(PACKAGE, 'audience')}) {text}"
    else:
        values = {}
        text = f"WITH drawn AS (SELECT * FROM {drawn}) {text}"  # noqa: S608
    figures: dict[str, Any] = json.loads(db.fetch_value(text, values or None, using))
    return figures


def fingerprint(campaign: Campaign, figures: dict[str, Any]) -> str:
    """SHA-256 over the terms, the script and the figures: what an approval is for.

    But not over the day of the figures and what the members hold on it: that moves every night and decides nothing, so
    that an approval may come on a later business day.
    """
    script = script_of(campaign)
    said = {
        "terms": {name: getattr(campaign, name) for name in TERMS},
        "script": [script.number, script.text] if script else None,
        "figures": {name: value for name, value in figures.items() if name not in EACH_NIGHT},
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, default=plain).encode()).hexdigest()


def plain(value: Any) -> str:
    """Amounts with two decimals however they were read, days as ISO."""
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def held(user: User, campaign: Campaign) -> Campaign:
    """The campaign as it stands, until the transaction ends. Raises CampaignRefused for who does not lead it."""
    rows = Campaign.objects.visible_to(user).select_for_update(of=("self",)).select_related("owner_branch", "segment")
    one = rows.get(pk=campaign.pk)
    if not leads(user, one):
        raise CampaignRefused(_("Only who leads all branches of the campaign decides about it."))
    return one


def look(user: User, campaign: Campaign) -> Campaign:
    """Find out whom it would have now and keep the figures, for the asker to read. An open request comes back.

    Raises CampaignRefused where it is launched, its base period is not over in the bank's figures, or its last day is.
    """
    with transaction.atomic():
        one = held(user, campaign)
        if not one.is_open:
            raise CampaignRefused(_("The campaign is launched; nothing about its members changes any more."))
        figures = figures_of(one, "default")
        if figures["as_of"] is None or not figures["members"]:
            raise CampaignRefused(_("There is nobody in the segment whom this campaign could have."))
        if figures["as_of"] < one.baseline_to.isoformat():
            raise CampaignRefused(
                _("The base period ends on %(day)s, and the figures of that day are not there yet.")
                % {"day": one.baseline_to.isoformat()}
            )
        check_not_over(one, figures)
        one.figures, one.figures_hash = figures, fingerprint(one, figures)
        one.state, one.asked_by, one.asked_at, one.refusal = CampaignState.DRAFT, None, None, ""
        one.decided_by, one.decided_at = None, None
        one.save()
    return one


def is_over(one: Campaign, figures: dict[str, Any]) -> bool:
    """Whether there are figures of its last day already."""
    return bool(figures["as_of"] >= one.ends_on.isoformat())


def check_not_over(one: Campaign, figures: dict[str, Any]) -> None:
    """Raises CampaignRefused where there would be nothing left to measure."""
    if is_over(one, figures):
        raise CampaignRefused(
            _("The campaign would be over before it begins: there are figures of %(day)s, its last day, already.")
            % {"day": one.ends_on.isoformat()}
        )


def ask(user: User, campaign: Campaign, seen: str) -> None:
    """Leave it for a second person. `seen` is the hash of the figures that the asker has read."""
    with transaction.atomic():
        one = held(user, campaign)
        if one.state != CampaignState.DRAFT:
            raise CampaignRefused(_("Somebody has asked for it already."))
        if not one.figures_hash or one.figures_hash != seen:
            raise CampaignRefused(_("The figures have changed since you looked at them; look again."))
        one.state, one.asked_by, one.asked_at, one.refusal = CampaignState.ASKED, user, timezone.now(), ""
        # Who refused it before may be who asks now.
        one.decided_by, one.decided_at = None, None
        one.save(update_fields=["state", "asked_by", "asked_at", "refusal", "decided_by", "decided_at"])
        trail.record(user, "campaign.ask", target=one, detail={"figures": one.figures_hash})


def approve(user: User, campaign: Campaign, seen: str) -> bool:
    """Agree to exactly the figures with this hash; a worker launches it then (`run`).

    They are found anew, since it may be a later business day. Where they are others by now nothing is approved: the
    campaign is a draft again with the figures of now, and False is returned. Raises CampaignRefused for who asked or
    wrote the script, once somebody has decided, and for other figures than those that the user has read.
    """
    with transaction.atomic():
        one = waiting_for(user, campaign)
        if one.figures_hash != seen:
            raise CampaignRefused(_("The figures have changed since you looked at them; look again."))
        one.figures = figures_of(one, "default")
        check_not_over(one, one.figures)
        one.figures_hash = fingerprint(one, one.figures)
        if one.figures_hash != seen:
            one.state, one.refusal = CampaignState.DRAFT, FIGURES_MOVED
            one.save(update_fields=["state", "refusal", "figures", "figures_hash"])
            trail.record(user, "campaign.moved", target=one, detail={"figures": one.figures_hash})
            return False
        now = timezone.now()
        one.state, one.decided_by, one.decided_at = CampaignState.APPROVED, user, now
        one.save(update_fields=["state", "decided_by", "decided_at", "figures"])
        one.scripts.filter(approved_by=None).exclude(written_by=user).update(approved_by=user, approved_at=now)
        trail.record(user, "campaign.approve", target=one, detail={"figures": seen})
    return True


def refuse(user: User, campaign: Campaign, reason: str) -> None:
    """Give it back with a reason; it is a draft again."""
    with transaction.atomic():
        one = waiting_for(user, campaign)
        one.state, one.decided_by, one.decided_at = CampaignState.DRAFT, user, timezone.now()
        one.refusal = reason
        one.save(update_fields=["state", "decided_by", "decided_at", "refusal"])
        trail.record(user, "campaign.refuse", target=one, detail={"reason": reason})


def waiting_for(user: User, campaign: Campaign) -> Campaign:
    """The campaign, held, where it waits for this user's decision; raises CampaignRefused otherwise."""
    one = held(user, campaign)
    if one.state != CampaignState.ASKED:
        raise CampaignRefused(_("It does not wait for a decision any more."))
    if not may_decide(user, one):
        raise CampaignRefused(_("A second person decides, who has neither asked for it nor written the script."))
    return one


def withdraw(user: User, campaign: Campaign) -> None:
    """Call off what is not launched; it is kept."""
    with transaction.atomic():
        one = held(user, campaign)
        if one.state not in UNLAUNCHED:
            raise CampaignRefused(_("The campaign is launched; it ends on its last day."))
        one.state = CampaignState.WITHDRAWN
        one.save(update_fields=["state"])
        trail.record(user, "campaign.withdraw", target=one)


def run(campaign_id: int) -> str:
    """Launch an approved campaign: audience, groups, base figures and what others yield, in one transaction.

    Where the audience is another one by now nothing is written and the campaign is a draft again, with the figures of
    now. Returns the state it is in, "over" where there is nothing to do or another worker does it.
    """
    with transaction.atomic(using="batch"):
        rows = Campaign.objects.using("batch").select_for_update(of=("self",), skip_locked=True)
        one = rows.select_related("owner_branch").filter(pk=campaign_id, state=CampaignState.APPROVED).first()
        if one is None:
            return "over"
        db.hold_lock(LOCK)
        db.execute(
            f"CREATE TEMPORARY TABLE campaign_drawn ON COMMIT DROP AS\n{db.sql_text(PACKAGE, 'audience')}",
            parameters(one),
        )
        figures = figures_of(one, "batch", "campaign_drawn")
        if is_over(one, figures) or fingerprint(one, figures) != one.figures_hash:
            return give_back(one, figures)
        db.execute("ANALYZE campaign_drawn")
        for name in ("strata", "members", "yield"):
            db.run_sql(PACKAGE, name, **parameters(one))
        CampaignExclusion.objects.using("batch").bulk_create(
            CampaignExclusion(campaign=one, reason=reason, customers=number)
            for reason, number in figures["left_out"].items()
        )
        one.state, one.launched_at, one.as_of = CampaignState.RUNNING, timezone.now(), figures["as_of"]
        one.figures = figures
        one.audience_hash = figures["audience"]
        one.members_count, one.controls = figures["members"], figures["controls"]
        one.save(using="batch")
        detail = {"audience": one.audience_hash, "members": one.members_count, "controls": one.controls}
        trail.record(one.decided_by, "campaign.launch", target=one, detail=detail)
    return str(one.state)


def give_back(one: Campaign, figures: dict[str, Any]) -> str:
    """Other customers than those approved: back to who asked, with the figures of now."""
    one.figures, one.figures_hash = figures, fingerprint(one, figures)
    one.state, one.refusal = CampaignState.DRAFT, FIGURES_MOVED
    one.save(using="batch")
    trail.record(one.decided_by, "campaign.moved", target=one, detail={"figures": one.figures_hash})
    return str(one.state)


def waiting() -> list[int]:
    """Approved campaigns whose message was lost or whose worker died."""
    rows = Campaign.objects.using("batch").filter(state=CampaignState.APPROVED)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:10])
