"""The timeline of a customer: everything that happened, in one statement and in order, and nothing of anybody else."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from archives import plans
from archives.models import Complaint, ContactLog, MaintenancePlan, Survey
from crm.organization.access import scoped
from crm.organization.models import User
from crm.workbench import timeline as events
from crm.workbench.timeline import Event, Kind, timeline
from customers.models import Alert, BalanceChange, Customer, Holding, Ownership
from segments.models import TierChange, TierScheme
from tests.pages.test_customer_page import ClientOf
from tests.pages.test_plans import seen
from tests.world import Bank

DAY = date(2026, 3, 10)


def at(day: date, hour: int = 2) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def contact(customer: Customer, staff: User, moment: datetime, **fields: Any) -> ContactLog:
    values = {"channel": "phone", "purpose": "care", "outcome": "interested"} | fields
    return ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, staff_id=staff.pk, contacted_at=moment, **values
    )


def alert(customer: Customer, raised: date, **fields: Any) -> Alert:
    fields.setdefault("state", "closed")
    return Alert.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, kind="maturity", episode=str(uuid4()), severity=1,
        amount=Decimal(80_000), rule_version=1, raised_on=raised, updated_on=raised, **fields,
    )  # fmt: skip


def moved(holding: Holding, day: date, net: Decimal | int, reclassified: Decimal | int = 0) -> None:
    values = {"old_balance": 0, "new_balance": abs(net), "old_counted": 0 if net > 0 else -net}
    BalanceChange.objects.using("batch").create(
        branch_id=holding.branch_id, customer_id=holding.customer_id, holding=holding, as_of=day,
        new_counted=net if net > 0 else 0, reclassified=reclassified, **values,
    )  # fmt: skip


def changed_tier(customer: Customer, day: date, old: int | None, new: int | None, *, code: str = "five") -> None:
    scheme = TierScheme.objects.using("batch").filter(code=code).earliest("version")
    TierChange.objects.using("batch").create(
        scheme=scheme, scheme_version=1, customer_id=customer.pk, branch_id=customer.branch_id, as_of=day,
        old_rank=old, new_rank=new, metric_value=Decimal(500_000), cause="promoted",
    )  # fmt: skip


@pytest.fixture
def customer(bank: Bank) -> Customer:
    """A customer of wang with one event of every sort, a day each; 100,000 of assets."""
    found = bank.customer("C1", owner=bank.wang)
    bank.metrics(found, 100_000)
    changed_tier(found, DAY - timedelta(6), 2, 3)
    alert(found, DAY - timedelta(5), closed_on=DAY - timedelta(1), closed_by=bank.li, close_reason="contacted")
    moved(bank.holding(found, 1), DAY - timedelta(4), -20_000)
    contact(found, bank.wang, at(DAY - timedelta(3)), summary="<b>周五到店</b>", next_date=DAY)
    with scoped(bank.wang):
        plans.create(seen(found), bank.wang, plans.Intent(DAY, note="续存"), uuid4())
    MaintenancePlan.objects.using("batch").update(created_at=at(DAY - timedelta(2)))
    return found


def served(bank: Bank, customer: Customer) -> None:
    """A closed complaint and an answer about it, after everything else."""
    of = {"branch_id": customer.branch_id, "customer_id": customer.pk, "submission": uuid4()}
    Complaint.objects.using("batch").create(
        **of, channel="lobby", received_on=DAY, category="fee", text="不外传", handler_id=bank.he.pk, state="closed",
        due_date=DAY, decision="x", informed_on=DAY, root_cause="x", closed_on=DAY, registered_by_id=bank.zhao.pk,
    )  # fmt: skip
    Complaint.objects.using("batch").update(registered_at=at(DAY, 3))
    Survey.objects.using("batch").create(
        **of, touch="visit", score=4, nps=9, answered_on=DAY, recorded_by_id=bank.zhao.pk
    )
    Survey.objects.using("batch").update(recorded_at=at(DAY, 4))


def read(user: User, customer: Customer, *args: Any, **kwargs: Any) -> list[Event]:
    with scoped(user):
        return timeline(user, Customer.objects.select_related("metrics").get(pk=customer.pk), *args, **kwargs).events


def test_everything_stands_in_its_order(bank: Bank, customer: Customer) -> None:
    served(bank, customer)
    found = read(bank.wang, customer)
    assert [(event.name, (DAY - event.day).days) for event in found[:-1]] == [
        ("survey", 0), ("complaint", 0), ("alert_closed", 1), ("plan", 2),
        ("contact", 3), ("money", 4), ("alert", 5), ("tier", 6),
    ]  # fmt: skip
    survey, complaint, closed, plan, said, money, raised, tier, owner = found
    assert (survey.text, survey.who, complaint.who) == ("4/5 NPS 9", bank.zhao.name, bank.zhao.name)
    assert "不外传" not in str(complaint.detail)
    assert (closed.who, closed.amount, plan.due, said.who) == (bank.li.name, Decimal(80_000), DAY, bank.wang.name)
    assert (said.due, said.detail["summary"]) == (DAY, "<b>周五到店</b>")
    assert (money.amount, money.icon, raised.who) == (Decimal(20_000), "arrow-up-right", "")
    assert (tier.detail["old"], tier.detail["new"], tier.icon) == (2, 3, "trending-up")
    assert (owner.name, owner.who, owner.day) == ("owner", bank.wang.name, date(2020, 1, 1))


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_alone(bank: Bank, customer: Customer, kind: Kind) -> None:
    served(bank, customer)
    names = {Kind.ALERT: ["alert_closed", "alert"], Kind.SERVICE: ["survey", "complaint"]}.get(kind, [kind.value])
    assert [event.name for event in read(bank.wang, customer, kind)] == names


def test_all_of_it_is_one_statement(bank: Bank, customer: Customer) -> None:
    with scoped(bank.wang):
        mine = Customer.objects.select_related("metrics").get(pk=customer.pk)
        with CaptureQueriesContext(connections["default"]) as caught:
            timeline(bank.wang, mine)
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("net", "reclassified", "is_told"),
    [(10_000, 0, True), (9_999, 0, False), (-10_000, 0, True), (50_000, 45_000, False), (50_000, 40_000, True)],
)
def test_only_large_movements_of_money_are_told(bank: Bank, net: int, reclassified: int, is_told: bool) -> None:
    """From 10,000 up; what a product came to count moved no money."""
    poor = bank.customer("C1", owner=bank.wang)
    bank.metrics(poor, 100_000)
    moved(bank.holding(poor, 1), DAY, net, reclassified)
    assert bool(read(bank.wang, poor, "money")) == is_told


def test_large_is_measured_by_the_day_and_by_the_customer(bank: Bank) -> None:
    rich = bank.customer("C1", owner=bank.wang)
    bank.metrics(rich, 1_000_000)
    one, two = bank.holding(rich, 1), bank.holding(rich, 1)
    moved(one, DAY, 49_999)  # just below a twentieth
    moved(one, DAY - timedelta(1), 30_000)
    moved(two, DAY - timedelta(1), 20_000)
    moved(one, DAY - timedelta(2), 300_000)
    moved(two, DAY - timedelta(2), -300_000)  # from one account into another: nothing moved
    assert [(event.day, event.amount) for event in read(bank.wang, rich, "money")] == [
        (DAY - timedelta(1), Decimal(50_000))
    ]


def test_moves_in_a_scheme_that_pages_do_not_show_are_left_out(bank: Bank, customer: Customer) -> None:
    other = TierScheme.objects.using("batch").exclude(code="five").order_by("pk").first()
    assert other is not None
    changed_tier(customer, DAY, 1, 2, code=other.code)
    assert [event.day for event in read(bank.wang, customer, "tier")] == [DAY - timedelta(6)]


def test_plans_that_a_contact_made_are_told_with_it_alone(bank: Bank, customer: Customer) -> None:
    log = ContactLog.objects.using("batch").get()
    MaintenancePlan.objects.using("batch").create(
        branch_id=bank.south.pk, customer=customer, owner_id=bank.wang.pk, created_by_id=bank.wang.pk, due_date=DAY,
        source=log,
        submission=uuid4(),
    )  # fmt: skip
    assert len(read(bank.wang, customer, "plan")) == 1


def pages(user: User, customer: Customer, number: int, kind: str = "") -> Iterator[list[Event]]:
    place = ""
    while True:
        with scoped(user):
            mine = Customer.objects.select_related("metrics").get(pk=customer.pk)
            page = timeline(user, mine, kind, place, number)
        yield page.events
        if not page.next_place:
            return
        place = page.next_place


@pytest.mark.parametrize("number", [1, 2, 3, 7, 50])
def test_pages_leave_nothing_out_and_tell_nothing_twice(bank: Bank, customer: Customer, number: int) -> None:
    """Many at the very same moment, within a part and across parts."""
    for _ in range(3):
        contact(customer, bank.wang, at(DAY))
        alert(customer, DAY, closed_on=DAY, close_reason="contacted")
        contact(customer, bank.wang, datetime(2026, 3, 10, 15, 59, 59, tzinfo=UTC))  # the end of that business day
    whole = [(event.name, event.number) for event in read(bank.wang, customer, number=100)]
    assert len(whole) == len(set(whole)) == 7 + 12
    told = list(pages(bank.wang, customer, number))
    assert [(event.name, event.number) for page in told for event in page] == whole
    assert all(len(page) <= number for page in told)
    ordered = [event.at for page in told for event in page]
    assert ordered == sorted(ordered, reverse=True)


@pytest.mark.parametrize(
    "place",
    ["x", "~~", "2026-03-10~contact~1", "2026-03-10T00:00:00+00:00~contact~x",
     f"2026-03-10T00:00:00+00:00~contact~{'9' * 30}"],
)  # fmt: skip
def test_a_place_that_no_page_wrote_is_the_first_page(bank: Bank, customer: Customer, place: str) -> None:
    assert read(bank.wang, customer, "", place) == read(bank.wang, customer)
    assert events.parsed(place) is None


def test_rows_of_others_stay_out(bank: Bank, customer: Customer) -> None:
    neighbour, foreign = bank.customer("C2", owner=bank.li), bank.customer("C3", branch=bank.north, owner=bank.qian)
    for other in (neighbour, foreign):
        contact(other, bank.li, at(DAY))
        alert(other, DAY, closed_on=DAY)
        changed_tier(other, DAY, 1, 2)
        moved(bank.holding(other, 1), DAY, 90_000)
    assert len(read(bank.wang, customer)) == 7
    for reader, hidden in ((bank.wang, neighbour), (bank.wang, foreign), (bank.he, foreign)):
        # Even when a page asked for it: each part starts from what the reader may see.
        with scoped(reader):
            assert timeline(reader, Customer(pk=hidden.pk)).events == []


def test_who_owned_the_customer_before_is_told(bank: Bank, customer: Customer) -> None:
    Ownership.objects.using("batch").filter(customer=customer).update(since=DAY)
    Ownership.objects.using("batch").create(
        branch_id=bank.south.pk,
        customer=customer,
        owner_id=bank.li.pk,
        since=DAY - timedelta(90),
        until=DAY,
        reason="开户",
    )
    told = [(event.who, event.text) for event in read(bank.wang, customer, "owner")]
    assert told == [(bank.wang.name, "test"), (bank.li.name, "开户")]


def test_the_parts_are_pages_of_their_own_without_javascript(
    bank: Bank, customer: Customer, client_of: ClientOf
) -> None:
    client, address = client_of(bank.wang), f"/customers/{customer.pk}/timeline/"
    whole = client.get(address).content.decode()
    assert "<html" in whole
    assert "&lt;b&gt;周五到店&lt;/b&gt;" in whole
    assert "<b>周五到店" not in whole
    part = client.get(address + "?kind=money", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'id="timeline"' in part
    assert "周五到店" not in part


def test_older_events_come_as_rows_and_the_last_page_ends(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    for number in range(30):
        contact(customer, bank.wang, at(DAY - timedelta(30 + number)), summary=f"第{number}次")
    client = client_of(bank.wang)
    page = client.get(f"/customers/{customer.pk}/")
    place = page.context["page"].timeline.next_place
    assert "第8次" in page.content.decode()
    assert "第9次" not in page.content.decode()
    rows = client.get(f"/customers/{customer.pk}/timeline/", {"older": place}, headers={"HX-Request": "true"})
    text = rows.content.decode()
    assert text.strip().startswith("<li data-focus")
    assert "第9次" in text
    assert "第28次" in text
    last = client.get(f"/customers/{customer.pk}/timeline/", {"older": rows.context["timeline"].next_place})
    assert last.context["timeline"].next_place == ""
    assert 'rel="next"' not in last.content.decode()
