"""Relations from both ends, households, and who answers for a customer."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.test import Client
from django.utils import timezone

from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers import ownership, relations
from customers.choices import RelationType
from customers.forms import OwnerForm
from customers.models import Customer, Household, Ownership, Relation
from tests.world import Bank

ClientOf = Callable[[User], Client]


def ends() -> list[tuple[str, str, str]]:
    rows = Relation.objects.using("batch").select_related("customer", "related_customer").order_by("pk")
    return [
        (row.customer.customer_no, row.relation_type, getattr(row.related_customer, "customer_no", row.name))
        for row in rows
    ]


def page(number: int) -> str:
    return f"/customers/{number}/relations/new/"


def test_every_relation_has_an_inverse_and_that_one_leads_back() -> None:
    assert set(relations.INVERSE) == set(RelationType)
    assert all(relations.INVERSE[relations.INVERSE[kind]] == kind for kind in RelationType)


def test_a_relation_is_noted_from_both_ends_and_removed_from_both(bank: Bank, client_of: ClientOf) -> None:
    mother, son = bank.customer("C1", owner=bank.wang), bank.customer("C2", owner=bank.wang)
    client = client_of(bank.wang)
    form = {"relation_type": "child", "customer_no": "C2", "note": "在外地读书", "is_same_household": "on"}
    assert client.post(page(mother.pk), form).status_code == 303
    assert client.post(page(mother.pk), form).status_code == 303  # twice is once
    assert ends() == [("C1", "child", "C2"), ("C2", "parent", "C1")]
    households = set(Customer.objects.using("batch").values_list("household_id", flat=True))
    assert len(households) == 1
    assert None not in households
    shown = client.get(f"/customers/{son.pk}/").content.decode()
    assert f'href="/customers/{mother.pk}/"' in shown
    row = Relation.objects.using("batch").get(customer=son)
    assert client.post(f"/customers/{son.pk}/relations/{row.pk}/remove/").status_code == 303
    assert ends() == []
    actions = list(AuditEntry.objects.using("batch").order_by("at").values_list("action", flat=True))
    assert actions.count("relation.link") == 1
    assert {"household.join", "relation.unlink"} <= set(actions)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "relation_type"),
        ({"relation_type": "spouse"}, "__all__"),
        ({"relation_type": "spouse", "customer_no": "C2", "name": "甲"}, "__all__"),
        ({"relation_type": "spouse", "customer_no": "C9"}, "customer_no"),
        ({"relation_type": "spouse", "customer_no": "C3"}, "customer_no"),
        ({"relation_type": "spouse", "customer_no": "C1"}, "__all__"),
        ({"relation_type": "spouse", "customer_no": "F1"}, "__all__"),
        ({"relation_type": "employer", "customer_no": "F1", "is_same_household": "on"}, "is_same_household"),
        ({"relation_type": "child", "name": "小明", "birth_year": "2999"}, "birth_year"),
        ({"relation_type": "cousin", "name": "小明"}, "relation_type"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    bank: Bank, client_of: ClientOf, form: dict[str, str], message: str
) -> None:
    first = bank.customer("C1", owner=bank.wang)
    bank.customer("C2", owner=bank.wang)
    bank.customer("C3", owner=bank.li)  # a colleague's: not even its existence is told
    bank.customer("F1", owner=bank.wang, customer_type="company")
    answer = client_of(bank.wang).post(page(first.pk), form)
    assert answer.status_code == 422
    assert message in answer.context["form"].errors
    assert ends() == []


def test_a_person_who_is_no_customer_is_kept_by_name(bank: Bank, client_of: ClientOf) -> None:
    first = bank.customer("C1", owner=bank.wang)
    client_of(bank.wang).post(page(first.pk), {"relation_type": "child", "name": "小明", "birth_year": "2012"})
    assert ends() == [("C1", "child", "小明")]


def test_households_are_not_merged_by_accident_and_dissolve_with_the_last_but_one(bank: Bank) -> None:
    one, two, three, four = (bank.customer(f"C{number}", owner=bank.wang) for number in range(1, 5))
    with scoped(bank.wang):
        relations.join_household(bank.wang, one, two)
        relations.join_household(bank.wang, three, four)
        with pytest.raises(relations.RelationRefused):
            relations.join_household(bank.wang, one, three)
        relations.leave_household(bank.wang, one)
    assert Household.objects.using("batch").count() == 2
    of = dict(Customer.objects.using("batch").values_list("customer_no", "household_id"))
    assert [of["C1"], of["C2"]] == [None, None]
    assert of["C3"] == of["C4"] is not None


def household_of() -> dict[str, int | None]:
    return dict(Customer.objects.using("batch").values_list("customer_no", "household_id"))


def test_a_household_of_another_branch_is_joined_and_left(bank: Bank) -> None:
    """Its row lies where its first member was; of three members two are here."""
    home = Household.objects.using("batch").create(branch_id=bank.far.pk)
    one, two = (bank.customer(f"C{number}", owner=bank.wang) for number in (1, 2))
    Customer.objects.using("batch").filter(pk=one.pk).update(household=home)
    bank.customer("C3", branch=bank.far, household_id=home.pk)
    with scoped(bank.wang):
        assert relations.join_household(bank.wang, one, two) == home.pk
    assert household_of() == {"C1": home.pk, "C2": home.pk, "C3": home.pk}
    with scoped(bank.wang):
        relations.leave_household(bank.wang, one)
    assert household_of() == {"C1": None, "C2": home.pk, "C3": home.pk}
    with scoped(bank.wang):
        relations.leave_household(bank.wang, two)
        relations.leave_household(bank.wang, two)  # twice is once
    assert household_of() == {"C1": None, "C2": None, "C3": None}


@pytest.mark.parametrize("leader", ["wang", "zhou"])
def test_a_relation_goes_at_both_ends_when_one_has_moved_to_another_branch(bank: Bank, leader: str) -> None:
    actor = getattr(bank, leader)
    one, two = (bank.customer(f"C{number}", owner=bank.wang) for number in (1, 2))
    with scoped(bank.wang):
        relations.link(bank.wang, one, "guarantor", related=two)
        kept = relations.link(bank.wang, one, "introducer", related=two)
    Customer.objects.using("batch").filter(pk=two.pk).update(branch=bank.far)
    Relation.objects.using("batch").filter(customer=two).update(branch=bank.far)
    with scoped(actor):
        relations.unlink(actor, Relation.objects.get(customer=one, relation_type="guarantor"))
    assert ends() == [("C1", "introducer", "C2"), ("C2", "introduced", "C1")]
    assert Relation.objects.using("batch").filter(pk=kept.pk).exists()


def test_the_database_knows_the_same_inverses(bank: Bank) -> None:
    inverse = "SELECT customers_relation_inverse(%s)"
    assert {kind: db.fetch_value(inverse, [kind]) for kind in RelationType} == relations.INVERSE


def at_once(actor: User, *changes: Callable[[], Any]) -> None:
    """Each in a thread and a transaction of its own; all are done before any of them commits, where nothing waits."""
    together = threading.Barrier(len(changes))

    def run(change: Callable[[], Any]) -> None:
        try:
            with scoped(actor):
                change()
                with suppress(threading.BrokenBarrierError):
                    together.wait(1)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(changes)) as pool:
        for done in [pool.submit(run, change) for change in changes]:
            done.result()


def test_two_who_leave_a_household_of_three_at_once_leave_nobody_alone(bank: Bank) -> None:
    one, two, three = (bank.customer(f"C{number}", owner=bank.wang) for number in range(1, 4))
    with scoped(bank.wang):
        relations.join_household(bank.wang, one, two)
        relations.join_household(bank.wang, one, three)
    at_once(bank.wang, *(partial(relations.leave_household, bank.wang, customer) for customer in (one, two)))
    assert set(household_of().values()) == {None}


def test_a_person_saved_twice_at_once_by_name_is_one_and_can_be_saved_again(bank: Bank) -> None:
    first = bank.customer("C1", owner=bank.wang)
    save = partial(relations.link, bank.wang, first, "child", name="小明")
    at_once(bank.wang, save, save)
    with scoped(bank.wang):
        save()
    assert ends() == [("C1", "child", "小明")]


def test_the_database_keeps_a_person_by_name_once(bank: Bank) -> None:
    first = bank.customer("C1", owner=bank.wang)
    row = {"customer": first, "branch": bank.south, "relation_type": "child", "name": "小明"}
    Relation.objects.using("batch").create(**row)
    with pytest.raises(IntegrityError):
        Relation.objects.using("batch").create(**row)
    Relation.objects.using("batch").create(**row | {"name": "小红"})


def test_a_customer_is_given_to_another_manager_and_the_history_stays(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    address = f"/customers/{customer.pk}/owner/"
    assert client_of(bank.wang).get(address).status_code == 403
    client = client_of(bank.he)
    assert client.post(address, {"owner": bank.li.pk}).status_code == 422  # without a reason
    assert client.post(address, {"owner": bank.qian.pk, "reason": "x"}).status_code == 422  # of another branch
    assert client.post(address, {"owner": bank.li.pk, "reason": "岗位调整"}).status_code == 303
    history = Ownership.objects.using("batch").order_by("pk").values_list("owner__staff_no", "until", "reason")
    assert list(history) == [(bank.wang.staff_no, timezone.localdate(), "test"), (bank.li.staff_no, None, "岗位调整")]
    assert client_of(bank.wang).get(address.replace("owner/", "relations/new/")).status_code == 404
    assert client_of(bank.li).get(address.replace("owner/", "relations/new/")).status_code == 200


def test_a_manager_who_goes_while_the_form_is_looked_at_is_refused(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = bank.customer("C1", owner=bank.wang)

    def last_check(form: OwnerForm) -> str:
        User.objects.using("batch").filter(pk=bank.li.pk).update(is_active=False)
        return str(form.cleaned_data["reason"])

    monkeypatch.setattr(OwnerForm, "clean_reason", last_check, raising=False)
    answer = client_of(bank.he).post(f"/customers/{customer.pk}/owner/", {"owner": bank.li.pk, "reason": "岗位调整"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["owner"]
    assert Ownership.objects.using("batch").get().owner == bank.wang


def test_the_same_owner_again_changes_nothing_and_nobody_ends_it(bank: Bank) -> None:
    customer, day = bank.customer("C1", owner=bank.wang), date(2026, 3, 10)
    with scoped(bank.he):
        before: Any = Ownership.objects.get()
        assert ownership.assign(bank.he, customer, bank.wang, day, "x") == before
        assert ownership.assign(bank.he, customer, None, day, "公海") is None
        with pytest.raises(ownership.OwnerRefused):
            ownership.assign(bank.he, customer, bank.qian, day, "x")
    assert list(Ownership.objects.using("batch").values_list("until", flat=True)) == [day]
