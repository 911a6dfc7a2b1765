"""A launch: whom a campaign has and why not others, two groups that are alike, by two people, all or nothing."""

import hashlib
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction

from archives.models import Complaint, ContactLog
from campaigns import launching
from campaigns.launching import CampaignRefused
from campaigns.models import Campaign, CampaignExclusion, CampaignMember, CampaignScript, CampaignStratum
from crm import db
from crm.jobs.models import JobRun
from crm.organization.access import scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from customers.models import BalanceChange, Customer, Metrics
from segments.models import Segment, SegmentMember
from tests.campaigns import campaign_world as made
from tests.world import Bank, make_user

MEMBERS = CampaignMember.objects.using("batch")


@pytest.fixture
def group(bank: Bank) -> Segment:
    found = made.segment(bank)
    made.published()
    return found


def members(one: Campaign) -> list[CampaignMember]:
    return list(MEMBERS.filter(campaign_id=one.pk).order_by("customer_id"))


def left_out(one: Campaign) -> dict[str, int]:
    rows = CampaignExclusion.objects.using("batch").filter(campaign_id=one.pk)
    return dict(rows.values_list("reason", "customers"))


def test_groups_are_drawn_by_hash_alike_in_every_stratum(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 2_400)
    made.crowd(bank, group, 600, branch=bank.north, owners=[bank.qian])
    one = made.launched(bank, made.campaign(bank, group))
    rows = members(one)
    ids = [row.customer_id for row in rows]
    assert one.audience_hash == hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()
    assert (one.members_count, one.controls) == (3_000, 300)
    assert Counter(row.arm for row in rows) == {"treat": 2_700, "control": 300}
    for row in rows[::97]:
        lot = hashlib.sha256(f"{one.pk}:{row.customer_id}".encode()).hexdigest()[:15]
        assert row.draw == int(lot, 16)
    strata = CampaignStratum.objects.using("batch").filter(campaign_id=one.pk)
    assert sum(stratum.members for stratum in strata) == 3_000
    counted = Counter((row.stratum, row.arm) for row in rows)
    for stratum in strata:
        assert counted[(stratum.number, "control")] == stratum.controls
        assert counted[(stratum.number, "treat")] == stratum.members - stratum.controls
        assert abs(stratum.controls - stratum.members / 10) < 1
    places = {row.stratum: (row.tier, row.band, row.owner_id) for row in rows}
    assert all((row.tier, row.band, row.owner_id) == places[row.stratum] for row in rows)
    assert len(set(places.values())) == len(places) == 16 + 8


def test_too_small_a_control_group_is_none_and_the_campaign_says_so(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 1_999)
    one = made.launched(bank, made.campaign(bank, group))
    assert (one.members_count, one.controls, one.figures["controls"]) == (1_999, 0, 0)
    assert {row.arm for row in members(one)} == {"treat"}


def test_the_first_reason_counts_once(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 20)
    people = list(Customer.objects.using("batch").order_by("pk"))
    poor, owing, silent, angry, closed, refuses, clearing = people[:7]
    Metrics.objects.using("batch").filter(pk=poor.pk).update(aum=Decimal("9999.99"))
    bank.holding(owing, 500, funding_source="loan", status="open")
    bank.holding(clearing, 700, funding_source="clear", status="open")
    Customer.objects.using("batch").filter(pk=silent.pk).update(do_not_contact=True)
    Customer.objects.using("batch").filter(pk=closed.pk).update(status="closed", do_not_contact=True)
    # The trigger takes them out of segments; who slipped in is left out all the same.
    Customer.objects.using("batch").filter(pk=refuses.pk).update(profiling_opt_out=True)
    SegmentMember.objects.using("batch").get_or_create(
        segment_id=group.pk, customer_id=refuses.pk, branch_id=refuses.branch_id, since=made.AS_OF, cause="chosen"
    )
    Complaint.objects.using("batch").create(
        customer_id=angry.pk, branch_id=angry.branch_id, received_on=made.AS_OF, due_date=date(2026, 3, 15),
        channel="phone", category="service", severity=1, handler_id=bank.he.pk, text="等了很久", submission=uuid4(),
    )  # fmt: skip
    one = made.launched(bank, made.campaign(bank, group))
    assert left_out(one) == {
        "out_of_base": 1, "loan_funded": 1, "in_transit": 1, "do_not_contact": 1, "complaint": 1,
        "closed": 1, "opt_out": 1
    }  # fmt: skip
    assert {row.customer_id for row in members(one)} == {person.pk for person in people[7:]}
    keeps = made.launched(bank, made.campaign(bank, group, leaves_out_loans=False, starts_on=date(2026, 6, 1),
                                              ends_on=date(2026, 6, 30)))  # fmt: skip
    assert owing.pk in {row.customer_id for row in members(keeps)}


