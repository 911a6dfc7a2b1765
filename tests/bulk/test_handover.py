"""A leaver's customers go to colleagues: who gets whom, who agrees, what moves along, and the way back."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.test import Client
from django.utils import timezone

from archives.models import ContactLog, MaintenancePlan
from crm import db
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from crm.workbench.bulk import jobs
from crm.workbench.handover import planning, requests, tracker
from crm.workbench.handover.planning import HandoverRefused, Wish
from customers.choices import BulkProblem, BulkState, RequestState
from customers.models import (
    Alert,
    BalanceChange,
    BulkJob,
    Customer,
    Household,
    Metrics,
    Ownership,
    OwnershipMove,
    OwnershipRequest,
    OwnershipRule,
)
from segments.models import Segment, SegmentMember
from tests import world
from tests.bulk import leaving
from tests.bulk.leaving import approved, carried_out, colleague, drafted, fill, fresh, moves, taken_back
from tests.pages import morning
from tests.world import Bank

ClientOf = Callable[[User], Client]
STATE = """
SELECT (SELECT md5(string_agg(customer_id || ':' || owner_id || ':' || role, ',' ORDER BY customer_id, owner_id, role))
        FROM customers_ownership WHERE until IS NULL) AS owners,
       (SELECT md5(string_agg(id || ':' || owner_id || ':' || due_date || ':' || state, ',' ORDER BY id))
        FROM archives_maintenanceplan) AS plans
