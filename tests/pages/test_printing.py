"""Paper: masked, marked with who printed it and when, recorded, and bounded."""

import re
from collections.abc import Callable

from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from archives.models import ContactLog
from crm.audit.models import AuditEntry
from crm.organization.models import User
from customers.models import Customer, Relation
from tests.pages.morning import IDENTITY, PHONE, Morning, raise_alert
from tests.world import Bank

ClientOf = Callable[[User], Client]


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_archive_on_paper(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    Relation.objects.using("batch").create(
        branch_id=bank.south.pk, customer=day.zhou, relation_type="spouse", name="钱学礼"
    )
    for number in range(7):
        ContactLog.objects.using("batch").create(
            branch_id=bank.south.pk, customer=day.zhou, staff_id=bank.wang.pk, channel="phone", direction="out",
            purpose="care", outcome="interested", summary=f"第{number}次",
            contacted_at=f"2026-03-0{number + 1}T09:00+08:00",
        )  # fmt: skip
    text = page(client_of(bank.wang), f"/customers/{day.zhou.pk}/print/")
    assert "周*兰" in text
    assert "139****5678" in text
    assert "80,000.00" in text
    assert all(f"第{number}次" in text for number in range(7))  # more than the five of the screen
    assert "钱*礼" in text
    assert not any(secret in text for secret in (PHONE, IDENTITY, "周秀兰", "钱学礼"))
    assert len(re.findall(r"<span>1001 \d{4}-\d\d-\d\d \d\d:\d\d</span>", text)) == 8
    actions = AuditEntry.objects.using("batch").filter(customer_id=day.zhou.pk).values_list("action", flat=True)
    assert sorted(actions) == ["customer.print", "customer.view"]


def test_nobody_prints_what_they_may_not_see(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    assert client_of(bank.wang).get(f"/customers/{day.chen.pk}/print/").status_code == 404
    assert client_of(bank.he).get(f"/customers/{day.foreign.pk}/print/").status_code == 404
    for user in (bank.zhao, bank.lu, bank.wu):  # the lobby does without balances
        assert client_of(user).get(f"/customers/{day.zhou.pk}/print/").status_code == 403
        assert client_of(user).get("/today/print/").status_code == 403
    assert not AuditEntry.objects.using("batch").filter(action__endswith=".print").exists()


def test_the_visit_list_is_the_list_of_today(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    text = page(client, "/today/print/")
    assert [text.index("周*兰") < text.index("林*峰"), "陈*明" in text] == [True, False]
    assert '<tr class="room">' in text
    assert "林*峰" not in page(client, "/today/print/?kind=maturity")
    entry = AuditEntry.objects.using("batch").filter(action="today.print").earliest("pk")
    assert (entry.actor_id, entry.detail["count"]) == (bank.wang.pk, 2)


def test_the_visit_list_is_bounded_and_says_what_is_left_out(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    for number in range(30):
        customer = bank.customer(f"7{number:09}", owner=bank.wang, name_mask=f"多*{number}")
        bank.metrics(customer, 1000)
        raise_alert(
            customer, "maturity", 2, "1000.00", day.day,
            evidence={"product": "定期一年", "balance": "1000.00", "maturity_date": day.day.isoformat(), "stage": 1},
            clears_when={"code": "matured_or_changed", "after": day.day.isoformat()},
        )  # fmt: skip
    answer = client_of(bank.wang).get("/today/print/")
    assert answer.content.decode().count('class="room"') == 12
    assert answer.context["list"].rest == 20
    one = client_of(bank.he).get(f"/today/print/?manager={bank.li.pk}")
    assert (len(one.context["list"].rows), one.context["list"].rest) == (1, 0)
    # A branch takes its board along, which prints as it is.
    assert client_of(bank.he).get("/today/print/").headers["Location"] == "/"


def test_statements(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    page(client, "/")
    counts = {}
    for address in (f"/customers/{day.zhou.pk}/", f"/customers/{day.zhou.pk}/print/", "/", "/today/print/"):
        with CaptureQueriesContext(connections["default"]) as caught:
            page(client, address)
        counts[address] = len(caught)
    assert counts[f"/customers/{day.zhou.pk}/print/"] <= counts[f"/customers/{day.zhou.pk}/"] + 1
    assert counts["/today/print/"] <= counts["/"]
    assert Customer.objects.using("batch").count() == 4
