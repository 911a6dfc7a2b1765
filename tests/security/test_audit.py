"""The audit trail: append-only for every role, chained under concurrency, and broken by nothing unnoticed."""

import json
import os
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, transaction
from django.test import RequestFactory
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pytest_django import Settings

from crm import db
from crm.audit import anchor, trail
from crm.audit.models import AuditEntry, AuditHead
from crm.audit.verify import Fault, verify
from crm.organization import access
from tests.world import Bank

pytestmark = pytest.mark.security


@pytest.fixture(autouse=True)
def anchor_file(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "anchors.jsonl"
    settings.AUDIT_ANCHOR_FILE = str(path)
    return path


@pytest.fixture
def trail_of_six(bank: Bank) -> Bank:
    """Entries 1–4 in the chain of south, 1–2 in the chain without a branch."""
    customer = bank.customer("C1", owner=bank.wang)
    for number in range(4):
        trail.record(bank.wang, "customer.view", customer=customer, detail={"number": number}, address="10.0.0.1")
    trail.record(bank.lu, "product.change", target=bank.products["DEMAND"], detail={"名称": '活期\n存款 "一"'})
    trail.record(None, "sign_in.failure", detail={"staff_no": "'; DROP TABLE x; --"})
    return bank


def entries(**wanted: Any) -> list[AuditEntry]:
    return list(AuditEntry.objects.using("batch").filter(**wanted).order_by("chain", "seq"))


def tamper(statement: str) -> None:
    """Change the trail as somebody with every right on the server would: as superuser, triggers off."""
    with psycopg.connect(superuser_url(), autocommit=True) as link:
        link.execute("SET session_replication_role = replica")
        link.execute(statement)


def superuser_url() -> str:
    """The embedded server's superuser; its password lies in the data folder, beside the key file."""
    secret = json.loads((Path(settings.CRM_KEY_FILE).parent / "secrets.json").read_text())["postgres"]
    place = conninfo_to_dict(os.environ["DATABASE_OWNER_URL"])
    return make_conninfo(**{**place, "user": "postgres", "password": secret})


def test_a_whole_trail_is_proved(trail_of_six: Bank) -> None:
    verdict = verify()
    assert verdict.is_whole
    assert (verdict.chains, verdict.entries) == (2, 6)


def test_an_entry_says_who_did_what_to_whom(trail_of_six: Bank) -> None:
    entry = entries(chain=trail_of_six.south.pk)[0]
    assert (entry.actor_id, entry.actor_no, entry.action, entry.address) == (
        trail_of_six.wang.pk,
        "1001",
        "customer.view",
        "10.0.0.1",
    )
    assert entry.detail == {"number": 0}
    change = entries(chain=0)[0]
    assert (change.object_type, change.detail) == ("customers.product", {"名称": '活期\n存款 "一"'})


@pytest.mark.parametrize("alias", ["default", "audit", "batch"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET actor_id = 1",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
        "INSERT INTO audit_auditentry (chain, seq, at, action, prev_hash, hash) VALUES (0, 9, now(), 'x', '', '')",
        "UPDATE audit_audithead SET seq = 0",
        "DELETE FROM audit_audithead",
        "ALTER TABLE audit_auditentry DISABLE TRIGGER append_only",
        "SET session_replication_role = replica",
    ],
)
def test_no_role_of_the_product_changes_the_trail(trail_of_six: Bank, alias: str, statement: str) -> None:
    with pytest.raises(DatabaseError), access.scoped(trail_of_six.wu, using=alias):
        db.execute(statement, using=alias)
    assert verify().is_whole and len(entries()) == 6


@pytest.mark.parametrize("statement", ["UPDATE audit_auditentry SET actor_id = 1", "DELETE FROM audit_auditentry"])
def test_the_trigger_stops_even_the_owner(trail_of_six: Bank, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(using="owner"):
        db.execute(statement, using="owner")


@pytest.mark.parametrize(
    ("statement", "seq", "kind"),
    [
        ("UPDATE audit_auditentry SET actor_id = 99 WHERE chain = {chain} AND seq = 2", 2, "changed"),
        (
            "UPDATE audit_auditentry SET at = at + interval '1 microsecond' WHERE chain = {chain} AND seq = 3",
            3,
            "changed",
        ),
        ("UPDATE audit_auditentry SET detail = '{{}}' WHERE chain = {chain} AND seq = 1", 1, "changed"),
        ("DELETE FROM audit_auditentry WHERE chain = {chain} AND seq = 2", 3, "missing"),
        ("DELETE FROM audit_auditentry WHERE chain = {chain} AND seq = 1", 2, "missing"),
        ("DELETE FROM audit_auditentry WHERE chain = {chain} AND seq = 4", 4, "cut off"),
        ("DELETE FROM audit_auditentry WHERE chain = {chain}", 1, "cut off"),
        ("DELETE FROM audit_audithead WHERE chain = {chain}", 5, "cut off"),
        ("UPDATE audit_auditentry SET seq = 12 - seq WHERE chain = {chain} AND seq IN (2, 3)", 4, "missing"),
        (
            "UPDATE audit_auditentry SET actor_id = 99, hash = sha256(hash) WHERE chain = {chain} AND seq = 4",
            4,
            "changed",
        ),
    ],
)
def test_tampering_as_superuser_is_named(trail_of_six: Bank, statement: str, seq: int, kind: str) -> None:
    chain = trail_of_six.south.pk
    tamper(statement.format(chain=chain))
    assert verify().faults == (Fault(chain, seq, kind),)


def test_a_swap_of_two_entries_is_noticed(trail_of_six: Bank) -> None:
    chain = trail_of_six.south.pk
    tamper(f"UPDATE audit_auditentry SET seq = -seq WHERE chain = {chain} AND seq IN (2, 3)")
    tamper(f"UPDATE audit_auditentry SET seq = 5 + seq WHERE chain = {chain} AND seq < 0")
    assert [(fault.chain, fault.seq) for fault in verify().faults] == [(chain, 2)]


def test_an_end_cut_off_with_its_head_is_noticed_by_the_anchor(trail_of_six: Bank) -> None:
    chain = trail_of_six.south.pk
    anchor.anchor()
    tamper(f"DELETE FROM audit_auditentry WHERE chain = {chain} AND seq = 4")
    tamper(
        "UPDATE audit_audithead AS h SET seq = e.seq, hash = e.hash FROM audit_auditentry AS e "
        f"WHERE h.chain = {chain} AND e.chain = {chain} AND e.seq = 3"
    )
    verdict = verify()
    assert verdict.faults == (Fault(chain, 4, "not as anchored"),)


def test_a_chain_made_anew_is_noticed_by_the_anchor(trail_of_six: Bank) -> None:
    chain = trail_of_six.south.pk
    anchor.anchor()
    tamper(f"DELETE FROM audit_auditentry WHERE chain = {chain}")
    tamper(f"DELETE FROM audit_audithead WHERE chain = {chain}")
    for _ in range(4):
        trail.append(chain=chain, actor=trail_of_six.li, action="customer.view", detail={})
    assert verify().faults == (Fault(chain, 4, "not as anchored"),)


def test_anchors_grow_and_the_trail_may_too(trail_of_six: Bank, anchor_file: Path) -> None:
    anchor.anchor()
    trail.record(trail_of_six.wang, "x.y")
    anchor.anchor()
    assert (verify().is_whole, verify().anchors) == (True, 2)
    assert anchor_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("change", ["edit", "first gone", "garbage"])
def test_a_changed_anchor_file_is_noticed(trail_of_six: Bank, anchor_file: Path, change: str) -> None:
    anchor.anchor()
    trail.record(trail_of_six.wang, "x.y")
    anchor.anchor()
    lines = anchor_file.read_text().splitlines(keepends=True)
    if change == "edit":
        lines[0] = lines[0].replace('"at": "2', '"at": "3')
    elif change == "first gone":
        del lines[0]
    else:
        lines[0] = "?\n"
    anchor_file.write_text("".join(lines))
    assert (verify().is_whole, verify().bad_anchor_line) == (False, 1)


def test_verify_command_names_the_first_broken_entry(trail_of_six: Bank) -> None:
    out = StringIO()
    call_command("audit", "anchor", stdout=out)
    call_command("audit", "verify", stdout=out)
    assert "2 chains anchored" in out.getvalue()
    assert "6 entries in 2 chains and 1 anchors" in out.getvalue() and "whole" in out.getvalue()
    tamper("UPDATE audit_auditentry SET action = 'nothing' WHERE chain = 0 AND seq = 1")
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("audit", "verify", "--json", stdout=out)
    assert refused.value.returncode == 3
    assert json.loads(out.getvalue())["faults"] == [{"chain": 0, "seq": 1, "kind": "changed"}]


def in_threads(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run `work(n)` in threads that start together; the errors they met."""
    errors: list[BaseException] = []
    gate = threading.Barrier(count)

    def one(number: int) -> None:
        gate.wait()
        try:
            work(number)
        except BaseException as error:  # collected, so that the test can fail with it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_concurrent_writers_make_one_chain(bank: Bank) -> None:
    def write(number: int) -> None:
        for turn in range(50):
            trail.append(chain=turn % 2, actor=bank.wang, action="x.y", detail={"writer": number, "turn": turn})

    assert in_threads(8, write) == []
    assert verify().is_whole
    assert {head.chain: head.seq for head in AuditHead.objects.using("batch")} == {0: 200, 1: 200}


def test_an_entry_stands_although_the_request_is_rolled_back(bank: Bank) -> None:
    with access.scoped(bank.wang):
        trail.record(bank.wang, "x.y")
        transaction.set_rollback(True)
    assert [entry.action for entry in entries()] == ["x.y"]


def test_looks_and_lists(bank: Bank, rf: RequestFactory) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    request = rf.get("/", REMOTE_ADDR="10.1.2.3")
    request.user = bank.wang
    trail.looked_at(request, customer)
    trail.listed(request, "today", [customer.pk, 77])
    look, shown = entries(chain=bank.south.pk)
    assert (look.action, look.customer_id, look.address) == ("customer.view", customer.pk, "10.1.2.3")
    assert (shown.action, shown.detail) == ("customer.list", {"what": "today", "count": 2, "ids": [customer.pk, 77]})


def test_only_the_auditor_reads_the_trail_of_others(trail_of_six: Bank) -> None:
    seen = {}
    for name in ("wang", "li", "he", "sun", "zhou", "lu", "wu"):
        user = getattr(trail_of_six, name)
        with access.scoped(user):
            seen[name] = AuditEntry.objects.count()
    assert seen == {"wang": 4, "li": 0, "he": 0, "sun": 0, "zhou": 0, "lu": 1, "wu": 6}
    assert AuditEntry.objects.count() == 0


def test_the_address_is_never_what_the_caller_claims(rf: RequestFactory, settings: Settings) -> None:
    request = rf.get("/", REMOTE_ADDR="10.0.0.9", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"})
    assert trail.address_of(request) == "10.0.0.9"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert trail.address_of(request) == "2.2.2.2"
    request.META["HTTP_X_FORWARDED_FOR"] = "nonsense"
    assert trail.address_of(request) == "10.0.0.9"
