"""Files that come wrong: the night is refused in words, nobody reads them again and again, and a right one gets in."""

import os
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import Settings

from crm import db, nightly, nightly_tasks
from crm.audit import keys
from crm.audit.models import AuditEntry
from crm.embedded.secret import new_keys
from crm.jobs.choices import RunState
from crm.jobs.models import JobRun
from crm.jobs.runner import Step, without_values
from customers.models import FeedLoad
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)
MORNING = datetime(2026, 3, 11, 7, 0, tzinfo=timezone.get_fixed_timezone(480))


@pytest.fixture
def folder(bank: Bank, settings: Settings, tmp_path: Path) -> Path:
    settings.CRM_FEED_FOLDER = tmp_path
    path = tmp_path / DAY.isoformat()
    path.mkdir()
    return path


def customers(folder: Path, content: str, control: str | bytes = "") -> Path:
    path = folder / "eod_customers.csv"
    path.write_text("customer_no,name,branch_code\n" + content)
    if control:
        companion = folder / "eod_customers.csv.ctl"
        companion.write_bytes(control.encode() if isinstance(control, str) else control)
    return path


def test_a_stopped_file_is_not_read_again_until_another_one_comes(folder: Path) -> None:
    path = customers(folder, "C1,记一,999\n")
    with time_machine.travel(MORNING, tick=True):
        assert nightly.due_date() == DAY
        assert nightly_tasks.run_night(DAY.isoformat()) == "refused"
        os.utime(path, (MORNING.timestamp() - 60,) * 2)
        assert nightly.due_date() is None
        assert nightly_tasks.sweep() == "nothing due"
        assert FeedLoad.objects.using("batch").count() == 1
        right = customers(folder, "C1,记一,111\n")
        os.utime(right, (MORNING.timestamp() + 3600,) * 2)
        assert nightly.due_date() == DAY
        assert nightly_tasks.run_night(DAY.isoformat()) == "published"


def test_mended_control_totals_let_the_night_go_on(folder: Path) -> None:
    path = customers(folder, "C1,记一,111\n", "rows=7")
    with time_machine.travel(MORNING, tick=True):
        assert nightly_tasks.run_night(DAY.isoformat()) == "refused"
        for one in (path, path.with_name(f"{path.name}.ctl")):
            os.utime(one, (MORNING.timestamp() - 60,) * 2)
        assert nightly.due_date() is None
        customers(folder, "C1,记一,111\n", "rows=1")
        os.utime(path, (MORNING.timestamp() - 60,) * 2)
        os.utime(path.with_name(f"{path.name}.ctl"), (MORNING.timestamp() + 3600,) * 2)
        assert nightly.due_date() == DAY
        assert nightly_tasks.run_night(DAY.isoformat()) == "published"


@pytest.mark.parametrize("control", ["rows=many", "sum=NaN", "sum=1e9999999", b"\xff\xfe\x00", "行数=1"])
def test_control_totals_that_cannot_be_read_stop_the_file(folder: Path, control: str | bytes) -> None:
    customers(folder, "C1,记一,111\n", control)
    with pytest.raises(CommandError) as refused:
        call_command("nightly", "--as-of", DAY.isoformat())
    assert refused.value.returncode == 3
    assert FeedLoad.objects.using("batch").get().state == "stopped"


def test_a_control_file_with_a_byte_order_mark_is_read(folder: Path) -> None:
    customers(folder, "C1,记一,111\n", b"\xef\xbb\xbfrows=1\r\n")
    call_command("nightly", "--as-of", DAY.isoformat())
    assert JobRun.objects.using("batch").get().state == RunState.PUBLISHED
    assert AuditEntry.objects.using("batch").filter(action="feed.accepted").count() == 1


def test_another_key_file_refuses_the_night_before_any_file(folder: Path, settings: Settings, tmp_path: Path) -> None:
    customers(folder, "C1,记一,111\n")
    keys.confirm()
    other = tmp_path / "keys.json"
    other.write_text(new_keys())
    settings.CRM_KEY_FILE = str(other)
    assert nightly_tasks.run_night(DAY.isoformat()) == "refused"
    assert not FeedLoad.objects.using("batch").exists()


def test_a_failed_chunk_tells_table_and_column_but_no_row(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book(bank)
    book.open("A", 9_000)
    step = nightly.STEPS[1]

    def breaks(run: JobRun, arguments: dict[str, object]) -> dict[str, object]:
        db.execute("INSERT INTO customers_product (code, name) VALUES ('geheim-9', '记一')")
        return {}

    broken = (nightly.STEPS[0], Step("tiers", step.plan, breaks), *nightly.STEPS[2:])
    monkeypatch.setattr(nightly, "STEPS", broken)
    run = book.night(DAY + timedelta(days=1))
    assert run.state == "failed"
    assert "customers_product" in run.message
    assert "geheim-9" not in run.message
    assert "记一" not in run.message


def test_an_error_without_a_cause_has_a_name_at_least() -> None:
    assert without_values(DatabaseError("Failing row contains (1, 记一)")) == "DatabaseError"


def test_a_step_that_cannot_be_planned_ends_the_night_with_a_message(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(bank)
    book.open("A", 9_000)
    step = nightly.STEPS[2]

    def no_plan(run: JobRun) -> list[dict[str, object]]:
        raise LookupError("nothing to judge by")

    broken = (*nightly.STEPS[:2], Step("alerts", no_plan, step.compute, essential=False), nightly.STEPS[3])
    monkeypatch.setattr(nightly, "STEPS", broken)
    run = book.night(DAY)
    assert (run.state, run.message) == ("failed", "LookupError: nothing to judge by")
