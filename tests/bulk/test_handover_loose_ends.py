"""What else a leaver has in hand, and a way back that does not hang on who agreed, nor on the first try."""

from unittest.mock import patch
from uuid import uuid4

import pytest
from django.utils import timezone

from archives import complaints
from archives.complaints import Registration
from archives.models import ArchiveValue, Complaint, ComplaintStep, ContactLog, MaintenancePlan
from campaigns.choices import Arm
from campaigns.models import CampaignMember
from campaigns.prospects import referrals, register
from campaigns.prospects.models import Prospect, ProspectStep, Referral
from crm.organization.models import User
from crm.workbench.bulk import jobs
from crm.workbench.handover import requests
from customers.choices import BulkState, Severity
from customers.models import Alert, BulkJob, Customer, Ownership, OwnershipMove, OwnershipRequest
from tests.archives.saying import say
from tests.bulk import leaving
from tests.bulk.leaving import carried_out, drafted, fill, fresh, request_in_scope, taken_back
from tests.campaigns.driving import campaign, enlist
from tests.world import Bank


def complained(bank: Bank, handler: User, about: User | None = None, number: str = "") -> Complaint:
    customer = bank.customer(number) if number else None
    with fresh(bank.he) as manager:
        told = Registration("lobby", leaving.DAY(), "waiting", "排队两小时", handler, about, complainant="路人")
        one = Customer.objects.get(pk=customer.pk) if customer else None
        return complaints.register(one, manager, told, uuid4())


def handlers(*found: Complaint) -> list[int]:
    return [Complaint.objects.using("batch").get(pk=one.pk).handler_id for one in found]


def owned(bank: Bank) -> int:
    return Ownership.objects.using("batch").filter(owner=bank.wang, role="main", until__isnull=True).count()


def test_complaints_of_a_leaver_get_a_handler_whom_they_are_not_about(bank: Bank) -> None:
    fill(bank, bank.wang, 5)
    plain, about_he = complained(bank, bank.wang, number="P1"), complained(bank, bank.wang, bank.he)
    theirs = complained(bank, bank.li)
    request = carried_out(bank, drafted(bank, [bank.li]))  # asked for by 何, approved by 孙
    assert handlers(plain, about_he, theirs) == [bank.he.pk, bank.sun.pk, bank.li.pk]
    assert ComplaintStep.objects.using("batch").filter(complaint=plain).latest("pk").act == "hand"
    with fresh(bank.he) as manager:
        assert requests.left_open(manager, bank.wang, bank.south.pk)["complaints"] == 0
    with fresh(bank.sun) as leader:
        complaints.hand(about_he, leader, bank.li, "了解情况")
    taken_back(bank.sun, request)
    assert handlers(plain, about_he) == [bank.wang.pk, bank.li.pk]  # the second was given on since


def test_what_is_left_with_a_leaver_counts_complaints(bank: Bank) -> None:
    complained(bank, bank.wang)
    with fresh(bank.he) as manager:
        assert requests.left_open(manager, bank.wang, bank.south.pk)["complaints"] == 1


def test_it_is_taken_back_though_who_agreed_has_left(bank: Bank) -> None:
    fill(bank, bank.wang, 5)
    request = carried_out(bank, drafted(bank, [bank.li]))
    User.objects.using("batch").filter(pk=bank.sun.pk).update(is_active=False)
    taken_back(bank.he, request)
    assert owned(bank) == 5
    assert BulkJob.objects.using("batch").get(pk=request.job_id or 0).actor_id == bank.he.pk


def test_taking_back_that_broke_off_goes_on(bank: Bank) -> None:
    fill(bank, bank.wang, 5)
    request: OwnershipRequest = carried_out(bank, drafted(bank, [bank.li]))
    with fresh(bank.he) as manager:
        assert requests.undo(manager, request_in_scope(request), timezone.now())
    broken = patch.object(jobs, "next_chunk", breaks_in_the_second())
    with patch.object(jobs, "CHUNK", 2), broken, pytest.raises(ValueError, match="broken"):
        jobs.run(request.job_id or 0)
    assert (owned(bank), BulkJob.objects.using("batch").get(pk=request.job_id or 0).state) == (2, BulkState.FAILED)
    taken_back(bank.he, request)
    assert owned(bank) == 5
    with fresh(bank.he) as manager:
        assert not requests.undo(manager, request_in_scope(request), timezone.now())  # all is back


