"""The customer list and the search box: scope, filters, order, paging, and what may be typed."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.db.models.functions import Right
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from customers.search import matching
from tests.pages.morning import IDENTITY, PHONE, Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]


def numbers(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"/customers/{query}")
    assert answer.status_code == 200
    return [row.customer.customer_no for row in answer.context["page"].rows]


def hits(client: Client, typed: str) -> list[str]:
    answer = client.post("/customers/search/", {"q": typed}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return [customer.customer_no for customer in answer.context["found"].customers]


def test_the_list_is_the_scope_richest_first(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    assert numbers(client_of(bank.wang)) == ["6100000002", "6100000001"]
    assert numbers(client_of(bank.he)) == ["6100000003", "6100000002", "6100000001"]
    assert numbers(client_of(bank.sun)) == ["6200000001", "6100000003", "6100000002", "6100000001"]
    assert client_of(bank.lu).get("/customers/").status_code == 403


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?tier=4", ["6100000003"]),
        ("?kind=maturity", ["6100000001"]),
        ("?kind=large_in", []),
        ("?due=7", ["6100000001"]),
        ("?aum_min=48", ["6100000003", "6100000002"]),
        ("?aum_max=48", ["6100000001"]),
        ("?manager=none", []),
        ("?manager=abc", []),
        ("?manager=99999999999999999999", []),
        ("?branch=999999", []),
        ("?tier=4&kind=large_out", ["6100000003"]),
        ("?tier=bad", []),
        ("?aum_min=NaN", []),
        ("?aum_min=-5", []),
        ("?after=nonsense", ["6100000003", "6100000002", "6100000001"]),
        ("?after=NaN~1", ["6100000003", "6100000002", "6100000001"]),
        ("?after=480000.00~999999", ["6100000002", "6100000001"]),
    ],
)
def test_filters(bank: Bank, day: Morning, client_of: ClientOf, query: str, expected: list[str]) -> None:
    assert numbers(client_of(bank.he), query) == expected


def test_a_filter_cannot_reach_beyond_the_scope(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    assert numbers(client_of(bank.he), f"?branch={bank.north.pk}") == []
    assert numbers(client_of(bank.he), f"?manager={bank.qian.pk}") == []
    assert numbers(client_of(bank.sun), f"?branch={bank.north.pk}") == ["6200000001"]
    assert numbers(client_of(bank.he), f"?manager={bank.li.pk}") == ["6100000003"]


def test_pages_join_without_gap_or_repeat_also_at_equal_balances(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    for number in range(110):
        bank.metrics(bank.customer(f"64{number:08d}", owner=bank.wang), Decimal(1000), tier=1)
    client, seen, address = client_of(bank.wang), [], "/customers/"
    for _ in range(5):
        answer = client.get(address)
        seen += [row.customer.customer_no for row in answer.context["page"].rows]
        if not answer.context["page"].next_place:
            break
        address = f"/customers/?after={answer.context['page'].next_place}"
    assert len(seen) == len(set(seen)) == 112


def test_the_number_of_queries_does_not_grow_with_the_rows(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.he)
    numbers(client)
    with CaptureQueriesContext(connections["default"]) as few:
        numbers(client)
    for number in range(30):
        customer = bank.customer(f"64{number:08d}", owner=bank.wang)
        bank.metrics(customer, Decimal(1000), tier=1)
        bank.holding(customer, Decimal(1000), maturity_date=day.day + timedelta(days=5))
    with CaptureQueriesContext(connections["default"]) as many:
        numbers(client)
    assert len(many) == len(few)
    assert len(many) <= 10  # eight, and the two that open and end the transaction


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("周秀", ["6100000001"]),
        ("秀兰", ["6100000001"]),
        ("周秀兰", ["6100000001"]),
        ("周兰", []),
        ("zxl", ["6100000001"]),
        ("ZXL", ["6100000001"]),
        ("zhou", ["6100000001"]),
        ("zhou xiu", ["6100000001"]),
        ("5678", ["6100000001"]),
        ("４４７７", ["6100000001"]),
        (PHONE, ["6100000001"]),
        ("+86 139 1234 5678", ["6100000001"]),
        (IDENTITY, ["6100000001"]),
        ("6100000002", ["6100000002"]),
        ("610000000", ["6100000003", "6100000002", "6100000001"]),
        ("周", []),
        ("z", []),
        ("%%%%", []),
        ("周\x00秀", ["6100000001"]),
        ("' OR 1=1 --", []),
        ("13999999999", []),
    ],
)
def test_search_by_what_people_type(
    bank: Bank, day: Morning, client_of: ClientOf, typed: str, expected: list[str]
) -> None:
    assert hits(client_of(bank.he), typed) == expected


@pytest.mark.parametrize("typed", ["c000000030", "C000000030", "c00000003", "C00000", "c0000000300"])
def test_a_customer_number_is_found_in_either_case(bank: Bank, day: Morning, client_of: ClientOf, typed: str) -> None:
    bank.metrics(bank.customer("C000000030", owner=bank.wang), Decimal(1))
    assert hits(client_of(bank.wang), typed) == (["C000000030"] if len(typed) < 11 else [])


MANY = """
INSERT INTO customers_customer (
    customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin, name_initials, name_bigrams, sex,
    id_type, id_no_mask, mobile_mask, address_mask, occupation, employer, status, has_payroll, has_pension, is_merchant,
    do_not_contact, mobile_index, id_no_index, id_no_tail_index)
