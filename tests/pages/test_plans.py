"""Maintenance plans: who may make them, what a contact does to them, and what a bulk action makes and takes back."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives import plans
from archives.contacts import Contact, log_contact
from archives.models import MaintenancePlan
from archives.plans import Intent
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from tests.world import Bank

DAY = date(2026, 3, 10)
TODAY = timezone.localdate
ClientOf = Callable[[User], Client]
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def rows(**filters: Any) -> list[MaintenancePlan]:
    return list(MaintenancePlan.objects.using("batch").filter(**filters).order_by("pk"))


def facts() -> list[tuple[str, date]]:
    return [(plan.state, plan.due_date) for plan in rows()]


def plan(actor: User, customer: Customer, due: date, **more: Any) -> MaintenancePlan:
    with scoped(actor):
        return plans.create(seen(customer), actor, Intent(due, **more), uuid4())


def seen(customer: Customer) -> Customer:
    """The customer as the web reads it."""
    return Customer.objects.get(pk=customer.pk)


def contact(
    actor: User,
    customer: Customer,
    outcome: str,
    next_date: date | None = None,
    channel: str = "phone",
    chosen: int | None = None,
) -> int:
    said = Contact(channel=channel, outcome=outcome, purpose="care", next_date=next_date)
    with scoped(actor):
        return log_contact(seen(customer), actor, NOON, said, uuid4(), plan_id=chosen).log.pk


def test_a_plan_goes_to_the_main_owner_or_to_who_made_it(bank: Bank) -> None:
    owned, pooled = bank.customer("C1", owner=bank.wang), bank.customer("C2")
    plan(bank.he, owned, DAY)
    plan(bank.he, pooled, DAY)
    assert [(row.owner_id, row.created_by_id, row.branch_id) for row in rows()] == [
        (bank.wang.pk, bank.he.pk, bank.south.pk),
        (bank.he.pk, bank.he.pk, bank.south.pk),
    ]
    entry = AuditEntry.objects.using("batch").get(action="plan.create", customer_id=owned.pk)
    assert entry.detail == {"due": "2026-03-10"}


def test_a_form_sent_twice_plans_once(bank: Bank) -> None:
    customer, key = bank.customer("C1", owner=bank.wang), uuid4()
    with scoped(bank.wang):
        first, again = (plans.create(seen(customer), bank.wang, Intent(DAY), key) for _ in range(2))
    assert first.pk == again.pk
    assert AuditEntry.objects.using("batch").filter(action="plan.create").count() == 1


def test_who_asked_for_no_calls_is_not_planned_a_call(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang, do_not_contact=True)
    for channel in ("phone", "sms"):
        with pytest.raises(plans.PlanRefused):
            plan(bank.wang, customer, DAY, channel=channel)
    assert rows() == []
    plan(bank.wang, customer, DAY, channel="face")
    assert len(rows()) == 1


def test_a_contact_does_what_was_due_and_plans_what_comes_next(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    for days in (-9, 0, 1):
        plan(bank.wang, customer, DAY + timedelta(days))
    log = contact(bank.wang, customer, "interested", DAY + timedelta(7))
    assert facts() == [
        ("done", DAY - timedelta(9)),
        ("done", DAY),
        ("planned", DAY + timedelta(1)),
        ("planned", DAY + timedelta(7)),
    ]
    late, today, _tomorrow, following = rows()
    assert {(row.done_by_id, row.closed_on, row.closed_by_id) for row in (late, today)} == {(log, DAY, bank.wang.pk)}
    assert (following.source_id, following.purpose, following.channel) == (log, "care", "phone")
    entry = AuditEntry.objects.using("batch").get(action="contact.log")
    assert entry.detail["plans"] == [late.pk, today.pk]


def test_the_next_contact_replaces_the_one_before_even_when_it_comes_early(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    contact(bank.wang, customer, "booked", DAY + timedelta(20))
    contact(bank.wang, customer, "interested", DAY + timedelta(30))
    assert facts() == [("done", DAY + timedelta(20)), ("planned", DAY + timedelta(30))]
    contact(bank.wang, customer, "sold")
    assert facts() == [("done", DAY + timedelta(20)), ("done", DAY + timedelta(30))]


# Two texts are touches enough for a week: the next try waits until there is room.
@pytest.mark.parametrize(("channel", "outcome", "later"), [("phone", "not_reached", 2), ("sms", "interested", 7)])
def test_who_was_not_reached_is_tried_again_by_the_same_plan(
    bank: Bank, channel: str, outcome: str, later: int
) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    plan(bank.wang, customer, DAY)
    contact(bank.wang, customer, outcome, channel=channel)
    assert facts() == [("planned", DAY)]
    contact(bank.wang, customer, outcome, DAY + timedelta(2), channel=channel)
    assert facts() == [("planned", DAY + timedelta(later))]


def test_a_contact_in_vain_with_nothing_planned_plans_the_next_try(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    contact(bank.wang, customer, "not_reached", DAY + timedelta(2))
    assert facts() == [("planned", DAY + timedelta(2))]


def test_the_lobby_plans_for_the_manager(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.li)
    contact(bank.zhao, customer, "booked", DAY + timedelta(1), channel="lobby")
    (row,) = rows()
    assert (row.owner_id, row.created_by_id) == (bank.li.pk, bank.zhao.pk)


def test_who_refuses_calls_is_met_next_time(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang, do_not_contact=True)
    contact(bank.wang, customer, "booked", DAY + timedelta(3), channel="sms")
    assert [row.channel for row in rows()] == ["face"]


def test_a_plan_is_moved_and_called_off_once(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    made = plan(bank.wang, customer, DAY)
    with scoped(bank.wang):
        plans.move(made, bank.wang, DAY + timedelta(4))
        plans.cancel(made, bank.wang, DAY)
        for change in (plans.cancel, plans.move):
            with pytest.raises(plans.PlanRefused):
                change(made, bank.wang, DAY)
    assert facts() == [("cancelled", DAY + timedelta(4))]
    actions = list(AuditEntry.objects.using("batch").order_by("pk").values_list("action", flat=True))
    assert actions == ["plan.create", "plan.move", "plan.cancel"]


def test_overdue_is_the_day_after_and_only_while_open(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    made = plan(bank.wang, customer, DAY)
    tomorrow = DAY + timedelta(1)
    with scoped(bank.wang):
        assert not MaintenancePlan.objects.overdue(DAY).visible_to(bank.wang).exists()
        assert MaintenancePlan.objects.overdue(tomorrow).visible_to(bank.wang).exists()
        assert (made.is_overdue(DAY), made.is_overdue(tomorrow)) == (False, True)
        plans.cancel(made, bank.wang, DAY)
        assert not MaintenancePlan.objects.overdue(tomorrow).visible_to(bank.wang).exists()


def bulk(bank: Bank, customers: list[Customer], key: UUID, **more: Any) -> int:
    ids = [one.pk for one in customers]
    with scoped(bank.he):
        return plans.create_many(list(Customer.objects.filter(pk__in=ids)), bank.he, Intent(DAY, **more), key)


def test_many_are_planned_once_and_taken_back_as_far_as_they_are_open(bank: Bank) -> None:
    mine, pooled = bank.customer("C1", owner=bank.wang), bank.customer("C2")
    barred = bank.customer("C3", owner=bank.li, do_not_contact=True)
    key, others = uuid4(), uuid4()
    assert bulk(bank, [mine, pooled], key) == 2
    assert bulk(bank, [mine, pooled, barred], key) == 0
    assert bulk(bank, [mine, barred], others, channel="face") == 2
    assert {(row.customer_id, row.owner_id) for row in rows(submission=key)} == {
        (mine.pk, bank.wang.pk),
        (pooled.pk, bank.he.pk),
    }
    contact(bank.wang, mine, "interested")  # does both plans of this customer
    with scoped(bank.he):
        assert plans.cancel_many(bank.he, key, DAY) == 1
    assert {row.customer_id: row.state for row in rows(submission=key)} == {mine.pk: "done", pooled.pk: "cancelled"}
    assert {row.customer_id: row.state for row in rows(submission=others)} == {mine.pk: "done", barred.pk: "planned"}


def test_many_cost_as_many_statements_as_few(bank: Bank) -> None:
    customers = [bank.customer(f"C{number}", owner=bank.wang) for number in range(12)]
    counts = []
    for chosen in (customers[:2], customers):
        with CaptureQueriesContext(connections["default"]) as caught:
            bulk(bank, chosen, uuid4())
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_nobody_takes_back_what_others_planned_out_of_sight(bank: Bank) -> None:
    key, foreign = uuid4(), bank.customer("C9", branch=bank.north, owner=bank.qian)
    with scoped(bank.qian):
        plans.create_many([seen(foreign)], bank.qian, Intent(DAY), key)
    with scoped(bank.he):
        assert plans.cancel_many(bank.he, key, DAY) == 0
        assert not MaintenancePlan.objects.visible_to(bank.he).exists()
        assert not MaintenancePlan.objects.exists()  # row-level security alone
    assert [row.state for row in rows()] == ["planned"]


def test_a_contact_does_the_plan_that_was_chosen_whenever_it_was_meant(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    far, farther = (plan(bank.wang, customer, DAY + timedelta(days), channel="face") for days in (30, 60))
    MaintenancePlan.objects.using("batch").filter(pk=far.pk).update(state="paused", cause="complaint")
    contact(bank.wang, customer, "not_reached", chosen=far.pk)
    assert [row.state for row in rows()] == ["paused", "planned"]
    log = contact(bank.wang, customer, "interested", chosen=far.pk)
    assert [(row.state, row.done_by_id) for row in rows()] == [("done", log), ("planned", None)]
    contact(bank.wang, customer, "interested", chosen=far.pk)  # done before: nothing happens to it
    other = bank.customer("C2", owner=bank.wang)
    contact(bank.wang, other, "interested", chosen=farther.pk)  # of somebody else
    assert [(row.state, row.done_by_id) for row in rows()] == [("done", log), ("planned", None)]


def test_the_form_offers_five_plans_and_the_one_of_the_link_is_chosen(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    bank.metrics(customer, 1000)
    made = [plan(bank.wang, customer, TODAY() + timedelta(days), channel="face") for days in range(10, 17)]
    client, address = client_of(bank.wang), f"/customers/{customer.pk}/contacts/new/"
    form = client.get(address, {"plan": made[6].pk}).context["form"]
    assert [one.pk for one in form.open_plans] == [made[6].pk, *(one.pk for one in made[:4])]
    assert form.chosen_plan == made[6].pk
    assert client.get(address, {"plan": "9" * 30}).context["form"].chosen_plan is None
    sent = {
        "submission": str(uuid4()),
        "channel": "face",
        "outcome": "interested",
        "summary": "谈过",
        "plan": made[6].pk,
    }
    assert client.post(address, sent).status_code == 303
    assert [row.pk for row in rows(state="done")] == [made[6].pk]
    foreign = plan(bank.qian, bank.customer("C2", owner=bank.qian, branch=bank.north), TODAY(), channel="face")
    refused = client.post(address, sent | {"submission": str(uuid4()), "plan": foreign.pk})
    assert (refused.status_code, rows(pk=foreign.pk)[0].state) == (422, "planned")