def test_the_base_is_that_of_its_period_to_the_fen(bank: Bank, group: Segment) -> None:
    """30,000 until 10 February, 10,001.01 to the 20th, then 40,000; 70,000 since 3 March, which is after the base."""
    customer = bank.customer("B1", owner=bank.wang)
    bank.metrics(customer, Decimal(70_000), since=date(2026, 3, 3))
    holding = bank.holding(customer, 70_000)
    path = [(date(2026, 2, 10), "30000", "10001.01"), (date(2026, 2, 20), "10001.01", "40000"),
            (date(2026, 3, 3), "40000", "70000")]  # fmt: skip
    for day, old, new in path:
        BalanceChange.objects.using("batch").create(
            branch_id=customer.branch_id, customer_id=customer.pk, holding_id=holding.pk, as_of=day,
            old_balance=old, new_balance=new, old_counted=old, new_counted=new,
        )  # fmt: skip
    SegmentMember.objects.using("batch").create(
        segment_id=group.pk, customer_id=customer.pk, branch_id=customer.branch_id, since=made.AS_OF, cause="chosen"
    )
    made.published(date(2026, 3, 5))
    (row,) = members(made.launched(bank, made.campaign(bank, group)))
    total = 9 * Decimal(30_000) + 10 * Decimal("10001.01") + 9 * Decimal(40_000)
    assert row.base_average == (total / 28).quantize(Decimal("0.01"), "ROUND_DOWN")
    assert (row.base_aum, row.launch_aum, row.band) == (Decimal(40_000), Decimal(70_000), 1)


def test_a_base_period_that_is_not_over_cannot_be_looked_at(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 5)
    early = made.campaign(bank, group, baseline_to=date(2026, 3, 31), starts_on=date(2026, 4, 1))
    with scoped(bank.sun), pytest.raises(CampaignRefused):
        launching.look(bank.sun, early)


def test_what_the_first_night_brought_in_had_stood_before(bank: Bank, group: Segment) -> None:
    """Files that first came on 10 February say nothing of the days before: 30,000 are no average of 20,357."""
    JobRun.objects.using("batch").all().delete()
    made.published(date(2026, 2, 10))
    made.published()
    customer = bank.customer("B1", owner=bank.wang)
    bank.metrics(customer, Decimal(30_000), since=date(2026, 2, 10))
    BalanceChange.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, holding_id=bank.holding(customer, 30_000).pk,
        as_of=date(2026, 2, 10), old_balance=0, new_balance=30_000, old_counted=0, new_counted=30_000,
    )  # fmt: skip
    SegmentMember.objects.using("batch").create(
        segment_id=group.pk, customer_id=customer.pk, branch_id=customer.branch_id, since=made.AS_OF, cause="chosen"
    )
    (row,) = members(made.launched(bank, made.campaign(bank, group)))
    assert row.base_average == row.base_aum == Decimal(30_000)


def test_a_campaign_whose_last_day_is_published_cannot_be_looked_at(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 5)
    month = {"baseline_from": date(2026, 1, 1), "baseline_to": date(2026, 1, 31), "starts_on": date(2026, 2, 1)}
    over = made.campaign(bank, group, ends_on=made.AS_OF, **month)
    with scoped(bank.sun), pytest.raises(CampaignRefused):
        launching.look(bank.sun, over)
    runs = made.campaign(bank, group, ends_on=made.AS_OF + timedelta(days=1), **month)
    with scoped(bank.sun):
        assert launching.look(bank.sun, runs).figures["members"] == 5


