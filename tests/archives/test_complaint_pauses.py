"""Marketing waits while a complaint is open, and goes on when it is closed."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from archives import contacts, plans
from archives.contacts import Contact
from archives.models import MaintenancePlan
from archives.plans import Intent
from crm import db
from crm.organization.access import scoped
from crm.organization.models import WorkDay
from customers.models import Customer, Ownership
from tests.archives.complaints_world import closed, customer_of, registered
from tests.world import Bank


def planned(bank: Bank, customer: Customer, due: date, **fields: Any) -> MaintenancePlan:
    return MaintenancePlan.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, owner_id=bank.wang.pk, due_date=due,
        submission=uuid4(), **fields,
    )  # fmt: skip


def state(plan: MaintenancePlan) -> tuple[str, str, date]:
    found = MaintenancePlan.objects.using("batch").get(pk=plan.pk)
    return found.state, found.cause, found.due_date


def test_plans_wait_while_it_is_open_and_go_on_when_it_is_closed(bank: Bank) -> None:
    today = timezone.localdate()
    WorkDay.objects.using("batch").update_or_create(day=today, defaults={"is_working": False})
    for later, works in ((1, False), (2, True)):
        day = today + timedelta(days=later)
        WorkDay.objects.using("batch").update_or_create(day=day, defaults={"is_working": works})
    customer, other = customer_of(bank, "A1", owner=bank.wang), customer_of(bank, "A2", owner=bank.wang)
    past, ahead = planned(bank, customer, today - timedelta(days=1)), planned(bank, customer, today + timedelta(days=9))
    owed = planned(bank, customer, today, purpose="complaint")
    done = planned(bank, customer, today, state="done", closed_on=today)
    of_other = planned(bank, other, today)
    one = registered(bank.wang, customer, bank.he)
    second = registered(bank.wang, customer, bank.he)
    assert [state(plan)[0] for plan in (past, ahead, owed, done, of_other)] == [
        "paused", "paused", "planned", "done", "planned",
    ]  # fmt: skip
    assert state(past)[1] == "complaint"
    closed(bank.he, one, today)
    assert state(past)[0] == "paused"  # the other one is open still
    closed(bank.he, second, today)
    assert state(past) == ("planned", "", today + timedelta(days=2))  # the next working day
    assert state(ahead) == ("planned", "", today + timedelta(days=9))
    assert state(done)[0] == "done"


def test_what_is_planned_meanwhile_waits_too(bank: Bank) -> None:
    today = timezone.localdate()
    customer, other = customer_of(bank, "A1", owner=bank.wang), customer_of(bank, "A2", owner=bank.wang)
    registered(bank.wang, customer, bank.he)
    with scoped(bank.wang):
        care = plans.create(customer, bank.wang, Intent(today), uuid4())
        about_it = plans.create(customer, bank.wang, Intent(today, "complaint"), uuid4())
        submission = uuid4()
        assert plans.create_many([customer, other], bank.wang, Intent(today, "campaign"), submission) == 2
    many = MaintenancePlan.objects.using("batch").filter(submission=submission).order_by("customer__customer_no")
    assert (care.state, about_it.state) == ("paused", "planned")
    assert [(plan.state, plan.cause) for plan in many] == [("paused", "complaint"), ("planned", "")]
    with scoped(bank.wang):
        assert plans.cancel_many(bank.wang, submission, today) == 2  # taken back all the same


def test_a_contact_about_the_complaint_does_not_do_what_waits(bank: Bank) -> None:
    today = timezone.localdate()
    customer = customer_of(bank, "A1", owner=bank.wang)
    plan, owed = planned(bank, customer, today), planned(bank, customer, today, purpose="complaint")
    registered(bank.wang, customer, bank.he)
    with scoped(bank.wang):
        contacts.log_contact(
            customer, bank.wang, timezone.now(), Contact("phone", "not_interested", "complaint", "道歉"), uuid4()
        )
    assert (state(plan)[0], state(owed)[0]) == ("paused", "done")


def test_a_plan_that_waits_follows_the_customer_s_manager(bank: Bank) -> None:
    customer = customer_of(bank, "A1", owner=bank.wang)
    plan = planned(bank, customer, timezone.localdate())
    registered(bank.wang, customer, bank.he)
    customer.ownerships.using("batch").update(until=timezone.localdate())
    Ownership.objects.using("batch").create(
        branch_id=customer.branch_id,
        customer_id=customer.pk,
        owner_id=bank.li.pk,
        since=timezone.localdate(),
        reason="test",
    )
    assert MaintenancePlan.objects.using("batch").get(pk=plan.pk).owner_id == bank.li.pk


def test_the_night_mends_what_came_about_otherwise(bank: Bank) -> None:
    today = timezone.localdate()
    customer, free = customer_of(bank, "A1", owner=bank.wang), customer_of(bank, "A2", owner=bank.wang)
    registered(bank.wang, customer, bank.he)
    undone = planned(bank, customer, today)
    left_over = planned(bank, free, today, state="paused", cause="complaint")
    assert (plans.pause(using="batch"), plans.resume(today, using="batch")) == (1, 1)
    assert (state(undone)[0], state(left_over)[0]) == ("paused", "planned")
    assert (plans.pause(using="batch"), plans.resume(today, using="batch")) == (0, 0)


def test_a_customer_without_a_complaint_has_none(bank: Bank) -> None:
    customer = customer_of(bank, "A1", owner=bank.wang)
    asked = "SELECT has_open_complaint(%s)"
    assert db.fetch_value(asked, [customer.pk]) is False
    one = registered(bank.wang, customer, bank.wang)
    assert db.fetch_value(asked, [customer.pk]) is True
    closed(bank.wang, one, timezone.localdate())
    assert db.fetch_value(asked, [customer.pk]) is False