SELECT 'K' || n, 'person', '', %s, '客' || n, '客*', md5(n::text), left(md5(n::text), 6), ARRAY[left(md5(n::text), 2)],
       '', '', '', '139****' || lpad((n %% 10000)::text, 4, '0'), '', '', '', 'active', false, false, false, false,
       int8send(n), int8send(n), int8send(n)
FROM generate_series(1, 20000) n
"""


@pytest.mark.parametrize(
    ("typed", "columns"),
    [
        ("c000000030", ["customer_no"]),
        ("13912345678", ["customer_no", "mobile_index"]),
        ("wjy", ["name_initials", "name_pinyin"]),
        ("秀英", ["name_bigrams"]),
        ("5678", ["mobile_mask"]),
    ],
)
def test_the_search_asks_indexes_under_row_level_security_too(bank: Bank, typed: str, columns: list[str]) -> None:
    """A function that is not leakproof would be asked of every customer of the branch, after the policy."""
    condition = matching(typed)
    assert condition is not None
    db.execute(MANY, [bank.south.pk])  # in a branch of a few customers the planner rightly reads them all
    db.execute("ANALYZE customers_customer")
    with scoped(bank.wang):
        plan = Customer.objects.alias(mobile_tail=Right("mobile_mask", 4)).filter(condition).explain()
    asked = [line for line in plan.splitlines() if "Index Cond" in line]
    assert all(any(f"{column})" in line or f"({column} " in line for line in asked) for column in columns), plan


def test_search_stays_in_scope(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    assert hits(client_of(bank.li), "周秀") == []
    assert hits(client_of(bank.qian), "周秀") == ["6200000001"]
    assert hits(client_of(bank.wang), "6100000003") == []
    assert hits(client_of(bank.sun), "周秀") == ["6200000001", "6100000001"]


def test_hits_are_masked_and_recorded(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    answer = client_of(bank.wang).post("/customers/search/", {"q": "5678"})
    text = answer.content.decode()
    assert "<html" in text
    assert "139****5678" in text
    assert PHONE not in text
    assert "周秀兰" not in text
    entry = AuditEntry.objects.using("batch").get(action="customer.list", actor_id=bank.wang.pk)
    assert entry.detail["ids"] == [day.zhou.pk]


def test_search_is_by_post_so_that_no_number_stands_in_an_address(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    assert client_of(bank.wang).get("/customers/search/?q=5678").status_code == 405
