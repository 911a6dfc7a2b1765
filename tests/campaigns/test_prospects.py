"""潜客: taken in once, whose number it is stays within the branch; the night finds the account, or forgets."""

import threading
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, connections, transaction
from django.utils import timezone

from campaigns.prospects import night, presence, register
from campaigns.prospects.models import MOBILE, LobbyRule, Prospect, ProspectStep
from campaigns.prospects.register import KNOWN, NumberKnown, Particulars, ProspectRefused, TooManyKnown
from crm import db
from crm.audit import pii
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from customers.models import Customer, NightCustomer
from tests.nightly.night_world import Book
from tests.world import Bank, make_user

PHONE, OTHER_PHONE = "13912345678", "13912345679"
IDENTITY = "110101199003074477"


def said(**values: Any) -> Particulars:
    fields: dict[str, Any] = {"name": "李", "mobile": PHONE, "needs": ["deposit", "wealth"], "source_layer": 2}
    return Particulars(**{**fields, **values})


def taken_in(user: User, **values: Any) -> Prospect:
    with scoped(user):
        return register.register(user, said(**values), timezone.now(), uuid4())


def now_of(prospect: Prospect) -> Any:
    return Prospect.objects.using("batch").get(pk=prospect.pk)


def with_numbers(customer: Customer, mobile: str = PHONE, id_no: str = "") -> Customer:
    customer.mobile_index, customer.id_no_index = pii.index(pii.MOBILE, mobile), pii.index(pii.ID_NO, id_no)
    customer.save(using="batch")
    return customer


@pytest.fixture
def north_lobby(bank: Bank) -> User:
    return make_user("1109", "吕安然", Role.LOBBY_MANAGER, bank.north, Reach.BRANCH)


def test_the_number_is_sealed_under_its_row_and_hashed_as_a_customers(bank: Bank) -> None:
    prospect = now_of(taken_in(bank.zhao))
    assert pii.decrypt(MOBILE, prospect.pk, prospect.mobile_cipher) == PHONE
    assert bytes(prospect.mobile_index) == pii.index(pii.MOBILE, "+86 139 1234 5678")
    assert prospect.mobile_mask == "139****5678"
    other = now_of(taken_in(bank.zhao, mobile=OTHER_PHONE))
    with pytest.raises(pii.DecryptionError):
        pii.decrypt(MOBILE, other.pk, prospect.mobile_cipher)


@pytest.mark.parametrize(("name", "shown"), [("李", "李*"), ("李明", "李*"), ("李小明", "李*明")])
def test_the_name_is_masked(name: str, shown: str) -> None:
    assert register.shown_name(name) == shown


def test_the_manager_on_duty_looks_after_a_new_one(bank: Bank) -> None:
    assert taken_in(bank.zhao).owner_id is None
    with scoped(bank.li):
        presence.say(bank.li, True, timezone.now())
    prospect = taken_in(bank.zhao, mobile=OTHER_PHONE)
    assert prospect.owner_id == bank.li.pk
    for user, sees in ((bank.li, True), (bank.wang, False), (bank.he, True), (bank.qian, False), (bank.lu, False)):
        with scoped(user):
            assert Prospect.objects.visible_to(user).filter(pk=prospect.pk).exists() is sees
    assert taken_in(bank.wang, mobile="13912345680").owner_id == bank.wang.pk


def test_visitors_are_shared_among_those_on_duty(bank: Bank) -> None:
    for user in (bank.li, bank.wang):
        with scoped(user):
            presence.say(user, True, timezone.now())
    owners = [taken_in(bank.zhao, mobile=f"1391234570{number}").owner_id for number in range(4)]
    assert {owner: owners.count(owner) for owner in owners} == {bank.li.pk: 2, bank.wang.pk: 2}


def test_one_submission_is_one_prospect(bank: Bank) -> None:
    submission = uuid4()
    for _time in range(2):
        with scoped(bank.zhao):
            register.register(bank.zhao, said(), timezone.now(), submission)
    assert Prospect.objects.using("batch").count() == ProspectStep.objects.using("batch").count() == 1


def test_what_is_known_here_is_named_and_elsewhere_not(bank: Bank, north_lobby: User) -> None:
    with_numbers(bank.customer("6100000001"))
    with pytest.raises(NumberKnown) as known:
        taken_in(bank.zhao)
    assert known.value.customer is not None
    with pytest.raises(NumberKnown) as known:
        taken_in(north_lobby)
    assert (known.value.customer, known.value.prospect) == (None, None)
    mine = taken_in(bank.zhao, mobile=OTHER_PHONE)
    with pytest.raises(NumberKnown) as known:
        taken_in(bank.zhao, mobile=OTHER_PHONE)
    assert known.value.prospect == mine
    with pytest.raises(NumberKnown) as known:
        taken_in(north_lobby, mobile=OTHER_PHONE)
    assert (known.value.customer, known.value.prospect) == (None, None)
    entries = AuditEntry.objects.using("batch").filter(action=KNOWN)
    assert sorted(one.detail["is_own"] for one in entries) == [False, False, True, True]


