"""A draft of a campaign as a step of a playbook proposes it; nothing is written until a person saves the form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language

from campaigns.campaign_models import CampaignTemplate
from campaigns.choices import CampaignKind, Success
from campaigns.seasons.models import SeasonStep
from campaigns.seasons.quarters import quarter_named, span_of
from crm.organization.models import User
from customers.averages import month_start
from customers.lists.shape import ID
from segments.models import Playbook, Segment

ONE_DAY = timedelta(days=1)
GAIN = {"success": Success.GAINS, "success_amount": Decimal(10_000), "kept_amount": Decimal(10_000)}
# Success where no ready type says it (ours): money stays, or comes.
RULES: Mapping[str, Mapping[str, Any]] = {
    CampaignKind.RETENTION: {"success": Success.GAINS, "success_amount": Decimal(0), "kept_amount": Decimal(0)},
    CampaignKind.GROUP: GAIN,
    CampaignKind.SALON: GAIN,
    CampaignKind.MGM: GAIN,
    CampaignKind.FIRST_BUY: GAIN,
    CampaignKind.REACTIVATE: GAIN,
}


@dataclass(frozen=True)
class Begun:
    """What a new campaign starts from: the ready type of the step, and the values of the form."""

    template: CampaignTemplate | None
    values: dict[str, Any]


def begun_by(user: User, asked: Mapping[str, str], today: date) -> Begun | None:
    """The draft that an address asks for by `step` and `quarter`; None for no such step, or one whose time is over.

    It begins tomorrow at the earliest, and compares with the month before it begins.
    """
    number = asked.get("step", "")
    known = SeasonStep.objects.exclude(kind="").select_related("theme", "template")
    step = known.filter(pk=int(number)).first() if ID.fullmatch(number) else None
    if step is None:
        return None
    first, last = span_of(step, quarter_named(asked.get("quarter", ""), today))
    first = max(first, today + ONE_DAY)
    if last < first:
        return None
    base_last = month_start(first) - ONE_DAY
    values: dict[str, Any] = {
        **RULES.get(step.kind, {}), "name": step.name, "kind": step.kind, "theme": step.theme.theme, "starts_on": first,
        "ends_on": last, "baseline_from": month_start(base_last), "baseline_to": base_last,
    }  # fmt: skip
    segment = Segment.objects.visible_to(user).filter(code=step.segment, is_active=True).first()
    if segment is not None:
        values["segment"] = segment.pk
    if step.template is None and segment is not None:
        values["script"] = script_of(segment)
    return Begun(step.template, values)


def script_of(segment: Segment) -> str:
    """What the playbook of the segment says, in the language of the page where it has one."""
    found = {one.language: one.script for one in Playbook.objects.filter(segment=segment)}
    return found.get(get_language() or "") or found.get("zh-hans", "")
