"""Asking, approving, refusing, withdrawing: the limits of SECURITY §3.4, and who may act on whose request."""

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.choices import Reach
from crm.organization.models import User
from crm.workbench.tasks import make_export, sweep_exports
from customers.choices import ExportState
from customers.exports import requests, vault
from customers.models import ExportRequest
from tests.exports.asking import ClientOf, asked, customers, fetched, made, now, send
from tests.security.test_matrix import business_hash
from tests.world import Bank, make_user


@pytest.fixture
def low_limits(settings: Settings) -> None:
    """Small enough to be met with a handful of customers."""
    settings.EXPORT_ROWS_UNAPPROVED, settings.EXPORT_ROWS_A_DAY = 3, 8


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.using("batch").filter(action=action).order_by("pk"))


@pytest.mark.usefixtures("low_limits")
def test_up_to_the_limit_nobody_need_approve(bank: Bank, wang: Client) -> None:
    customers(bank, 3)
    export = asked(wang)
    assert (export.state, export.needs_approval, export.rows_expected) == (ExportState.QUEUED, False, 3)
    customers(bank, 1, start=4)
    above = asked(wang)
    assert (above.state, above.needs_approval, above.rows_expected) == (ExportState.WAITING, True, 4)
    assert make_export(above.pk) == "over"
    assert [entry.detail["rows"] for entry in entries("export.ask")] == [3, 4]


def test_the_limits_are_those_of_the_requirements(bank: Bank, settings: Settings) -> None:
    assert (settings.EXPORT_ROWS_UNAPPROVED, settings.EXPORT_ROWS_A_DAY) == (200, 5000)
    now = timezone.now()
    with scoped(bank.wang):
        assert not requests.needs_approval(bank.wang, 200, (), now)
        assert requests.needs_approval(bank.wang, 201, (), now)
        assert requests.needs_approval(bank.wang, 1, ("mobile",), now)


@pytest.mark.usefixtures("low_limits")
def test_a_list_cut_in_pieces_is_still_one_list(bank: Bank, wang: Client, he: Client) -> None:
    first, second, *_rest = customers(bank, 4)
    one = asked(wang, "?list=customers", ids=[first.pk, second.pk])
    assert one.state == ExportState.QUEUED
    other = asked(wang, "?list=customers", ids=[first.pk])
    assert other.state == ExportState.QUEUED  # three today
    third = asked(wang, "?list=customers", ids=[second.pk])
    assert (third.state, third.needs_approval) == (ExportState.WAITING, True)
    wang.post(f"/exports/{one.pk}/withdraw/")  # never made: those rows have not left
    assert asked(wang, "?list=customers", ids=[second.pk]).state == ExportState.QUEUED


@pytest.mark.usefixtures("low_limits")
def test_a_day_has_so_many_rows(bank: Bank, wang: Client, client_of: ClientOf) -> None:
    customers(bank, 3)
    made(wang)
    asked(wang)  # waiting rows count too
    answer = send(wang)
    assert answer.status_code == 422
    assert ExportRequest.objects.using("batch").count() == 2
    customers(bank, 3, owner=bank.li, start=4)
    asked(client_of(bank.li))  # the limit is a person's
    yesterday = timezone.now() - timedelta(days=1)
    ExportRequest.objects.using("batch").filter(state=ExportState.READY).update(made_at=yesterday)
    asked(wang)


@pytest.mark.usefixtures("low_limits")
def test_two_requests_at_once_share_the_day(bank: Bank, client_of: ClientOf) -> None:
    customers(bank, 5)
    codes = at_once([lambda: send(client_of(bank.wang)).status_code for _ in range(4)])
    assert sorted(codes) == [302, 422, 422, 422]
    assert ExportRequest.objects.using("batch").count() == 1