"""


def state() -> dict[str, Any]:
    """Who answers for whom in which role, and who is to do which plan."""
    return db.fetch_all(STATE)[0]


@pytest.fixture
def people(bank: Bank) -> list[User]:
    """Three colleagues of the leaver 王, 李 among them."""
    return [bank.li, colleague(bank, "1010", "郑一鸣"), colleague(bank, "1011", "冯若兰")]


@pytest.mark.parametrize("seed", range(8))
def test_everybody_goes_to_one_candidate_families_whole_and_always_the_same(
    bank: Bank, people: list[User], seed: int
) -> None:
    number = 150 + 97 * seed
    fill(bank, bank.wang, number, seed=seed)
    fill(bank, people[1], 40 * seed, seed=seed + 100, prefix="E")
    request = drafted(bank, people)
    found = moves(request)
    candidates = {one.pk for one in people}
    assert len(found) == number == request.total == len({one.customer_id for one in found})
    assert {one.to_owner_id for one in found} <= candidates
    homes: dict[int, set[int | None]] = defaultdict(set)
    for one in found:
        homes[one.unit].add(one.to_owner_id)
    assert all(len(owners) == 1 for owners in homes.values())
    assert sum(one.aum for one in found) == sum(
        Metrics.objects.using("batch").filter(customer__customer_no__startswith="K").values_list("aum", flat=True)
    )
    again = moves(drafted(bank, list(reversed(people))))
    assert [(one.customer_id, one.to_owner_id) for one in again] == [
        (one.customer_id, one.to_owner_id) for one in found
    ]


def test_hours_and_assets_even_out_over_what_everybody_has_already(bank: Bank, people: list[User]) -> None:
    fill(bank, bank.wang, 3_000, seed=5)
    fill(bank, people[0], 400, seed=6, prefix="E")
    fill(bank, people[1], 900, seed=7, prefix="F")
    fill(bank, people[2], 150, seed=8, prefix="G")
    request = drafted(bank, people)
    with fresh(bank.he) as manager:
        shares = planning.shares(manager, request, leaving.DAY())
    hours, assets = [one.hours_after for one in shares], [one.aum_after for one in shares]
    assert max(hours) < 1.1 * min(hours), hours
    units: dict[int, Any] = defaultdict(int)
    for one in moves(request):
        units[one.unit] += one.aum
    assert max(assets) - min(assets) < 2 * max(units.values()), assets  # no finer than the largest household allows
    assert shares[2].customers > shares[1].customers  # who had nothing gets more than who had 900


def test_the_highest_tiers_go_to_who_holds_such(bank: Bank, people: list[User]) -> None:
    for number in range(4):
        bank.metrics(bank.customer(f"T{number}", owner=bank.wang), 7_000_000, tier=5)
    bank.metrics(bank.customer("H", owner=people[1]), 9_000_000, tier=5)
    assert {one.to_owner_id for one in moves(drafted(bank, people))} == {people[1].pk}


def test_a_family_whom_a_candidate_serves_stays_together_unless_it_may_part(bank: Bank, people: list[User]) -> None:
    home = Household.objects.using("batch").create(branch_id=bank.south.pk)
    husband = bank.customer("P1", owner=bank.wang, household_id=home.pk)
    bank.customer("P2", owner=people[2], household_id=home.pk)
    fill(bank, people[2], 300)  # so that balance alone would send nobody there
    assert moves(drafted(bank, people))[0].to_owner_id == people[2].pk
    parted = moves(drafted(bank, people, keeps_households=False))
    assert [(one.customer_id, one.to_owner_id in {people[0].pk, people[1].pk}) for one in parted] == [
        (husband.pk, True)
    ]


def test_slices_go_where_the_manager_says_and_the_rest_is_balanced(bank: Bank, people: list[User]) -> None:
    fill(bank, bank.wang, 200)
    segment = Segment.objects.using("batch").get(code="women")
    members = list(Customer.objects.using("batch").filter(household__isnull=True).order_by("pk")[:5])
    for customer in members:
        SegmentMember.objects.using("batch").create(
            segment=segment, customer=customer, branch_id=bank.south.pk, since=leaving.DAY(), cause="opened"
        )
    request = drafted(bank, people, ranks={2: people[1].pk}, segments={segment.pk: people[2].pk})
    goes = {one.customer_id: one for one in moves(request)}
    assert {goes[one.pk].to_owner_id for one in members} == {people[2].pk}
    twos = {
        one.to_owner_id for one in goes.values() if one.rank == 2 and one.customer_id not in {m.pk for m in members}
    }
    assert people[1].pk in twos and twos <= {people[1].pk, people[2].pk}  # 冯 only with somebody of the segment at home
    with pytest.raises(HandoverRefused):
        drafted(bank, people[:1], ranks={2: people[1].pk})
    with pytest.raises(HandoverRefused):
        drafted(bank, [bank.qian])


@pytest.fixture
def leaver(bank: Bank, people: list[User]) -> Customer:
    """王 with 260 customers, one of them with all that can hang on one, and with work for colleagues' customers."""
    fill(bank, bank.wang, 260)
    day = leaving.DAY()
    customer = bank.customer("A1", owner=bank.wang)
    bank.metrics(customer, 80_000, tier=3)
    bank.holding(customer, 50_000, product="TIME1Y", maturity_date=day + timedelta(days=9))
    evidence = {"maturity_date": str(day + timedelta(days=9)), "product": "定期一年", "balance": "50000"}
    morning.raise_alert(customer, "maturity", 1, 50_000, day + timedelta(days=9), evidence=evidence)
    ContactLog.objects.using("batch").create(
        customer=customer, branch_id=bank.south.pk, staff_id=bank.wang.pk, channel="phone", purpose="care",
        outcome="interested", summary="女儿准备留学", contacted_at=timezone.now() - timedelta(days=20), submission=None,
    )  # fmt: skip
    for owner, days in ((bank.wang, 3), (bank.he, 5)):  # 何 helps with one of them
        plan(customer, owner, day + timedelta(days=days))
    theirs = bank.customer("L1", owner=bank.li)
    plan(theirs, bank.wang, day)
    shared = {"branch_id": bank.south.pk, "since": day - timedelta(days=400)}
    for one, owner, role in ((theirs, bank.wang, "assistant"), (customer, bank.li, "adopted")):
        Ownership.objects.using("batch").create(customer=one, owner_id=owner.pk, role=role, **shared)
    closed = bank.customer("C1", owner=bank.wang, status="closed")
    assert closed.pk
    BulkJob.objects.using("batch").create(actor_id=bank.wang.pk, action="plan")
    return customer


