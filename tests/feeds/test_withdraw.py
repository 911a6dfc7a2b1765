"""Files loaded by mistake are taken back before their night: by command and on the page, whole days at a time."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from crm import db
from crm.audit.models import AuditEntry
from crm.jobs.choices import RunState
from crm.jobs.models import JobRun
from customers.feeds.withdraw import DELTAS
from customers.models import Customer, FeedLoad, Metrics
from tests.feeds.delivery import BALANCES, Delivery
from tests.world import Bank


@pytest.fixture
def delivery(bank: Bank, tmp_path: Path) -> Delivery:
    """A day whose files wait for their night."""
    delivery = Delivery(tmp_path)
    delivery.first_day()
    return delivery


def withdraw(delivery: Delivery) -> str:
    out = StringIO()
    call_command("feed", "withdraw", "--as-of", delivery.as_of.isoformat(), stdout=out)
    return out.getvalue()


def waiting() -> int:
    return sum(int(db.fetch_value(f"SELECT count(*) FROM {table}")) for table in DELTAS)


def states() -> list[str]:
    return list(FeedLoad.objects.using("batch").order_by("pk").values_list("state", flat=True))


def test_files_of_a_wrong_day_give_way_to_those_of_the_right_one(delivery: Delivery) -> None:
    right = Delivery(delivery.folder, delivery.as_of - timedelta(days=1))
    assert right.load("eod_customers", "customer_no,name,branch_code\nC1,欧阳修文,111\n").state == "stopped"
    said = withdraw(delivery)
    assert (said.count("eod_"), waiting(), states()) == (3, 0, [*["superseded"] * 3, "stopped"])
    right.first_day()
    right.night()
    assert Customer.objects.using("batch").count() == 3
    entry = AuditEntry.objects.using("batch").get(action="feed.withdrawn")
    assert entry.detail == {
        "as_of": "2026-03-10", "loads": [load.pk for load in delivery.loads],
        "specs": ["eod_customers", "eod_accounts", "eod_balances"],
    }  # fmt: skip


def test_the_same_files_can_be_loaded_again(delivery: Delivery) -> None:
    replaced = delivery.load("eod_balances", BALANCES + "6200000000000001,,DEMAND,7,,,\n", accept_shrink=True)
    assert replaced.state == "accepted"
    withdraw(delivery)
    delivery.first_day()
    delivery.night()
    assert Metrics.objects.using("batch").get(customer__customer_no="C1").aum == 92000.50


def test_a_correction_is_withdrawn_and_the_published_day_stays(delivery: Delivery) -> None:
    delivery.night()
    delivery.load("eod_balances", BALANCES + "6200000000000001,,DEMAND,7,,,\n", accept_shrink=True)
    withdraw(delivery)
    assert (waiting(), states()) == (0, [*["published"] * 3, "superseded"])
    delivery.first_day()  # in force since its night
    delivery.night(rerun=True)
    assert Metrics.objects.using("batch").get(customer__customer_no="C1").aum == 92000.50


def test_what_no_file_waits_for_or_a_night_works_on_is_refused(delivery: Delivery) -> None:
    run = JobRun.objects.using("batch").create(
        job="nightly", business_date=delivery.as_of, state=RunState.RUNNING, epoch=1, started_at=timezone.now()
    )
    before = waiting()
    with pytest.raises(CommandError, match="2026-03-10") as computing:
        withdraw(delivery)
    assert (computing.value.returncode, waiting(), set(states())) == (3, before, {"accepted"})
    run.delete(using="batch")
    delivery.night()
    with pytest.raises(CommandError, match=r"没有 2026-03-10 的文件.* / no file of 2026-03-10 waits") as published:
        withdraw(delivery)
    assert (published.value.returncode, set(states())) == (3, {"published"})
    assert not AuditEntry.objects.using("batch").filter(action="feed.withdrawn").exists()


def test_an_administrator_withdraws_on_the_page(delivery: Delivery, client: Client, bank: Bank) -> None:
    address = f"/feeds/loads/{delivery.loads[-1].pk}/withdraw/"
    assert address in client.get("/feeds/").content.decode()
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    page = client.get("/feeds/").content.decode()
    assert (waiting(), set(states()), address in page) == (0, {"superseded"}, False)
    assert "已撤回" in page
    entry = AuditEntry.objects.using("batch").get(action="feed.withdrawn")
    assert entry.actor_id == bank.lu.pk
    client.post(address)  # from a page that is no longer true
    assert "没有 2026-03-10 的文件" in client.get("/feeds/").content.decode()
