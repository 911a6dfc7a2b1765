"""The night as its users meet it: the command, the schedule, what it refuses and what it leaves alone."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from crm import db, nightly, nightly_tasks
from crm.jobs import ledger
from crm.jobs.models import JobRun
from crm.jobs.runner import Step
from customers.models import Alert, BalanceChange, Customer, FeedLoad, Metrics, NightCustomer, NightOwnership
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)


def nightly_command(*arguments: str) -> str:
    out = StringIO()
    call_command("nightly", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_figures_of_the_night(bank: Bank) -> None:
    book = Book(bank)
    book.open("A", 9_000)
    facts = json.loads(nightly_command("--as-of", DAY.isoformat(), "--json", "--without-files"))
    assert (facts["state"], facts["customers"], facts["aum"]) == ("published", 1, "9000.00")
    assert facts["moves"]["five_point"] == {"0>1": 1}
    assert facts["alerts"] == {"upgrade_critical": {"live": 1, "raised": 1}}
    assert [step["step"] for step in facts["steps"]] == ["metrics", "tiers", "alerts", "publish"]
    assert "9000.00" in nightly_command("--as-of", DAY.isoformat())
    assert DAY.isoformat() in nightly_command("--as-of", DAY.isoformat(), "--if-needed")


def test_a_night_without_changes_is_published_too(bank: Bank) -> None:
    bank.customer("A")
    assert json.loads(nightly_command("--as-of", DAY.isoformat(), "--json", "--without-files"))["customers"] == 0
    assert ledger.published_date(using="batch") == DAY


def test_a_night_of_a_day_without_files_is_asked_for_by_name(bank: Bank) -> None:
    bank.customer("A")
    with pytest.raises(CommandError) as refused:
        nightly_command("--as-of", DAY.isoformat())
    assert (refused.value.returncode, "--without-files" in str(refused.value)) == (3, True)
    assert DAY.isoformat() in nightly_command("--as-of", DAY.isoformat(), "--if-needed")
    assert ledger.published_date(using="batch") is None


def test_a_bank_without_customers_has_no_first_night(bank: Bank) -> None:
    with pytest.raises(CommandError) as refused:
        nightly_command("--as-of", DAY.isoformat(), "--without-files")
    assert refused.value.returncode == 3
    assert ledger.published_date(using="batch") is None


def feed_load(state: str, as_of: date) -> None:
    FeedLoad.objects.using("batch").create(
        spec="eod_balances", as_of=as_of, file_name="b.csv", state=state, message="x"
    )


def test_a_stopped_file_stops_the_night_in_words(bank: Bank) -> None:
    bank.customer("A")
    feed_load("stopped", DAY)
    with pytest.raises(CommandError) as refused:
        nightly_command("--as-of", DAY.isoformat())
    assert (refused.value.returncode, "b.csv" in str(refused.value)) == (3, True)
    feed_load("accepted", DAY)
    nightly_command("--as-of", DAY.isoformat())
    assert set(FeedLoad.objects.using("batch").values_list("state", flat=True)) == {"stopped", "published"}


def test_a_file_of_a_later_day_is_not_published_as_an_earlier_one(bank: Bank) -> None:
    feed_load("accepted", DAY + timedelta(days=1))
    with pytest.raises(CommandError) as refused:
        nightly_command("--as-of", DAY.isoformat())
    assert refused.value.returncode == 3


def test_sums_that_disagree_are_not_published(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk that lost a customer between the steps: yesterday stays, and the run says by how much it is off."""
    book = Book(bank)
    book.open("A", 9_000)
    step = nightly.STEPS[1]

    def loses_a_row(run: JobRun, arguments: dict[str, Any]) -> dict[str, Any]:
        db.execute("UPDATE night_metrics SET aum = aum - 1")
        return step.compute(run, arguments)

    broken = (nightly.STEPS[0], Step("tiers", step.plan, loses_a_row), *nightly.STEPS[2:])
    monkeypatch.setattr(nightly, "STEPS", broken)
    run = book.night(DAY)
    assert (run.state, "difference -1.00" in run.message) == ("failed", True)
    assert ledger.published_date(using="batch") is None
    assert not BalanceChange.objects.using("batch").exists()


