"""What else a leaver has in hand, and a way back that does not hang on who agreed, nor on the first try."""

from unittest.mock import patch
from uuid import uuid4

import pytest
from django.utils import timezone

from archives import complaints
from archives.complaints import Registration
from archives.models import Complaint, ComplaintStep, ContactLog
from campaigns.prospects import register
from campaigns.prospects.models import Prospect, ProspectStep
from crm.organization.models import User
from crm.workbench.bulk import jobs
from crm.workbench.handover import requests
from customers.choices import BulkState
from customers.models import BulkJob, Customer, Ownership, OwnershipMove, OwnershipRequest
from tests.bulk import leaving
from tests.bulk.leaving import carried_out, drafted, fill, fresh, request_in_scope, taken_back
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
