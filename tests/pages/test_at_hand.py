"""Starred customers and those looked at last: below the empty search box, on a page, and nobody else's."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from crm import db
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Ownership, Star
from tests.pages.morning import PHONE, Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def hand(client: Client) -> dict[str, list[str]]:
    answer = client.get("/customers/at-hand/")
    return {group: [one.customer_no for one in answer.context[group]] for group in ("starred", "recent")}


def set_star(client: Client, customer: Any, on: str = "1") -> int:
    return client.post(f"/customers/{customer.pk}/star/", {"on": on}).status_code


def test_a_star_is_set_and_taken_away(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    assert set_star(client, day.zhou) == set_star(client, day.zhou) == 303
    assert hand(client)["starred"] == ["6100000001"]
    assert 'aria-pressed="true"' in client.get(f"/customers/{day.zhou.pk}/").content.decode()
    part = client.post(f"/customers/{day.zhou.pk}/star/", {"on": "0"}, headers=HTMX).content.decode()
    assert 'value="1"' in part
    assert not Star.objects.using("batch").exists()


def test_the_list_can_be_narrowed_to_the_starred(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    set_star(client_of(bank.he), day.lin)
    for user, expected in ((bank.he, ["6100000002"]), (bank.wang, [])):
        page = client_of(user).get("/customers/?starred=1").context["page"]
        assert [row.customer.customer_no for row in page.rows] == expected


def test_the_last_looked_at_come_first_and_once(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    for customer in (day.zhou, day.lin, day.zhou, day.chen, day.lin):
        client.get(f"/customers/{customer.pk}/")
    assert hand(client)["recent"] == ["6100000002", "6100000003", "6100000001"]


def test_no_more_than_ten_are_offered(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    for number in range(12):
        customer = bank.customer(f"64{number:08d}", owner=bank.wang)
        bank.metrics(customer, 1)
        client.get(f"/customers/{customer.pk}/")
    assert hand(client)["recent"] == [f"64{number:08d}" for number in range(11, 1, -1)]


def test_nobody_sees_what_others_keep(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client_of(bank.he).get(f"/customers/{day.zhou.pk}/")
    set_star(client_of(bank.he), day.zhou)
    assert hand(client_of(bank.wang)) == {"starred": [], "recent": []}
    with scoped(bank.wang):
        assert db.fetch_value("SELECT count(*) FROM customers_star", using="default") == 0
    assert set_star(client_of(bank.qian), day.zhou) == 404


def test_who_left_the_scope_is_no_longer_at_hand(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    client.get(f"/customers/{day.zhou.pk}/")
    set_star(client, day.zhou)
    Ownership.objects.using("batch").filter(customer=day.zhou).update(owner=bank.li)
    assert hand(client) == {"starred": [], "recent": []}


def test_the_empty_box_offers_them_masked_with_and_without_javascript(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    client = client_of(bank.zhao)
    set_star(client, day.zhou)
    part = client.post("/customers/search/", {"q": " "}, headers=HTMX).content.decode()
    page = client.post("/customers/search/", {"q": ""}).content.decode()
    for text in (part, page):
        assert f'href="/customers/{day.zhou.pk}/"' in text
        assert "139****5678" in text
        assert PHONE not in text and "周秀兰" not in text
        assert "46.76" not in text  # no balance for the lobby
    assert "<html" in page and "<html" not in part
