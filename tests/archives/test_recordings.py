"""双录: the number of a sale's recording, asked for where the class of the product needs one; text alone, and kept."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.test import Client

from archives.models import ContactLog
from crm.audit.models import AuditEntry
from crm.organization.models import User
from customers.models import Customer, ProductClassRule
from tests.world import Bank

ClientOf = Callable[[User], Client]


def sale(**values: str) -> dict[str, str]:
    return {
        "channel": "face",
        "outcome": "sold",
        "summary": "买了一笔",
        "submission": str(uuid4()),
        "amount": "20000",
    } | values


def send(client: Client, customer: Customer, **values: str) -> Any:
    return client.post(f"/customers/{customer.pk}/contacts/new/", sale(**values))


@pytest.mark.parametrize(
    ("products", "is_asked"),
    [("WEALTH", True), ("稳享理财 二期", True), ("买了基金", True), ("TIME1Y", False), ("WEALTHY", False), ("", False)],
)
def test_a_sale_of_some_classes_needs_its_number(
    bank: Bank, client_of: ClientOf, products: str, is_asked: bool
) -> None:
    customer, client = bank.customer("C1", owner=bank.wang), client_of(bank.wang)
    answer = send(client, customer, products=products)
    assert answer.status_code == (422 if is_asked else 303)
    assert not is_asked or list(answer.context["form"].errors) == ["recording_no"]
    assert ContactLog.objects.using("batch").exists() is not is_asked


def test_the_number_is_kept_shown_and_recorded(bank: Bank, client_of: ClientOf) -> None:
    customer, client = bank.customer("C1", owner=bank.wang), client_of(bank.wang)
    assert send(client, customer, products="WEALTH", recording_no="SL-2026/0311.7").status_code == 303
    log = ContactLog.objects.using("batch").get()
    assert log.recording_no == "SL-2026/0311.7"
    assert AuditEntry.objects.using("batch").get(action="contact.log").detail["recording"] == log.recording_no
    assert "SL-2026/0311.7" in client.get(f"/customers/{customer.pk}/").content.decode()
    assert "SL-2026/0311.7" in client.get("/contacts/?cols=when&cols=recording").content.decode()
    shown = client.get(f"/contacts/{log.pk}/correct/").context["form"]
    kept = {name: shown[name].value() or "" for name in shown.fields} | {"recording_no": ""}
    assert client.post(f"/contacts/{log.pk}/correct/", kept).status_code == 422
    assert client.post(f"/contacts/{log.pk}/correct/", kept | {"recording_no": "SL-8"}).status_code == 303
    assert AuditEntry.objects.using("batch").get(action="contact.correct").detail["recording"] == "SL-8"


@pytest.mark.parametrize(
    "values",
    [
        {"recording_no": "https://x/1.mp4"},
        {"recording_no": "张三 录像"},
        {"recording_no": "7", "outcome": "interested"},
    ],
)
def test_a_number_alone_and_of_a_sale(bank: Bank, client_of: ClientOf, values: dict[str, str]) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    answer = send(client_of(bank.wang), customer, **values)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["recording_no"]


def test_what_needs_one_is_the_banks_to_say(bank: Bank, client_of: ClientOf) -> None:
    customer, client = bank.customer("C1", owner=bank.wang), client_of(bank.wang)
    ProductClassRule.objects.using("batch").filter(product_class="wealth").update(needs_recording=False)
    assert send(client, customer, products="WEALTH").status_code == 303
    ProductClassRule.objects.using("batch").filter(product_class="time").update(needs_recording=True)
    assert send(client, customer, products="TIME1Y").status_code == 422
    with pytest.raises(IntegrityError):
        ContactLog.objects.using("batch").create(
            customer_id=customer.pk, branch_id=customer.branch_id, staff_id=bank.wang.pk, channel="face",
            purpose="care", outcome="interested", recording_no="1",
        )  # fmt: skip
