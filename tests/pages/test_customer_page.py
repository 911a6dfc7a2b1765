"""The customer 360: right figures, masks, scope, the record of the look; and the contact log that answers an alert."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import gettext, override

from archives import contacts
from archives.contacts import Contact
from archives.models import ContactLog
from crm.audit.models import AuditEntry
from crm.organization import access
from crm.organization.models import User
from customers.averages import Balances, deposit_needed
from customers.models import Customer, Household, Relation
from tests.pages.morning import IDENTITY, PHONE, Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]


def open_form(client: Client, customer: Customer, alert_id: int | None = None) -> dict[str, Any]:
    """The fields as a browser would send them from the form, with a sentence written and without a result chosen."""
    answer = client.get(f"/customers/{customer.pk}/contacts/new/" + (f"?alert={alert_id}" if alert_id else ""))
    assert answer.status_code == 200
    form = answer.context["form"]
    return {
        "submission": str(form["submission"].value()),
        "channel": form["channel"].value(),
        "summary": "聊了几句",
        "next_date": form["next_date"].value().isoformat(),
        "alerts": sorted(form.ticked),
    }


def send(client: Client, customer: Customer, fields: dict[str, Any], **headers: str) -> Any:
    return client.post(f"/customers/{customer.pk}/contacts/new/", fields, headers=headers)


def logs() -> int:
    return ContactLog.objects.using("batch").count()


def test_the_page_says_what_matters_and_hides_what_it_must(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    text = client_of(bank.wang).get(f"/customers/{day.zhou.pk}/").content.decode()
    for shown in ("周*兰", "6100000001", "46.76", "139****5678", "王静怡", "8.00万", "定期一年", "退休教师"):
        assert shown in text
    for hidden in ("周秀兰", PHONE, IDENTITY, "1968"):
        assert hidden not in text
    needed = deposit_needed(
        Balances(Decimal("467600.00"), timezone.localdate().replace(day=1) - timedelta(days=40)),
        day.day - timedelta(days=1),
        Decimal(500_000),
    )
    if needed is not None:
        assert f"¥{needed:,.2f}" in text


def test_the_curve_goes_back_over_the_changes(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    curve = client_of(bank.wang).get(f"/customers/{day.zhou.pk}/").context["page"].curve
    figures = dict(curve.figures)
    assert figures[day.day - timedelta(days=1)] == Decimal("467600.00")
    before = max(when for when in figures if when < day.day - timedelta(days=102))
    assert figures[before] == Decimal("367600.00")
    assert (curve.lowest, curve.highest) == (Decimal("367600.00"), Decimal("467600.00"))


@pytest.mark.parametrize(
    ("who", "status"), [("wang", 200), ("he", 200), ("sun", 200), ("li", 404), ("qian", 404), ("feng", 404)]
)
def test_who_may_open_it(bank: Bank, day: Morning, client_of: ClientOf, who: str, status: int) -> None:
    client = client_of(getattr(bank, who))
    assert client.get(f"/customers/{day.zhou.pk}/").status_code == status
    assert client.get(f"/customers/{day.zhou.pk}/contacts/new/").status_code == status
    if status == 404:
        sent = {"submission": str(uuid4()), "channel": "phone", "outcome": "not_reached", "alerts": [day.maturity.pk]}
        assert send(client, day.zhou, sent).status_code == 404
        assert logs() == 0


def test_the_look_is_recorded(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client_of(bank.wang).get(f"/customers/{day.zhou.pk}/")
    entry = AuditEntry.objects.using("batch").get(action="customer.view")
    assert (entry.actor_id, entry.customer_id, entry.chain) == (bank.wang.pk, day.zhou.pk, day.zhou.branch_id)


def test_the_household_is_summed_whole_and_names_only_whom_the_user_may_see(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    home = Household.objects.using("batch").create(branch=bank.south)
    ids = [day.zhou.pk, day.chen.pk, day.foreign.pk]
    Customer.objects.using("batch").filter(pk__in=ids).update(household=home)
    Relation.objects.using("batch").create(
        branch=bank.south, customer=day.zhou, relation_type="child", name="吴*", birth_year=1994
    )
    hers = client_of(bank.wang).get(f"/customers/{day.zhou.pk}/")
    family, text = hers.context["page"].household, hers.content.decode()
    assert (family.aum, family.others, family.in_other_hands) == (Decimal("1499600.00"), 1, 1)
    assert "¥1,499,600.00" in text
    assert "1994" in text
    for hidden in ("陈*明", "¥1,032,000.00", f"/customers/{day.chen.pk}/", "周*英"):
        assert hidden not in text
    managers = client_of(bank.he).get(f"/customers/{day.zhou.pk}/")
    family = managers.context["page"].household
    assert (family.aum, family.others, family.in_other_hands) == (Decimal("1499600.00"), 1, 0)
    assert "陈*明" in managers.content.decode()
    # Row-level security hides who is in another branch; the region sees both branches.
    regions = client_of(bank.sun).get(f"/customers/{day.zhou.pk}/").context["page"].household
    assert (regions.aum, regions.others, regions.in_other_hands) == (Decimal("6499600.00"), 2, 0)


def test_who_lives_alone_has_no_household(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    home = Household.objects.using("batch").create(branch=bank.south)
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(household=home)
    assert client_of(bank.wang).get(f"/customers/{day.zhou.pk}/").context["page"].household is None


def test_a_household_costs_one_statement_however_many_live_in_it(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client, home = client_of(bank.wang), Household.objects.using("batch").create(branch=bank.south)
    counts = []
    for ids in ([], [day.zhou.pk, day.lin.pk], [day.zhou.pk, day.lin.pk, day.chen.pk]):
        Customer.objects.using("batch").filter(pk__in=ids).update(household=home)
        client.get(f"/customers/{day.zhou.pk}/")
        with CaptureQueriesContext(connections["default"]) as caught:
            client.get(f"/customers/{day.zhou.pk}/")
        counts.append(len(caught))
    assert counts == [counts[0], counts[0] + 1, counts[0] + 1]


@pytest.mark.parametrize("relative", ["chen", "foreign"])
def test_a_relative_in_other_hands_is_neither_named_nor_called_no_customer(
    bank: Bank, day: Morning, client_of: ClientOf, relative: str
) -> None:
    """`chen` is a colleague's customer, `foreign` one of another branch, whose row the web does not even see."""
    other: Customer = getattr(day, relative)
    Relation.objects.using("batch").create(
        branch=bank.south, customer=day.zhou, relation_type="spouse", related_customer=other
    )
    text = client_of(bank.wang).get(f"/customers/{day.zhou.pk}/").content.decode()
    block = text.split('id="relations"')[1].split("</aside>")[0]
    with override("zh-hans"):
        no_customer, in_other_hands = gettext("not a customer"), gettext("a customer in other hands")
    for hidden in (other.name_mask, f"/customers/{other.pk}/", no_customer, 'class="tier'):
        assert hidden not in block
    assert in_other_hands in block
    region = client_of(bank.sun).get(f"/customers/{day.zhou.pk}/").content.decode()
    assert f'href="/customers/{other.pk}/"' in region


