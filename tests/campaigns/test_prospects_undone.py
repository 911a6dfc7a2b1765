"""潜客 who withdraw their consent are forgotten at once; what a wrong file made of one is undone by the right one."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import Error, transaction
from django.test import Client
from django.utils import timezone

from campaigns.entitlements.models import LedgerEntry, PointsRule
from campaigns.prospects import night, presence, referrals, register
from campaigns.prospects.models import MOBILE, Prospect, ProspectStep, Referral
from campaigns.prospects.referrals import Call, ReferralRefused
from campaigns.prospects.register import ProspectRefused
from crm import db
from crm.audit import pii
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer, Relation
from tests.campaigns.test_prospects import IDENTITY, OTHER_PHONE, PHONE, delivered, now_of, taken_in, with_numbers
from tests.nightly.night_world import Book
from tests.world import Bank

ClientOf = Callable[[User], Client]


def forgotten(user: User, prospect: Prospect) -> None:
    with scoped(user):
        register.forget(prospect, user, timezone.now())


def called(bank: Bank, prospect: Prospect) -> Referral:
    with scoped(bank.zhao):
        call = Call("loan", "等在三号窗口")
        return referrals.refer_prospect(prospect, bank.zhao, timezone.now(), call, uuid4())


def test_who_withdraws_the_consent_is_forgotten_at_once(bank: Bank, client_of: ClientOf) -> None:
    wang, lobby = client_of(bank.wang), client_of(bank.zhao)
    prospect = taken_in(bank.zhao, id_no=IDENTITY, note="他行存单到期", sex="F")
    taken = called(bank, prospect)
    with scoped(bank.wang):
        referrals.accept(taken, bank.wang, timezone.now())
        register.move(prospect, bank.wang, timezone.now(), "interested", "约好周五")
    waiting = called(bank, prospect)
    lobby.post(f"/prospects/{prospect.pk}/forget/")
    assert now_of(prospect).forgotten_on is None
    answer = lobby.post(f"/prospects/{prospect.pk}/forget/", {"withdrawn": "on"})
    assert (answer.status_code, answer["Location"]) == (302, "/prospects/")
    gone = now_of(prospect)
    assert (gone.name, gone.name_mask, gone.sex, gone.mobile_mask, gone.note) == ("", "", "", "", "")
    assert (gone.mobile_cipher, gone.mobile_index, gone.id_no_index) == (None, None, None)
    assert (gone.stage, gone.source_layer, gone.forgotten_on) == ("interested", 2, timezone.localdate())
    assert set(ProspectStep.objects.using("batch").values_list("note", flat=True)) == {""}
    assert set(Referral.objects.using("batch").values_list("note", flat=True)) == {""}
    assert Referral.objects.using("batch").get(pk=waiting.pk).withdrawn_at is not None
    assert Referral.objects.using("batch").get(pk=taken.pk).withdrawn_at is None
    entry = AuditEntry.objects.using("batch").get(action="prospect.forget")
    assert (entry.actor_id, entry.object_id, entry.chain) == (bank.zhao.pk, str(prospect.pk), bank.south.pk)
    # Nothing leads there any more, and nobody is asked what came of it.
    for client in (wang, lobby):
        for path in ("/", "/prospects/", "/referrals/"):
            assert f"/prospects/{prospect.pk}/" not in client.get(path).content.decode()
        assert client.get(f"/prospects/{prospect.pk}/").status_code == 404
    with scoped(bank.zhao), pytest.raises(ReferralRefused):
        referrals.refer_prospect(prospect, bank.zhao, timezone.now(), Call("loan"), uuid4())
    with pytest.raises(ProspectRefused):
        forgotten(bank.zhao, prospect)


def test_no_account_is_found_for_who_was_forgotten(bank: Bank) -> None:
    prospect, day = taken_in(bank.zhao, id_no=IDENTITY), timezone.localdate()
    forgotten(bank.zhao, prospect)
    delivered(with_numbers(bank.customer("6300000001", open_date=day), PHONE, IDENTITY), day)
    with transaction.atomic(using="batch"):
        assert night.publish(day)["opened"] == 0
    assert now_of(prospect).opened_as_id is None


def test_a_number_that_was_forgotten_may_be_taken_in_again(bank: Bank) -> None:
    forgotten(bank.zhao, taken_in(bank.zhao))
    assert taken_in(bank.zhao).name == "李"


def test_only_who_sees_a_prospect_forgets_them(bank: Bank) -> None:
    prospect = taken_in(bank.zhao)
    for stranger in (bank.li, bank.qian, bank.lu):
        with pytest.raises(ProspectRefused):
            forgotten(stranger, prospect)
    with scoped(bank.qian):
        assert not db.fetch_value("SELECT campaigns_forget(%s, current_date, now())", [[prospect.pk]], using="default")
    assert now_of(prospect).name == "李"


@pytest.mark.parametrize(
    "change",
    [
        "campaigns_prospect SET name = '张'",
        "campaigns_prospect SET forgotten_on = current_date",
        "campaigns_prospect SET mobile_index = NULL, mobile_cipher = NULL",
        "campaigns_prospectstep SET note = '另写'",
        "campaigns_prospectstep SET note = ''",
        "campaigns_referral SET note = '另写'",
        "campaigns_referral SET note = ''",
    ],
)
def test_the_web_erases_all_or_nothing(change: str, bank: Bank) -> None:
    prospect = taken_in(bank.zhao)
    with scoped(bank.he):
        register.move(prospect, bank.he, timezone.now(), "contacted", "已通话")
    called(bank, prospect)
    with scoped(bank.zhao), pytest.raises(Error), transaction.atomic():
        db.execute(f"UPDATE {change}", using="default")


def introduced(bank: Bank, by: Customer) -> Prospect:
    with scoped(bank.wang):
        presence.say(bank.wang, True, timezone.now())
    prospect = taken_in(bank.zhao, introduced_by=by)
    with scoped(bank.wang):
        register.move(prospect, bank.wang, timezone.now(), "interested", "")
    Prospect.objects.using("batch").update(registered_at=timezone.now() - timedelta(days=3))
    return prospect


def test_what_a_wrong_file_found_is_undone_by_the_right_one(bank: Bank) -> None:
    as_of = timezone.localdate() - timedelta(days=1)
    PointsRule.objects.using("batch").update(referral_points=100)
    book = Book(bank)

    def delivers(customer: Customer, phone: str) -> None:
        book.set_status(customer, "active", mobile_index=pii.index(pii.MOBILE, phone), open_date=as_of)

    by, new, other = (book.open(f"630000000{number}", Decimal(1000)) for number in (1, 2, 3))
    by._state.db = "default"
    prospect = introduced(bank, by)
    delivers(new, PHONE)
    assert book.night(as_of).counts["prospects"]["opened"] == 1
    points = LedgerEntry.objects.using("batch").filter(source="referral")
    assert now_of(prospect).opened_as_id == new.pk
    assert (Relation.objects.using("batch").count(), points.count()) == (2, 1)
    # The right file: the number is somebody else's.
    delivers(new, OTHER_PHONE)
    assert book.night(as_of, rerun=True).counts["prospects"]["opened"] == 0
    now = now_of(prospect)
    assert (now.stage, now.opened_as_id, now.converted_on) == ("interested", None, None)
    assert pii.decrypt(MOBILE, now.pk, now.mobile_cipher) == PHONE
    assert [one.stage for one in now.steps.using("batch").order_by("pk")] == ["new", "interested"]
    assert not Relation.objects.using("batch").exists()
    assert sum(points.values_list("quantity", flat=True)) == 0
    # A righter one still: it is that of another new customer.
    delivers(other, PHONE)
    assert book.night(as_of, rerun=True).counts["prospects"]["opened"] == 1
    assert now_of(prospect).opened_as_id == other.pk
