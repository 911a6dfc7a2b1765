"""The pages of campaigns: who sees what, a draft to its launch, call lists and call mode."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from archives.contacts import Contact, correct
from archives.models import ContactLog
from campaigns import calls, launching
from campaigns.models import Campaign, CampaignMember, CampaignTemplate
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from segments.models import Segment
from tests.campaigns import campaign_world as made
from tests.world import Bank

ClientOf = Callable[[User], Client]
MORNING = datetime(2026, 3, 10, 2, tzinfo=UTC)
MEMBERS = CampaignMember.objects.using("batch")


@pytest.fixture(autouse=True)
def morning() -> Any:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def group(bank: Bank) -> Segment:
    found = made.segment(bank)
    made.published()
    return found


def typed(bank: Bank, group: Segment, **more: Any) -> dict[str, Any]:
    return {
        "name": "5万达标", "kind": "qualify", "theme": "volume", "owner_branch": bank.sub.pk, "segment": group.pk,
        "starts_on": "2026-03-01", "ends_on": "2026-05-31", "baseline_from": "2026-02-01", "baseline_to": "2026-02-28",
        "priority": 5, "basis": "average", "base_from": "10000", "base_below": "50000", "success": "reaches",
        "success_amount": "50000", "kept_months": 3, "kept_amount": "50000", "bands": "20000,30000,40000",
        "control_pct": 10, "stratify_by": ["tier", "band"], "leaves_out_loans": "on", "script": "您好", **more,
    }  # fmt: skip


def log(user: User, row: CampaignMember, outcome: str, **more: Any) -> None:
    with scoped(user):
        one = CampaignMember.objects.select_related("customer", "campaign").get(pk=row.pk)
        contact = Contact("phone", outcome, "campaign", campaign_id=one.campaign_id, **more)
        calls.log(user, one, datetime.now(UTC), contact, uuid4())


def test_from_a_draft_to_its_members_by_two_people(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 2_400)
    sun, zhou = client_of(bank.sun), client_of(bank.zhou)
    assert str(CampaignTemplate.objects.using("batch").get(code="reach-50000").success_amount) == "50000.00"
    assert b'value="50000.00"' in sun.get("/campaigns/new/?type=reach-50000").content
    answer = sun.post("/campaigns/new/", typed(bank, group))
    one = Campaign.objects.using("batch").get()
    page = f"/campaigns/{one.pk}/"
    assert answer.headers["Location"] == page
    sun.post(f"{page}look/")
    one.refresh_from_db(using="batch")
    assert (one.figures["members"], one.figures["controls"]) == (2_400, 240)
    sun.post(f"{page}ask/", {"seen": one.figures_hash})
    shown = sun.get(page).content.decode()
    assert "data-approve" not in shown
    assert bank.zhou.name in shown
    assert one.figures["audience"][:16] in shown
    assert "data-approve" in zhou.get(page).content.decode()
    zhou.post(f"{page}approve/", {"seen": "0" * 64})
    assert Campaign.objects.using("batch").get().state == "asked"
    zhou.post(f"{page}approve/", {"seen": one.figures_hash})
    assert launching.run(one.pk) == "running"
    assert MEMBERS.filter(campaign_id=one.pk).count() == 2_400
    script = one.scripts.using("batch").get()
    assert (script.written_by_id, script.approved_by_id) == (bank.sun.pk, bank.zhou.pk)
    assert sun.get(f"{page}edit/").status_code == 302
    sun.post(f"{page}cost/", {"cost": "1234.50"})
    assert str(Campaign.objects.using("batch").get().cost) == "1234.50"
    actions = AuditEntry.objects.using("batch").filter(action__startswith="campaign.").values_list("action", flat=True)
    assert {"campaign.save", "campaign.ask", "campaign.approve", "campaign.launch", "campaign.cost"} <= set(actions)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_on": "2026-02-28"}, {"baseline_to": "2026-03-01"}, {"base_from": "60000"}, {"bands": "30000,20000"},
        {"control_pct": 51}, {"success_amount": "-1"}, {"script": ""}, {"owner_branch": ""}, {"name": ""},
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_and_not_kept(
    bank: Bank, group: Segment, client_of: ClientOf, wrong: dict[str, Any]
) -> None:
    answer = client_of(bank.sun).post("/campaigns/new/", typed(bank, group, **wrong))
    assert answer.status_code == 422
    assert not Campaign.objects.using("batch").exists()


def test_only_who_sees_all_branches_begins_a_campaign_there(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    assert client_of(bank.he).post("/campaigns/new/", typed(bank, group)).status_code == 422
    answer = client_of(bank.he).post("/campaigns/new/", typed(bank, group, owner_branch=bank.south.pk))
    assert answer.status_code == 302
    assert client_of(bank.sun).post("/campaigns/new/", typed(bank, group, owner_branch=bank.far.pk)).status_code == 422


def test_changing_a_draft_takes_the_request_back(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 3)
    one = made.campaign(bank, group)
    made.asked(bank, one)
    sun, edit = client_of(bank.sun), f"/campaigns/{one.pk}/edit/"
    seen = sun.get(edit).context["form"]["seen"].value()
    sun.post(edit, typed(bank, group, priority=1, script="您好，再说一遍", seen=seen))
    one.refresh_from_db(using="batch")
    assert (one.state, one.figures_hash, one.asked_by_id, one.priority) == ("draft", "", None, 1)
    assert one.scripts.using("batch").get().text == "您好，再说一遍"
    # Who had the form open before that is told, and writes over nothing.
    late = client_of(bank.zhou).post(edit, typed(bank, group, priority=9, script="您好", seen=seen))
    one.refresh_from_db(using="batch")
    assert (late.status_code, one.priority) == (422, 1)


def test_a_campaign_of_another_branch_is_not_there(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 3)
    one = made.launched(bank, made.campaign(bank, group))
    member = MEMBERS.filter(campaign_id=one.pk).earliest("pk")
    feng = client_of(bank.feng)
    for tail in ("", "calls/", f"calls/{member.pk}/"):
        assert feng.get(f"/campaigns/{one.pk}/{tail}").status_code == 404
    assert feng.post(f"/campaigns/{one.pk}/calls/next/").status_code == 404
    # In the campaign's branch, but another manager's customer.
    mine = MEMBERS.filter(campaign_id=one.pk, owner_id=bank.li.pk).earliest("pk")
    assert client_of(bank.wang).get(f"/campaigns/{one.pk}/calls/{mine.pk}/").status_code == 404
    assert client_of(bank.zhao).get("/campaigns/").status_code == 403
    assert client_of(bank.wang).get("/campaigns/new/").status_code == 403


def test_managers_see_no_drafts(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 3)
    draft = made.campaign(bank, group)
    runs = made.launched(bank, made.campaign(bank, group))
    assert f'id="campaign-{draft.pk}"' not in client_of(bank.wang).get("/campaigns/").content.decode()
    assert f'id="campaign-{runs.pk}"' in client_of(bank.wang).get("/campaigns/").content.decode()
    assert f'id="campaign-{draft.pk}"' in client_of(bank.sun).get("/campaigns/").content.decode()
    assert client_of(bank.wang).get(f"/campaigns/{draft.pk}/").status_code == 404


def test_a_result_is_entered_once_and_leads_to_the_next(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 6)
    one = made.launched(bank, made.campaign(bank, group))
    wang, page = client_of(bank.wang), f"/campaigns/{one.pk}/calls/"
    mine = list(MEMBERS.filter(campaign_id=one.pk, owner_id=bank.wang.pk).order_by("customer_id"))
    first = wang.post(f"{page}next/").headers["Location"]
    assert first == f"{page}{mine[0].pk}/"
    shown = wang.get(first).content.decode()
    assert "您好" in shown
    sent = {"submission": str(uuid4()), "outcome": "booked", "summary": "周五来", "next_date": "2026-03-13"}
    for _twice in range(2):
        assert wang.post(first, sent).headers["Location"] == f"{page}{mine[1].pk}/"
    contact = ContactLog.objects.using("batch").get()
    assert (contact.campaign_id, contact.purpose, contact.outcome) == (one.pk, "campaign", "booked")
    row = MEMBERS.get(pk=mine[0].pk)
    assert (row.status, row.contact_id, row.invited_at) == ("booked", contact.pk, contact.contacted_at)
    assert wang.post(f"{page}{mine[1].pk}/", {"submission": str(uuid4())}).status_code == 422
    rows = wang.get(f"{page}?status=booked").content.decode()
    assert f'id="member-{mine[0].pk}"' in rows
    log(bank.wang, mine[0], "sold")
    assert MEMBERS.get(pk=mine[0].pk).status == "sold"
    # A call that nobody took says nothing new of who was reached; but a correction does.
    log(bank.wang, mine[0], "not_reached")
    row = MEMBERS.select_related("contact").get(pk=mine[0].pk)
    assert row.contact is not None
    assert (row.status, row.contact.outcome) == ("sold", "not_reached")
    with scoped(bank.wang):
        sold = ContactLog.objects.select_related("customer").get(outcome="sold")
        correct(sold, bank.wang, Contact("phone", "not_reached", "campaign"), uuid4())
    assert MEMBERS.get(pk=mine[0].pk).status == "booked"


def test_who_refuses_or_was_reached_enough_is_passed_over(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 6)
    one = made.launched(bank, made.campaign(bank, group))
    wang, page = client_of(bank.wang), f"/campaigns/{one.pk}/calls/"
    first, second, third = MEMBERS.filter(campaign_id=one.pk, owner_id=bank.wang.pk).order_by("customer_id")
    Customer.objects.using("batch").filter(pk=first.customer_id).update(do_not_contact=True)
    for day in (8, 9):
        ContactLog.objects.using("batch").create(
            branch_id=second.branch_id, customer_id=second.customer_id, staff_id=bank.li.pk, channel="phone",
            purpose="care", outcome="interested", contacted_at=datetime(2026, 3, day, 3, tzinfo=UTC),
        )  # fmt: skip
    assert wang.post(f"{page}next/").headers["Location"] == f"{page}{third.pk}/"
    shown = wang.get(page).content.decode()
    assert 'data-bar="do_not_contact"' in shown
    assert 'data-bar="cap"' in shown and "2026-03-15" in shown
    customer = wang.get(f"/customers/{second.customer_id}/").content.decode()
    assert 'id="pressure"' in customer and "2/4" in customer
    log(bank.wang, third, "refused")
    assert wang.post(f"{page}next/").headers["Location"] == page


@pytest.mark.parametrize(
    ("rule", "base", "gap"),
    [
        ({"success_amount": 50_000}, 20_000, 30_000),
        ({"success_amount": 50_000, "basis": "point"}, 26_000, 24_000),
        ({"success_amount": 5_000, "success": "gains"}, 20_000, 5_000),
    ],
)
def test_what_is_lacking_goes_by_the_rule(
    bank: Bank, group: Segment, client_of: ClientOf, rule: dict[str, Any], base: int, gap: int
) -> None:
    made.crowd(bank, group, 2)
    one = made.launched(bank, made.campaign(bank, group, **rule))
    member = MEMBERS.filter(campaign_id=one.pk, owner_id=bank.wang.pk).get()
    MEMBERS.filter(pk=member.pk).update(base_average=20_000, base_aum=26_000)
    context = client_of(bank.wang).get(f"/campaigns/{one.pk}/calls/{member.pk}/").context
    assert (context["base"], context["gap"]) == (base, gap)


def test_many_who_are_barred_do_not_hide_who_is_free(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 140)
    one = made.launched(bank, made.campaign(bank, group))
    mine = list(MEMBERS.filter(campaign_id=one.pk, owner_id=bank.wang.pk).order_by("customer_id"))
    barred = [row.customer_id for row in mine[:-1]]
    assert len(barred) > calls.LOOKED_AT
    Customer.objects.using("batch").filter(pk__in=barred).update(do_not_contact=True)
    answer = client_of(bank.wang).post(f"/campaigns/{one.pk}/calls/next/")
    assert answer.headers["Location"] == f"/campaigns/{one.pk}/calls/{mine[-1].pk}/"


def test_figures_of_all_branches_are_for_who_leads_them(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    """A campaign of the north that gives way is nothing that the south reads."""
    made.crowd(bank, group, 3)
    made.crowd(bank, group, 4, branch=bank.north, owners=[bank.qian])
    made.launched(bank, made.campaign(bank, group, name="城北专场", owner_branch_id=bank.north.pk))
    one = made.launched(bank, made.campaign(bank, group, priority=1))
    assert len(one.figures["overlaps"]) == 1
    for user, sees in ((bank.sun, True), (bank.he, False), (bank.wang, False)):
        shown = client_of(user).get(f"/campaigns/{one.pk}/").content.decode()
        assert ('id="figures"' in shown, "城北专场" in shown) == (sees, sees)


def test_the_control_group_is_marked_and_cannot_be_called(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 2_400)
    one = made.launched(bank, made.campaign(bank, group))
    control = MEMBERS.filter(campaign_id=one.pk, arm="control", owner_id=bank.wang.pk).earliest("customer_id")
    wang, page = client_of(bank.wang), f"/campaigns/{one.pk}/calls/"
    assert f'id="member-{control.pk}"' in wang.get(f"{page}?status=left_alone").content.decode()
    assert wang.get(f"{page}{control.pk}/").status_code == 409
    sent = {"submission": str(uuid4()), "outcome": "booked"}
    assert wang.post(f"{page}{control.pk}/", sent).status_code == 409
    assert "data-left-alone" in wang.get(f"/customers/{control.customer_id}/").content.decode()
    with pytest.raises(calls.NotCalled):
        log(bank.wang, control, "booked")
    # And the database keeps to it, whoever writes.
    with pytest.raises(Exception, match="nobody_invites_the_control_group"):
        ContactLog.objects.using("batch").create(
            branch_id=control.branch_id, customer_id=control.customer_id, staff_id=bank.wang.pk, channel="phone",
            purpose="campaign", outcome="booked", campaign_id=one.pk, contacted_at=MORNING,
        )  # fmt: skip
    called: set[int] = set()
    after = 0
    with scoped(bank.wang):
        for _step in range(12):
            member = calls.next_member(bank.wang, one, MORNING, after)
            assert member is not None
            called.add(member.pk)
            after = member.customer_id
    assert len(called) == 12
    assert not MEMBERS.filter(pk__in=called, arm="control").exists()


def test_pages_take_few_statements(
    bank: Bank, group: Segment, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    made.crowd(bank, group, 200)
    one = made.launched(bank, made.campaign(bank, group))
    member = MEMBERS.filter(campaign_id=one.pk, owner_id=bank.wang.pk).earliest("pk")
    wang = client_of(bank.wang)
    paths = ("", f"{one.pk}/", f"{one.pk}/calls/", f"{one.pk}/calls/{member.pk}/")
    for path in paths:
        wang.get(f"/campaigns/{path}")
    for path in paths:
        with django_assert_max_num_queries(14):
            assert wang.get(f"/campaigns/{path}").status_code == 200
