"""The public pool: who may claim whom, and whom a rule takes back, never who is served or has something maturing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from archives import complaints
from archives.complaints import Registration
from archives.models import ContactLog, MaintenancePlan
from crm.organization.models import User
from crm.workbench.bulk import jobs
from crm.workbench.handover import requests
from customers import ownership
from customers.choices import BulkState
from customers.models import BalanceChange, Customer, Ownership, OwnershipRequest, OwnershipRule, PoolRule
from tests.bulk.leaving import DAY, days_ago, fresh
from tests.pages import morning
from tests.world import Bank

ClientOf = Callable[[User], Client]


def owner_of(customer: Customer) -> int | None:
    open_main = Ownership.objects.using("batch").filter(customer=customer, role="main", until__isnull=True)
    return open_main.values_list("owner_id", flat=True).first()


def levels(answer: Any) -> list[str]:
    """What kinds of messages a page shows."""
    return [str(one.level_tag) for one in answer.context["messages"]]


@pytest.fixture
def free(bank: Bank) -> Customer:
    customer = bank.customer("F1")
    bank.metrics(customer, 60_000, tier=3)
    return customer


def test_a_manager_claims_out_of_the_pool_of_the_own_branch(bank: Bank, free: Customer, client_of: ClientOf) -> None:
    far = bank.customer("F2", branch=bank.far)
    bank.metrics(far, 60_000)
    client = client_of(bank.wang)
    page = client.get("/pool/").content.decode()
    assert free.customer_no in page and far.customer_no not in page and "60,000" not in page
    for customer in (free, far):
        client.post(f"/pool/{customer.pk}/claim/")
    assert (owner_of(free), owner_of(far)) == (bank.wang.pk, None)
    answer = client_of(bank.li).post(f"/pool/{free.pk}/claim/", follow=True)
    assert levels(answer) == ["warning"] and owner_of(free) == bank.wang.pk
    assert free.customer_no not in client_of(bank.li).get("/pool/").content.decode()


def test_of_two_claims_at_once_one_wins(bank: Bank, free: Customer) -> None:
    def claims(user: User) -> str:
        try:
            with fresh(user) as manager:
                ownership.claim(manager, Customer.objects.get(pk=free.pk), DAY(), "认领")
        except ownership.OwnerRefused as refusal:
            return str(refusal)
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(claims, [bank.wang, bank.li]))
    assert [bool(answer) for answer in answers] == [False, True]
    assert Ownership.objects.using("batch").filter(customer=free, until__isnull=True).count() == 1


def test_the_cap_is_of_the_rule_of_the_day(bank: Bank, free: Customer, client_of: ClientOf) -> None:
    OwnershipRule.objects.using("batch").create(effective_from=days_ago(1), claim_cap=1)
    bank.customer("O1", owner=bank.wang)
    answer = client_of(bank.wang).post(f"/pool/{free.pk}/claim/", follow=True)
    assert levels(answer) == ["warning"] and owner_of(free) is None


def plan(customer: Customer, state: str = "planned", **more: Any) -> None:
    MaintenancePlan.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, owner_id=owner_of(customer) or 0, due_date=days_ago(300),
        state=state, submission=f"00000000-0000-0000-0000-{customer.pk:012d}", **more,
    )  # fmt: skip


def contact(customer: Customer, days: int, **fields: Any) -> None:
    told = {"channel": "phone", "purpose": "care", "outcome": "interested", "summary": "联系"}
    ContactLog.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, staff_id=owner_of(customer) or 0,
        contacted_at=timezone.now() - timedelta(days=days), **(told | fields),
    )  # fmt: skip


@pytest.fixture
def idle(bank: Bank) -> dict[str, Customer]:
    """Customers of 王, each with one thing about them; `quiet` and those after it are left alone by everybody."""
    names = (
        "maturing", "matured", "planned", "paused", "complained", "followed", "reached", "grown", "new",
        "quiet", "texted", "missed", "long_ago", "shrunk", "done", "overdue",
    )  # fmt: skip
    found = {name: bank.customer(f"Q{n:02}", owner=bank.wang) for n, name in enumerate(names)}
    for customer in found.values():
        bank.metrics(customer, 1_000)
    bank.holding(found["maturing"], 1_000, product="TIME1Y", maturity_date=DAY() + timedelta(days=180))
    bank.holding(found["matured"], 0, product="TIME1Y", maturity_date=days_ago(180), status="closed")
    plan(found["planned"])
    plan(found["paused"], "paused")  # by a complaint: it goes on when that is closed
    plan(found["done"], "done")
    plan(found["overdue"], origin="tier", episode="cadence:new")  # by the night, and nobody did it
    with fresh(bank.he) as manager:
        registration = Registration("lobby", DAY(), "waiting", "排队两小时", manager)
        complaints.register(Customer.objects.get(pk=found["complained"].pk), manager, registration, uuid4())
    evidence = {"maturity_date": str(DAY())}
    morning.raise_alert(found["followed"], "maturity", 1, 5, DAY(), state="following", evidence=evidence)
    contact(found["reached"], 179)
    contact(found["long_ago"], 182)
    contact(found["texted"], 5, channel="sms")
    contact(found["missed"], 5, outcome="not_reached")
    for name, before, after in (("grown", 500, 1_000), ("shrunk", 2_000, 1_000)):
        holding = bank.holding(found[name], after)
        BalanceChange.objects.using("batch").create(
            branch_id=bank.south.pk, customer=found[name], holding=holding, as_of=days_ago(100), old_balance=before,
            new_balance=after, old_counted=before, new_counted=after,
        )  # fmt: skip
    Ownership.objects.using("batch").filter(customer=found["new"]).update(since=days_ago(100))
    return found


TAKEN = {"quiet", "texted", "missed", "long_ago", "shrunk", "done", "overdue"}


def ruled(client: Client) -> PoolRule:
    answer = client.post("/pool/rules/", {"quiet_days": 180, "maturity_days": 180, "growth": "0"})
    assert answer.status_code == 302
    rule: PoolRule = PoolRule.objects.using("batch").latest("pk")
    return rule


def batch(client: Client, rule: PoolRule) -> OwnershipRequest | None:
    client.post(f"/pool/rules/{rule.pk}/batch/", {"reason": "长期未维护"})
    return OwnershipRequest.objects.using("batch").filter(rule=rule).last()


def test_recycling_goes_by_holdings_and_service_and_after_a_look(
    bank: Bank, idle: dict[str, Customer], client_of: ClientOf
) -> None:
    client = client_of(bank.he)
    rule = ruled(client)
    assert rule.simulated is not None and rule.simulated["total"] == len(TAKEN)
    page = client.get(f"/pool/rules/{rule.pk}/").content.decode()
    assert {name for name, customer in idle.items() if customer.customer_no in page} == TAKEN
    assert batch(client, rule) is None  # simulated, but not in force
    answer = client.post(f"/pool/rules/{rule.pk}/activate/", follow=True)  # nor by its author alone
    assert set(levels(answer)) == {"warning"} and batch(client, rule) is None
    with pytest.raises(IntegrityError, match="nobody_activates_their_own_pool_rule"), transaction.atomic(using="batch"):
        PoolRule.objects.using("batch").filter(pk=rule.pk).update(
            activated_at=timezone.now(), activated_by_id=bank.he.pk
        )
    leader = client_of(bank.sun)
    assert f"/pool/rules/{rule.pk}/activate/" in leader.get(f"/pool/rules/{rule.pk}/").content.decode()
    assert levels(leader.post(f"/pool/rules/{rule.pk}/activate/", follow=True)) == ["success"]
    request = batch(client, rule)
    assert request is not None and request.total == len(TAKEN)
    for verb in ("ask", "approve"):  # the author cannot agree
        request.refresh_from_db()
        client.post(f"/handovers/{request.pk}/{verb}/", {"seal": request.fingerprint})
    request.refresh_from_db()
    assert request.state == "waiting"
    contact(idle["quiet"], 0)  # reached in the meantime
    bank.holding(idle["texted"], 9_000, product="TIME1Y", maturity_date=DAY() + timedelta(days=30))
    client_of(bank.sun).post(f"/handovers/{request.pk}/approve/", {"seal": request.fingerprint})
    request.refresh_from_db()
    assert jobs.run(request.job_id or 0) == BulkState.DONE
    gone = {name for name, customer in idle.items() if owner_of(customer) is None}
    assert gone == TAKEN - {"quiet", "texted"}
    history = Ownership.objects.using("batch").get(customer=idle["missed"])
    assert (history.until, history.owner_id) == (DAY(), bank.wang.pk)
    assert "长期未维护" in client.get(f"/handovers/{request.pk}/?outcome=in_use").content.decode()
    client_of(bank.li).post(f"/pool/{idle['missed'].pk}/claim/")
    client.post(f"/handovers/{request.pk}/undo/")
    assert jobs.run(request.job_id or 0) == BulkState.UNDONE
    assert owner_of(idle["missed"]) == bank.li.pk  # claimed since: kept
    assert {owner_of(idle[name]) for name in gone - {"missed"}} == {bank.wang.pk}


def test_no_rule_acts_unseen(bank: Bank) -> None:
    rule = PoolRule.objects.using("batch").create(
        branch_id=bank.south.pk, quiet_days=180, maturity_days=180, growth=Decimal(0), created_by_id=bank.he.pk
    )
    with pytest.raises(IntegrityError, match="no_pool_rule_acts_unseen"), transaction.atomic(using="batch"):
        PoolRule.objects.using("batch").filter(pk=rule.pk).update(
            activated_at=timezone.now(), activated_by_id=bank.sun.pk
        )


def test_another_branch_s_rule_is_not_there(bank: Bank, idle: dict[str, Customer], client_of: ClientOf) -> None:
    rule = ruled(client_of(bank.sun))  # of the region's own place
    assert rule.simulated is not None and rule.simulated["total"] == 0
    assert client_of(bank.he).get(f"/pool/rules/{rule.pk}/").status_code == 404
    with fresh(bank.wang) as manager:
        assert requests.of_user(manager).count() == 0


def test_a_rule_is_put_in_force_within_days_while_it_means_as_many(
    bank: Bank, idle: dict[str, Customer], client_of: ClientOf
) -> None:
    rule, leader = ruled(client_of(bank.he)), client_of(bank.sun)
    assert rule.simulated is not None
    asked = PoolRule.objects.using("batch").filter(pk=rule.pk)
    address = f"/pool/rules/{rule.pk}/activate/"

    def is_offered() -> bool:
        return address in leader.get(f"/pool/rules/{rule.pk}/").content.decode()

    asked.update(simulated_on=DAY() - timedelta(days=8))
    assert levels(leader.post(address, follow=True)) == ["warning"] and not is_offered()
    asked.update(simulated_on=DAY() - timedelta(days=7), simulated={**rule.simulated, "total": len(TAKEN) + 2})
    assert levels(leader.post(address, follow=True)) == ["warning"] and is_offered()  # other figures by now
    assert asked.get().activated_at is None
    asked.update(simulated=rule.simulated)
    assert levels(leader.post(address, follow=True)) == ["success"]
    assert levels(leader.post(address, follow=True)) == ["warning"]
