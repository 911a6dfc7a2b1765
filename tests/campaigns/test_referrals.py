"""厅堂转介: who is asked when, of two who accept one has it, and what stands on nobody's word but the clock."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from archives.models import ContactLog
from campaigns.prospects import desk, presence, referrals, register
from campaigns.prospects.models import LobbyRule, Referral
from campaigns.prospects.referrals import Call, ReferralRefused
from crm.audit.models import AuditEntry
from crm.organization import workdays
from crm.organization.access import scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from customers.models import Customer
from tests.world import Bank, make_user

NOON = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


@pytest.fixture
def third(bank: Bank) -> User:
    return make_user("1009", "郑一鸣", Role.RELATIONSHIP_MANAGER, bank.south, Reach.OWN)


def there(*users: User, present: bool = True, at: datetime = NOON) -> None:
    for user in users:
        with scoped(user):
            presence.say(user, present, at)


def customer_of(bank: Bank, number: str = "6100000001", owner: User | None = None) -> Customer:
    customer = bank.customer(number, owner=owner)
    customer._state.db = "default"
    return customer


def called(bank: Bank, customer: Customer, at: datetime = NOON, **call: str) -> Referral:
    with scoped(bank.zhao):
        return referrals.refer_customer(customer, bank.zhao, at, Call(**{"need": "wealth", **call}), uuid4())


def does(user: User, what: Callable[..., None], referral: Referral, at: datetime, *args: Any) -> None:
    with scoped(user):
        what(referral, user, at, *args)


def now_of(referral: Referral) -> Referral:
    return Referral.objects.using("batch").get(pk=referral.pk)


def seen_by(user: User, at: datetime) -> list[desk.Waiting]:
    with scoped(user):
        return desk.desk(user, at).calls


def test_the_own_manager_is_asked_first_then_the_others_who_are_there(bank: Bank, third: User) -> None:
    there(bank.li, bank.wang)
    referral = called(bank, customer_of(bank, owner=bank.li))
    assert referral.queue == [bank.li.pk, bank.wang.pk]
    assert referral.turns == [NOON, minutes(5)]
    assert referral.asked_until == minutes(10)


def test_a_turn_passes_with_nobody_looking(bank: Bank) -> None:
    there(bank.li, bank.wang)
    referral = called(bank, customer_of(bank, owner=bank.li))
    before = AuditEntry.objects.using("batch").count()
    for at, whose in ((0, 0), (4.9, 0), (5, 1), (9.9, 1), (10, None), (300, None)):
        assert referral.turn_at(minutes(at)) == whose
    assert [len(seen_by(bank.wang, minutes(at))) for at in (0, 4.9, 5, 9.9, 30)] == [0, 0, 1, 1, 1]
    assert [one.is_mine for at in (0, 5) for one in seen_by(bank.li, minutes(at))] == [True, False]
    assert not referral.is_unanswered(minutes(9.9))
    assert referral.is_unanswered(minutes(10))
    assert now_of(referral).turns == referral.turns
    assert AuditEntry.objects.using("batch").count() == before


def test_the_minutes_and_the_number_asked_are_parameters(bank: Bank, third: User) -> None:
    LobbyRule.objects.using("batch").update(answer_minutes=2, most_asked=2)
    there(bank.li, bank.wang, third)
    referral = called(bank, customer_of(bank, owner=third))
    assert referral.queue[0] == third.pk
    assert len(referral.queue) == 2
    assert referral.asked_until == minutes(4)


def test_who_took_the_fewest_today_comes_next(bank: Bank, third: User) -> None:
    there(bank.li, bank.wang, third)
    for number in range(2):
        one = called(bank, customer_of(bank, f"62{number:08}", owner=bank.wang))
        does(bank.wang, referrals.accept, one, minutes(1))
    assert called(bank, customer_of(bank), minutes(2)).queue == [bank.li.pk, third.pk, bank.wang.pk]


def test_nobody_there_is_on_the_board_at_once(bank: Bank) -> None:
    referral = called(bank, customer_of(bank, owner=bank.li))
    assert referral.queue == []
    assert referral.is_unanswered(NOON)
    with scoped(bank.he):
        assert list(desk.unanswered(bank.he, [bank.south.pk], NOON)) == [referral]
    with scoped(bank.qian):
        assert not desk.unanswered(bank.qian, [bank.south.pk], NOON).exists()


def test_what_one_says_of_oneself_counts_more_than_the_sign_in(bank: Bank) -> None:
    User.objects.using("batch").filter(pk__in=[bank.li.pk, bank.wang.pk]).update(last_login=timezone.now())
    there(bank.li, present=False)
    assert called(bank, customer_of(bank, owner=bank.li)).queue == [bank.wang.pk]


def test_a_sign_in_of_yesterday_is_not_being_there(bank: Bank) -> None:
    User.objects.using("batch").update(last_login=timezone.now() - timedelta(days=1))
    assert called(bank, customer_of(bank, owner=bank.li)).queue == []


def test_who_leaves_is_asked_no_more_and_the_others_earlier(bank: Bank, third: User) -> None:
    there(bank.li, bank.wang, third)
    referral = called(bank, customer_of(bank, owner=bank.li))
    there(bank.wang, present=False, at=minutes(1))
    now = now_of(referral)
    assert (now.queue, now.turns) == ([bank.li.pk, third.pk], [NOON, minutes(5)])
    there(bank.li, present=False, at=minutes(2))
    now = now_of(referral)
    assert (now.queue, now.turns) == ([bank.li.pk, third.pk], [NOON, minutes(2)])
    assert now.asked_until == minutes(7)
    there(bank.li, present=False, at=minutes(3))
    assert now_of(referral).turns == now.turns


def test_who_comes_is_asked_last_and_at_once_where_nobody_is_left(bank: Bank) -> None:
    there(bank.li)
    referral = called(bank, customer_of(bank, owner=bank.li))
    there(bank.wang, at=minutes(1))
    assert now_of(referral).turns == [NOON, minutes(5)]
    other = called(bank, customer_of(bank, "6100000002"), minutes(2))
    there(bank.wang, bank.li, present=False, at=minutes(2))
    assert now_of(other).is_unanswered(minutes(2))
    there(bank.qian, at=minutes(3))
    assert bank.qian.pk not in now_of(other).queue


def test_passing_on_asks_the_next_one_at_once(bank: Bank) -> None:
    there(bank.li, bank.wang)
    referral = called(bank, customer_of(bank, owner=bank.li))
    with pytest.raises(ReferralRefused):
        does(bank.wang, referrals.pass_on, referral, minutes(1))
    does(bank.li, referrals.pass_on, referral, minutes(1))
    assert now_of(referral).turns == [NOON, minutes(1)]
    with pytest.raises(ReferralRefused):
        does(bank.li, referrals.pass_on, referral, minutes(2))
    does(bank.wang, referrals.pass_on, referral, minutes(2))
    assert now_of(referral).is_unanswered(minutes(2))


def test_nobody_takes_it_before_their_turn_or_after_another(bank: Bank, third: User) -> None:
    there(bank.li, bank.wang)
    referral = called(bank, customer_of(bank, owner=bank.li))
    with pytest.raises(ReferralRefused):
        does(bank.wang, referrals.accept, referral, minutes(1))
    with pytest.raises(ReferralRefused):
        does(third, referrals.accept, referral, minutes(6))
    does(bank.wang, referrals.accept, referral, minutes(6))
    does(bank.wang, referrals.accept, referral, minutes(6))
    with pytest.raises(ReferralRefused, match=bank.wang.name):
        does(bank.li, referrals.accept, referral, minutes(7))
    now = now_of(referral)
    assert (now.accepted_by_id, now.accepted_at) == (bank.wang.pk, minutes(6))
    assert seen_by(bank.li, minutes(7)) == []


def test_of_two_who_accept_at_once_one_has_it(bank: Bank) -> None:
    there(bank.li, bank.wang)
    referral = called(bank, customer_of(bank, owner=bank.li))
    gate, refused = threading.Barrier(2), []

    def take(user: User) -> None:
        try:
            gate.wait()
            does(user, referrals.accept, referral, minutes(6))
        except ReferralRefused:
            refused.append(user.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(user,)) for user in (bank.li, bank.wang)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert {now_of(referral).accepted_by_id, *refused} == {bank.li.pk, bank.wang.pk}


def test_nobody_refers_to_themselves(bank: Bank) -> None:
    there(bank.wang, bank.li)
    customer = customer_of(bank, owner=bank.wang)
    with scoped(bank.wang):
        referral = referrals.refer_customer(customer, bank.wang, NOON, Call("loan"), uuid4())
    assert referral.queue == [bank.li.pk]
    with pytest.raises(ReferralRefused):
        does(bank.wang, referrals.accept, referral, minutes(1))
    with pytest.raises(IntegrityError), transaction.atomic(using="batch"):
        Referral.objects.using("batch").update(accepted_by=bank.wang, accepted_at=NOON)


def test_a_customer_is_called_for_once_and_again_when_nobody_came(bank: Bank) -> None:
    there(bank.li)
    customer = customer_of(bank, owner=bank.li)
    first = called(bank, customer)
    with pytest.raises(ReferralRefused):
        called(bank, customer, minutes(1))
    second = called(bank, customer, minutes(6))
    assert now_of(first).withdrawn_at == minutes(6)
    assert Referral.objects.using("batch").waiting().get() == second


def test_one_submission_is_one_call_and_one_reception(bank: Bank) -> None:
    there(bank.li)
    customer, submission = customer_of(bank, owner=bank.li), uuid4()
    for _time in range(2):
        with scoped(bank.zhao):
            referrals.refer_customer(customer, bank.zhao, NOON, Call("wealth", "手机 13912345678"), submission)
    referral, log = Referral.objects.using("batch").get(), ContactLog.objects.using("batch").get()
    assert "13912345678" not in referral.note + log.summary
    assert (log.channel, log.staff_id, log.outcome) == ("lobby", bank.zhao.pk, "interested")


def test_the_result_is_for_who_took_it_and_succeeds_within_thirty_days(bank: Bank) -> None:
    there(bank.li, bank.wang)
    referral = called(bank, customer_of(bank, owner=bank.li))
    with pytest.raises(ReferralRefused):
        does(bank.li, referrals.report, referral, minutes(1), "done", "")
    does(bank.li, referrals.accept, referral, minutes(1))
    with pytest.raises(ReferralRefused):
        does(bank.he, referrals.report, referral, minutes(2), "done", "")
    for days, succeeds in ((30, True), (30.01, False)):
        does(bank.li, referrals.report, referral, NOON + timedelta(days=days), "done", "")
        assert now_of(referral).succeeded(30) is succeeds


def test_who_waits_no_longer_is_not_taken(bank: Bank) -> None:
    there(bank.li)
    referral = called(bank, customer_of(bank, owner=bank.li))
    with pytest.raises(ReferralRefused):
        does(bank.li, referrals.withdraw, referral, minutes(1))
    does(bank.zhao, referrals.withdraw, referral, minutes(1))
    with pytest.raises(ReferralRefused):
        does(bank.li, referrals.accept, referral, minutes(2))


def test_every_step_is_in_the_trail(bank: Bank) -> None:
    there(bank.li)
    referral = called(bank, customer_of(bank, owner=bank.li))
    does(bank.li, referrals.accept, referral, minutes(1))
    does(bank.li, referrals.report, referral, minutes(2), "follow", "")
    entries = AuditEntry.objects.using("batch").filter(action__startswith="referral.").order_by("pk")
    assert [one.action for one in entries] == ["referral.make", "referral.accept", "referral.report"]


def asks(user: User, customer: Customer, to: User, at: datetime = NOON) -> Referral:
    with scoped(user):
        return referrals.refer_across(customer, user, at, to, Call("payroll", "公司三十人想代发"), uuid4())


@pytest.mark.parametrize(("customer_type", "kind"), [("person", "company"), ("company", "personal")])
def test_company_and_personal_business_refer_to_each_other(customer_type: str, kind: str, bank: Bank) -> None:
    customer = customer_of(bank, owner=bank.wang)
    Customer.objects.using("batch").update(customer_type=customer_type)
    customer.customer_type = customer_type
    referral = asks(bank.wang, customer, bank.li)
    until = timezone.make_aware(datetime.combine(workdays.workdays_after(NOON.date(), 3), NOON.time()))
    assert (referral.kind, referral.queue, referral.asked_until) == (kind, [bank.li.pk], until)
    tomorrow = NOON + timedelta(days=1)
    assert [one.is_mine for one in seen_by(bank.li, tomorrow)] == [True]
    assert seen_by(bank.zhao, tomorrow) == seen_by(bank.wang, tomorrow) == []
    with scoped(bank.he):
        assert not desk.unanswered(bank.he, [bank.south.pk], tomorrow).exists()
        assert desk.unanswered(bank.he, [bank.south.pk], until + timedelta(hours=1)).exists()
    does(bank.li, referrals.accept, referral, tomorrow)
    does(bank.li, referrals.report, referral, tomorrow, "done", "")
    assert now_of(referral).succeeded(30)


def test_one_asks_a_colleague_of_the_branch_once(bank: Bank) -> None:
    customer = customer_of(bank, owner=bank.wang)
    for nobody in (bank.wang, bank.qian, bank.zhao):
        with pytest.raises(ReferralRefused):
            asks(bank.wang, customer, nobody)
    asks(bank.wang, customer, bank.li)
    with pytest.raises(ReferralRefused):
        asks(bank.wang, customer, bank.li, minutes(1))
    there(bank.wang)
    assert called(bank, customer, minutes(2)).queue == [bank.wang.pk]


def test_who_is_on_duty_changes_nothing_between_company_and_personal(bank: Bank, third: User) -> None:
    referral = asks(bank.wang, customer_of(bank, owner=bank.wang), bank.li)
    there(third, at=minutes(1))
    there(bank.li, present=False, at=minutes(2))
    now = now_of(referral)
    assert (now.queue, now.asked_until) == ([bank.li.pk], referral.asked_until)


# National Day of 2026: nobody works from 1 to 7 October.
EVE, AFTER = (datetime(2026, *day, 16, 58, tzinfo=NOON.tzinfo) for day in ((9, 30), (10, 8)))


def test_a_colleague_has_working_days_to_answer(bank: Bank) -> None:
    referral = asks(bank.wang, customer_of(bank, owner=bank.wang), bank.li, EVE)
    assert timezone.localtime(referral.asked_until) == AFTER + timedelta(days=2)


@pytest.mark.parametrize("made", [EVE, datetime(2026, 11, 6, 16, 58, tzinfo=NOON.tzinfo)])
def test_what_nobody_took_before_closing_is_on_the_board_when_the_branch_opens_again(
    made: datetime, bank: Bank
) -> None:
    there(bank.li, at=made)
    referral = called(bank, customer_of(bank, owner=bank.li), made)
    opens = AFTER if made == EVE else made + timedelta(days=3)
    opens = opens.replace(hour=8, minute=30)
    with scoped(bank.he):
        assert list(desk.unanswered(bank.he, [bank.south.pk], opens)) == [referral]
        assert not desk.unanswered(bank.he, [bank.south.pk], opens + timedelta(days=1)).exists()


def in_a_thread(what: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Started; the list has what came of it, or its error."""
    came: list[Any] = []

    def run() -> None:
        try:
            came.append(what())
        except Exception as fault:
            came.append(fault)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came


