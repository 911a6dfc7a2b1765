"""What the cap of touches leaves out waits, and is asked for again by itself; and steps on the very day of an event."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from archives.choices import Channel, PlanOrigin, StepEvent, TemplateKind
from archives.models import CappedPlan, MaintenancePlan, NightPlan, NightPlanCustomer, PlanStep
from crm import db
from customers.models import Customer
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)  # a Tuesday; the plans are read on Wednesday the 11th
MORNING = DAY + timedelta(days=1)
HIGH = 600_000
SHANGHAI = timezone.get_fixed_timezone(480)


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    """All of these nights lie in the past."""
    with time_machine.travel(datetime(2027, 3, 1, 10, tzinfo=SHANGHAI), tick=False):
        yield


@pytest.fixture
def book(bank: Bank) -> Book:
    return Book(bank)


def manual(customer: Customer, due: date) -> MaintenancePlan:
    """A touch that somebody has planned."""
    return MaintenancePlan.objects.using("batch").create(
        customer_id=customer.pk, branch_id=customer.branch_id, owner_id=customer_owner(customer), due_date=due,
        purpose="campaign", channel=Channel.PHONE, origin=PlanOrigin.MANUAL, submission=uuid4(),
    )  # fmt: skip


def customer_owner(customer: Customer) -> int:
    return int(customer.ownerships.using("batch").values_list("owner_id", flat=True)[0])


def cadence(customer: Customer) -> list[date]:
    found = MaintenancePlan.objects.using("batch").filter(customer=customer, origin=PlanOrigin.TIER, state="planned")
    return list(found.values_list("due_date", flat=True))


def test_a_night_asks_again_on_the_day_that_has_room(book: Book) -> None:
    customer, other = book.open("A", HIGH), book.open("B", HIGH)
    for days in (0, 1):
        manual(customer, MORNING + timedelta(days))
    book.night(DAY)
    assert (cadence(customer), len(cadence(other))) == ([], 1)
    waits = CappedPlan.objects.using("batch").get()
    assert (waits.customer_id, waits.ask_on) == (customer.pk, date(2026, 3, 18))
    day = MORNING  # nobody does anything about the customer
    while day < date(2026, 3, 17):
        assert book.night(day).counts["plans"]["customers"] == 0
        day += timedelta(days=1)
    assert book.night(day).counts["plans"]["customers"] == 1
    assert cadence(customer) == [date(2026, 3, 18)]
    assert not CappedPlan.objects.using("batch").exists()
    assert book.night(day, rerun=True).counts["plans"]["written"] == 0


def test_a_night_asks_again_when_a_person_has_made_room(book: Book) -> None:
    customer = book.open("A", HIGH)
    ahead, _second = (manual(customer, MORNING + timedelta(days)) for days in (0, 1))
    book.night(DAY)
    assert cadence(customer) == []
    # Moved by a person, which leaves no trace but the day.
    MaintenancePlan.objects.using("batch").filter(pk=ahead.pk).update(due_date=date(2026, 5, 20))
    book.night(MORNING)
    assert len(cadence(customer)) == 1
    assert not CappedPlan.objects.using("batch").exists()


@pytest.mark.parametrize("seed", range(3))
def test_the_night_leaves_out_whom_the_rule_bars_and_nobody_else(bank: Bank, seed: int) -> None:
    """Touches before and after the day, against what the rule says of one customer."""
    chance, wanted = random.Random(seed), MORNING + timedelta(days=20)
    step = PlanStep.objects.using("batch").get(code="cadence")
    customers = [bank.customer(f"A{number}", owner=bank.wang) for number in range(20)]
    for customer in customers:
        bank.metrics(customer, 30_000, tier=2)
        for _touch in range(chance.randrange(7)):
            manual(customer, wanted + timedelta(chance.randrange(-34, 35)))
        NightPlanCustomer.objects.using("batch").create(
            customer_id=customer.pk, branch_id=bank.south.pk, owner_id=bank.wang.pk, tier=2, is_planned=True
        )
        NightPlan.objects.using("batch").create(
            customer_id=customer.pk, episode="cadence:1", step_id=step.pk, origin="tier", wanted_date=wanted,
            due_date=wanted,
        )  # fmt: skip
    noon = datetime(wanted.year, wanted.month, wanted.day, 4, tzinfo=UTC)
    ask = "SELECT bar FROM contact_bar(%s, %s, %s, %s, true)"
    barred = {one.pk for one in customers if db.fetch_value(ask, [one.pk, step.purpose, step.channel, noon])}
    assert 0 < len(barred) < len(customers)
    db.run_sql("archives.planning", "capped", morning=MORNING)
    kept = set(NightPlan.objects.using("batch").values_list("customer_id", flat=True))
    assert {one.pk for one in customers} - kept == barred


@pytest.mark.parametrize("offset", [0, 1])
def test_a_step_on_the_day_of_an_opening_stands_on_the_morning_after(book: Book, offset: int) -> None:
    PlanStep.objects.using("batch").filter(event=StepEvent.OPENED).update(is_active=False)
    PlanStep.objects.using("batch").create(
        code="welcome", event=StepEvent.OPENED, offset_days=offset, kind=TemplateKind.CARE, channel=Channel.FACE,
        name_zh_hans="开户当日",
    )  # fmt: skip
    customer = book.open("A", 100)
    book.set_status(customer, "active", open_date=DAY)
    book.night(DAY)
    book.night(MORNING)
    found = MaintenancePlan.objects.using("batch").filter(customer=customer, step__code="welcome")
    assert list(found.values_list("due_date", "state")) == [(MORNING, "planned")]
