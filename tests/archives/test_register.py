"""新开户登记簿: touches, balances and the top line against a plain computation, what it costs, and whose it is."""

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.models import ContactLog, MaintenancePlan, PlanStep
from crm.jobs.models import JobRun
from crm.organization.models import User
from customers.models import BalanceChange, Customer, Ownership
from tests.world import Bank

ClientOf = Callable[[User], Client]
PAGE = "/archives/register/"
STATEMENTS = 8
OFFSETS = (1, 7, 30, 90)
# From its day, the first from the opening, to the day before the next; the last for thirty days more.
TIMES = {1: (0, 6), 7: (7, 29), 30: (30, 89), 90: (90, 120)}
REACHED = ("interested", "not_interested", "booked", "sold", "refused")


def today() -> date:
    return timezone.localdate()


def contact(customer: Customer, staff: User, on: date, outcome: str = "interested", channel: str = "phone") -> Any:
    at = timezone.make_aware(datetime.combine(on, time(10)))
    return ContactLog.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, staff_id=staff.pk, contacted_at=at, channel=channel,
        outcome=outcome, submission=uuid4(),
    )  # fmt: skip


def plan(customer: Customer, owner: User, offset: int, state: str, **fields: Any) -> MaintenancePlan:
    assert customer.open_date is not None
    step = PlanStep.objects.using("batch").get(code=f"opened-{offset}")
    due = fields.pop("due_date", customer.open_date + timedelta(days=offset))
    return MaintenancePlan.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, owner_id=owner.pk, due_date=due, state=state, step=step,
        origin="date", episode=f"{step.code}:{customer.open_date}", wanted_date=due, submission=uuid4(), **fields,
    )  # fmt: skip


def published(as_of: date) -> None:
    now = timezone.now()
    JobRun.objects.using("batch").create(
        job="nightly", business_date=as_of, state="published", started_at=now, finished_at=now, published_at=now
    )


def balance_moved(customer: Customer, on: date, old: int, new: int) -> None:
    holding = customer.holdings.using("batch").first()
    assert holding is not None
    BalanceChange.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, holding=holding, as_of=on, old_balance=old, new_balance=new,
        old_counted=old, new_counted=new,
    )  # fmt: skip


def opened(bank: Bank, number: int, on: date, owner: User | None, aum: int = 1_000, **fields: Any) -> Customer:
    customer = bank.customer(f"92{number:04}", owner=owner, open_date=on, **fields)
    bank.metrics(customer, aum, tier=2)
    bank.holding(customer, aum)
    return customer


@pytest.fixture
def book(bank: Bank) -> list[Customer]:
    """Openings of a hundred and thirty days with every kind of plan, contact and balance, drawn with a fixed seed."""
    draw, made = random.Random(20261126), []
    published(today() - timedelta(days=1))
    for n in range(70):
        on = today() - timedelta(days=draw.randrange(131))
        owner = draw.choice((bank.wang, bank.li, None))
        fields = {"do_not_contact": draw.random() < 0.1, "status": "closed" if draw.random() < 0.1 else "active"}
        customer = opened(bank, n, on, owner, draw.choice((0, 1_000, 50_000)), **fields)
        for offset in OFFSETS:
            chance, due = draw.random(), on + timedelta(days=offset)
            if owner is None or chance < 0.3:
                continue
            if due >= today():
                plan(customer, owner, offset, "planned" if chance < 0.8 else "paused")
            elif chance < 0.5:
                plan(customer, owner, offset, "done", done_by=contact(customer, owner, due), closed_on=due)
            elif chance < 0.8:
                plan(customer, owner, offset, "planned")
            else:
                plan(customer, owner, offset, "cancelled", closed_on=due, cause="person")
        for _time in range(draw.randrange(3)):
            day = min(today(), on + timedelta(days=draw.randrange(120)))
            contact(customer, bank.he, day, draw.choice(("sold", "not_reached")), draw.choice(("phone", "sms")))
        for day_after in draw.sample(range(1, 125), 3):
            if on + timedelta(days=day_after) < today():
                balance_moved(customer, on + timedelta(days=day_after), day_after * 10, day_after * 25)
        made.append(customer)
    return made