def fails_for(step: Step, *rules: str) -> tuple[Step, ...]:
    """The steps of the night, one of which raises for these rules, or always where none is named."""

    def broken(run: JobRun, arguments: dict[str, Any]) -> dict[str, Any]:
        if not rules or arguments["rule"] in rules:
            raise ValueError("not today")
        return step.compute(run, arguments)

    failing = Step(step.name, step.plan, broken, essential=step.essential)
    return tuple(failing if one.name == step.name else one for one in nightly.STEPS)


def test_alerts_that_cannot_be_computed_do_not_hold_up_the_tiers(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book(bank)
    customer = book.open("A", 9_000)
    book.night(DAY)
    live = Alert.objects.using("batch").filter(customer=customer, state="new")
    assert live.count() == 1
    monkeypatch.setattr(nightly, "STEPS", fails_for(nightly.STEPS[2], "critical"))
    book.change(book.holdings[customer.pk][0], 100)
    run = book.night(DAY + timedelta(days=1))
    assert (run.state, run.counts["alerts_left_out"], live.count()) == ("published", ["critical"], 1)
    monkeypatch.undo()
    book.night(DAY + timedelta(days=2))  # nothing changed today, but yesterday's customers are looked at now
    assert live.count() == 0


@pytest.mark.parametrize("fails_first", [False, True])
def test_a_night_run_again_looks_at_whom_it_left_out(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, fails_first: bool
) -> None:
    """In the night run again, and after one that failed in the next night; until then the figures stay as published."""
    book = Book(bank)
    customer = book.open("A", 9_000)
    book.night(DAY)
    live = Alert.objects.using("batch").filter(customer=customer, state="new")
    monkeypatch.setattr(nightly, "STEPS", fails_for(nightly.STEPS[2], "critical"))
    book.change(book.holdings[customer.pk][0], 100)
    published = book.night(DAY + timedelta(days=1))
    monkeypatch.undo()
    again = DAY + timedelta(days=1)
    if fails_first:
        monkeypatch.setattr(nightly, "STEPS", fails_for(nightly.STEPS[3]))
        run = book.night(again, rerun=True)
        assert (run.state, run.counts["customers"]) == ("failed", published.counts["customers"])
        monkeypatch.undo()
        again += timedelta(days=1)
    run = book.night(again, rerun=True)
    assert (run.state, run.counts["alerts_left_out"], live.count()) == ("published", [], 0)


def test_everything_of_a_customer_moves_to_the_new_branch(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("A", 9_000)
    book.night(DAY)
    book.set_status(customer, "active", branch_id=bank.far.pk, old_branch_id=bank.south.pk)
    NightOwnership.objects.using("batch").create(
        customer_id=customer.pk, load_id=0, branch_id=bank.far.pk, owner_id=bank.feng.pk, since=DAY + timedelta(days=1)
    )
    book.night(DAY + timedelta(days=1))
    assert Customer.objects.using("batch").get(pk=customer.pk).branch_id == bank.far.pk
    for table in (
        "customers_metrics", "customers_holding", "customers_account", "customers_accountholder", "customers_alert",
        "customers_balancechange", "customers_ownership", "segments_tierstate", "segments_tierchange",
        "segments_segmentmember", "segments_segmentchange",
    ):  # fmt: skip
        branches = db.fetch_all(f"SELECT DISTINCT branch_id FROM {table} WHERE customer_id = %s", [customer.pk])
        assert [row["branch_id"] for row in branches] == [bank.far.pk], table
    owners = list(customer.ownerships.using("batch").order_by("since").values_list("owner__staff_no", "until"))
    assert owners == [("1001", DAY + timedelta(days=1)), ("2101", None)]
    figures = report_by_branch(DAY + timedelta(days=1))
    assert figures == {bank.far.pk: (1, Decimal(9_000)), bank.south.pk: (0, Decimal(0))}


def report_by_branch(day: date) -> dict[int, tuple[int, Decimal]]:
    rows = db.fetch_all(
        "SELECT branch_id, sum(customers) AS customers, sum(aum) AS aum FROM segments_dayfigure d "
        "JOIN segments_tierscheme s ON s.id = d.scheme_id AND s.is_primary WHERE as_of = %s GROUP BY 1", [day]
    )  # fmt: skip
    return {row["branch_id"]: (int(row["customers"]), row["aum"]) for row in rows}


def test_new_customers_are_written_by_publishing(bank: Bank) -> None:
    NightCustomer.objects.using("batch").create(
        customer_id=77, load_id=0, is_new=True, customer_no="N77", customer_type="person", branch_id=bank.south.pk,
        name="新客户", name_mask="新**", status="active", open_date=DAY,
    )  # fmt: skip
    nightly_command("--as-of", DAY.isoformat(), "--without-files")
    assert Customer.objects.using("batch").get(pk=77).name == "新客户"
    assert Metrics.objects.using("batch").get(pk=77).tier == 1


MORNING = datetime(2026, 3, 11, 7, 0, tzinfo=timezone.get_fixed_timezone(480))


def test_the_sweep_starts_a_night_that_is_due_and_nothing_else(bank: Bank, settings: Settings, tmp_path: Path) -> None:
    settings.CRM_FEED_FOLDER = tmp_path
    bank.customer("A")
    with time_machine.travel(MORNING, tick=False):
        assert nightly.due_date() is None  # no files: old balances get no new date
        feed_load("accepted", DAY)
        assert nightly.due_date() == DAY
        with time_machine.travel(MORNING - timedelta(hours=2), tick=False):
            assert nightly.due_date() is None
        assert nightly_tasks.run_night(DAY.isoformat()) == "published"
        assert nightly.due_date() is None
        assert nightly_tasks.sweep() == "nothing due"


def test_missed_days_are_made_up_for_in_their_order(bank: Bank, settings: Settings, tmp_path: Path) -> None:
    settings.CRM_FEED_FOLDER = tmp_path
    for day, balance in ((DAY, 100), (DAY + timedelta(days=1), 300)):
        folder = tmp_path / day.isoformat()
        folder.mkdir()
        stamp = f"{day:%Y%m%d}"
        (folder / f"eod_customers_{stamp}.csv").write_text("customer_no,name,branch_code\nC1,记一,111\n")
        (folder / f"eod_accounts_{stamp}.csv").write_text("account_no,customer_no\nA1,C1\n")
        (folder / f"eod_balances_{stamp}.csv").write_text(f"account_no,product_code,balance\nA1,DEMAND,{balance}\n")
    (tmp_path / "notes").mkdir()
    with time_machine.travel(MORNING + timedelta(days=1), tick=False):
        assert nightly.waiting_dates() == [DAY, DAY + timedelta(days=1)]
        with time_machine.travel(MORNING + timedelta(hours=22), tick=False):
            assert nightly.due_date() == DAY  # it is late already, whatever the hour
        nightly_command()
        assert nightly.waiting_dates() == []
    metrics = Metrics.objects.using("batch").get()
    # Ten days at 100: nine taken to have stood before a bank's first night, and the first day with its own balance.
    assert (metrics.aum, metrics.month_days) == (Decimal(300), Decimal(1000))


def test_a_failed_night_waits_for_a_person(bank: Bank, settings: Settings, tmp_path: Path) -> None:
    settings.CRM_FEED_FOLDER = tmp_path
    bank.customer("A")
    feed_load("accepted", DAY)
    run, _is_open = nightly.open_night(DAY)
    ledger.fail_run(run, "broken")
    with time_machine.travel(MORNING, tick=False):
        assert nightly.due_date() is None
    assert nightly_tasks.run_night(DAY.isoformat()) == "published"
