"""转介绍价值树: everybody counts once, names stay in scope, and the night notes who introduced a visitor."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.prospects import introductions, night
from campaigns.prospects.models import Prospect
from crm import db
from crm.audit import pii
from crm.organization.access import scoped
from crm.organization.models import User
from customers import relations
from customers.models import Customer, NightCustomer, Relation
from tests.campaigns.test_lobby_pages import VISITOR, visit
from tests.world import Bank

ClientOf = Callable[[User], Client]


def somebody(bank: Bank, number: int, aum: int, **fields: Any) -> Customer:
    customer = bank.customer(f"67{number:08}", owner=fields.pop("owner", bank.wang), **fields)
    bank.metrics(customer, Decimal(aum))
    customer._state.db = "default"
    return customer


def introduces(bank: Bank, by: Customer, whom: Customer) -> None:
    with scoped(bank.zhou):
        relations.link(bank.zhou, by, "introduced", related=whom)


def tree(user: User, customer: Customer) -> introductions.Tree:
    with scoped(user):
        return introductions.tree_of(user, customer)


def test_everybody_counts_once_with_two_introducers_and_in_a_circle(bank: Bank) -> None:
    root, first, second, both = (somebody(bank, number, 100 * number) for number in range(1, 5))
    for by, whom in ((root, first), (root, second), (first, both), (second, both), (both, root), (both, first)):
        introduces(bank, by, whom)
    found = tree(bank.wang, root)
    assert (found.people, found.here, found.left_out, found.aum) == (3, 3, 0, Decimal(900))
    assert [(one.customer, one.depth) for one in found.rows] == [(second, 1), (first, 1), (both, 2)]
    assert sum(one.aum or 0 for one in found.rows) == found.aum


def test_who_has_left_is_counted_but_not_as_being_here(bank: Bank) -> None:
    root, gone = somebody(bank, 1, 100), somebody(bank, 2, 0, status="closed")
    introduces(bank, root, gone)
    found = tree(bank.wang, root)
    assert (found.people, found.here, [one.is_here for one in found.rows]) == (1, 0, [False])


def test_nobody_s_amount_is_told_by_a_sum(bank: Bank) -> None:
    root, mine = somebody(bank, 1, 100), somebody(bank, 2, 300)
    far = somebody(bank, 3, 400, branch=bank.far, owner=bank.feng)
    colleagues = [somebody(bank, number, number * 100_001, owner=bank.li) for number in range(9, 5, -1)]
    for whom in (mine, far, *colleagues[:2]):
        introduces(bank, root, whom)
    own = tree(bank.wang, root)
    assert (own.people, own.rounded, own.left_out, own.aum) == (4, 0, 3, Decimal(300))
    assert [(one.customer, one.aum) for one in own.rows] == [
        (mine, Decimal(300)),
        (None, None),
        (None, None),
        (None, None),
    ]
    # Who leads the branch sees all of it, head office everybody.
    assert tree(bank.he, root).aum == 300 + 9 * 100_001 + 8 * 100_001
    assert (tree(bank.zhou, root).left_out, tree(bank.zhou, root).aum) == (0, Decimal(700 + 17 * 100_001))
    # Of three together the sum tells of nobody alone, and not to the yuan.
    introduces(bank, root, colleagues[2])
    own = tree(bank.wang, root)
    assert (own.people, own.rounded, own.left_out, own.aum) == (5, 3, 1, Decimal(300 + 2_400_000))


def test_not_even_the_order_tells_what_others_hold(bank: Bank) -> None:
    root = somebody(bank, 1, 100)
    colleagues = [somebody(bank, number, 1000 * number, owner=bank.li) for number in range(3, 6)]
    mine = somebody(bank, 9, 1)
    for whom in (*colleagues, mine):
        introduces(bank, root, whom)
    params = {"root": root.pk, "deepest": 4, "most": 200}
    with scoped(bank.wang):
        found = introductions.tree_of(bank.wang, root)
        by_aum = db.fetch_sql("campaigns.prospects", "introductions", "default", **params)
    assert [row["id"] for row in by_aum] == [colleagues[2].pk, colleagues[1].pk, colleagues[0].pk, mine.pk]
    assert [one.customer for one in found.rows] == [mine, None, None, None]


def test_the_page(bank: Bank, client_of: ClientOf) -> None:
    root, whom = somebody(bank, 1, 100), somebody(bank, 2, 380000)
    introduces(bank, root, whom)
    client, address = client_of(bank.wang), f"/customers/{root.pk}/introductions/"
    text = client.get(address).content.decode()
    assert f'href="/customers/{whom.pk}/"' in text
    assert f'href="/customers/{root.pk}/plans/new/"' in text
    with CaptureQueriesContext(connections["default"]) as caught:
        client.get(address)
    assert len(caught) <= 10, [one["sql"][:80] for one in caught]
    assert client_of(bank.qian).get(address).status_code == 404
    assert client_of(bank.zhao).get(address).status_code == 403
    assert client.get(f"/customers/{whom.pk}/introductions/").context["tree"].people == 0


@pytest.mark.parametrize("typed", ["6700000001", "139 1234 9999"])
def test_the_night_notes_who_introduced_a_visitor(typed: str, bank: Bank, client_of: ClientOf) -> None:
    by = somebody(bank, 1, 100, mobile_index=pii.index(pii.MOBILE, "13912349999"))
    assert visit(client_of(bank.zhao), introducer=typed).status_code == 303
    prospect = Prospect.objects.using("batch").get()
    assert prospect.introduced_by_id == by.pk
    day = timezone.localdate()
    new = somebody(bank, 2, 50, open_date=day, mobile_index=pii.index(pii.MOBILE, VISITOR), branch=bank.north)
    NightCustomer.objects.using("batch").create(
        customer_id=new.pk, load_id=0, is_new=True, customer_no=new.customer_no, customer_type="person",
        branch_id=new.branch_id, name=new.name, name_mask=new.name_mask, open_date=day, status="active",
    )  # fmt: skip
    for _run in range(2):
        with transaction.atomic(using="batch"):
            night.publish(day)
    rows = Relation.objects.using("batch").order_by("relation_type")
    assert [(one.customer_id, one.relation_type, one.related_customer_id, one.branch_id) for one in rows] == [
        (by.pk, "introduced", new.pk, bank.south.pk), (new.pk, "introducer", by.pk, bank.north.pk),
    ]  # fmt: skip


def test_nobody_introduces_themselves_or_is_introduced_by_a_stranger(bank: Bank, client_of: ClientOf) -> None:
    far = somebody(bank, 1, 100, branch=bank.far, owner=bank.feng)
    mine = somebody(bank, 2, 100, mobile_index=pii.index(pii.MOBILE, "13912349999"))
    for form in ({"introducer": far.customer_no}, {"introducer": mine.customer_no, "mobile": "13912349999"}):
        answer = visit(client_of(bank.zhao), **form)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["introducer"])
    assert not Prospect.objects.using("batch").exists()