def test_a_document_is_recognised_too_and_kept_as_a_fingerprint(bank: Bank, north_lobby: User) -> None:
    prospect = now_of(taken_in(bank.zhao, id_no=IDENTITY))
    assert bytes(prospect.id_no_index) == pii.index(pii.ID_NO, IDENTITY)
    with pytest.raises(NumberKnown):
        taken_in(north_lobby, mobile=OTHER_PHONE, id_no=IDENTITY)


def test_trying_out_numbers_is_stopped(bank: Bank, north_lobby: User) -> None:
    with_numbers(bank.customer("6100000001"))
    for _time in range(register.MOST_KNOWN_AN_HOUR):
        with pytest.raises(NumberKnown):
            taken_in(north_lobby)
    with pytest.raises(TooManyKnown):
        taken_in(north_lobby)
    # Nor does a number that nobody has tell the two apart.
    with pytest.raises(TooManyKnown):
        taken_in(north_lobby, mobile=OTHER_PHONE)
    assert taken_in(bank.zhao, mobile=OTHER_PHONE).pk


def test_a_tap_that_is_sent_twice_at_once_is_one_prospect(bank: Bank) -> None:
    outcomes: list[Any] = []
    gate, submission = threading.Barrier(2), uuid4()

    def take(user: User) -> None:
        try:
            gate.wait()
            with scoped(user):
                outcomes.append(register.register(user, said(), timezone.now(), submission).pk)
        except NumberKnown:
            outcomes.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(bank.zhao,)) for _time in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [Prospect.objects.using("batch").get().pk] * 2


def test_of_two_who_take_in_one_number_at_once_one_has_it(bank: Bank, north_lobby: User) -> None:
    outcomes: list[Any] = []
    gate = threading.Barrier(2)

    def take(user: User) -> None:
        try:
            gate.wait()
            outcomes.append(taken_in(user).pk)
        except NumberKnown as known:
            outcomes.append(known.customer or known.prospect)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(user,)) for user in (bank.zhao, north_lobby)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Prospect.objects.using("batch").count() == 1
    assert len([one for one in outcomes if one]) == 1


def test_the_history_has_every_step(bank: Bank) -> None:
    prospect = taken_in(bank.zhao)
    with scoped(bank.he):
        register.give(prospect, bank.he, timezone.now(), bank.wang)
    with scoped(bank.wang):
        register.move(prospect, bank.wang, timezone.now(), "interested", "电话 13912345678")
        with pytest.raises(ProspectRefused):
            register.move(prospect, bank.wang, timezone.now(), "opened", "")
    with scoped(bank.li), pytest.raises(ProspectRefused):
        register.move(prospect, bank.li, timezone.now(), "dropped", "")
    with scoped(bank.he), pytest.raises(ProspectRefused):
        register.give(prospect, bank.he, timezone.now(), bank.qian)
    steps = list(ProspectStep.objects.using("batch").order_by("pk").values_list("stage", "owner_id", "actor_id"))
    assert steps == [
        ("new", None, bank.zhao.pk), ("new", bank.wang.pk, bank.he.pk), ("interested", bank.wang.pk, bank.wang.pk),
    ]  # fmt: skip
    assert not ProspectStep.objects.using("batch").filter(note__contains=PHONE).exists()


def test_the_web_cannot_say_that_an_account_is_there(bank: Bank) -> None:
    prospect = taken_in(bank.zhao)
    for change in ("converted_on = '2026-01-01', stage = 'opened'", "name = 'x'", "mobile_index = NULL"):
        with scoped(bank.zhao), pytest.raises(Error), transaction.atomic():
            db.execute(f"UPDATE campaigns_prospect SET {change} WHERE id = {prospect.pk}", using="default")


def delivered(customer: Customer, as_of: date) -> None:
    NightCustomer.objects.using("batch").create(
        customer_id=customer.pk, load_id=0, is_new=True, customer_no=customer.customer_no, customer_type="person",
        branch_id=customer.branch_id, name=customer.name, name_mask=customer.name_mask, open_date=as_of,
        status="active",
    )  # fmt: skip