def plan(customer: Customer, owner: User, due: Any) -> None:
    MaintenancePlan.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, owner_id=owner.pk, due_date=due,
        submission=f"00000000-0000-0000-0000-{customer.pk:08d}{owner.pk % 10_000:04d}",
    )  # fmt: skip


def test_afterwards_the_leaver_owns_nothing_open_and_undo_restores_exactly(
    bank: Bank, people: list[User], leaver: Customer
) -> None:
    before = state()
    request = carried_out(bank, drafted(bank, people))
    assert Ownership.objects.using("batch").filter(owner=bank.wang, until__isnull=True).count() == 0
    assert MaintenancePlan.objects.using("batch").filter(owner=bank.wang, state="planned").count() == 0
    assert BulkJob.objects.using("batch").filter(actor=bank.wang).count() == 0
    with fresh(bank.wang) as gone:
        assert Alert.objects.live().visible_to(gone).count() == 0
        assert Customer.objects.visible_to(gone).count() == 0
    with fresh(bank.he) as manager:
        assert set(requests.left_open(manager, bank.wang, bank.south.pk).values()) == {0}
        assert dict(requests.outcomes(manager, request)) == {"changed": 261}
    owner = Ownership.objects.using("batch").get(customer=leaver, role="main", until__isnull=True)
    assert set(leaver.plans.using("batch").values_list("owner_id", flat=True)) == {owner.owner_id}
    assert owner.reason == "离职"
    if owner.owner_id == bank.li.pk:  # who becomes the main owner is no foster owner beside
        assert not Ownership.objects.using("batch").filter(customer=leaver, role="adopted", until__isnull=True)
    taken_back(bank.he, request)
    assert open_of(bank.wang) == {"main": 262, "assistant": 1}  # the closed customer and the shared one too
    assert state() == before


def open_of(owner: User) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for role in Ownership.objects.using("batch").filter(owner=owner, until__isnull=True).values_list("role", flat=True):
        found[role] += 1
    return dict(found)


def test_who_changed_in_between_is_left_out_and_named(
    bank: Bank, people: list[User], leaver: Customer, client_of: ClientOf
) -> None:
    request = approved(bank, drafted(bank, people))
    first = list(OwnershipMove.objects.using("batch").filter(request=request).order_by("customer_id")[:2])
    gone, closed = (Customer.objects.using("batch").get(pk=one.customer_id) for one in first)
    assert client_of(bank.he).post(f"/customers/{gone.pk}/owner/", {"owner": bank.li.pk, "reason": "单独"}).status_code
    Customer.objects.using("batch").filter(pk=closed.pk).update(status="closed")
    left = OwnershipMove.objects.using("batch").exclude(to_owner=bank.li).filter(request=request).latest("pk")
    User.objects.using("batch").filter(pk=left.to_owner_id or 0).update(is_active=False)
    assert jobs.run(request.job_id or 0) == BulkState.DONE
    found = {one.customer_id: one.outcome for one in moves(request)}
    assert (found[gone.pk], found[closed.pk], found[left.customer_id]) == ("moved_since", "closed_since", "target_left")
    assert {one.outcome for one in moves(request) if one.to_owner_id == left.to_owner_id} <= {
        "target_left", "moved_since", "closed_since",
    }  # fmt: skip
    page = client_of(bank.he).get(f"/handovers/{request.pk}/?outcome=moved_since").content.decode()
    assert gone.customer_no in page


def test_undo_leaves_who_has_moved_again(bank: Bank, people: list[User], leaver: Customer, client_of: ClientOf) -> None:
    request = carried_out(bank, drafted(bank, people))
    again = moves(request)[0]
    other = next(one for one in people if one.pk != again.to_owner_id)
    client_of(bank.he).post(f"/customers/{again.customer_id}/owner/", {"owner": other.pk, "reason": "单独"})
    taken_back(bank.he, request)
    owner = Ownership.objects.using("batch").get(customer=again.customer_id, role="main", until__isnull=True)
    assert owner.owner_id == other.pk
    assert {one.outcome for one in moves(request) if one.pk != again.pk} == {"restored"}
    page = client_of(bank.he).get(f"/handovers/{request.pk}/")
    assert page.context["left"] is None  # all is the leaver's again


