"""A campaign that runs: plain contacts that name it, whom it leaves alone, whose turn a member is, its later scripts,
its end before the last day, an approval on a later day."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, connections, transaction
from django.test import Client

from archives import plans
from archives.models import ContactLog, MaintenancePlan
from campaigns import calls, launching, scripts
from campaigns.launching import CampaignRefused
from campaigns.measurement.looks import latest, looks
from campaigns.models import Campaign, CampaignMember
from crm import db
from crm.audit import pii
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers import turns
from customers.models import Customer, Metrics
from customers.turns import TURN
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


def sent(**more: Any) -> dict[str, Any]:
    return {"submission": str(uuid4()), "channel": "phone", "outcome": "booked", "summary": "周五来", **more}


def member(one: Campaign, owner: User, arm: str = "treat") -> CampaignMember:
    return MEMBERS.filter(campaign_id=one.pk, owner_id=owner.pk, arm=arm).earliest("customer_id")


def test_a_plain_contact_names_the_campaign_and_counts_for_it(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 6)
    one = made.launched(bank, made.campaign(bank, group))
    row, wang = member(one, bank.wang), client_of(bank.wang)
    page = f"/customers/{row.customer_id}/contacts/new/"
    assert f'<option value="{one.pk}"' in wang.get(page).content.decode()
    assert wang.post(page, sent(campaign=one.pk + 1)).status_code == 422
    assert wang.post(page, sent(campaign=one.pk)).status_code == 303
    log = ContactLog.objects.using("batch").get()
    assert (log.campaign_id, log.purpose) == (one.pk, "campaign")
    row.refresh_from_db()
    assert (row.status, row.contact_id, row.invited_at) == ("booked", log.pk, log.contacted_at)
    # Of nobody else: no member, and before the first day.
    other = bank.customer("C1", owner=bank.wang)
    assert b'name="campaign"' not in wang.get(f"/customers/{other.pk}/contacts/new/").content
    with time_machine.travel(datetime(2026, 2, 28, 2, tzinfo=UTC), tick=False):
        assert b'name="campaign"' not in client_of(bank.wang).get(page).content


@pytest.mark.parametrize(
    ("outcome", "channel", "status"),
    [("interested", "phone", 422), ("refused", "face", 422), ("not_reached", "phone", 303), ("interested", "sms", 303)],
)
def test_who_was_reached_said_something(
    bank: Bank, client_of: ClientOf, outcome: str, channel: str, status: int
) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    form = sent(outcome=outcome, channel=channel, summary=" ")
    answer = client_of(bank.wang).post(f"/customers/{customer.pk}/contacts/new/", form)
    assert answer.status_code == status
    if status == 422:
        assert set(answer.context["form"].errors) == {"summary"}


def test_nobody_contacts_for_a_campaign_whom_it_leaves_alone(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 2_400)
    one = made.launched(bank, made.campaign(bank, group))
    control, wang = member(one, bank.wang, "control"), client_of(bank.wang)
    page = f"/customers/{control.customer_id}/contacts/new/"
    asked = wang.get(page).content
    assert b"data-left-alone" in asked and b'name="campaign"' not in asked
    refused = wang.post(page, sent(purpose="campaign"))
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"purpose"})
    assert b'name="happened"' in refused.content
    # Other errands go on, the customer may ask by themselves, and what has happened is kept.
    happened = {"purpose": "campaign", "happened": "on", "next_date": "2026-03-30"}
    for more in ({}, {"purpose": "campaign", "direction": "inbound"}, happened):
        assert wang.post(page, sent(**more)).status_code == 303
    assert MaintenancePlan.objects.using("batch").get().purpose == "care"
    assert set(ContactLog.objects.using("batch").values_list("campaign", flat=True)) == {None}
    # Nobody plans it either, and the sets of the night say the same as the single question.
    asked_of_all = "SELECT array_agg(customer_id) FROM contact_refusals('campaign', %s, '2026-03-10') WHERE bar = %s"
    for way in ("phone", "event"):
        alone = set(db.fetch_value(asked_of_all, [way, "left_alone"]))
        assert alone == set(MEMBERS.filter(arm="control").values_list("customer_id", flat=True))
    assert db.fetch_value(asked_of_all.replace("'campaign'", "'care'"), ["phone", "left_alone"]) is None
    with scoped(bank.wang), pytest.raises(plans.PlanRefused):
        mine = Customer.objects.get(pk=control.customer_id)
        plans.create(mine, bank.wang, plans.Intent(date(2026, 4, 20), "campaign", "event"), uuid4())
    with scoped(bank.wang):
        invited = Customer.objects.get(pk=member(one, bank.wang).customer_id)
        plans.create(invited, bank.wang, plans.Intent(date(2026, 4, 20), "campaign"), uuid4())
    assert MaintenancePlan.objects.using("batch").get(purpose="campaign").customer_id == invited.pk


def test_two_at_once_are_led_to_different_customers(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 8, owners=[bank.wang])
    one = made.launched(bank, made.campaign(bank, group))

    def led(user: User) -> int:
        try:
            with scoped(user):
                found = calls.next_member(user, one, MORNING)
                assert found is not None
                return found.pk
        finally:
            connections["default"].close()

    people = [bank.wang, bank.sun, bank.zhou, bank.he]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(led, people))
    assert len(set(found)) == 4
    # Whoever opens the page of one who is being called is told, and reads no number; after a while it is free again.
    page, he, wang = f"/campaigns/{one.pk}/calls/{found[0]}/", client_of(bank.he), client_of(bank.wang)
    assert [b"data-caller" in client.get(page).content for client in (he, wang)] == [True, False]
    assert ["is_mine" in client.get(page).context for client in (he, wang)] == [False, True]
    he.post(f"/campaigns/{one.pk}/calls/next/", {"member": found[0]})
    called = Customer.objects.using("batch").filter(campaign_members=found[0])
    assert called.get().caller_id == bank.wang.pk
    with time_machine.travel(MORNING + TURN, tick=False):
        he.post(f"/campaigns/{one.pk}/calls/next/", {"member": found[0]})
        assert b"data-caller" in client_of(bank.wang).get(page).content
        # Who has just called keeps the turn: nobody calls again from a page that was drawn before.
        he.post(page, sent())
        assert called.get().caller_id == bank.he.pk


def test_a_number_is_for_one_caller_whichever_page_it_stands_on(
    bank: Bank, group: Segment, client_of: ClientOf
) -> None:
    made.crowd(bank, group, 4, owners=[bank.wang])
    one = made.launched(bank, made.campaign(bank, group))
    row = member(one, bank.wang)
    sealed = pii.seal(pii.MOBILE, row.customer_id, "13800138000")
    Customer.objects.using("batch").filter(pk=row.customer_id).update(
        mobile_cipher=sealed.cipher, mobile_mask=sealed.mask
    )
    wang, he = client_of(bank.wang), client_of(bank.he)
    page, number = f"/campaigns/{one.pk}/calls/{row.pk}/", f"/customers/{row.customer_id}/reveal/mobile/"
    # he reads the number to call, from a page that knows no campaign; wang is led past, and told on the page.
    assert "13800138000" in he.post(number, {"reason": "contact"}).content.decode()
    assert b"data-caller" in wang.get(page).content
    with scoped(bank.wang):
        led = calls.next_member(bank.wang, one, MORNING)
    assert led is not None and led.pk != row.pk
    refused = wang.post(number, {"reason": "contact"})
    assert (refused.status_code, b"data-caller" in refused.content) == (422, True)
    assert "13800138000" not in refused.content.decode()
    assert "13800138000" in wang.post(number, {"reason": "verify"}).content.decode()  # no call
    # After ten minutes it is free again, and the other way round the page of the campaign comes first.
    with time_machine.travel(MORNING + TURN, tick=False):
        client_of(bank.wang).post(f"/campaigns/{one.pk}/calls/next/", {"member": row.pk})
        assert b"data-caller" in client_of(bank.he).post(number, {"reason": "contact"}).content
        assert "13800138000" in client_of(bank.wang).post(number, {"reason": "contact"}).content.decode()


def test_who_has_closed_all_accounts_is_called_no_more(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 2, owners=[bank.wang])
    one = made.launched(bank, made.campaign(bank, group))
    gone = member(one, bank.wang)
    Customer.objects.using("batch").filter(pk=gone.customer_id).update(status="closed")
    with scoped(bank.wang):
        led = calls.next_member(bank.wang, one, MORNING)
    assert led is not None and led.pk != gone.pk
    assert b'data-bar="closed"' in client_of(bank.wang).get(f"/campaigns/{one.pk}/calls/{gone.pk}/").content


def test_of_two_who_read_a_number_at_once_one_calls(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 1, owners=[bank.wang])
    customer = Customer.objects.using("batch").latest("pk")

    def taken(user: User) -> bool:
        try:
            with scoped(user):
                return turns.take(user, customer.pk, MORNING)
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(taken, [bank.wang, bank.sun, bank.zhou, bank.he])) == [False, False, False, True]


def test_a_sale_in_call_mode_needs_its_recording_as_any_other(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 4, owners=[bank.wang])
    one = made.launched(bank, made.campaign(bank, group))
    page, wang = f"/campaigns/{one.pk}/calls/{member(one, bank.wang).pk}/", client_of(bank.wang)
    sold = sent(outcome="sold", products="买了理财", amount="50000")
    refused = wang.post(page, sold)
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"recording_no"})
    assert wang.post(page, sent(recording_no="SL-1")).status_code == 422  # no sale
    assert wang.post(page, sold | {"recording_no": "SL-1"}).status_code == 302
    log = ContactLog.objects.using("batch").get()
    assert (log.recording_no, log.products, log.amount) == ("SL-1", "买了理财", Decimal(50_000))


def test_nobody_is_called_before_the_first_day_or_after_the_last(
    bank: Bank, group: Segment, client_of: ClientOf
) -> None:
    made.crowd(bank, group, 4)
    one = made.launched(bank, made.campaign(bank, group))
    page = f"/campaigns/{one.pk}/calls/{member(one, bank.wang).pk}/"
    for day, status in (
        (date(2026, 2, 28), 409),
        (date(2026, 3, 1), 200),
        (date(2026, 5, 31), 200),
        (date(2026, 6, 1), 409),
    ):
        with time_machine.travel(datetime(day.year, day.month, day.day, 4, tzinfo=UTC), tick=False):
            assert client_of(bank.wang).get(page).status_code == status
            with scoped(bank.wang):
                assert (calls.next_member(bank.wang, one, datetime.now(UTC)) is not None) == (status == 200)


def test_a_campaign_is_ended_early_with_a_reason(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 4)
    one = made.launched(bank, made.campaign(bank, group))
    row, sun, page = member(one, bank.wang), client_of(bank.sun), f"/campaigns/{one.pk}/"
    assert client_of(bank.wang).post(f"{page}end/", {"reason": "x"}).status_code == 403
    sun.post(f"{page}end/", {"reason": " "})
    client_of(bank.he).post(f"{page}end/", {"reason": "不带的人"})
    assert Campaign.objects.using("batch").get().state == "running"
    made.published(date(2026, 3, 10))
    sun.post(f"{page}end/", {"reason": "奖品发完"})
    one.refresh_from_db(using="batch")
    # The tenth was published and no look, so that the eleventh is the last day.
    assert (one.state, one.ends_on, one.planned_end) == ("ended", date(2026, 3, 11), date(2026, 5, 31))
    assert (one.ended_by_id, one.end_reason) == (bank.sun.pk, "奖品发完")
    assert [(look.day, look.is_last) for look in looks(one)] == [(date(2026, 3, 11), True)]
    assert latest(one, date(2026, 3, 10)) is None
    assert client_of(bank.wang).get(f"{page}calls/{row.pk}/").status_code == 409
    assert "奖品发完" in sun.get(page).content.decode()
    entry = AuditEntry.objects.using("batch").get(action="campaign.end")
    assert entry.detail["reason"] == "奖品发完"
    sun.post(f"{page}end/", {"reason": "再来一次"})
    one.refresh_from_db(using="batch")
    assert one.end_reason == "奖品发完"


def test_the_database_lets_nothing_else_of_a_launched_campaign_change(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 4)
    one = made.launched(bank, made.campaign(bank, group))
    ended = {"state": "ended", "planned_end": date(2026, 5, 31), "ended_by": bank.sun, "ended_at": MORNING}
    wrong: list[dict[str, Any]] = [
        {"ends_on": date(2026, 4, 1)},
        {"state": "ended"},
        {**ended, "end_reason": "更长", "ends_on": date(2026, 6, 30)},
        {**ended, "end_reason": ""},
        {**ended, "end_reason": "也改目标", "success_amount": 1},
    ]
    for fields in wrong:
        with scoped(bank.sun), pytest.raises(DatabaseError), transaction.atomic():
            Campaign.objects.filter(pk=one.pk).update(**fields)


def test_a_later_script_is_read_once_a_second_person_approves(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 4)
    one = made.launched(bank, made.campaign(bank, group))
    sun, zhou, page = client_of(bank.sun), client_of(bank.zhou), f"/campaigns/{one.pk}/"
    call = f"{page}calls/{member(one, bank.wang).pk}/"
    sun.post(f"{page}script/", {"script": "第二版"})
    assert "第二版" not in client_of(bank.wang).get(call).content.decode()
    assert b"data-approve-script" not in sun.get(page).content
    assert b"data-approve-script" in zhou.get(page).content
    with scoped(bank.sun):
        draft = scripts.waiting(one)
        assert draft is not None
        with pytest.raises(CampaignRefused):
            scripts.approve(bank.sun, one, draft.mark)
    sun.post(f"{page}script/", {"script": "第二版,改过"})
    zhou.post(f"{page}script_approve/", {"seen": draft.mark})
    assert "第二版" not in client_of(bank.wang).get(call).content.decode()
    with scoped(bank.zhou):
        draft = scripts.waiting(one)
        assert draft is not None
    zhou.post(f"{page}script_approve/", {"seen": draft.mark})
    assert "第二版,改过" in client_of(bank.wang).get(call).content.decode()
    assert client_of(bank.wang).post(f"{page}script/", {"script": "第三版"}).status_code == 403


def test_it_is_approved_on_a_later_day_if_the_figures_are_the_same(
    bank: Bank, group: Segment, client_of: ClientOf
) -> None:
    made.crowd(bank, group, 30)
    first, second = made.campaign(bank, group), made.campaign(bank, group, starts_on=date(2026, 6, 1),
                                                             ends_on=date(2026, 6, 30))  # fmt: skip
    seen = made.asked(bank, first)
    made.asked(bank, second)
    # Another night: a day more, and what people hold has moved.
    made.published(date(2026, 3, 5))
    Metrics.objects.using("batch").filter(customer__customer_no__startswith="S").update(deposit=1)
    client_of(bank.zhou).post(f"/campaigns/{first.pk}/approve/", {"seen": seen})
    assert launching.run(first.pk) == "running"
    first.refresh_from_db(using="batch")
    assert (first.as_of, first.figures["as_of"]) == (date(2026, 3, 5), "2026-03-05")
    # Somebody refuses: other figures, which are a draft again.
    someone = Customer.objects.using("batch").earliest("pk")
    Customer.objects.using("batch").filter(pk=someone.pk).update(do_not_contact=True)
    second.refresh_from_db(using="batch")
    client_of(bank.zhou).post(f"/campaigns/{second.pk}/approve/", {"seen": second.figures_hash})
    second.refresh_from_db(using="batch")
    assert (second.state, second.refusal, second.figures["members"]) == ("draft", "figures_moved", 29)
    assert b"data-moved" in client_of(bank.sun).get(f"/campaigns/{second.pk}/").content
    # Once its last day is published it is not approved at all.
    last = made.asked(bank, second)
    made.published(second.ends_on)
    with scoped(bank.zhou), pytest.raises(CampaignRefused):
        launching.approve(bank.zhou, second, last)


def test_the_list_counts_the_members_that_a_reader_sees(bank: Bank, group: Segment, client_of: ClientOf) -> None:
    made.crowd(bank, group, 2_400)
    made.crowd(bank, group, 600, branch=bank.north, owners=[bank.qian])
    one = made.launched(bank, made.campaign(bank, group))
    for user, members, controls in ((bank.sun, 3_000, 300), (bank.he, 2_400, None), (bank.wang, 1_200, None)):
        (row,) = client_of(user).get("/campaigns/").context["rows"]
        assert (row.campaign.pk, row.members, row.controls) == (one.pk, members, controls)
