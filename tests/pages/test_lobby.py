"""The lobby's card: three facts and a sentence, no amount; what is noted is with the manager at once."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.models import Complaint, ContactLog
from crm.organization.models import User
from crm.workbench.lobby import is_birthday_near
from customers.models import Alert, Customer
from tests.pages.morning import Morning
from tests.world import Bank, rewrite_contacts

ClientOf = Callable[[User], Client]


def card_of(client: Client, customer: Customer) -> Any:
    answer = client.get(f"/customers/{customer.pk}/")
    assert answer.status_code == 200
    return answer.context["card"]


def note(client: Client, customer: Customer, **form: str) -> Any:
    return client.post(f"/customers/{customer.pk}/lobby-note/", {"submission": str(uuid4())} | form)


def test_a_reception_is_one_tap_and_closes_no_alert(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.zhao)
    answer = note(client, day.zhou, summary="")
    assert (answer.status_code, answer["Location"]) == (303, "/")
    log = ContactLog.objects.using("batch").get()
    assert (log.channel, log.outcome, log.summary, log.staff_id) == ("lobby", "received", "", bank.zhao.pk)
    day.maturity.refresh_from_db(using="batch")
    assert day.maturity.state == "new"
    so_far = client.get("/").context["so_far"]
    assert (so_far.tally.recognised, so_far.tally.needs, [one.customer_id for one in so_far.last]) == (
        1,
        0,
        [day.zhou.pk],
    )


def test_a_need_is_on_the_managers_page_at_once_and_on_nobody_elses(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    note(client_of(bank.zhao), day.zhou, summary="想了解养老金理财", is_need="on")
    assert ContactLog.objects.using("batch").get().outcome == "interested"
    text = client_of(bank.wang).get("/").content.decode()
    assert "想了解养老金理财" in text
    assert bank.zhao.name in text
    for user in (bank.li, bank.qian):
        assert "想了解养老金理财" not in client_of(user).get("/").content.decode()


def test_an_old_note_leaves_the_page(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    note(client_of(bank.zhao), day.zhou, summary="想了解养老金理财", is_need="on")
    rewrite_contacts(ContactLog.objects.all(), contacted_at=timezone.now() - timedelta(days=5))
    assert "想了解养老金理财" not in client_of(bank.wang).get("/").content.decode()


def test_a_need_without_words_is_not_stored(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.zhao)
    for form in ({"summary": "  ", "is_need": "on"}, {"summary": "话" * 501, "is_need": "on"}, {"submission": "x"}):
        answer = note(client, day.zhou, **form)
        assert answer["Location"] == f"/customers/{day.zhou.pk}/"
        assert 'data-level="warning"' in client.get(answer["Location"]).content.decode()
    assert ContactLog.objects.using("batch").count() == 0


def test_a_tap_that_is_sent_twice_counts_once(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client, submission = client_of(bank.zhao), str(uuid4())
    for _time in range(2):
        answer = note(client, day.zhou, submission=submission)
        assert answer.cookies["saved_contact"].value == submission
    assert ContactLog.objects.using("batch").count() == 1


def test_the_card_has_three_facts_the_most_urgent_first(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(
        id_expiry_date=day.day + timedelta(days=90), birth_date=day.day.replace(year=1968), has_pension=True
    )
    client_of(bank.wang)  # on duty, since signed in
    card = card_of(client_of(bank.zhao), day.zhou)
    assert [fact.icon for fact in card.facts] == ["calendar-due", "id", "cake"]
    assert card.manager == bank.wang.name
    assert bank.wang.name in card.sentence
    assert "周" in card.sentence
    assert "秀" not in card.sentence


def test_an_appointment_comes_first(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    fields = {"channel": "phone", "purpose": "care", "outcome": "booked", "staff_id": bank.wang.pk}
    make = ContactLog.objects.using("batch").create
    make(branch_id=day.zhou.branch_id, customer_id=day.zhou.pk, next_date=day.day, **fields)
    assert card_of(client_of(bank.zhao), day.zhou).facts[0].icon == "calendar-check"
    rewrite_contacts(ContactLog.objects.all(), next_date=day.day - timedelta(days=1))
    assert card_of(client_of(bank.zhao), day.zhou).facts[0].icon == "calendar-due"


def test_every_customer_gets_a_sentence(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    plain = bank.customer("6500000001", name_mask="滨江市****公司", customer_type="company")
    card = card_of(client_of(bank.zhao), plain)
    assert card.facts == []
    assert card.sentence
    assert card.manager == ""
    assert card_of(client_of(bank.zhao), day.lin).facts[0].icon == "trending-up"
    assert card_of(client_of(bank.zhao), day.chen).facts[0].icon == "bell-ringing"


def test_nothing_is_offered_while_a_complaint_is_open(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    before = card_of(client_of(bank.zhao), day.zhou)
    Complaint.objects.using("batch").create(
        branch_id=day.zhou.branch_id, customer_id=day.zhou.pk, channel="lobby", received_on=day.day, due_date=day.day,
        category="waiting", text="等候过久", handler_id=bank.he.pk, registered_by_id=bank.wang.pk, submission=uuid4(),
    )  # fmt: skip
    card = card_of(client_of(bank.zhao), day.zhou)
    assert before.facts[0].say in before.sentence
    assert not any(fact.say and fact.say in card.sentence for fact in card.facts)


def test_two_alerts_of_a_kind_are_one_fact(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    copy = Alert.objects.using("batch").get(pk=day.maturity.pk)
    copy.pk, copy.episode = None, "another"
    copy.save(using="batch")
    assert [fact.icon for fact in card_of(client_of(bank.zhao), day.zhou).facts] == ["calendar-due"]


def test_a_customer_of_another_branch_is_not_found(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.zhao)
    assert client.get(f"/customers/{day.foreign.pk}/").status_code == 404
    assert note(client, day.foreign).status_code == 404
    assert ContactLog.objects.using("batch").count() == 0


@pytest.mark.parametrize(("ahead", "expected"), [(-1, False), (0, True), (3, True), (4, False)])
def test_a_birthday_is_told_three_days_before(ahead: int, expected: bool) -> None:
    day = date(2026, 12, 30)
    born = (day + timedelta(days=ahead)).replace(year=1968)
    assert is_birthday_near(Customer(customer_type="person", birth_date=born), day) is expected
    assert not is_birthday_near(Customer(customer_type="company", birth_date=born), day)


def test_few_statements(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.zhao)
    for address, most in (("/", 8), (f"/customers/{day.zhou.pk}/", 10)):
        client.get(address)
        with CaptureQueriesContext(connections["default"]) as caught:
            client.get(address)
        assert len(caught) <= most, [query["sql"][:80] for query in caught]