def test_undo_ends_after_the_days_of_the_rule(bank: Bank, people: list[User], leaver: Customer) -> None:
    OwnershipRule.objects.using("batch").create(effective_from=leaving.days_ago(1), undo_days=2)
    request = carried_out(bank, drafted(bank, people))
    with fresh(bank.he) as manager:
        late = timezone.now() + timedelta(days=2, minutes=1)
        assert not requests.undo(manager, leaving.request_in_scope(request), late)
        assert requests.may_undo(leaving.request_in_scope(request), late - timedelta(minutes=5))


def test_a_killed_worker_s_handover_goes_on_where_it_ended(bank: Bank, people: list[User], leaver: Customer) -> None:
    request = approved(bank, drafted(bank, people))
    real, chunks = db.run_sql, []

    def dies_in_the_third(package: str, name: str, using: str = "batch", **params: Any) -> int:
        chunks.append(name)
        if name == "move" and chunks.count("move") == 3:
            raise OperationalError("the server closed the connection")
        return real(package, name, using, **params)

    with patch.object(jobs, "CHUNK", 50), patch("crm.workbench.bulk.hands.db.run_sql", dies_in_the_third):
        with pytest.raises(OperationalError):
            jobs.run(request.job_id or 0)
        half = [one.outcome for one in moves(request)]
        assert half.count("changed") == 100
        assert jobs.run(request.job_id or 0) == BulkState.DONE
    assert [one.outcome for one in moves(request)].count("changed") == 261
    assert Ownership.objects.using("batch").filter(role="main", reason="离职").count() == 261


def test_nobody_approves_their_own_and_the_database_says_so_too(bank: Bank, people: list[User]) -> None:
    fill(bank, bank.wang, 10)
    request = drafted(bank, people)
    with fresh(bank.he) as manager:
        requests.ask(manager, request)
        request.refresh_from_db()
        with pytest.raises(HandoverRefused):
            requests.approve(manager, request, request.fingerprint, leaving.DAY())
    with pytest.raises(IntegrityError, match="nobody_approves_their_own_handover"), transaction.atomic(using="batch"):
        OwnershipRequest.objects.using("batch").filter(pk=request.pk).update(decided_by=bank.he)
    with pytest.raises(IntegrityError, match="no_handover_goes_on_undecided"), transaction.atomic(using="batch"):
        OwnershipRequest.objects.using("batch").filter(pk=request.pk).update(state=RequestState.APPROVED)


def test_what_was_approved_is_what_moves(bank: Bank, people: list[User]) -> None:
    fill(bank, bank.wang, 10)
    request = approved(bank, drafted(bank, people))
    OwnershipMove.objects.using("batch").filter(request=request).update(to_owner=bank.li)
    assert jobs.run(request.job_id or 0) == BulkState.FAILED
    job = BulkJob.objects.using("batch").get(pk=request.job_id or 0)
    assert job.problem == BulkProblem.ALTERED
    assert open_of(bank.wang) == {"main": 10}


def test_the_new_manager_reads_what_was_open_until_the_first_contact(
    bank: Bank, people: list[User], leaver: Customer, client_of: ClientOf
) -> None:
    request = carried_out(bank, drafted(bank, people))
    move = next(one for one in moves(request) if one.customer_id == leaver.pk)
    new = next(one for one in people if one.pk == move.to_owner_id)
    client = client_of(new)
    page = client.get(f"/customers/{leaver.pk}/").content.decode()
    for words in ("女儿准备留学", "定期一年", "请多关照", bank.wang.name):
        assert words in page
    assert client.post(f"/handovers/moves/{move.pk}/told/").status_code == 303
    with fresh(bank.he) as manager:
        figures = tracker.tracked(request_with_job(request), leaving.DAY())
        assert (figures.customers, figures.contacted, figures.told) == (261, 0, 1) and figures.retention == 100
    log(leaver, new)
    assert "请多关照" not in client.get(f"/customers/{leaver.pk}/").content.decode()
    with fresh(bank.he) as manager:
        assert tracker.tracked(request_with_job(request), leaving.DAY()).contacted == 1
        shown = tracker.moved(manager, request).filter(customer=leaver)
        assert [one.is_contacted for one in shown] == [True]
    others = next(one for one in people if one != new)
    assert client_of(others).post(f"/handovers/moves/{move.pk}/told/").status_code == 404


