"""The campaigns of the made-up bank: 5万达标 has run for two months, the next one waits for approval. Its balances
know of no campaign, so that the night's own measurement mostly cannot tell the groups apart."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from campaigns import launching
from campaigns.campaign_models import LEAST_CONTROL, MOST_CONTROL_PCT
from campaigns.choices import CampaignState, QuarterTheme
from campaigns.entitlements import night as entitlements
from campaigns.forms import RULE_FIELDS
from campaigns.measurement import night as campaign_results
from campaigns.models import Campaign, CampaignScript, CampaignTemplate
from crm import db
from crm.organization.models import Branch, User
from customers.averages import month_end, month_start
from customers.nightly.night import Night
from segments import refresh
from segments.choices import VersionState
from segments.models import Segment, SegmentVersion

THEMES = tuple(QuarterTheme)
FIRST = "reach-50000"
# Wide enough for a control group that tells something, in a bank of a few thousand customers too.
RULE = {
    "all": [
        {"field": "type", "op": "in", "value": ["person"]},
        {"field": "aum", "op": "ge", "value": "1000"}, {"field": "aum", "op": "lt", "value": "500000"},
    ]
}  # fmt: skip
SMALL_BASE = 1_000


def write_campaigns(as_of: date) -> None:
    """Launch the first of the regional branch by the product's own launch and measure it, and ask for a second one."""
    segment = Segment.objects.using("batch").create(
        code="mass-savers", name_zh_hans="大众储蓄客户", name_zh_hant="大眾儲蓄客戶", name_en="Mass savers",
        rule=RULE, version=1, created_by=person("0100"),
    )  # fmt: skip
    SegmentVersion.objects.using("batch").create(
        segment=segment, number=1, rule=RULE, state=VersionState.IN_FORCE, proposed_by=person("0100"),
        decided_by=person("0001"), decided_at=timezone.now(),
    )  # fmt: skip
    refresh.refresh_now(segment)
    launch(drafted(FIRST, "100", "0100", month_start(month_start(as_of) - timedelta(days=40)), as_of), as_of)
    tonight = Night(as_of=as_of, previous=None, full=False, is_first=True)
    measured = campaign_results.publish(tonight)
    entitlements.publish(tonight, [], measured["qualified"])
    drafted("reach-500000", "110", "0110", month_end(as_of) + timedelta(days=1), as_of)


def launch(first: Campaign, as_of: date) -> None:
    """As if a second person had approved it before its first day; calls follow."""
    if first.figures["members"]:
        Campaign.objects.using("batch").filter(pk=first.pk).update(
            state=CampaignState.APPROVED, decided_by=person("0001"), decided_at=timezone.now()
        )
        CampaignScript.objects.using("batch").filter(campaign_id=first.pk).update(
            approved_by=person("0001"), approved_at=timezone.now()
        )
        launching.run(first.pk)
        # Nobody judges a campaign on days before its groups were drawn.
        Campaign.objects.using("batch").filter(pk=first.pk).update(as_of=first.baseline_to)
        db.run_sql(__package__, "campaign_calls", campaign=first.pk, starts_on=first.starts_on, as_of=as_of)


def drafted(code: str, branch: str, author: str, starts: date, as_of: date) -> Campaign:
    """A campaign of a ready type for three months, asked for with the figures of now."""
    template = CampaignTemplate.objects.using("batch").get(code=code)
    one = Campaign(
        **{name: getattr(template, name) for name in (*RULE_FIELDS, "kind", "reward")},
        name=template.name_zh_hans, template=template, theme=THEMES[(starts.month - 1) // 3],
        owner_branch=Branch.objects.using("batch").get(code=branch),
        segment=Segment.objects.using("batch").get(code="mass-savers"), starts_on=starts,
        ends_on=month_end(starts + timedelta(days=62)),
        baseline_from=month_start(min(starts, month_start(as_of)) - timedelta(days=1)),
        baseline_to=min(starts, month_start(as_of)) - timedelta(days=1), budget=120_000, reward_points=500,
        created_by=person(author),
    )  # fmt: skip
    one.save(using="batch")
    CampaignScript.objects.using("batch").create(
        campaign=one, number=1, text=template.script, written_by=person(author)
    )
    # As the database has it: amounts with their two decimals.
    one = Campaign.objects.using("batch").select_related("owner_branch").get(pk=one.pk)
    one.figures = launching.figures_of(one, "batch")
    if code == FIRST and needed(one) > one.control_pct:
        # A small bank shows a control group too: it asks poorer customers as well, then more of them stay unasked.
        one.base_from = Decimal(SMALL_BASE)
        one.figures = launching.figures_of(one, "batch")
    if one.control_pct < needed(one) <= MOST_CONTROL_PCT:
        one.control_pct = needed(one)
        one.figures = launching.figures_of(one, "batch")
    one.figures_hash = launching.fingerprint(one, one.figures)
    one.state, one.asked_by, one.asked_at = CampaignState.ASKED, person(author), timezone.now()
    one.save(using="batch")
    return one


def needed(one: Campaign) -> int:
    """The percent that makes a control group."""
    return -(-LEAST_CONTROL * 100 // max(1, int(one.figures["members"])))


def person(staff_no: str) -> User:
    return User.objects.using("batch").get(staff_no=staff_no)
