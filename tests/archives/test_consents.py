"""The ledger of consents on its page, and corrections of contacts."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archives import consents
from archives.choices import Channel
from archives.consent_choices import Evidence
from archives.models import Consent, ContactLog
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from tests.world import Bank

ClientOf = Callable[[User], Client]


def sent(**more: str) -> dict[str, str]:
    today = timezone.localdate().isoformat()
    return {"submission": str(uuid4()), "is_given": "no", "evidence": "said", "said_on": today, **more}


def logged(customer: Customer, staff: User, **more: Any) -> ContactLog:
    values = {"channel": "phone", "purpose": "care", "outcome": "interested", "summary": "旧", **more}
    return ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, staff_id=staff.pk, **values
    )


def test_a_refusal_is_kept_once_and_holds_at_once(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    client, address, form = client_of(bank.wang), f"/customers/{customer.pk}/consent/", sent()
    assert [client.post(address, form).status_code for _ in range(2)] == [302, 302]
    row = Consent.objects.using("batch").get()
    assert (row.is_given, row.purpose, row.channel, row.recorded_by_id) == (False, "", "", bank.wang.pk)
    assert Customer.objects.using("batch").get(pk=customer.pk).do_not_contact
    assert AuditEntry.objects.using("batch").filter(action="consent.record").count() == 1
    page = client.get(address).content.decode()
    assert page.count('data-bar="do_not_contact"') == 4 + 2 + 2
    assert 'data-given="no"' in page
    asked = client.get(f"/customers/{customer.pk}/contacts/new/").content.decode()
    assert 'data-bar="do_not_contact"' in asked


@pytest.mark.parametrize("wrong", [{"is_given": ""}, {"evidence": "guardian"}, {"said_on": "2999-01-01"}])
def test_what_cannot_be_is_not_kept(bank: Bank, client_of: ClientOf, wrong: dict[str, str]) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    answer = client_of(bank.wang).post(f"/customers/{customer.pk}/consent/", sent(**wrong))
    assert answer.status_code == 422
    assert not Consent.objects.using("batch").exists()


def test_a_refusal_by_one_way_closes_that_way(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    client = client_of(bank.wang)
    client.post(f"/customers/{customer.pk}/consent/", sent(purpose="marketing", channel="sms"))
    assert not Customer.objects.using("batch").get(pk=customer.pk).do_not_contact
    page = client.get(f"/customers/{customer.pk}/consent/").content.decode()
    assert page.count('data-bar="refused"') == 1


def test_each_reason_names_the_ways_that_it_closes(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    client, address = client_of(bank.wang), f"/customers/{customer.pk}/consent/"
    for channel in ("sms", "wecom"):
        client.post(address, sent(purpose="marketing", channel=channel))
    marketing = client.get(address).context["standing"][0]
    named = {verdict.bar: names for names, verdict in marketing[2]}
    assert all(str(Channel(way).label) in named["refused"] for way in ("sms", "wecom"))
    assert str(Channel.PHONE.label) not in named["refused"]


def test_a_call_that_was_made_is_logged_although_it_was_barred(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang, do_not_contact=True)
    form = {"channel": "phone", "outcome": "interested", "summary": "谈过", "submission": str(uuid4()),
            "products": "TIME1Y", "amount": "20000", "next_action": "再谈", "direction": "inbound",
            "purpose": "maturity"}  # fmt: skip
    answer = client_of(bank.wang).post(f"/customers/{customer.pk}/contacts/new/", form)
    assert answer.status_code == 303
    log = ContactLog.objects.using("batch").get()
    assert (log.products, str(log.amount), log.next_action) == ("TIME1Y", "20000.00", "再谈")
    assert (log.direction, log.purpose) == ("inbound", "maturity")


def test_taking_back_a_contact_leaves_what_was_signed_since(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    client = client_of(bank.wang)
    form = {"channel": "phone", "outcome": "refused", "summary": "不要再打", "submission": str(uuid4())}
    client.post(f"/customers/{customer.pk}/contacts/new/", form)
    log = ContactLog.objects.using("batch").get()
    client.post(f"/customers/{customer.pk}/consent/", sent(evidence="signed", said_on="2026-01-02"))
    client.post(f"/contacts/{log.pk}/unbar/")
    assert Customer.objects.using("batch").get(pk=customer.pk).do_not_contact
    assert not Consent.objects.using("batch").filter(is_given=True).exists()


def test_of_two_who_note_at_once_what_was_said_last_holds(bank: Bank) -> None:
    """The customer had refused; one notes a consent, and before that is stored another one a newer refusal."""
    customer = bank.customer("C1", owner=bank.wang)
    Customer.objects.using("batch").filter(pk=customer.pk).update(do_not_contact=True)
    now = timezone.now()

    def note(actor: User, at: datetime, *, given: bool) -> None:
        with scoped(actor):
            said = consents.Said(is_given=given, evidence=Evidence.SIGNED, at=at)
            consents.append(Customer.objects.get(pk=customer.pk), actor, said, uuid4())

    def refuse() -> None:
        try:
            note(bank.he, now, given=False)
        finally:
            connections.close_all()

    second = threading.Thread(target=refuse)
    with transaction.atomic():
        note(bank.wang, now - timedelta(minutes=1), given=True)
        second.start()
        second.join(1)  # it waits here, or it has seen nothing of the first
    second.join()
    assert Consent.objects.using("batch").count() == 2
    assert Customer.objects.using("batch").get(pk=customer.pk).do_not_contact


def correction(**more: str) -> dict[str, str]:
    said = {"channel": "phone", "direction": "outbound", "purpose": "care", "outcome": "sold", "summary": "新"}
    return {**said, "submission": str(uuid4()), **more}


def test_a_correction_is_a_row_of_its_own(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    first = logged(customer, bank.wang)
    address = f"/contacts/{first.pk}/correct/"
    assert client_of(bank.he).post(address, correction()).status_code == 303
    old, new = ContactLog.objects.using("batch").order_by("pk")
    assert (old.outcome, old.summary, old.replaced_at is None) == ("interested", "旧", False)
    assert (new.corrects_id, new.staff_id, new.recorded_by_id) == (first.pk, bank.wang.pk, bank.he.pk)
    assert (new.outcome, new.contacted_at, new.replaced_at) == ("sold", old.contacted_at, None)
    assert client_of(bank.he).post(f"/contacts/{new.pk}/correct/", correction(amount="-5")).status_code == 422
    # Who had read the first one is told; the correction can be corrected, and points at the first.
    assert client_of(bank.wang).post(address, correction()).status_code == 422
    assert client_of(bank.wang).post(f"/contacts/{new.pk}/correct/", correction(summary="更新")).status_code == 303
    newest = ContactLog.objects.using("batch").latest("pk")
    assert newest.corrects_id == first.pk
    assert ContactLog.objects.using("batch").filter(replaced_at=None).get() == newest
    answer = client_of(bank.wang).get(f"/customers/{customer.pk}/")
    assert "旧" in answer.content.decode() and "更新" in answer.content.decode()
    assert answer.context["page"].touches.number == 1  # one contact, however often it was corrected
    listed = client_of(bank.wang).get(reverse("workbench:contacts")).context["page"]
    assert (listed.count, [row.pk for row in listed.rows]) == (1, [newest.pk])
    paper = client_of(bank.wang).get(reverse("workbench:customer_print", args=[customer.pk])).content.decode()
    assert "旧" not in paper and "更新" in paper


def test_a_correction_to_a_refusal_bars_the_customer(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    first = logged(customer, bank.wang)
    client_of(bank.wang).post(f"/contacts/{first.pk}/correct/", correction(outcome="refused"))
    assert Customer.objects.using("batch").get(pk=customer.pk).do_not_contact
    assert Consent.objects.using("batch").filter(contact__corrects=first).count() == 1


def test_only_the_author_and_managers_correct(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.li)
    first = logged(customer, bank.wang)
    for person, answer in ((bank.li, 403), (bank.zhao, 403), (bank.qian, 404), (bank.feng, 404)):
        assert client_of(person).post(f"/contacts/{first.pk}/correct/", correction()).status_code == answer
    assert ContactLog.objects.using("batch").count() == 1


def test_nobody_changes_what_was_written(bank: Bank) -> None:
    logged(bank.customer("C1", owner=bank.wang), bank.wang)
    with pytest.raises(IntegrityError):
        ContactLog.objects.using("batch").update(summary="改")
    ContactLog.objects.using("batch").update(replaced_at=timezone.now())
