"""5万达标 with a bank's real deposits: launched over all below 50,000 in August, measured from those of September.

The expected figures were computed with exact decimals from the same files by other means; no row of them is here.
"""

from datetime import date

from django.db.models import Sum

from campaigns import launching
from campaigns.choices import Arm, Basis
from campaigns.models import Campaign, CampaignCell, CampaignMember, CampaignScript
from crm import db
from crm.organization.access import scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from segments.models import Segment
from tests.world import make_user

AUGUST, SEPTEMBER = date(2019, 8, 31), date(2019, 9, 30)
IN_THE_BASE, REACHED = 155_916, 1_467


def everybody(by: User) -> Segment:
    """A segment that a person filled with every customer."""
    group = Segment.objects.using("batch").create(
        code="everybody", kind="static", name_zh_hans="全部客户", created_by_id=by.pk
    )
    db.execute(
        "INSERT INTO segments_segmentmember (segment_id, customer_id, branch_id, since, cause, conditions, version) "
        "SELECT %s, id, branch_id, %s, 'chosen', 0, 0 FROM customers_customer",
        [group.pk, AUGUST],
    )
    db.execute("ANALYZE segments_segmentmember")
    return group


def draft(by: User, group: Segment, **fields: object) -> Campaign:
    """Below 50,000 at the end of August; success is 50,000 or more at the end of September."""
    of = Campaign.objects.using("batch").create(
        name="5万达标", kind="qualify", owner_branch_id=by.branch_id, segment_id=group.pk, created_by_id=by.pk,
        starts_on=date(2019, 9, 1), ends_on=SEPTEMBER, baseline_from=AUGUST, baseline_to=AUGUST, basis=Basis.POINT,
        base_from=None, base_below=50_000, success_amount=50_000, kept_amount=50_000, bands=[10_000, 40_000],
        stratify_by=["band"], leaves_out_loans=False, **fields,
    )  # fmt: skip
    CampaignScript.objects.using("batch").create(campaign=of, number=1, text="您好", written_by_id=by.pk)
    return of


def launch(of: Campaign, asker: User, approver: User) -> None:
    with scoped(asker):
        seen = launching.look(asker, of).figures_hash
        launching.ask(asker, of, seen)
    with scoped(approver):
        launching.approve(approver, of, seen)
    assert launching.run(of.pk) == "running"


def launch_over_all(asker: User) -> Campaign:
    """The running campaign over everybody below in August; the bank's files and night of August are in."""
    approver = make_user("0009", "郑淑兰", Role.BRANCH_MANAGER, Branch.objects.get(code="001"), Reach.SUBTREE)
    of = draft(asker, everybody(asker), control_pct=0)
    launch(of, asker, approver)
    of.refresh_from_db(using="batch")
    assert of.members_count == CampaignMember.objects.using("batch").filter(campaign=of).count() == IN_THE_BASE
    return of


def check_reached(of: Campaign) -> None:
    """What the night of September has measured."""
    cells = CampaignCell.objects.using("batch").filter(campaign=of, as_of=SEPTEMBER)
    found = cells.aggregate(members=Sum("members"), reached=Sum("qualified"))
    assert (found["members"], found["reached"]) == (IN_THE_BASE, REACHED)
    assert set(cells.values_list("arm", flat=True)) == {Arm.TREAT}
    members = CampaignMember.objects.using("batch").filter(campaign=of, qualified_on__isnull=False)
    assert set(members.values_list("qualified_on", flat=True)) == {SEPTEMBER}
    assert members.count() == REACHED