def breaks_in_the_second() -> object:
    real, seen = jobs.next_chunk, []

    def chunk(job: BulkJob, actor: User) -> str:
        seen.append(job)
        if len(seen) == 2:
            raise ValueError("broken")
        return real(job, actor)

    return chunk


def taken_in(user: User, number: int) -> Prospect:
    told = register.Particulars(name="李", mobile=f"1391234567{number}", needs=["deposit"], source_layer=2)
    with fresh(user) as manager:
        return register.register(manager, told, timezone.now(), uuid4())


def managers(*found: Prospect) -> list[int | None]:
    return [Prospect.objects.using("batch").get(pk=one.pk).owner_id for one in found]


def test_prospects_of_a_leaver_go_to_who_takes_over_and_come_back(bank: Bank) -> None:
    fill(bank, bank.wang, 5)
    first, given_on, dropped, theirs = (taken_in(bank.wang if n < 3 else bank.li, n) for n in range(4))
    Prospect.objects.using("batch").filter(pk=dropped.pk).update(stage="dropped")
    with fresh(bank.he) as manager:
        assert requests.left_open(manager, bank.wang, bank.south.pk)["prospects"] == 2
    other = leaving.colleague(bank, "1009", "郑一鸣")
    request = carried_out(bank, drafted(bank, [bank.li, other]))
    assert sorted(managers(first, given_on), key=str) == sorted([bank.li.pk, other.pk], key=str)
    assert managers(dropped, theirs) == [bank.wang.pk, bank.li.pk]
    step = ProspectStep.objects.using("batch").filter(prospect=first).latest("pk")
    assert [step.owner_id] == managers(first)
    with fresh(bank.he) as manager:
        assert requests.left_open(manager, bank.wang, bank.south.pk)["prospects"] == 0
    Prospect.objects.using("batch").filter(pk=given_on.pk).update(owner=None)
    taken_back(bank.sun, request)
    assert managers(first, given_on, theirs) == [bank.wang.pk, None, bank.li.pk]


def test_the_note_that_goes_along_has_no_contact_that_was_corrected(bank: Bank) -> None:
    customer, moment = bank.customer("N1", owner=bank.wang), timezone.now()
    for summary, replaced in (("女儿留学", moment), ("儿子留学", None)):
        ContactLog.objects.using("batch").create(
            customer=customer, branch_id=customer.branch_id, staff_id=bank.wang.pk, channel="phone", purpose="care",
            outcome="interested", summary=summary, contacted_at=moment, replaced_at=replaced,
        )  # fmt: skip
    request = carried_out(bank, drafted(bank, [bank.li]))
    note = OwnershipMove.objects.using("batch").get(request=request).note
    assert note is not None and [one["summary"] for one in note["contacts"]] == ["儿子留学"]


def taken(bank: Bank, by: User, *, made_by: User | None = None, **subject: int) -> Referral:
    """A referral that somebody has taken and not said the result of."""
    now = timezone.now()
    return Referral.objects.using("batch").create(
        branch_id=bank.south.pk, need="deposit", made_by_id=(made_by or bank.zhao).pk, made_at=now, asked_until=now,
        accepted_by_id=by.pk, accepted_at=now, submission=uuid4(), **subject,
    )  # fmt: skip


def takers(*found: Referral) -> list[int | None]:
    return [Referral.objects.using("batch").get(pk=one.pk).accepted_by_id for one in found]


