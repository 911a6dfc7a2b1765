"""Reveal: one field, with a reason, recorded before it is shown, counted, and for the right people only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from crm.audit import pii
from crm.audit.models import AuditEntry
from crm.organization.models import User
from customers.models import Account, Customer
from tests.security.test_audit import in_threads
from tests.world import Bank

pytestmark = pytest.mark.security
PLAIN = {"id_no": "11010519491231002X", "mobile": "13800138000", "address": "福建省厦门市思明区湖滨南路100号"}
ACCOUNT = "6222021234567890"
Signed = Callable[[User], Client]


@pytest.fixture
def customer(bank: Bank) -> Customer:
    """A customer of 王 with all C2 fields, and an account with a number."""
    customer = bank.customer("C1", owner=bank.wang)
    for field in (pii.ID_NO, pii.MOBILE, pii.ADDRESS):
        sealed = pii.seal(field, customer.pk, PLAIN[field.name])
        setattr(customer, f"{field.name}_cipher", sealed.cipher)
        setattr(customer, f"{field.name}_mask", sealed.mask)
    customer.save(using="batch")
    account = bank.holding(customer, 100).account
    account.account_no_cipher = pii.encrypt(pii.ACCOUNT_NO, account.pk, ACCOUNT)
    account.save(using="batch")
    return customer


def url(customer: Customer, field: str = "mobile") -> str:
    return reverse("customers:reveal", args=[customer.pk, field])


def account_url(customer: Customer) -> str:
    account = Account.objects.using("batch").get(customer=customer)
    return reverse("customers:reveal_account", args=[customer.pk, account.pk])


def ask(client: Client, address: str, **form: str) -> Any:
    return client.post(address, {"reason": "contact", "note": "回电", **form}, headers={"HX-Request": "true"})


def entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.using("batch").order_by("at"))


def leaks(response: Any) -> list[str]:
    return [plain for plain in [*PLAIN.values(), ACCOUNT] if plain in response.content.decode()]


@pytest.mark.parametrize("field", PLAIN)
def test_one_field_is_shown_and_recorded(bank: Bank, customer: Customer, client_of: Signed, field: str) -> None:
    response = ask(client_of(bank.wang), url(customer, field))
    assert response.status_code == 200
    assert leaks(response) == [PLAIN[field]]
    (entry,) = entries()
    assert (entry.actor_no, entry.action, entry.customer_id, entry.chain) == (
        "1001", "customer.reveal", customer.pk, bank.south.pk,
    )  # fmt: skip
    assert entry.detail == {"field": field, "row": customer.pk, "reason": "contact", "note": "回电"}
    assert response.headers["Cache-Control"] == "no-store"


def test_an_account_number_is_shown_and_recorded(bank: Bank, customer: Customer, client_of: Signed) -> None:
    response = ask(client_of(bank.wang), account_url(customer))
    assert leaks(response) == [ACCOUNT]
    assert entries()[0].detail["field"] == "account_no"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_question_shows_the_mask_only_and_works_as_a_page_too(
    bank: Bank, customer: Customer, client_of: Signed, headers: dict[str, str]
) -> None:
    response = client_of(bank.wang).get(url(customer), headers=headers)
    assert response.status_code == 200
    assert "138****8000" in response.content.decode() and leaks(response) == [] and entries() == []


@pytest.mark.parametrize(
    "form", [{"reason": ""}, {"reason": "curiosity"}, {"reason": "other", "note": " "}, {"note": "x" * 201}]
)
def test_no_reason_no_sight(bank: Bank, customer: Customer, client_of: Signed, form: dict[str, str]) -> None:
    response = ask(client_of(bank.wang), url(customer), **form)
    assert (response.status_code, leaks(response), entries()) == (422, [], [])


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("wang", 200), ("li", 404), ("zhao", 403), ("he", 200), ("qian", 404), ("feng", 404),
        ("sun", 200), ("zhou", 200), ("lu", 403), ("wu", 403),
    ],
)  # fmt: skip
def test_who_may_reveal(bank: Bank, customer: Customer, client_of: Signed, name: str, status: int) -> None:
    for address in (url(customer), account_url(customer)):
        response = ask(client_of(getattr(bank, name)), address)
        assert response.status_code == status
        assert bool(leaks(response)) == (status == 200)
    assert len(entries()) == (2 if status == 200 else 0)


def test_nobody_reveals_without_signing_in(bank: Bank, customer: Customer) -> None:
    response = ask(Client(), url(customer))
    assert (response.status_code, leaks(response), entries()) == (302, [], [])


def test_an_account_of_another_customer_is_not_found(bank: Bank, customer: Customer, client_of: Signed) -> None:
    other = bank.customer("C2", owner=bank.wang)
    account = Account.objects.using("batch").get(customer=customer)
    response = ask(client_of(bank.wang), reverse("customers:reveal_account", args=[other.pk, account.pk]))
    assert (response.status_code, entries()) == (404, [])


@pytest.mark.parametrize("field", ["name", "id_no_cipher", "account_no", "branch"])
def test_other_columns_are_not_found(bank: Bank, customer: Customer, client_of: Signed, field: str) -> None:
    assert ask(client_of(bank.wang), url(customer, field)).status_code == 404


def test_a_look_is_recorded_although_showing_it_fails(bank: Bank, customer: Customer, client_of: Signed) -> None:
    Customer.objects.using("batch").filter(pk=customer.pk).update(mobile_cipher=b"\x02k1damaged-cipher-text-000000")
    client = client_of(bank.wang)
    client.raise_request_exception = False
    assert ask(client, url(customer)).status_code == 500
    assert [entry.action for entry in entries()] == ["customer.reveal"]


def test_what_cannot_be_recorded_is_not_shown(bank: Bank, customer: Customer, client_of: Signed) -> None:
    client = client_of(bank.wang)
    client.raise_request_exception = False
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER FUNCTION audit_append RENAME TO audit_append_away")
    try:
        response = ask(client, url(customer))
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER FUNCTION audit_append_away RENAME TO audit_append")
    assert (response.status_code, leaks(response)) == (500, [])


def test_too_many_reveals_are_refused_and_recorded(
    bank: Bank, customer: Customer, client_of: Signed, settings: Settings
) -> None:
    settings.REVEALS_AN_HOUR = 3
    client = client_of(bank.wang)
    answers = [ask(client, url(customer)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert leaks(answers[4]) == []
    assert [entry.action for entry in entries()][-2:] == ["customer.reveal_refused"] * 2
    assert ask(client_of(bank.he), url(customer), reason="verify").status_code == 200


def test_requests_at_once_do_not_pass_the_limit(
    bank: Bank, customer: Customer, client_of: Signed, settings: Settings
) -> None:
    settings.REVEALS_A_DAY = 3
    clients = [client_of(bank.zhou) for _ in range(6)]
    answers: list[int] = []
    assert in_threads(6, lambda number: answers.append(ask(clients[number], url(customer)).status_code)) == []
    assert sorted(answers) == [200, 200, 200, 429, 429, 429]
