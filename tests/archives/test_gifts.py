"""Gifts: within the limits, beyond them with a second person, two at once, never rewritten, summed to the fen."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, ProgrammingError, connections
from django.test import Client
from django.utils import timezone

from archives import gifts
from archives.gift_choices import GiftState
from archives.gifts import GiftRefused, Offer
from archives.models import Gift, GiftLimit, GiftStep, MaintenancePlan, MaintenanceTemplate
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from tests.world import Bank

ClientOf = Callable[[User], Client]
DAY = timezone.localdate


@pytest.fixture
def customer(bank: Bank) -> Customer:
    """Of tier 3: a gift of 100 yuan, a year of 1,000."""
    found = bank.customer("A1", owner=bank.wang)
    bank.metrics(found, Decimal(60_000), tier=3)
    return found


def give(bank: Bank, customer: Customer, value: str, by: User | None = None, **about: Any) -> Gift:
    actor = by or bank.wang
    offer = Offer("茶叶", Decimal(value), "birthday", about.pop("given_on", DAY()), **about)
    with scoped(actor):
        return gifts.give(customer, actor, offer, uuid4(), timezone.now())


def act(actor: User, gift: Gift, kind: GiftState, note: str = "", day: date | None = None) -> GiftStep:
    with scoped(actor):
        return gifts.act(gift, actor, kind, timezone.now(), note, day)


def state(gift: Gift) -> str:
    found: Any = Gift.objects.using("batch").with_state().get(pk=gift.pk)
    return str(found.state)


def test_at_the_limit_it_is_given_and_a_fen_beyond_it_waits(bank: Bank, customer: Customer) -> None:
    assert state(give(bank, customer, "100.00")) == GiftState.GIVEN
    beyond = give(bank, customer, "100.01")
    assert (state(beyond), beyond.over) == (GiftState.ASKED, ["gift"])
    actions = AuditEntry.objects.using("batch").filter(customer_id=customer.pk, action__startswith="gift.")
    assert sorted(actions.values_list("action", flat=True)) == ["gift.asked", "gift.given"]


def test_a_tier_without_a_limit_has_nothing_to_give(bank: Bank) -> None:
    low = bank.customer("B1", owner=bank.wang)
    bank.metrics(low, Decimal(10), tier=1)
    assert give(bank, low, "0.01").over == ["gift"]


def test_the_template_of_the_plan_goes_before_the_tier(bank: Bank, customer: Customer) -> None:
    template = MaintenanceTemplate.objects.using("batch").filter(kind="care", is_active=True).earliest("pk")
    MaintenanceTemplate.objects.using("batch").filter(pk=template.pk).update(gift_limit="30.00")
    plan = MaintenancePlan.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, owner_id=bank.wang.pk, due_date=DAY(), submission=uuid4(),
        template=template,
    )  # fmt: skip
    assert give(bank, customer, "30.00", plan=plan).over == []
    assert give(bank, customer, "30.01", plan=plan).over == ["gift"]


def test_the_year_of_the_customer_and_the_month_of_the_giver(bank: Bank, customer: Customer) -> None:
    GiftLimit.objects.using("batch").filter(kind="customer_year").update(amount="150.00")
    GiftLimit.objects.using("batch").filter(kind="staff_month").update(amount="200.00")
    first = give(bank, customer, "100.00")
    assert give(bank, customer, "50.01", by=bank.he).over == ["customer_year"]  # whoever gives
    assert give(bank, customer, "50.00", by=bank.he).over == []
    other = bank.customer("A2", owner=bank.wang)
    bank.metrics(other, Decimal(60_000), tier=3)
    assert give(bank, other, "100.00").over == []
    assert give(bank, other, "0.01").over == ["staff_month"]
    act(bank.wang, first, GiftState.REVERSED, "记错了客户")  # what is reversed counts nowhere
    assert give(bank, other, "50.00").over == []


def test_a_limit_holds_from_its_day_on(bank: Bank, customer: Customer) -> None:
    GiftLimit.objects.using("batch").create(kind="gift", tier=3, amount="10.00", effective_from=DAY())
    assert give(bank, customer, "10.01").over == ["gift"]
    assert give(bank, customer, "100.00", given_on=DAY() - timedelta(days=1)).over == []


def test_another_person_approves_and_then_it_is_given(bank: Bank, customer: Customer) -> None:
    gift = give(bank, customer, "180.00")
    with pytest.raises(GiftRefused):
        act(bank.wang, gift, GiftState.GIVEN, day=DAY())
    with pytest.raises(GiftRefused):
        act(bank.wang, gift, GiftState.APPROVED)
    act(bank.he, gift, GiftState.APPROVED)
    with pytest.raises(GiftRefused):  # of two who decide, the second comes too late
        act(bank.he, gift, GiftState.REFUSED, "不合适")
    act(bank.wang, gift, GiftState.GIVEN, day=DAY())
    assert state(gift) == GiftState.GIVEN
    act(bank.he, gift, GiftState.REVERSED, "客户退回")
    assert state(gift) == GiftState.REVERSED


def test_what_was_approved_for_somebody_who_left_is_called_off_by_a_manager(bank: Bank, customer: Customer) -> None:
    gift = give(bank, customer, "180.00")
    with pytest.raises(GiftRefused):  # while it waits it is refused, with a reason
        act(bank.he, gift, GiftState.WITHDRAWN)
    act(bank.he, gift, GiftState.APPROVED)
    User.objects.using("batch").filter(pk=bank.wang.pk).update(is_active=False)
    act(bank.he, gift, GiftState.WITHDRAWN)
    assert state(gift) == GiftState.WITHDRAWN


def test_the_page_counts_what_was_given_where_the_giver_worked_before(bank: Bank, customer: Customer) -> None:
    give(bank, customer, "100.00")
    Customer.objects.using("batch").filter(pk=customer.pk).update(branch=bank.north)
    for model in (Gift, GiftStep):
        model.objects.using("batch").update(branch=bank.north)
    other = bank.customer("A2", owner=bank.wang)
    with scoped(bank.wang):
        assert gifts.room_for(other, bank.wang, None, DAY()).month_given == Decimal("100.00")


def test_a_manager_cannot_approve_the_own_gift(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    gift = give(bank, customer, "180.00", by=bank.he)
    with pytest.raises(GiftRefused):
        act(bank.he, gift, GiftState.APPROVED)
    assert client_of(bank.he).post(f"/gifts/{gift.pk}/approved/").status_code == 302
    assert state(gift) == GiftState.ASKED
    act(bank.sun, gift, GiftState.APPROVED)  # who leads the region
    assert state(gift) == GiftState.APPROVED


def test_the_database_holds_the_limit_and_the_order_itself(bank: Bank, customer: Customer) -> None:
    gift = give(bank, customer, "180.00")

    def insert(kind: str, actor: User, number: int = 1) -> None:
        with scoped(bank.he):
            GiftStep.objects.create(
                gift_id=gift.pk, branch_id=gift.branch_id, customer_id=customer.pk, number=number, kind=kind,
                actor_id=actor.pk, at=timezone.now(), day=DAY() if kind == "given" else None, note="x",
            )  # fmt: skip

    for kind, actor, number in (
        ("given", bank.wang, 1), ("approved", bank.wang, 1), ("reversed", bank.wang, 1), ("given", bank.he, 3),
    ):  # fmt: skip
        with pytest.raises(Error):
            insert(kind, actor, number)
    insert("approved", bank.he)
    insert("given", bank.wang, 2)
    assert state(gift) == GiftState.GIVEN


def test_what_is_written_stays(bank: Bank, customer: Customer) -> None:
    give(bank, customer, "20.00")
    for table in ("archives_gift", "archives_giftstep"):
        for statement in (f"UPDATE {table} SET note = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(ProgrammingError), scoped(bank.he):
                db.execute(statement, using="default")
        with pytest.raises(Error):
            db.execute(f"UPDATE {table} SET note = 'x'", using="batch")
        # The branch follows the customer, as of all rows.
        assert db.execute(f"UPDATE {table} SET branch_id = %s", [bank.north.pk], using="batch") == 1


def test_two_who_give_at_once_keep_the_limit_of_the_year(bank: Bank, customer: Customer) -> None:
    """Sixteen gifts of 100 by two people at the same time: ten make the 1,000 yuan, six wait."""
    barrier = threading.Barrier(2)
    faults: list[BaseException] = []

    def give_eight(actor: User) -> None:
        try:
            barrier.wait(10)
            for _number in range(8):
                give(bank, customer, "100.00", by=actor)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=give_eight, args=[actor]) for actor in (bank.wang, bank.he)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    found: Any = Gift.objects.using("batch").with_state().filter(customer=customer)
    assert sorted(one.state for one in found) == ["asked"] * 6 + ["given"] * 10


def form(**values: Any) -> dict[str, Any]:
    return {
        "submission": str(uuid4()), "what": "保温杯", "value": "88.80", "occasion": "festival",
        "given_on": DAY().isoformat(), **values,
    }  # fmt: skip


def test_a_form_sent_twice_gives_once(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    data = form()
    for _time in range(2):
        assert client_of(bank.wang).post(f"/customers/{customer.pk}/gifts/new/", data).status_code == 302
    assert Gift.objects.using("batch").get().value == Decimal("88.80")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"value": "0"}, "value"),
        ({"value": "1.005"}, "value"),
        ({"given_on": "2199-01-01"}, "given_on"),
        ({"given_on": "gestern"}, "given_on"),
        ({"what": ""}, "what"),
        ({"plan": "999999"}, "plan"),
    ],
)
def test_what_the_form_refuses(
    bank: Bank, customer: Customer, client_of: ClientOf, values: dict[str, str], field: str
) -> None:
    answer = client_of(bank.wang).post(f"/customers/{customer.pk}/gifts/new/", form(**values))
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert not Gift.objects.using("batch").exists()


def test_the_page_of_the_branch_sums_by_month_and_staff(
    bank: Bank, customer: Customer, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    give(bank, customer, "10.10")
    give(bank, customer, "20.25")
    give(bank, customer, "0.05", by=bank.he)
    waiting = give(bank, customer, "500.00")
    act(bank.wang, give(bank, customer, "30.00"), GiftState.REVERSED, "重复登记")
    he = client_of(bank.he)
    he.get("/gifts/")
    with django_assert_max_num_queries(12):
        answer = he.get("/gifts/")
    rows = {row["staff_id"]: row for row in answer.context["results"]}
    assert (rows[bank.wang.pk]["given"], rows[bank.he.pk]["given"]) == (Decimal("30.35"), Decimal("0.05"))
    assert {row["month_given"] for row in rows.values()} == {Decimal("30.40")}
    text = answer.content.decode()
    assert 'data-sum="30.35"' in text and f'href="/gifts/{waiting.pk}/"' in text
    month = DAY().replace(day=1).isoformat()
    listed = he.get(f"/gifts/?manager={bank.wang.pk}&month={month}").context["rows"]
    assert sorted(one.value for one in listed) == [Decimal("10.10"), Decimal("20.25")]
    assert answer.context["waiting"] == 1
    (open_one,) = he.get("/gifts/?state=asked").context["rows"]
    assert open_one.pk == waiting.pk


def test_only_who_sees_the_customer_sees_the_gift(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    gift = give(bank, customer, "20.00")
    assert client_of(bank.wang).get(f"/gifts/{gift.pk}/").status_code == 200
    for stranger in (bank.li, bank.qian):
        assert client_of(stranger).get(f"/gifts/{gift.pk}/").status_code == 404
        assert client_of(stranger).get("/gifts/").context["rows"] == []
        with scoped(stranger):
            assert not Gift.objects.visible_to(stranger).exists()
    with scoped(bank.qian):  # row-level security alone
        assert db.fetch_value("SELECT count(*) FROM archives_gift", using="default") == 0


def test_steps_by_their_forms(bank: Bank, customer: Customer, client_of: ClientOf) -> None:
    gift = give(bank, customer, "180.00")
    address = f"/gifts/{gift.pk}/"
    assert client_of(bank.wang).post(f"{address}approved/").status_code == 403
    assert client_of(bank.he).post(f"{address}refused/").status_code == 422  # without a reason
    assert client_of(bank.he).post(f"{address}approved/").status_code == 302
    assert client_of(bank.wang).post(f"{address}given/", {"day": ""}).status_code == 422
    assert client_of(bank.wang).post(f"{address}given/", {"day": DAY().isoformat()}).status_code == 302
    assert client_of(bank.wang).post(f"{address}reversed/", {"note": ""}).status_code == 422
    assert client_of(bank.wang).post(f"{address}nothing/").status_code == 404
    assert state(gift) == GiftState.GIVEN