def test_who_takes_a_call_while_another_is_made_keeps_it(bank: Bank) -> None:
    customer = customer_of(bank, owner=bank.li)
    first = called(bank, customer)
    with scoped(bank.he):
        referrals.accept(first, bank.he, minutes(1))
        thread, came = in_a_thread(lambda: called(bank, customer, minutes(1)))
        time.sleep(1)
        assert came == []
    thread.join()
    assert isinstance(came[0], Referral)
    now = now_of(first)
    assert (now.accepted_by_id, now.withdrawn_at) == (bank.he.pk, None)


def test_to_call_for_a_prospect_and_to_take_a_call_do_not_wait_for_each_other(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = register.Particulars("李", "13912345678", ["loan"], 2)
    with scoped(bank.zhao):
        prospect = register.register(bank.zhao, told, NOON, uuid4())
        first = referrals.refer_prospect(prospect, bank.zhao, NOON, Call("loan"), uuid4())
    end_old, begun = referrals.end_old, threading.Event()

    def slowly(waiting: Any, now: datetime) -> None:
        begun.set()
        time.sleep(1)
        end_old(waiting, now)

    def take() -> None:
        begun.wait()
        does(bank.he, referrals.accept, first, minutes(1))

    monkeypatch.setattr(referrals, "end_old", slowly)
    thread, came = in_a_thread(take)
    with scoped(bank.zhao):
        second = referrals.refer_prospect(prospect, bank.zhao, minutes(1), Call("loan"), uuid4())
    thread.join()
    assert [type(one) for one in came] == [ReferralRefused]
    assert Referral.objects.using("batch").waiting().get() == second


def test_a_new_call_is_seen_however_many_lack_a_result(bank: Bank) -> None:
    there(bank.li)
    for number in range(desk.MOST_SHOWN):
        one = called(bank, customer_of(bank, f"63{number:08}", owner=bank.li))
        does(bank.li, referrals.accept, one, minutes(1))
    new = called(bank, customer_of(bank, owner=bank.li), minutes(2))
    assert [one.referral for one in seen_by(bank.li, minutes(3))] == [new]
