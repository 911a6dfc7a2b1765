"""The pages of exports: what is said in each state, bounded lists, and a fixed number of statements."""

from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from crm.workbench.tasks import make_export
from customers.choices import ExportState
from customers.models import ExportRequest, Star
from tests.exports.asking import ClientOf, asked, customers, made
from tests.pages.test_shell import INLINE
from tests.world import Bank


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    text = str(answer.content.decode())
    assert not INLINE.search(text)
    return text


def test_the_list_leads_to_its_own_export(bank: Bank, wang: Client) -> None:
    customers(bank, 3)
    assert 'href="/exports/new/?list=customers&amp;aum_min=3"' in page(wang, "/customers/?aum_min=3&tier=&after=9~9")
    text = page(wang, "/exports/new/?aum_min=999.9999")
    assert 'action="/exports/new/?list=customers&amp;aum_min=999.9999"' in text
    assert wang.get("/exports/new/?aum_min=999.9999").context["outlook"].rows == 2


def test_before_asking_the_page_says_what_it_meets(bank: Bank, wang: Client, settings: Settings) -> None:
    settings.EXPORT_ROWS_UNAPPROVED, settings.EXPORT_ROWS_A_DAY = 2, 3
    assert 'name="file_format"' not in page(wang, "/exports/new/")  # nothing to export: only the way back
    customers(bank, 3)
    assert wang.get("/exports/new/").context["outlook"].is_gated
    assert 'name="file_format"' in page(wang, "/exports/new/")
    customers(bank, 1, start=4)
    text = page(wang, "/exports/new/")
    assert 'name="file_format"' not in text
    assert 'href="/customers/' in text
    assert wang.get("/exports/new/?tier=x").status_code == 302


@pytest.mark.parametrize("state", list(ExportState))
def test_every_state_has_its_words_and_its_way_out(bank: Bank, wang: Client, he: Client, state: ExportState) -> None:
    customers(bank, 2)
    export = asked(wang, "?aum_min=3", plain_fields=["mobile"], reason="contact")
    now = timezone.now()
    ExportRequest.objects.using("batch").filter(pk=export.pk).update(
        state=state, decided_by=bank.he.pk, decided_at=now, refusal="不需要",
        problem="error" if state == "failed" else "", rows_done=1,
        row_count=2, sha256="a" * 64, expires_at=now + timedelta(hours=1), fetched_at=now,
    )  # fmt: skip
    text = page(wang, f"/exports/{export.pk}/")
    buttons = {name for name in ("withdraw", "file", "approve") if f"/exports/{export.pk}/{name}/" in text}
    assert buttons == {"waiting": {"withdraw"}, "queued": {"withdraw"}, "ready": {"withdraw", "file"}}.get(state, set())
    is_open = state in ("waiting", "queued", "running", "ready")
    assert (f"/exports/{export.pk}/progress/" in text) == is_open  # asked for while it can change
    assert ('href="/exports/new/?list=customers&amp;aum_min=3"' in text) == (not is_open)
    assert ("1 / 2" in text) == (state in ("queued", "running"))
    assert ("不需要" in text.split("<dl")[0]) == (state == "refused")
    his = page(he, f"/exports/{export.pk}/")
    assert (f"/exports/{export.pk}/approve/" in his) == (state == "waiting")
    assert f"/exports/{export.pk}/file/" not in his
    assert str(export.pk) in page(wang, "/exports/")


def test_the_page_is_fetched_anew_when_the_state_is_another(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    export = asked(wang)
    address = f"/exports/{export.pk}/progress/?seen="
    assert "HX-Refresh" not in wang.get(f"{address}queued", headers={"X-Poll": "1"})
    assert wang.get(f"{address}running", headers={"X-Poll": "1"})["HX-Refresh"] == "true"


def test_what_has_run_out_is_not_offered(bank: Bank, wang: Client) -> None:
    customers(bank, 1)
    export = made(wang)
    ExportRequest.objects.using("batch").update(expires_at=timezone.now() - timedelta(seconds=1))
    assert f"/exports/{export.pk}/file/" not in page(wang, f"/exports/{export.pk}/")


def test_an_approver_sees_the_filter_and_the_number_as_it_is_now(bank: Bank, wang: Client, he: Client) -> None:
    customers(bank, 2)
    customers(bank, 4, owner=bank.li, start=3)
    export = asked(wang, f"?manager={bank.wang.pk}", plain_fields=["address"], reason="deliver", note="贺卡")
    customers(bank, 3, start=7)
    answer = he.get(f"/exports/{export.pk}/")
    text = answer.content.decode()
    assert answer.context["fresh_count"] == 2  # as it was asked for, whatever has come since
    assert "8000000001" in text and "8000000007" not in text
    assert bank.wang.name in text.split("<dl")[1]
    assert "贺卡" in text
    he.post(f"/exports/{export.pk}/approve/")
    assert ExportRequest.objects.using("batch").get().rows_expected == 2


def test_what_only_the_requester_sees_is_counted_as_the_requester_sees_it(bank: Bank, wang: Client, he: Client) -> None:
    """A star is nobody else's: the approver's own eyes would count none."""
    starred, other, _rest = customers(bank, 3)
    for customer in (starred, other):
        Star.objects.using("batch").create(user_id=bank.wang.pk, customer=customer, branch_id=bank.south.pk)
    Star.objects.using("batch").create(user_id=bank.he.pk, customer=other, branch_id=bank.south.pk)
    export = asked(wang, "?starred=1&type=person", plain_fields=["mobile"], reason="contact")
    assert export.rows_expected == 2
    assert he.get(f"/exports/{export.pk}/").context["fresh_count"] == 2
    he.post(f"/exports/{export.pk}/approve/")
    assert make_export(export.pk) == ExportState.READY
    assert ExportRequest.objects.using("batch").get().row_count == 2


def test_lists_are_bounded_with_few_statements(bank: Bank, wang: Client, he: Client, client_of: ClientOf) -> None:
    customers(bank, 1)
    common = {"branch_id": bank.south.pk, "reach": "own", "language": "zh-hans", "rows_expected": 1}
    ExportRequest.objects.using("batch").bulk_create(
        ExportRequest(
            token=f"{n:032}", requested_by_id=bank.wang.pk, state="waiting", needs_approval=True,
            filters={"manager": str(bank.wang.pk), "branch": str(bank.south.pk)}, **common,
        )
        for n in range(60)
    )  # fmt: skip
    first = wang.get("/exports/")
    assert [one.pk for one in first.context["exports"]] == list(range(60, 40, -1))
    assert 'rel="next"' in first.content.decode()
    assert [one.pk for one in wang.get("/exports/?before=41").context["exports"]] == list(range(40, 20, -1))
    assert wang.get("/exports/?before=²").status_code == 200
    with CaptureQueriesContext(connections["default"]) as caught:
        answer = he.get("/exports/")
    assert len(answer.context["to_decide"]) == 50
    # session, user, scope, two lists, names in filters, the day's rows, and the strip and tiers of the shell
    assert len(caught) <= 14, [query["sql"][:120] for query in caught]
