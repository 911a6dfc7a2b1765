"""History of contacts from another system: under its real author and time, once, and in nobody's way."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
import xlsxwriter
from pytest_django import Settings

from archives.choices import Channel, Direction, Outcome, Purpose
from archives.contacts import Contact, correct
from archives.models import Consent, ContactDay, ContactLog, MaintenancePlan
from crm import db
from crm.jobs import ledger
from crm.organization.access import scoped
from crm.organization.models import User
from customers.feeds import load, rejects
from customers.feeds.folder import spec_of
from customers.feeds.spec import spec_named
from customers.models import Customer, FeedLoad
from tests.pages import morning
from tests.world import Bank

HEADER = "来源系统,来源编号,工号,客户号,联系时间,渠道,方向,用途,结果,摘要,产品,金额,下一步,下次联系日期"
NOW = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)
DAY = date(2026, 3, 11)
CALL = (
    "老系统,7,1001,C1,2025-06-03 09:30,电访,我行联系,客户关怀,有意向,谈了三个月期产品,稳享理财,50000,电话跟进,"
    "2025-06-10"
)


@pytest.fixture
def customer(bank: Bank, settings: Settings, tmp_path: Path) -> Customer:
    settings.CRM_HOME = tmp_path / "home"
    return bank.customer("C1", owner=bank.wang)


def sent(tmp_path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8", **options: Any) -> FeedLoad:
    path = tmp_path / "history.csv"
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    with time_machine.travel(NOW, tick=False):
        return load.load_file("contact_history", path, as_of=DAY, **options)


def contacts() -> list[ContactLog]:
    return list(ContactLog.objects.using("batch").order_by("pk"))


def rejected(one: FeedLoad) -> list[tuple[int, str, str]]:
    path = Path(rejects.folder()) / one.reject_file
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))[1:]
    return [(int(row[0]), row[1], row[2]) for row in rows]


def test_a_contact_comes_with_its_author_and_time(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    User.objects.using("batch").filter(pk=bank.li.pk).update(is_active=False)  # has left, and stays the author
    one = sent(tmp_path, CALL, CALL.replace(",7,1001", ",8,1002"), encoding="gb18030", uploaded_by=bank.lu)
    assert (one.state, one.rows_changed, one.rows_rejected) == ("published", 2, 0), one.message
    first, second = contacts()
    assert (first.staff_id, second.staff_id) == (bank.wang.pk, bank.li.pk)
    assert first.contacted_at == datetime(2025, 6, 3, 1, 30, tzinfo=UTC)
    assert (first.imported_from, first.source_no, first.recorded_by_id) == ("老系统", "7", bank.lu.pk)
    assert (first.channel, first.direction, first.purpose, first.outcome) == (
        Channel.PHONE, Direction.OUTBOUND, Purpose.CARE, Outcome.INTERESTED,
    )  # fmt: skip
    assert (first.summary, first.products, first.amount) == ("谈了三个月期产品", "稳享理财", Decimal(50000))
    assert (first.next_action, first.next_date) == ("电话跟进", date(2025, 6, 10))
    assert (first.customer_id, first.branch_id) == (customer.pk, bank.south.pk)


def test_words_codes_and_days_alone_are_understood(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    for_all = {
        "channel": Channel, "direction": Direction, "purpose": Purpose, "outcome": Outcome,
    }  # fmt: skip
    for column in spec_named("contact_history").columns:
        if column.name in for_all:
            words = column.choices
            assert set(words.values()) == set(for_all[column.name].values)
            assert {value for value in for_all[column.name].values if words[value] == value} == set(words.values())
    rows = ["s,1,1001,C1,2025/6/3,Phone call,Sold", "s,2,1001,C1,20250603,sms,not_reached"]
    one = sent(tmp_path, *rows, header="source,source_no,staff_no,customer_no,contacted_at,channel,outcome")
    assert one.rows_changed == 2, (one.message, one.rows_rejected and rejected(one))
    first, second = contacts()
    assert (first.channel, first.outcome, second.channel, second.outcome) == ("phone", "sold", "sms", "not_reached")
    assert first.contacted_at == datetime(2025, 6, 2, 16, 0, tzinfo=UTC)
    assert (first.purpose, first.direction, first.amount, first.next_date) == ("care", "outbound", None, None)


def test_the_same_file_changes_nothing_and_a_changed_row_corrects(
    bank: Bank, customer: Customer, tmp_path: Path
) -> None:
    sent(tmp_path, CALL)
    before = contacts()
    sent(tmp_path, CALL)
    again = sent(tmp_path, CALL, CALL.replace(",7,1001", ",7,1002"))  # a second row of the number is refused
    assert (again.rows_changed, rejected(again)) == (0, [(3, "source_no", "duplicate")])
    assert [row.pk for row in contacts()] == [row.pk for row in before]
    changed = sent(tmp_path, CALL.replace("有意向", "已成交").replace("09:30", "10:30"))
    assert changed.rows_changed == 1
    first, second = contacts()
    assert first.replaced_at is not None
    assert (first.outcome, second.outcome, second.corrects_id) == ("interested", "sold", first.pk)
    assert second.contacted_at == datetime(2025, 6, 3, 2, 30, tzinfo=UTC)
    third = sent(tmp_path, CALL.replace("有意向", "无意向"))
    assert (third.rows_changed, contacts()[2].corrects_id) == (1, first.pk)
    assert contacts()[1].replaced_at is not None
    # A column that the file does not have stays as it was.
    short = "来源系统,来源编号,工号,客户号,联系时间,渠道,结果\n老系统,7,1001,C1,2025-06-03 09:30,电访,无意向"
    assert sent(tmp_path, header=short).rows_changed == 0


def test_what_a_person_corrected_stands(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    sent(tmp_path, CALL)
    with scoped(bank.wang):
        log = ContactLog.objects.get()
        correct(log, bank.wang, Contact("phone", "booked", "care"), submission=uuid4())
    assert sent(tmp_path, CALL, CALL.replace(",7,", ",9,")).rows_changed == 1  # says what it said: nothing to refuse
    late = sent(tmp_path, CALL.replace("有意向", "已成交"), CALL.replace(",7,", ",10,"))
    assert (late.rows_changed, rejected(late)) == (1, [(2, "source_no", "corrected")])
    assert ContactLog.objects.using("batch").get(replaced_at=None, corrects__isnull=False).outcome == "booked"


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ("1001", "9999", ("staff_no", "staff")),
        ("C1", "C9", ("customer_no", "customer")),
        ("2025-06-03 09:30", "2026-03-11 10:01", ("contacted_at", "future")),
        ("2025-06-03 09:30", "去年夏天", ("contacted_at", "moment")),
        ("2025-06-03 09:30", "1799-01-01 09:30", ("contacted_at", "date_range")),
        ("电访", "飞鸽", ("channel", "choice")),
        ("有意向", "还行", ("outcome", "choice")),
        ("50000", "-1", ("amount", "negative")),
        ("2025-06-10", "2025-06-01", ("next_date", "next_before")),
        ("老系统", "", ("source", "required")),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_line(
    bank: Bank, customer: Customer, tmp_path: Path, old: str, new: str, refused: tuple[str, str]
) -> None:
    good = CALL.replace(",7,", ",8,")
    one = sent(tmp_path, good, CALL.replace(old, new, 1))
    assert (one.state, one.rows_changed, one.rows_rejected) == ("published", 1, 1)
    assert rejected(one) == [(3, *refused)]


def test_a_number_stays_with_its_customer(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    bank.customer("C2")
    sent(tmp_path, CALL)
    moved = sent(tmp_path, CALL.replace(",C1,", ",C2,"), CALL.replace(",7,", ",8,"))
    assert (moved.rows_changed, rejected(moved)) == (1, [(2, "customer_no", "other_customer")])


def test_a_file_that_stops_leaves_nothing(
    bank: Bank, customer: Customer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("archives.history.trail.append", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sent(tmp_path, CALL)
    assert contacts() == []
    assert sent(tmp_path, CALL.replace("1001", "9999")).state == "stopped"  # not one row is usable
    assert contacts() == []
    assert sent(tmp_path, CALL).rows_changed == 1


def test_a_workbook_reads_like_text(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    path = tmp_path / "history.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet, moment, day = book.add_worksheet(), *(book.add_format({"num_format": one}) for one in ("yyyy/m/d h:mm", 14))
    for at, name in enumerate(HEADER.split(",")):
        sheet.write(0, at, name)
    values = ["老系统", 7, 1001, "C1", None, "电访", None, None, "有意向", "谈了产品,\n两次", None, 50000.1, None, None]
    for at, value in enumerate(values):
        sheet.write(2, at, value)
    sheet.write_datetime(2, 4, datetime(2025, 6, 3, 9, 30), moment)  # noqa: DTZ001 - as a cell has it
    sheet.write_datetime(2, 13, datetime(2025, 6, 10), day)  # noqa: DTZ001
    book.add_worksheet("说明").write(0, 0, "第二张表不读")
    book.close()
    with time_machine.travel(NOW, tick=False):
        one = load.load_file("contact_history", path, as_of=DAY)
    assert (one.state, one.rows_read, one.rows_changed) == ("published", 1, 1), one.message
    (row,) = contacts()
    assert (row.source_no, row.contacted_at, row.next_date) == (
        "7", datetime(2025, 6, 3, 1, 30, tzinfo=UTC), date(2025, 6, 10),
    )  # fmt: skip
    assert (row.summary, str(row.amount), row.staff_id) == ("谈了产品, 两次", "50000.10", bank.wang.pk)


def test_history_answers_and_stops_nothing(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    alert = morning.raise_alert(customer, "maturity", 1, 50_000, date(2026, 3, 20))
    plan = MaintenancePlan.objects.using("batch").create(
        customer=customer, branch_id=bank.south.pk, owner_id=bank.wang.pk, due_date=date(2026, 3, 10),
        submission=uuid4(),
    )  # fmt: skip
    recent = [CALL.replace(",7,", f",{number},").replace("2025-06", "2026-03") for number in range(5)]
    assert sent(tmp_path, *recent).rows_changed == 5
    alert.refresh_from_db(using="batch")
    plan.refresh_from_db(using="batch")
    assert (alert.state, plan.state) == ("new", "planned")
    touches = db.fetch_value("SELECT count(*) FROM archives_touch WHERE customer_id = %s", [customer.pk])
    assert touches == 1 + 5  # the plan, and those five: the customer was reached, whichever system knew
    counted = db.fetch_value("SELECT count(*) FROM archives_counted_contact WHERE customer_id = %s", [customer.pk])
    assert (counted, ContactDay.objects.using("batch").count()) == (0, 0)


def refusal(number: int, day: str) -> str:
    return f"老系统,{number},1001,C1,{day} 09:30,电访,我行联系,客户关怀,拒绝联系,,,,,"


def test_a_refusal_that_is_the_newest_word_bars(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    later = CALL.replace("2025-06-03", "2025-07-01").replace("2025-06-10", "")
    sent(tmp_path, refusal(1, "2025-06-03"), later)  # who talked to us afterwards has not refused
    assert not Customer.objects.using("batch").get().do_not_contact
    sent(tmp_path, refusal(2, "2025-08-01"), "老系统,3,1001,C1,2025-09-01,电访,,,未接通,,,,,")
    assert Customer.objects.using("batch").get().do_not_contact
    said = Consent.objects.using("batch").get()
    assert (said.is_given, said.at.date(), said.contact.source_no) == (False, date(2025, 8, 1), "2")  # type: ignore[union-attr]
    sent(tmp_path, refusal(2, "2025-08-01").replace("拒绝联系,", "拒绝联系,他说的"))
    assert Consent.objects.using("batch").count() == 1


def test_a_refusal_becomes_the_newest_word_by_a_correction(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    later = CALL.replace("2025-06-03", "2025-07-01").replace("2025-06-10", "")
    sent(tmp_path, refusal(1, "2025-06-03"), later)
    assert not Customer.objects.using("batch").get().do_not_contact
    sent(tmp_path, later.replace("有意向", "未接通"))
    assert Customer.objects.using("batch").get().do_not_contact


def test_what_was_said_here_since_stands(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    ContactLog.objects.using("batch").create(
        customer=customer, branch_id=bank.south.pk, staff_id=bank.wang.pk, contacted_at=NOW, channel="face",
        purpose="care", outcome="interested",
    )  # fmt: skip
    sent(tmp_path, refusal(1, "2025-08-01"))
    assert not Customer.objects.using("batch").get().do_not_contact


def test_it_waits_for_no_night_and_holds_none_back(bank: Bank, customer: Customer, tmp_path: Path) -> None:
    FeedLoad.objects.using("batch").create(spec="eod_customers", as_of=date(2026, 3, 9), state="accepted")
    assert sent(tmp_path, CALL).state == "published"
    assert ledger.published_date(using="batch") is None
    assert spec_of(Path("contact_history-2026.csv")) is None  # the folder of the night does not take it in