def test_the_number_of_queries_is_bounded(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    client.get(f"/customers/{day.zhou.pk}/")
    with CaptureQueriesContext(connections["default"]) as few:
        client.get(f"/customers/{day.zhou.pk}/")
    for number in range(12):
        bank.holding(day.zhou, Decimal(1000 + number), maturity_date=day.day + timedelta(days=40 + number))
        ContactLog.objects.using("batch").create(
            branch_id=bank.south.pk,
            customer_id=day.zhou.pk,
            staff_id=bank.wang.pk,
            channel="phone",
            purpose="care",
            outcome="interested",
        )
    with CaptureQueriesContext(connections["default"]) as many:
        client.get(f"/customers/{day.zhou.pk}/")
    assert len(many) == len(few)
    # Standings in all schemes in force, the gradings in force, the note of a handover, the important dates and the days
    # to put an alert off to are one statement each.
    assert len(many) == 22 + len(("BEGIN", "COMMIT"))


def test_a_customer_before_the_first_night_has_a_page_too(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("6100000009", owner=bank.wang)
    answer = client_of(bank.wang).get(f"/customers/{customer.pk}/")
    assert answer.status_code == 200
    assert client_of(bank.wang).get("/").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_a_contact_is_kept_whatever_address_its_form_names(
    bank: Bank, day: Morning, client_of: ClientOf, headers: dict[str, str]
) -> None:
    client = client_of(bank.wang)
    fields = open_form(client, day.zhou, day.maturity.pk) | {"outcome": "booked"}
    answer = send(client, day.zhou, fields | {"next": "/customers/\r\nSet-Cookie:a=b"}, **headers)
    assert answer.headers.get("Location", answer.headers.get("HX-Redirect")) == f"/customers/{day.zhou.pk}/"
    assert "a" not in answer.cookies
    assert logs() == 1


def test_a_contact_closes_the_alert_and_leaves_the_list(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    fields = open_form(client, day.zhou, day.maturity.pk)
    assert fields["channel"] == "phone"
    assert fields["alerts"] == [day.maturity.pk]
    answer = send(client, day.zhou, fields | {"outcome": "booked", "summary": "周五到店续存", "next": "/"})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    day.maturity.refresh_from_db(using="batch")
    assert (day.maturity.state, day.maturity.close_reason) == ("closed", "contacted")
    assert (day.maturity.closed_by_id, day.maturity.closed_on) == (bank.wang.pk, day.day)
    log = ContactLog.objects.using("batch").get()
    assert (log.purpose, log.alert_id, log.staff_id) == ("maturity", day.maturity.pk, bank.wang.pk)
    assert log.branch_id == day.zhou.branch_id
    page = client.get("/").content.decode()
    assert "周*兰" not in page
    assert "toast-line" in page
    assert "周五到店续存" in client.get(f"/customers/{day.zhou.pk}/").content.decode()
    assert AuditEntry.objects.using("batch").filter(action="contact.log", customer_id=day.zhou.pk).count() == 1


@pytest.mark.parametrize(
    ("outcome", "reason"), [("not_interested", "contacted"), ("sold", "settled"), ("refused", "settled")]
)
def test_only_a_decision_of_the_customer_settles_an_alert(
    bank: Bank, day: Morning, client_of: ClientOf, outcome: str, reason: str
) -> None:
    client = client_of(bank.wang)
    send(client, day.zhou, open_form(client, day.zhou, day.maturity.pk) | {"outcome": outcome, "summary": "已谈"})
    day.maturity.refresh_from_db(using="batch")
    assert (day.maturity.state, day.maturity.close_reason) == ("closed", reason)


@pytest.mark.parametrize(("channel", "outcome"), [("phone", "not_reached"), ("sms", "interested")])
def test_who_was_not_reached_stays_on_the_list(
    bank: Bank, day: Morning, client_of: ClientOf, channel: str, outcome: str
) -> None:
    client = client_of(bank.wang)
    send(client, day.zhou, open_form(client, day.zhou) | {"channel": channel, "outcome": outcome})
    day.maturity.refresh_from_db(using="batch")
    assert (day.maturity.state, day.maturity.closed_on) == ("following", None)
    assert "周*兰" in client.get("/").content.decode()


def test_the_same_form_sent_twice_is_stored_once(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    fields = open_form(client, day.zhou) | {"outcome": "interested"}
    assert [send(client, day.zhou, fields).status_code for _ in range(3)] == [303, 303, 303]
    assert logs() == 1
    assert AuditEntry.objects.using("batch").filter(action="contact.log").count() == 1


def test_the_same_form_sent_at_the_same_moment_is_stored_once(bank: Bank, day: Morning) -> None:
    submission, gate, new = uuid4(), threading.Barrier(4), []

    def log() -> None:
        gate.wait()
        try:
            with access.scoped(bank.wang):
                customer = Customer.objects.visible_to(bank.wang).get(pk=day.zhou.pk)
                contact = Contact(channel="phone", outcome="interested", purpose="maturity")
                done = contacts.log_contact(customer, bank.wang, timezone.now(), contact, submission, [day.maturity.pk])
                new.append(done.is_new)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=log) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(new) == [False, False, False, True]
    assert logs() == 1


def test_of_two_people_the_second_keeps_the_contact_and_is_told(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    wang, he = client_of(bank.wang), client_of(bank.he)
    first, second = open_form(wang, day.zhou), open_form(he, day.zhou)
    send(wang, day.zhou, first | {"outcome": "interested"})
    answer = send(he, day.zhou, second | {"outcome": "booked"})
    assert answer.status_code == 303
    assert logs() == 2
    text = he.get("/").content.decode()
    assert "王静怡" in text.split('data-level="warning"')[1][:200]
    day.maturity.refresh_from_db(using="batch")
    assert day.maturity.closed_by_id == bank.wang.pk


def test_wrong_input_is_named_kept_and_not_stored(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    fields = open_form(client, day.zhou) | {"summary": "不要丢掉这句话", "outcome": "interested"}
    yesterday = (day.day - timedelta(days=1)).isoformat()
    wrong: list[dict[str, Any]] = [
        {"outcome": ""},
        {"outcome": "rich"},
        {"channel": "pigeon"},
        {"next_date": yesterday},
        {"next_date": "9999-12-31"},
        {"next_date": "soon"},
        {"summary": "不要丢掉这句话" + "长" * 500},
        {"alerts": [day.foreign_alert.pk]},
        {"alerts": ["x"]},
        {"submission": "no-key"},
    ]
    for change in wrong:
        answer = send(client, day.zhou, fields | change)
        assert answer.status_code == 422, change
        text = answer.content.decode()
        assert 'class="help err"' in text
        assert "不要丢掉这句话" in text
    assert logs() == 0
    day.foreign_alert.refresh_from_db(using="batch")
    assert day.foreign_alert.state == "new"


def test_who_must_not_be_called_is_not_called_but_a_call_that_was_is_logged(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(do_not_contact=True)
    client = client_of(bank.wang)
    fields = open_form(client, day.zhou)
    assert fields["channel"] == "face"
    form = client.get(f"/customers/{day.zhou.pk}/contacts/new/?call=1")
    assert not form.context["calls"]
    assert "do_not_contact" in [verdict.bar for _ways, verdict in form.context["barred"]]  # at night the hours too
    assert send(client, day.zhou, fields | {"channel": "phone", "outcome": "interested"}).status_code == 303
    assert logs() == 1


def test_htmx_gets_the_drawer_the_errors_in_place_and_a_fresh_page(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    client = client_of(bank.wang)
    address = f"/customers/{day.zhou.pk}/contacts/new/"
    drawer = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in drawer
    assert re.search(r'<section class="drawer"', drawer)
    fields = open_form(client, day.zhou)
    wrong = client.post(address, fields, headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    assert "<html" not in wrong.content.decode()
    right = client.post(address, fields | {"outcome": "sold", "next": "/"}, headers={"HX-Request": "true"})
    assert (right.status_code, right["HX-Redirect"]) == (204, "/")


def test_text_of_people_is_text(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    fields = open_form(client, day.zhou) | {"outcome": "interested", "summary": "<script>alert(1)</script>"}
    send(client, day.zhou, fields)
    text = client.get(f"/customers/{day.zhou.pk}/").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
