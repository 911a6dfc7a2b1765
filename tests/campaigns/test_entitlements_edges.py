"""The edges of entitlements and points: a night beside somebody's use, figures above several branches, odd files."""

import threading
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from campaigns.entitlements import ledger
from campaigns.entitlements.models import EntitlementTerm, LedgerEntry, PointsRequest
from campaigns.entitlements.night import Dawn, take_back
from crm.organization.access import scoped
from crm.organization.models import User
from crm.workbench.timeline import timeline
from customers.feeds import load
from customers.models import Customer
from tests.campaigns.test_entitlements import DAY, ONE_DAY, balance, expire, lot, lounge, use, when
from tests.world import Bank


def client(bank: Bank) -> Customer:
    found = bank.customer("A1", owner=bank.wang)
    bank.metrics(found, Decimal(60_000), tier=3)
    return found


@pytest.mark.parametrize(("is_corrected", "taken"), [(False, -50), (True, -30)])
def test_the_night_waits_for_who_is_using_something(bank: Bank, is_corrected: bool, taken: int) -> None:
    """What is left of it expires; what a correction would take back is used, and stays."""
    customer = client(bank)
    given = LedgerEntry.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, kind="earn", quantity=50, day=DAY, expires_on=DAY,
        source="tier", reference="given", unit_value="0.01", at=timezone.now(),
    )  # fmt: skip
    lot(customer, 100, DAY + 30 * ONE_DAY)
    used, faults = threading.Event(), []

    def night() -> None:
        try:
            used.wait(10)
            if is_corrected:
                take_back(Dawn(DAY, DAY))
            else:
                expire(customer, DAY + ONE_DAY)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    thread = threading.Thread(target=night)
    thread.start()
    with scoped(bank.wang):
        ledger.use(customer, bank.wang, None, 30, "兑换", uuid4(), when())
        used.set()
        time.sleep(0.5)
    thread.join()
    assert not faults
    assert sum(LedgerEntry.objects.using("batch").filter(lot=given).values_list("quantity", flat=True)) == taken


def test_a_figure_above_several_branches_opens_what_it_counts(bank: Bank, client_of: Callable[[User], Any]) -> None:
    today = timezone.localdate()
    south, north = client(bank), bank.customer("N1", owner=bank.qian, branch=bank.north)
    bank.metrics(north, Decimal(60_000), tier=3)
    for actor, one, quantity in ((bank.wang, south, 3), (bank.qian, north, 4)):
        lot(one, 10, today + ONE_DAY)
        use(actor, one, quantity, today)
    asked = {"item": "points", "did": "spend", "month": today}
    for actor, branch, expected in (
        (bank.sun, {}, 7), (bank.zhou, {}, 7), (bank.sun, {"branch": bank.north.pk}, 4), (bank.he, {}, 3),
    ):  # fmt: skip
        answer = client_of(actor).get("/entitlements/", asked | branch)
        used = sum(line.used for line in answer.context["lines"] if line.month == today.replace(day=1))
        assert (used, -sum(one.quantity for one in answer.context["rows"])) == (expected, expected)


def test_a_closed_customer_is_given_no_points(bank: Bank, client_of: Callable[[User], Any]) -> None:
    customer = client(bank)
    place, form = f"/customers/{customer.pk}/points/", {"give-points": 2_000, "give-reason": "补偿"}
    rm, manager = client_of(bank.wang), client_of(bank.he)
    assert rm.post(place, form | {"give-submission": uuid4()}).status_code == 302
    page = f"/customers/{customer.pk}/entitlements/"
    assert b'id="give"' in rm.get(page).content
    Customer.objects.using("batch").filter(pk=customer.pk).update(status="closed")
    assert b'id="give"' not in rm.get(page).content
    assert rm.post(place, form | {"give-submission": uuid4(), "give-points": 1}).status_code == 422
    asked = PointsRequest.objects.using("batch").get()
    manager.post(f"/entitlements/requests/{asked.pk}/grant/")
    assert balance(customer) == 0
    manager.post(f"/entitlements/requests/{asked.pk}/refuse/")
    asked.refresh_from_db(using="batch")
    assert asked.is_granted is False


def test_a_use_stands_in_the_timeline_and_points_not_before_the_lobby(bank: Bank) -> None:
    customer, day = client(bank), timezone.localdate()
    visit = lounge(bank)
    for one in (None, None):
        lot(customer, 3, day + ONE_DAY, entitlement=one)
    lot(customer, 2, day + ONE_DAY, entitlement=visit)
    use(bank.wang, customer, 5, day)
    use(bank.wang, customer, 1, day, entitlement=visit)
    with scoped(bank.wang):
        shown = [one for one in timeline(bank.wang, customer, "service").events if one.name == "use"]
        assert [(one.title, one.detail["units"], one.who) for one in shown] == [
            (visit.name, 1, bank.wang.name), (shown[1].title, 5, bank.wang.name),
        ]  # fmt: skip
        assert all(one.text and one.has_time for one in shown)
    with scoped(bank.zhao):
        hers = timeline(bank.zhao, customer, "service").events
        assert [one.detail["units"] for one in hers if one.name == "use"] == [1]


def test_opening_lots_have_the_value_of_the_tier_now(bank: Bank, settings: Any, tmp_path: Path) -> None:
    """The price has fallen since, another tier's is higher; and colons do not make two rows one."""
    settings.CRM_HOME = tmp_path / "home"
    client(bank)
    visit, last = lounge(bank, unit_value="100"), timezone.localdate() + ONE_DAY
    for tier, value in ((3, 80), (5, 300)):
        EntitlementTerm.objects.using("batch").create(
            entitlement=visit, tier=tier, period="quarter", quantity=4, unit_value=value,
            effective_from=date(2026, 1, 2),
        )  # fmt: skip
    rows = [f"老:1,2,A1,贵宾厅,2,{last}", f"老,1:2,A1,{visit.code},3,{last}"]
    path = tmp_path / "opening.csv"
    for order, written in ((rows, 2), (rows[::-1], 0)):
        path.write_text("\n".join(["来源系统,来源编号,客户号,权益,数量,有效期至", *order, ""]), encoding="utf-8")
        assert load.load_file("opening_balances", path, as_of=timezone.localdate()).rows_changed == written
    entries = LedgerEntry.objects.using("batch").order_by("quantity")
    assert list(entries.values_list("quantity", "unit_value")) == [(2, Decimal(80)), (3, Decimal(80))]