def test_who_refused_may_be_the_one_who_asks_next(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 5)
    one = made.campaign(bank, group)
    seen = made.asked(bank, one)
    with scoped(bank.zhou):
        launching.refuse(bank.zhou, one, "先等等")
    with scoped(bank.zhou):
        launching.ask(bank.zhou, one, seen)
    back = Campaign.objects.using("batch").get(pk=one.pk)
    assert (back.state, back.asked_by_id, back.decided_by_id) == ("asked", bank.zhou.pk, None)


def test_the_web_launches_nothing_and_changes_nothing_launched(bank: Bank, group: Segment) -> None:
    """Without any check of a page: the database keeps to it."""
    made.crowd(bank, group, 5)
    draft, runs = made.campaign(bank, group), made.launched(bank, made.campaign(bank, group, priority=1))
    wrong: list[tuple[Campaign, dict[str, object]]] = [
        (draft, {"state": "running"}), (runs, {"ends_on": date(2026, 12, 31)}), (runs, {"success_amount": 1}),
        (runs, {"state": "draft"}), (runs, {"members_count": 1}),
    ]  # fmt: skip
    for one, change in wrong:
        for user in (bank.sun, bank.zhou):
            with pytest.raises(IntegrityError), scoped(user):
                Campaign.objects.filter(pk=one.pk).update(**change)
    with pytest.raises(IntegrityError), scoped(bank.zhou):
        CampaignScript.objects.filter(campaign_id=runs.pk).update(text="保本保息")
    with scoped(bank.zhou):
        assert Campaign.objects.filter(pk=runs.pk).update(cost=1) == 1
        assert CampaignScript.objects.filter(campaign_id=draft.pk).update(text="您好") == 1


def test_nobody_approves_the_own_campaign_nor_the_own_script(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 5)
    one = made.campaign(bank, group)
    seen = made.asked(bank, one)
    with scoped(bank.sun), pytest.raises(CampaignRefused):
        launching.approve(bank.sun, one, seen)
    with scoped(bank.he), pytest.raises(CampaignRefused):
        launching.approve(bank.he, one, seen)
    with pytest.raises(IntegrityError), transaction.atomic(using="batch"):
        Campaign.objects.using("batch").filter(pk=one.pk).update(decided_by_id=bank.sun.pk)
    written_by_zhou = made.campaign(bank, group, created_by_id=bank.zhou.pk)
    seen = made.asked(bank, written_by_zhou)
    with scoped(bank.zhou), pytest.raises(CampaignRefused):
        launching.approve(bank.zhou, written_by_zhou, seen)


def test_a_segment_that_changed_after_the_approval_launches_nothing(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 30)
    one = made.campaign(bank, group)
    seen = made.asked(bank, one)
    with scoped(bank.zhou):
        assert launching.approve(bank.zhou, one, seen)
    SegmentMember.objects.using("batch").filter(segment_id=group.pk).earliest("pk").delete()
    assert launching.run(one.pk) == "draft"
    back = Campaign.objects.using("batch").get(pk=one.pk)
    assert back.refusal == "figures_moved"
    assert back.figures["members"] == 29
    assert back.figures_hash != seen
    assert not members(one)
    with scoped(bank.sun), pytest.raises(CampaignRefused):
        launching.ask(bank.sun, one, seen)
    made.launched(bank, one)
    assert len(members(one)) == 29


def test_of_two_approvers_at_once_one_decides(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 5)
    one = made.campaign(bank, group)
    seen = made.asked(bank, one)
    region_head = make_user("0102", "郑开来", Role.BRANCH_MANAGER, bank.region, Reach.SUBTREE)
    together = threading.Barrier(2)

    def decide(user: User) -> str:
        try:
            together.wait(10)
            with scoped(user):
                launching.approve(user, one, seen)
        except CampaignRefused:
            return "refused"
        finally:
            connections.close_all()
        return "approved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, (bank.zhou, region_head))) == ["approved", "refused"]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(launch_once, [one.pk] * 2))
    assert "running" in outcomes
    assert len(members(one)) == 5


def launch_once(campaign_id: int) -> str:
    try:
        return launching.run(campaign_id)
    finally:
        connections.close_all()