def met_days(customer: Customer) -> list[int]:
    """Days after the opening on which the customer was reached."""
    assert customer.open_date is not None
    return [
        (timezone.localtime(log.contacted_at).date() - customer.open_date).days
        for log in ContactLog.objects.using("batch").filter(customer=customer)
        if log.outcome in REACHED and log.channel != "sms"
    ]


def plain_state(customer: Customer, offset: int) -> str:
    """One touch by the words of the page's docs, one customer at a time."""
    assert customer.open_date is not None
    found = MaintenancePlan.objects.using("batch").filter(customer=customer, step__code=f"opened-{offset}").first()
    if found is not None:
        if found.state == "planned" and found.due_date < today():
            return "missed"
        return "called_off" if found.state == "cancelled" else found.state
    first, last = TIMES[offset]
    if any(first <= day <= last for day in met_days(customer)):
        return "done"
    if customer.open_date + timedelta(days=offset) >= today():
        return "later"
    return "none" if customer.do_not_contact or customer.status == "closed" else "missed"


def plain_balance(customer: Customer, days: int) -> Decimal | None:
    assert customer.open_date is not None
    on = customer.open_date + timedelta(days=days)
    if on > today() - timedelta(days=1):
        return None
    later = BalanceChange.objects.using("batch").filter(customer=customer, as_of__gt=on)
    return customer.metrics.aum - sum((one.new_counted - one.old_counted for one in later), Decimal(0))


def months_of(book: list[Customer]) -> set[str]:
    return {month_of(one) for one in book}


def month_of(customer: Customer) -> str:
    assert customer.open_date is not None
    return customer.open_date.replace(day=1).isoformat()


def lines(client: Client, **asked: Any) -> list[Any]:
    """All lines of a month, page after page."""
    found, after = [], ""
    while True:
        context = client.get(PAGE, {**asked, "after": after}).context
        found += context["lines"]
        after = context["page"].next_place
        if not after:
            return found


def test_each_touch_and_balance_is_what_a_plain_computation_finds(
    bank: Bank, client_of: ClientOf, book: list[Customer]
) -> None:
    client, seen, states = client_of(bank.he), set(), set()
    for month in months_of(book):
        for line in lines(client, month=month):
            customer = next(one for one in book if one.pk == line.customer.pk)
            assert [touch.state for touch in line.touches] == [plain_state(customer, day) for day in OFFSETS]
            assert line.balances == [plain_balance(customer, days) for days in (30, 90)]
            seen.add(customer.pk)
            states |= {touch.state for touch in line.touches}
    assert seen == {one.pk for one in book}
    assert states == {"done", "planned", "paused", "called_off", "missed", "later", "none"}


def next_workday(day: date) -> date:
    """With no calendar of the year in the tests, Monday to Friday."""
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def test_the_top_line_is_what_a_plain_count_finds(bank: Bank, client_of: ClientOf, book: list[Customer]) -> None:
    client, ripe_ones = client_of(bank.he), 0
    for month in months_of(book):
        of_month = [one for one in book if month_of(one) == month]
        top = client.get(PAGE, {"month": month}).context["top"]
        at_once = 0
        for one in of_month:
            assert one.open_date is not None
            last = (next_workday(one.open_date + timedelta(days=1)) - one.open_date).days
            at_once += any(0 <= day <= last for day in met_days(one))
        missed = sum("missed" in [plain_state(one, day) for day in OFFSETS] for one in of_month)
        balances = [plain_balance(one, 90) for one in of_month]
        ripe = [one for one in balances if one is not None]
        ripe_ones += len(ripe)
        assert (top.opened, top.at_once, top.missed) == (len(of_month), at_once, missed)
        assert (top.ripe, top.kept) == (len(ripe), sum(one > 0 for one in ripe))
        asked = client.get(PAGE, {"month": month, "missed": "any"}).context["top"]
        assert asked.opened == missed
        for offset in OFFSETS:
            narrowed = client.get(PAGE, {"month": month, "missed": str(offset)}).context["top"].opened
            assert narrowed == sum(plain_state(one, offset) == "missed" for one in of_month)
    assert ripe_ones