def test_the_night_finds_the_account_once(bank: Bank) -> None:
    prospect, other = taken_in(bank.zhao), taken_in(bank.zhao, mobile=OTHER_PHONE, id_no=IDENTITY)
    third = taken_in(bank.zhao, mobile="13912345680")
    day = timezone.localdate()
    mine = with_numbers(bank.customer("6300000001", open_date=day, branch=bank.north))
    by_id = with_numbers(bank.customer("6300000002", open_date=day), "13800000000", IDENTITY)
    for one in (mine, by_id):
        delivered(one, day)
    with transaction.atomic(using="batch"):
        assert night.publish(day) == {"opened": 2, "forgotten": 0}
    with transaction.atomic(using="batch"):
        assert night.publish(day) == {"opened": 0, "forgotten": 0}
    for seen, customer in ((prospect, mine), (other, by_id)):
        now = now_of(seen)
        assert (now.stage, now.opened_as_id, now.converted_on) == ("opened", customer.pk, day)
        assert now.branch_id == bank.south.pk
        assert [step.stage for step in now.steps.using("batch").order_by("pk")] == ["new", "opened"]
    assert now_of(third).stage == "new"
    # Until the next night the day may be corrected; then the numbers are the customers' alone.
    with transaction.atomic(using="batch"):
        assert night.publish(day + timedelta(days=1)) == {"opened": 0, "forgotten": 0}
    for seen in (prospect, other):
        now = now_of(seen)
        assert (now.mobile_cipher, now.mobile_index, now.id_no_index) == (None, None, None)


@pytest.mark.parametrize("document", ["110101199003074485", ""])
def test_a_relative_on_the_same_phone_is_not_the_visitor(document: str, bank: Bank) -> None:
    prospect, day = taken_in(bank.zhao, id_no=IDENTITY), timezone.localdate()
    relative = with_numbers(bank.customer("6300000001", open_date=day), PHONE, document)
    mine = with_numbers(bank.customer("6300000002", open_date=day), OTHER_PHONE, IDENTITY)
    for one in (relative, mine):
        delivered(one, day)
    with transaction.atomic(using="batch"):
        assert night.publish(day)["opened"] == 1
    assert now_of(prospect).opened_as_id == mine.pk


def test_another_document_on_the_same_phone_is_another_person(bank: Bank) -> None:
    prospect, day = taken_in(bank.zhao, id_no=IDENTITY), timezone.localdate()
    delivered(with_numbers(bank.customer("6300000001", open_date=day), PHONE, "110101199003074485"), day)
    with transaction.atomic(using="batch"):
        assert night.publish(day)["opened"] == 0
    assert now_of(prospect).stage == "new"


def test_an_account_that_was_there_before_is_no_success(bank: Bank) -> None:
    prospect, day = taken_in(bank.zhao), timezone.localdate()
    delivered(with_numbers(bank.customer("6300000001", open_date=day - timedelta(days=1))), day)
    with transaction.atomic(using="batch"):
        assert night.publish(day)["opened"] == 0
    assert now_of(prospect).stage == "new"


def test_a_whole_night_tells_of_it_and_a_rerun_changes_nothing(bank: Bank) -> None:
    book = Book(bank)
    as_of = timezone.localdate() - timedelta(days=1)
    prospect = taken_in(bank.zhao)
    Prospect.objects.using("batch").update(registered_at=timezone.now() - timedelta(days=3))
    customer = book.open("6300000001", 1000)
    index = pii.index(pii.MOBILE, PHONE)
    NightCustomer.objects.using("batch").filter(customer_id=customer.pk).update(mobile_index=index, open_date=as_of)
    assert book.night(as_of).counts["prospects"] == {"opened": 1, "forgotten": 0}
    found = now_of(prospect)
    assert (found.opened_as_id, found.converted_on) == (customer.pk, as_of)
    assert book.night(as_of, rerun=True).counts["prospects"] == {"opened": 0, "forgotten": 0}
    assert now_of(prospect).stage_at == found.stage_at


def test_who_never_opens_an_account_is_forgotten(bank: Bank) -> None:
    LobbyRule.objects.using("batch").update(keep_days=30)
    old, young = taken_in(bank.zhao, note="他行存单到期"), taken_in(bank.zhao, mobile=OTHER_PHONE)
    with scoped(bank.he):
        register.move(old, bank.he, timezone.now(), "dropped", "不再考虑")
    day = timezone.localdate()
    Prospect.objects.using("batch").filter(pk=old.pk).update(stage_at=timezone.now() - timedelta(days=32))
    Prospect.objects.using("batch").filter(pk=young.pk).update(stage_at=timezone.now() - timedelta(days=29))
    with transaction.atomic(using="batch"):
        assert night.publish(day) == {"opened": 0, "forgotten": 1}
    gone = now_of(old)
    assert (gone.name, gone.name_mask, gone.mobile_mask, gone.note, gone.mobile_cipher, gone.mobile_index) == (
        "", "", "", "", None, None,
    )  # fmt: skip
    assert (gone.stage, gone.source_layer, gone.forgotten_on) == ("dropped", 2, day)
    assert {step.note for step in gone.steps.using("batch").all()} == {""}
    assert now_of(young).name == "李"
    assert taken_in(bank.zhao).pk
