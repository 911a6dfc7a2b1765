"""Making the file: what is in it, with whose rights, how its rows are ordered, and what ends it without a file."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings

from crm.audit.models import AuditEntry
from crm.audit.verify import verify
from crm.organization.models import User
from crm.workbench.export_tables import TABLES
from crm.workbench.tasks import make_export, sweep_exports
from customers.choices import ExportState
from customers.exports import fingerprint, runs, vault
from customers.models import Customer, ExportRequest, Ownership, Star
from tests.exports.asking import ClientOf, asked, cells, csv_rows, customers, fetched, made, now
from tests.pages import morning
from tests.pages.morning import IDENTITY, PHONE, Morning
from tests.world import Bank

ROOT = Path(__file__).resolve().parents[2]


def numbers(content: bytes) -> list[str]:
    return [line[0][1] for line in cells(content)[2:]]


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.using("batch").filter(action=action).order_by("pk"))


@pytest.fixture
def day(bank: Bank) -> Morning:
    """The bank, and a morning with alerts."""
    return morning.build(bank)


def test_the_file_is_the_list_masked_and_typed(bank: Bank, day: Morning, wang: Client) -> None:
    export = made(wang, file_format="csv")
    content = fetched(wang, export)
    mark, header, *rows = csv_rows(content)
    assert str(export.pk) in mark[0]
    assert "1001" in mark[0]
    assert str(timezone.localdate()) in mark[0]
    with translation.override(export.language):
        assert header == [str(column.title) for column in TABLES["customers"].columns]
    keys = [column.key for column in TABLES["customers"].columns]
    by_number = {row[0]: dict(zip(keys, row, strict=True)) for row in rows}
    assert set(by_number) == {"6100000001", "6100000002"}
    zhou = by_number["6100000001"]
    assert zhou["aum"] == "467600.00"
    assert zhou["next_maturity"] == (day.day + timedelta(days=1)).isoformat()
    assert (zhou["mobile"], zhou["name"]) == ("139****5678", "周*兰")
    assert zhou["manager"] == "王静怡 1001"
    text = content.decode("utf-8-sig")
    assert not any(secret in text for secret in (PHONE, IDENTITY, "周秀兰", "林建峰"))
    assert hashlib.sha256(content).hexdigest() == export.sha256
    [entry] = entries("export.made")
    assert (entry.detail["rows"], entry.detail["sha256"], entry.detail["filters"]) == (2, export.sha256, {})
    [listed] = [one for one in entries("customer.list") if one.detail["what"] == "export"]
    assert sorted(listed.detail["ids"]) == sorted([day.zhou.pk, day.lin.pk])
    assert verify().is_whole


def test_the_file_speaks_the_language_that_it_was_asked_in(bank: Bank, day: Morning, wang: Client) -> None:
    wang.post("/language/", {"language": "en", "next": "/"})
    export = asked(wang, file_format="csv")
    wang.post("/language/", {"language": "zh-hans", "next": "/"})
    assert make_export(export.pk) == ExportState.READY
    mark, header, *rows = csv_rows(fetched(wang, export))
    assert mark[0].startswith(f"Export {export.pk}, staff number 1001, ")
    assert header[:4] == ["Customer number", "Customer", "Type", "Tier"]
    assert sorted(row[2:4] + row[9:10] for row in rows) == [
        ["Person", "Mid", "Close to upgrade"], ["Person", "Mid", "Maturity"]
    ]  # fmt: skip


def test_the_workbook_has_the_same_rows(bank: Bank, day: Morning, wang: Client) -> None:
    book = cells(fetched(wang, made(wang)))
    zhou = next(line for line in book if line[0][1] == "6100000001")
    assert zhou[0] == ("s", "6100000001")
    assert ("", "467600") in zhou
    serial = (day.day + timedelta(days=1) - date(1899, 12, 30)).days
    assert ("", str(serial)) in zhou
    assert not any(kind == "f" for line in book for kind, _value in line)


@pytest.mark.parametrize("query", ["", "?aum_min=47", "?kind=maturity", "?due=7", "?manager=none", "?tier=3"])
@pytest.mark.parametrize("who", ["wang", "he", "sun", "zhou"])
def test_an_export_has_the_rows_of_the_list(
    bank: Bank, day: Morning, client_of: ClientOf, who: str, query: str
) -> None:
    bank.metrics(bank.customer("6100000009"), Decimal(1))
    client = client_of(getattr(bank, who))
    shown = sorted(row.customer.customer_no for row in client.get(f"/customers/{query}").context["page"].rows)
    if not shown:
        assert client.post(f"/exports/new/{query}", {"file_format": "xlsx"}).status_code == 422
        return
    assert sorted(numbers(fetched(client, made(client, query)))) == shown


def test_rights_are_those_of_the_moment_of_making(bank: Bank, wang: Client) -> None:
    kept, lost = customers(bank, 2)
    export = asked(wang)
    Ownership.objects.using("batch").filter(customer=lost).update(owner_id=bank.li.pk)
    assert make_export(export.pk) == ExportState.READY
    assert numbers(fetched(wang, export)) == [kept.customer_no]


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "lobby_manager"}, {"role": "auditor"}])
def test_a_right_revoked_before_making(bank: Bank, wang: Client, change: dict[str, Any]) -> None:
    customers(bank, 2)
    export = asked(wang)
    User.objects.using("batch").filter(pk=bank.wang.pk).update(**change)
    assert make_export(export.pk) == ExportState.FAILED
    assert now(export).problem == "no_right"
    assert list(vault.folder().iterdir()) == []
    [denied] = entries("export.denied")
    assert (denied.actor_id, denied.object_id) == (bank.wang.pk, str(export.pk))


def test_an_approval_is_not_carried_to_another_branch(bank: Bank, wang: Client, he: Client) -> None:
    customers(bank, 2)
    export = asked(wang, plain_fields=["mobile"], reason="contact")
    he.post(f"/exports/{export.pk}/approve/")
    User.objects.using("batch").filter(pk=bank.wang.pk).update(branch_id=bank.far.pk, reach="branch")
    assert make_export(export.pk) == ExportState.FAILED
    assert now(export).problem == "moved"
    assert entries("customer.reveal") == []


def test_the_file_holds_what_was_asked_for_and_nothing_that_came_since(
    bank: Bank, wang: Client, he: Client, settings: Settings
) -> None:
    """Neither a longer list nor another one: an approval is for these rows."""
    settings.EXPORT_ROWS_UNAPPROVED = 2
    asked_for = customers(bank, 3)
    export = asked(wang)
    assert export.ids == [one.pk for one in asked_for]  # richest first
    customers(bank, 1, start=4)
    page = he.get(f"/exports/{export.pk}/")
    assert page.context["fresh_count"] == 3
    assert [one.pk for one in page.context["people"]] == [one.pk for one in asked_for]
    he.post(f"/exports/{export.pk}/approve/")
    customers(bank, 1, start=5)
    assert make_export(export.pk) == ExportState.READY
    assert sorted(numbers(fetched(wang, export))) == [one.customer_no for one in asked_for]


def test_a_star_moved_after_asking_lets_nobody_else_out(bank: Bank, wang: Client, he: Client) -> None:
    one, other = customers(bank, 2)
    morning.identified(one, PHONE, IDENTITY)
    morning.identified(other, "13800000001", "11010119900307221X")
    star = Star.objects.using("batch").create(user_id=bank.wang.pk, customer=one, branch_id=bank.south.pk)
    export = asked(wang, "?starred=1", plain_fields=["mobile"], reason="contact", file_format="csv")
    star.delete(using="batch")
    Star.objects.using("batch").create(user_id=bank.wang.pk, customer=other, branch_id=bank.south.pk)
    he.post(f"/exports/{export.pk}/approve/")
    assert make_export(export.pk) == ExportState.READY
    text = fetched(wang, export).decode("utf-8-sig")
    assert PHONE in text and "13800000001" not in text


def test_the_day_s_rows_hold_when_two_are_made(bank: Bank, wang: Client, settings: Settings) -> None:
    settings.EXPORT_ROWS_A_DAY = 4
    customers(bank, 2)
    one, other = asked(wang), asked(wang)
    settings.EXPORT_ROWS_A_DAY = 3
    assert make_export(one.pk) == ExportState.FAILED  # 2 of the 1 that is left beside the other
    assert now(one).problem == "over_limit"
    assert make_export(other.pk) == ExportState.READY


def test_plain_values_are_looks_with_a_reason(bank: Bank, day: Morning, wang: Client, he: Client) -> None:
    export = asked(wang, plain_fields=["mobile", "id_no"], reason="deliver", note="中秋礼品", file_format="csv")
    he.post(f"/exports/{export.pk}/approve/")
    assert entries("customer.reveal") == []
    assert make_export(export.pk) == ExportState.READY
    text = fetched(wang, export).decode("utf-8-sig")
    assert PHONE in text
    assert IDENTITY in text
    looks = entries("customer.reveal")
    assert [(one.customer_id, one.detail["field"]) for one in looks] == [
        (day.zhou.pk, "mobile"),
        (day.zhou.pk, "id_no"),
    ]
    assert {(one.actor_id, one.detail["reason"], one.object_id) for one in looks} == {
        (bank.wang.pk, "deliver", str(export.pk))
    }


def test_plain_values_count_with_the_reveals_of_the_day(
    bank: Bank, day: Morning, wang: Client, settings: Settings
) -> None:
    settings.REVEALS_A_DAY = 3
    answer = wang.post("/exports/new/", {"file_format": "csv", "plain_fields": ["mobile", "id_no"], "reason": "verify"})
    assert answer.status_code == 422  # two customers of two fields
    asked(wang, plain_fields=["mobile"], reason="verify")


def test_an_unexpected_error_is_told_and_raised(
    bank: Bank, wang: Client, he: Client, settings: Settings, tmp_path: Path
) -> None:
    """A value that another key encrypted cannot be read: no file, and the error is for whoever looks after it."""
    [customer] = customers(bank, 1)
    morning.identified(customer, PHONE, IDENTITY)
    Customer.objects.using("batch").filter(pk=customer.pk).update(mobile_cipher=b"\x01x" + bytes(40))
    export = asked(wang, plain_fields=["mobile"], reason="contact")
    he.post(f"/exports/{export.pk}/approve/")
    with pytest.raises(Exception, match="unknown key"):
        make_export(export.pk)
    assert (now(export).state, now(export).problem) == (ExportState.FAILED, "error")
    assert sweep_exports() == 0


def test_the_order_of_the_rows_tells_whose_file_it_is(bank: Bank, wang: Client, settings: Settings) -> None:
    settings.EXPORT_ROWS_UNAPPROVED = 1000
    listed = customers(bank, 60)
    exports = [made(wang) for _ in range(5)]
    by_number = {one.customer_no: one.pk for one in listed}
    order = [by_number[number] for number in numbers(fetched(wang, exports[2]))]
    tokens = [(one.pk, one.token) for one in exports]
    place = {pk: at for at, pk in enumerate(one.pk for one in listed)}
    assert all(abs(place[pk] - at) <= 1 for at, pk in enumerate(order))  # still richest first, but for neighbours
    for copy in (order, order[3:], order[7:41]):
        best, second, *_rest = fingerprint.matches(tokens, copy)
        assert (best.export_id, best.share) == (exports[2].pk, 1.0)
        assert second.share < 0.95
    assert fingerprint.matches(tokens, [one.pk for one in listed])[0].share < 0.9  # the list itself is no copy


def test_a_copy_is_traced_by_command(bank: Bank, wang: Client, client_of: ClientOf, tmp_path: Path) -> None:
    customers(bank, 40)
    made(wang)
    leaked = made(wang, file_format="csv")
    made(client_of(bank.he))
    copy = tmp_path / "found.txt"
    copy.write_text("\n".join(",".join(line) for line in csv_rows(fetched(wang, leaked))[2:]), encoding="utf-8")
    out = StringIO()
    call_command("export", "trace", str(copy), stdout=out)
    first = out.getvalue().splitlines()[0]
    assert first.startswith(f"export {leaked.pk}  staff 1001  ")
    assert first.endswith("20 of 20 pairs (100%)")
    copy.write_text("8000000001", encoding="utf-8")
    with pytest.raises(CommandError, match="too few"):
        call_command("export", "trace", str(copy))


def test_a_dead_worker_s_request_is_given_up_after_three(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    export = asked(wang)
    ExportRequest.objects.using("batch").update(state=ExportState.RUNNING, attempts=runs.MAX_ATTEMPTS)
    assert make_export(export.pk) == ExportState.FAILED
    assert now(export).problem == "workers_died"


def test_a_worker_killed_half_way_leaves_a_request_that_is_made_again(
    bank: Bank, wang: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.EXPORT_ROWS_UNAPPROVED = 5000
    customers(bank, 4000)
    export = asked(wang)
    code = f"import django; django.setup(); from crm.workbench.tasks import make_export; make_export({export.pk})"
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "crm.settings", "CRM_HOME": str(tmp_path),
        "CRM_KEY_FILE": settings.CRM_KEY_FILE, "EXPORT_ROWS_UNAPPROVED": "5000",
    }  # fmt: skip
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
    deadline = time.monotonic() + 60
    while not 0 < now(export).rows_done < 4000:
        assert worker.poll() is None, "the worker ended before it could be killed"
        assert time.monotonic() < deadline
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    left = now(export)
    assert (left.state, left.row_count, left.attempts) == (ExportState.RUNNING, None, 1)
    assert entries("export.made") == []
    assert sweep_exports() == 1
    while (became := make_export(export.pk)) == "busy":  # until the server has noticed
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert became == ExportState.READY
    assert len(set(numbers(fetched(wang, export)))) == 4000
    assert (now(export).attempts, len(entries("export.made"))) == (2, 1)