def log(customer: Customer, staff: User) -> None:
    ContactLog.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, staff_id=staff.pk, channel="phone", purpose="care",
        outcome="interested", summary="认识新客户经理", contacted_at=timezone.now(),
    )  # fmt: skip


def request_with_job(request: OwnershipRequest) -> OwnershipRequest:
    return leaving.request_in_scope(request)


def test_assets_are_watched_against_the_branch(bank: Bank, people: list[User], leaver: Customer) -> None:
    stays = bank.customer("S1", owner=bank.li)
    bank.metrics(stays, 100_000)
    request = carried_out(bank, drafted(bank, people))
    holding = leaver.holdings.using("batch").get()
    total = sum(one.aum for one in moves(request))
    tomorrow = leaving.DAY() + timedelta(days=1)
    BalanceChange.objects.using("batch").create(
        branch_id=bank.south.pk, customer=leaver, holding=holding, as_of=tomorrow, old_balance=50_000, new_balance=0,
        old_counted=50_000, new_counted=0,
    )  # fmt: skip
    other = bank.holding(stays, 90_000)
    BalanceChange.objects.using("batch").create(
        branch_id=bank.south.pk, customer=stays, holding=other, as_of=tomorrow, old_balance=100_000,
        new_balance=90_000, old_counted=100_000, new_counted=90_000,
    )  # fmt: skip
    Metrics.objects.using("batch").filter(customer=stays).update(aum=90_000)
    with fresh(bank.he):
        figures = tracker.tracked(request_with_job(request), tomorrow)
    assert figures.retention == round(100 * (total - 50_000) / total, 1)
    assert figures.branch_retention == 90  # of the 100,000 that others had


def test_two_open_requests_for_one_leaver_are_one_too_many(bank: Bank, people: list[User]) -> None:
    fill(bank, bank.wang, 5)
    first, second = drafted(bank, people), drafted(bank, people)
    with fresh(bank.he) as manager:
        requests.ask(manager, first)
    with fresh(bank.he) as manager, pytest.raises(HandoverRefused):
        requests.ask(manager, second)
    wish = Wish([bank.li.pk], reason="离职")
    with fresh(bank.zhou) as head, pytest.raises(HandoverRefused):  # nobody of that branch answers for anybody there
        planning.draft(head, bank.wang, bank.north.pk, wish, leaving.HIGHEST, leaving.DAY())


def test_no_other_branch_s_manager_sees_or_undoes_the_job(bank: Bank, people: list[User], client_of: ClientOf) -> None:
    """Plain SQL as the web's role: the policies alone decide."""
    fill(bank, bank.wang, 10)
    request = carried_out(bank, drafted(bank, people))
    north, far = (
        world.make_user(number, name, Role.BRANCH_MANAGER, branch, Reach.BRANCH)
        for number, name, branch in (("1190", "吕思远", bank.north), ("1290", "许安然", bank.far))
    )
    reached = {}
    for user in (bank.he, bank.sun, bank.zhao, bank.wang, bank.li, north, far, bank.lu, bank.wu):
        with fresh(user):
            seen = len(db.fetch_all("SELECT id FROM customers_bulkjob", using="default"))
            reached[user.staff_no] = seen, db.execute("UPDATE customers_bulkjob SET handled = handled", using="default")
    led = {bank.he.staff_no, bank.sun.staff_no}
    assert reached == {staff_no: (1, 1) if staff_no in led else (0, 0) for staff_no in reached}
    for user in (north, far, bank.li):
        assert client_of(user).post(f"/handovers/{request.pk}/undo/").status_code in (403, 404)
    assert BulkJob.objects.using("batch").get(pk=request.job_id or 0).state == BulkState.DONE