def test_a_killed_launch_leaves_nothing_and_the_sweep_does_it(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 3_000)
    one = made.campaign(bank, group)
    seen = made.asked(bank, one)
    with scoped(bank.zhou):
        launching.approve(bank.zhou, one, seen)
    # The connection dies on the last statement: the members are written by then.
    db.execute(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$; "
        "CREATE TRIGGER die BEFORE UPDATE ON campaigns_campaign FOR EACH ROW WHEN (NEW.state = 'running') "
        "EXECUTE FUNCTION die()",
        using="owner",
    )
    try:
        with pytest.raises(Exception):  # noqa: B017
            launching.run(one.pk)
        connections["batch"].close()
    finally:
        db.execute("DROP FUNCTION die() CASCADE", using="owner")
    assert not members(one)
    assert not CampaignStratum.objects.using("batch").filter(campaign_id=one.pk).exists()
    assert launching.waiting() == [one.pk]
    assert launching.run(one.pk) == "running"
    assert launching.waiting() == []
    assert len(members(one)) == 3_000
    assert launching.run(one.pk) == "over"


def test_of_two_campaigns_the_one_that_goes_before_has_the_customer(bank: Bank, group: Segment) -> None:
    """Priority first, then the earlier start, and both groups go together: to ask the other's control group alone would
    undo what the other compares."""
    made.crowd(bank, group, 2_500)
    first = made.launched(bank, made.campaign(bank, group, name="先"))
    everybody = {row.customer_id for row in members(first)}
    assert Counter(row.arm for row in members(first)) == {"treat": 2_250, "control": 250}
    made.crowd(bank, group, 300, branch=bank.north, owners=[bank.qian])
    later = made.campaign(bank, group, name="后", starts_on=date(2026, 4, 1))
    with scoped(bank.sun):
        seen = launching.look(bank.sun, later)
    assert seen.figures["overlaps"] == [[first.pk, 0, 2_500]]
    assert (seen.figures["members"], seen.figures["left_out"]) == (300, {"yielded": 2_500})
    urgent = made.launched(bank, made.campaign(bank, group, name="急", priority=1, starts_on=date(2026, 4, 1)))
    assert urgent.figures["overlaps"] == [[first.pk, 2_500, 0]]
    assert len(members(urgent)) == 2_800
    given_up = {row.customer_id for row in members(first) if row.yielded_to_id == urgent.pk}
    assert given_up == everybody
    # Whom the first one gave up it has no more: only the urgent one stands in the way now.
    after = launching.figures_of(later, "batch")
    assert (after["overlaps"], after["members"]) == ([[urgent.pk, 0, 2_800]], 0)


def test_row_level_security_hides_members_of_other_branches(bank: Bank, group: Segment) -> None:
    made.crowd(bank, group, 4)
    made.crowd(bank, group, 3, branch=bank.north, owners=[bank.qian])
    one = made.launched(bank, made.campaign(bank, group))
    for user, number in ((bank.he, 4), (bank.qian, 3), (bank.feng, 0), (bank.sun, 7), (bank.zhou, 7)):
        with scoped(user), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM campaigns_campaignmember WHERE campaign_id = %s", [one.pk])
            assert cursor.fetchone()[0] == number
    with scoped(bank.feng), pytest.raises(Campaign.DoesNotExist):
        launching.look(bank.feng, one)


def test_contacts_do_not_change_who_is_in_which_group(bank: Bank, group: Segment) -> None:
    """The web may write what came of a contact, nothing that was frozen."""
    made.crowd(bank, group, 2)
    one = made.launched(bank, made.campaign(bank, group))
    row = members(one)[0]
    with scoped(bank.he):
        CampaignMember.objects.filter(pk=row.pk).update(
            status="interested", invited_at=datetime(2026, 3, 2, tzinfo=UTC)
        )
    for frozen in ({"arm": "control"}, {"base_average": 0}, {"qualified_on": made.AS_OF}):
        with pytest.raises(Exception, match="permission denied"), scoped(bank.he):
            CampaignMember.objects.filter(pk=row.pk).update(**frozen)
    assert not ContactLog.objects.using("batch").exists()