def test_pages_by_keyset_bring_everybody_once(bank: Bank, client_of: ClientOf) -> None:
    first = today().replace(day=1) - timedelta(days=1)
    for n in range(120):
        opened(bank, n, first.replace(day=1 + n % 3), bank.wang)
    client = client_of(bank.he)
    found = lines(client, month=first.replace(day=1))
    assert len({line.customer.pk for line in found}) == len(found) == 120
    days = [line.customer.open_date for line in found]
    assert days == sorted(days, reverse=True)


def test_a_manager_sees_the_own_and_a_filter_names_one(bank: Bank, client_of: ClientOf, book: list[Customer]) -> None:
    owners = {
        one.customer_id: one.owner_id
        for one in Ownership.objects.using("batch").filter(role="main", until__isnull=True)
    }
    for month in months_of(book):
        of_wang = {
            one.pk for one in book
            if month_of(one) == month and owners.get(one.pk) == bank.wang.pk
        }  # fmt: skip
        assert {line.customer.pk for line in lines(client_of(bank.wang), month=month)} == of_wang
        assert {line.customer.pk for line in lines(client_of(bank.he), month=month, manager=bank.wang.pk)} == of_wang
        assert lines(client_of(bank.qian), month=month) == []


def test_missed_plans_lead_to_the_list_that_hands_them_on(
    bank: Bank, client_of: ClientOf, book: list[Customer]
) -> None:
    late = MaintenancePlan.objects.using("batch").filter(state="planned", due_date__lt=today(), step__event="opened")
    text = client_of(bank.he).get(PAGE).content.decode()
    assert "/plans/?due=overdue&amp;event=opened" in text
    page = client_of(bank.he).get("/plans/", {"due": "overdue", "event": "opened"}).context["page"]
    assert page.count == late.count() > 0
    assert "/plans/?due=overdue&amp;event=opened" not in client_of(bank.wang).get(PAGE).content.decode()


def test_a_step_that_is_retired_leaves_the_book(bank: Bank, client_of: ClientOf, book: list[Customer]) -> None:
    PlanStep.objects.using("batch").filter(code="opened-30").update(is_active=False)
    context = client_of(bank.he).get(PAGE).context
    assert [one.offset for one in context["touches"]] == [1, 7, 90]
    PlanStep.objects.using("batch").filter(event="opened").update(is_active=False)
    empty = client_of(bank.he).get(PAGE)
    assert empty.status_code == 200 and empty.context["top"].missed == 0


def test_the_page_costs_the_same_for_any_number(bank: Bank, client_of: ClientOf, book: list[Customer]) -> None:
    client, month = client_of(bank.he), max(months_of(book))
    client.get(PAGE, {"month": month})
    with CaptureQueriesContext(connections["default"]) as asked:
        client.get(PAGE, {"month": month})
    own = [one["sql"] for one in asked.captured_queries]
    assert len(own) <= STATEMENTS + 4, [one[:90] for one in own]  # beside session, user, scope and its transaction


@pytest.mark.parametrize("asked", [{"month": "x"}, {"missed": "5"}, {"after": "x~y"}, {"manager": "x"}])
def test_what_makes_no_sense_is_answered(bank: Bank, client_of: ClientOf, book: list[Customer], asked: Any) -> None:
    assert client_of(bank.he).get(PAGE, asked).status_code == 200