def test_referrals_of_a_leaver_go_to_who_answers_now_and_come_back(bank: Bank) -> None:
    own, other, nobodys = (bank.customer(f"R{n}", owner=who) for n, who in enumerate((bank.wang, bank.qian, None)))
    led = taken_in(bank.wang, 1)
    mine, theirs = taken(bank, bank.wang, customer_id=own.pk), taken(bank, bank.wang, customer_id=other.pk)
    by_prospect, loose = taken(bank, bank.wang, prospect_id=led.pk), taken(bank, bank.wang, customer_id=nobodys.pk)
    # 李, who takes over, and 何, who asks for the handover, made these themselves.
    by_li = taken(bank, bank.wang, made_by=bank.li, customer_id=own.pk)
    by_he = taken(bank, bank.wang, made_by=bank.he, customer_id=nobodys.pk)
    told = taken(bank, bank.wang, customer_id=own.pk)
    Referral.objects.using("batch").filter(pk=told.pk).update(result="done", result_at=timezone.now())
    with fresh(bank.he) as manager:
        assert requests.left_open(manager, bank.wang, bank.south.pk)["referrals"] == 6
    request = carried_out(bank, drafted(bank, [bank.li]))
    assert takers(mine, theirs, by_prospect, loose) == [bank.li.pk, bank.qian.pk, bank.li.pk, bank.he.pk]
    assert takers(by_li, by_he, told) == [bank.he.pk, bank.sun.pk, bank.wang.pk]
    with fresh(bank.he) as manager:
        assert requests.left_open(manager, bank.wang, bank.south.pk)["referrals"] == 0
    with fresh(bank.li) as manager:
        referrals.report(Referral.objects.get(pk=by_prospect.pk), manager, timezone.now(), "done", "")
    taken_back(bank.sun, request)
    assert takers(mine, theirs, loose, by_li, by_he) == [bank.wang.pk] * 5
    assert takers(by_prospect) == [bank.li.pk]  # it has its result


def test_what_is_known_and_open_of_a_customer_goes_along_and_comes_back(bank: Bank) -> None:
    """Alerts, needs noted in the archive, contacts, plans and memberships of campaigns are the customer's."""
    fill(bank, bank.wang, 1)
    customer = Customer.objects.using("batch").get(customer_no="K0000001")
    day = leaving.DAY()
    say(bank.wang, customer, "need_stage", "heard", row=1)
    Alert.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, kind="upgrade_critical", episode="1",
        severity=Severity.INFORMATION,
        rule_version=1, raised_on=day, updated_on=day,
    )  # fmt: skip
    ContactLog.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, staff_id=bank.wang.pk, channel="phone", purpose="care",
        outcome="interested", summary="女儿留学", contacted_at=timezone.now(),
    )  # fmt: skip
    MaintenancePlan.objects.using("batch").update_or_create(
        customer=customer, branch_id=customer.branch_id, owner_id=bank.wang.pk, due_date=day, submission=uuid4()
    )
    ran = campaign(bank, starts_on=day, ends_on=day, baseline=(leaving.days_ago(9), leaving.days_ago(1)))
    enlist(ran, [(customer, Arm.TREAT, 0, 1)], owner_id=bank.wang.pk)
    kinds = (Alert, ArchiveValue, ContactLog, MaintenancePlan, CampaignMember)

    def seen(user: User) -> list[int]:
        with fresh(user) as one:
            return [kind.objects.visible_to(one).filter(customer_id=customer.pk).count() for kind in kinds]

    def doing() -> set[int]:
        open_plans = MaintenancePlan.objects.using("batch").filter(customer=customer, state="planned")
        return set(open_plans.values_list("owner_id", flat=True))

    before, nothing = seen(bank.wang), [0] * len(kinds)
    assert all(before) and seen(bank.li) == nothing
    request = carried_out(bank, drafted(bank, [bank.li]))
    assert (seen(bank.wang), seen(bank.li), doing()) == (nothing, before, {bank.li.pk})
    taken_back(bank.sun, request)
    assert (seen(bank.wang), seen(bank.li), doing()) == (before, nothing, {bank.wang.pk})