def test_nothing_and_nonsense_are_not_asked_for(bank: Bank, wang: Client) -> None:
    assert send(wang).status_code == 422
    customers(bank, 1)
    assert send(wang, file_format="exe").status_code == 422
    assert send(wang, "?tier=99").status_code == 302  # to the list, which says what is wrong
    assert send(wang, plain_fields=["name"]).status_code == 422
    assert not ExportRequest.objects.using("batch").exists()
    assert asked(wang, "?after=3~4&owner__password=x&tier=").filters == {}


def waiting(client: Client, **values: Any) -> ExportRequest:
    """A request for plain telephone numbers, which always waits."""
    export = asked(client, plain_fields=["mobile"], reason="contact", **values)
    assert export.state == ExportState.WAITING
    return export


def test_plain_values_need_a_reason(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    assert send(wang, plain_fields=["mobile"]).status_code == 422
    assert send(wang, plain_fields=["mobile"], reason="other").status_code == 422
    export = waiting(wang, note="")
    assert (export.plain_fields, export.reason, export.needs_approval) == (["mobile"], "contact", True)


@pytest.mark.parametrize("who", ["he", "sun", "zhou"])
def test_a_manager_of_the_same_scope_approves(bank: Bank, wang: Client, client_of: ClientOf, who: str) -> None:
    customers(bank, 2)
    export = waiting(wang)
    approver = client_of(getattr(bank, who))
    page = approver.get(f"/exports/{export.pk}/").content.decode()
    assert f"/exports/{export.pk}/approve/" in page
    assert f'href="/exports/{export.pk}/"' in approver.get("/exports/").content.decode()
    assert approver.post(f"/exports/{export.pk}/approve/").status_code == 302
    export = now(export)
    assert (export.state, export.decided_by_id) == (ExportState.QUEUED, getattr(bank, who).pk)
    assert [entry.detail["requested_by"] for entry in entries("export.approve")] == [bank.wang.pk]


def test_nobody_else_sees_or_decides(bank: Bank, wang: Client, client_of: ClientOf) -> None:
    customers(bank, 2)
    other = make_user("1204", "郑文", "branch_manager", bank.north, Reach.BRANCH)
    own_reach = make_user("1205", "许梅", "branch_manager", bank.south, Reach.OWN)
    export = waiting(wang)
    before = business_hash()
    for user, code in [
        (bank.li, 404), (bank.qian, 404), (bank.feng, 404), (other, 404), (own_reach, 404),
        (bank.zhao, 403), (bank.lu, 403), (bank.wu, 403),
    ]:  # fmt: skip
        client = client_of(user)
        before = business_hash()  # signing in notes the time
        for page in ("", "progress/"):
            assert client.get(f"/exports/{export.pk}/{page}").status_code == code, user
        for action in ("approve", "refuse", "withdraw", "file"):
            answer = client.post(f"/exports/{export.pk}/{action}/", {"refusal": "x"})
            assert answer.status_code in (403, 404), (user, action)
        assert business_hash() == before


def test_a_wider_request_is_not_for_a_narrower_manager(bank: Bank, client_of: ClientOf) -> None:
    """The branch's manager does not see what the region's would take out."""
    customers(bank, 2)
    wide = make_user("1204", "郑文", "branch_manager", bank.south, Reach.SUBTREE)
    for asker in (bank.sun, wide):
        export = waiting(client_of(asker))
        assert client_of(bank.he).post(f"/exports/{export.pk}/approve/").status_code == 404
    assert client_of(bank.sun).post(f"/exports/{export.pk}/approve/").status_code == 302


def test_nobody_approves_their_own(bank: Bank, client_of: ClientOf) -> None:
    customers(bank, 2)
    for user in (bank.he, bank.zhou):
        client = client_of(user)
        export = waiting(client)
        before = business_hash()
        assert client.post(f"/exports/{export.pk}/approve/").status_code == 404
        assert f"/exports/{export.pk}/approve/" not in client.get(f"/exports/{export.pk}/").content.decode()
        assert business_hash() == before
        with pytest.raises(IntegrityError, match="nobody_approves_their_own_export"), scoped(user):
            ExportRequest.objects.filter(pk=export.pk).update(state="queued", decided_by=user)
        with pytest.raises(IntegrityError, match="no_export_goes_on_undecided"), scoped(user):
            ExportRequest.objects.filter(pk=export.pk).update(state="queued")


def test_what_was_asked_for_cannot_be_changed_by_the_web(bank: Bank, wang: Client) -> None:
    customers(bank, 2)
    export = waiting(wang)
    changes: list[dict[str, Any]] = [
        {"filters": {}}, {"plain_fields": []}, {"needs_approval": False}, {"requested_by": bank.li}
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(Exception, match="permission denied"), scoped(bank.wang):
            ExportRequest.objects.filter(pk=export.pk).update(**change)
    with scoped(bank.li):
        assert ExportRequest.objects.count() == 0
    with scoped(bank.feng):
        assert ExportRequest.objects.filter(pk=export.pk).update(state="refused") == 0
    with pytest.raises(Exception, match="row-level security"), scoped(bank.wang):
        ExportRequest.objects.create(
            token="x",
            requested_by_id=bank.li.pk,
            branch_id=bank.south.pk,
            reach="own",
            language="",
            rows_expected=1,
            state="queued",
        )


def test_two_approvers_at_once(bank: Bank, wang: Client, client_of: ClientOf) -> None:
    customers(bank, 1)
    for _round in range(5):
        export = waiting(wang)
        hands = ((bank.he, "approve"), (bank.sun, "refuse"), (bank.zhou, "approve"))
        at_once([partial(press, client_of(user), export, action) for user, action in hands])
        decided = [one for name in ("approve", "refuse") for one in entries(f"export.{name}")
                   if one.object_id == str(export.pk)]  # fmt: skip
        export = now(export)
        assert len(decided) == 1
        assert decided[0].actor_id == export.decided_by_id
        assert export.state == {"export.approve": "queued", "export.refuse": "refused"}[decided[0].action]


def press(client: Client, export: ExportRequest, action: str) -> int:
    """The status code of one button of the page."""
    return client.post(f"/exports/{export.pk}/{action}/", {"refusal": "不需要"}).status_code


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run all of them in threads that start together."""
    barrier, answers = threading.Barrier(len(calls)), []

    def call(one: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            answers.append(one())
        finally:
            for alias in ("default", "audit", "batch"):
                connections[alias].close()

    threads = [threading.Thread(target=call, args=(one,)) for one in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_refusal_says_why(bank: Bank, wang: Client, he: Client) -> None:
    customers(bank, 1)
    export = waiting(wang)
    assert he.post(f"/exports/{export.pk}/refuse/", {"refusal": " "}).status_code == 422
    assert now(export).state == ExportState.WAITING
    assert he.post(f"/exports/{export.pk}/refuse/", {"refusal": "请在系统内联系"}).status_code == 302
    page = wang.get(f"/exports/{export.pk}/").content.decode()
    assert "请在系统内联系" in page
    assert bank.he.name in page
    assert he.post(f"/exports/{export.pk}/approve/").status_code == 302  # too late
    assert now(export).state == ExportState.REFUSED


def test_withdrawing(bank: Bank, wang: Client, he: Client) -> None:
    customers(bank, 1)
    export = waiting(wang)
    assert wang.post(f"/exports/{export.pk}/withdraw/").status_code == 302
    he.post(f"/exports/{export.pk}/approve/")
    assert now(export).state == ExportState.WITHDRAWN
    ready = made(wang)
    assert vault.path_of(ready.token).exists()
    wang.post(f"/exports/{ready.pk}/withdraw/")
    assert not vault.path_of(ready.token).exists()
    assert wang.post(f"/exports/{ready.pk}/file/").status_code == 302
    assert len(entries("export.withdraw")) == 2


def test_a_file_is_fetched_once(bank: Bank, wang: Client, he: Client) -> None:
    customers(bank, 2)
    export = made(wang)
    sealed = vault.path_of(export.token)
    assert sealed.stat().st_mode & 0o077 == 0
    assert b"PK" not in sealed.read_bytes()[:100]
    assert he.post(f"/exports/{export.pk}/file/").status_code == 404  # not even whoever could approve it
    assert wang.get(f"/exports/{export.pk}/file/").status_code == 405
    content = fetched(wang, export)
    assert content.startswith(b"PK")
    assert not sealed.exists()
    again = wang.post(f"/exports/{export.pk}/file/", follow=True)
    assert again.status_code == 200
    assert "attachment" not in again.get("Content-Disposition", "")
    assert now(export).state == ExportState.FETCHED
    [entry] = entries("export.download")
    assert (entry.actor_id, entry.detail["rows"], entry.detail["sha256"]) == (bank.wang.pk, 2, export.sha256)


def test_two_downloads_at_once_are_one(bank: Bank, wang: Client, client_of: ClientOf) -> None:
    customers(bank, 1)
    export = made(wang)
    codes = at_once([partial(press, client_of(bank.wang), export, "file") for _ in range(4)])
    assert sorted(codes) == [200, 302, 302, 302]
    assert len(entries("export.download")) == 1


def test_a_file_lives_a_day(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    export = made(wang)
    assert export.expires_at is not None
    assert export.made_at is not None
    assert export.expires_at - export.made_at == timedelta(hours=24)
    long_ago = timezone.now() - timedelta(hours=25)
    ExportRequest.objects.using("batch").update(made_at=long_ago, expires_at=long_ago + timedelta(hours=24))
    assert wang.post(f"/exports/{export.pk}/file/").status_code == 302  # although no sweep has come by
    os.utime(vault.path_of(export.token), (long_ago.timestamp(), long_ago.timestamp()))
    assert sweep_exports() == 0
    assert now(export).state == ExportState.EXPIRED
    assert list(vault.folder().iterdir()) == []


def test_nobody_decides_for_a_week(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    old, new = waiting(wang), waiting(wang)
    ExportRequest.objects.using("batch").filter(pk=old.pk).update(requested_at=timezone.now() - timedelta(days=8))
    sweep_exports()
    assert (now(old).state, now(old).problem) == (ExportState.EXPIRED, "nobody_decided")
    assert now(new).state == ExportState.WAITING


def test_a_damaged_or_missing_file_says_so(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    for is_there in (True, False):
        export = made(wang)
        path = vault.path_of(export.token)
        content = path.read_bytes()
        path.unlink()
        if is_there:
            path.write_bytes(content[:-1])
        assert wang.post(f"/exports/{export.pk}/file/", follow=True).status_code == 200
        assert (now(export).state, now(export).problem) == (ExportState.FAILED, "file_gone")


def test_another_s_file_does_not_open_under_this_token(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    one, other = made(wang), made(wang)
    vault.path_of(one.token).write_bytes(vault.path_of(other.token).read_bytes())
    with pytest.raises(vault.FileGone):
        vault.take_out(one.token)
    assert vault.take_out(other.token).startswith(b"PK")


def test_a_lost_message_is_sent_again(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    export = asked(wang)
    assert sweep_exports() == 1
    with psycopg.connect(os.environ["DATABASE_BATCH_URL"]) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"export:{export.pk}"])
        assert make_export(export.pk) == "busy"
    assert make_export(export.pk) == ExportState.READY
    assert make_export(export.pk) == "over"
    assert sweep_exports() == 0


def test_a_page_names_those_who_may_approve(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    export = waiting(wang)
    with scoped(bank.wang):
        one = ExportRequest.objects.select_related("branch").get(pk=export.pk)
        assert [user.staff_no for user in requests.approvers_of(one)] == ["1004", "0101", "0001"]
    page = wang.get(f"/exports/{export.pk}/").content.decode()
    assert bank.he.name in page
    User.objects.using("batch").filter(role="branch_manager").update(is_active=False)
    assert bank.he.name not in wang.get(f"/exports/{export.pk}/").content.decode()
