"""A leaver's customers in a real browser: planned, agreed to by a second person, moved, and taken back."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from crm.workbench.bulk import jobs
from customers.choices import BulkState
from customers.models import Ownership, OwnershipRequest
from tests.browser.signing_in import sign_in
from tests.bulk.leaving import fill
from tests.world import Bank

pytestmark = pytest.mark.browser


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] + one["nodes"][0]["html"] for one in found if one["impact"] in ("serious", "critical")]


def owned(bank: Bank) -> int:
    return int(Ownership.objects.using("batch").filter(owner=bank.wang, role="main", until__isnull=True).count())


def press(page: Page, verb: str) -> None:
    page.click(f"form[action$='/{verb}/'] button[type=submit]")
    page.wait_for_load_state()


def test_a_handover_from_draft_to_undo(page: Page, browser: Any, server: str, bank: Bank) -> None:
    fill(bank, bank.wang, 30)
    console = sign_in(page, server, bank.he, "/handovers/")
    assert serious(page) == []
    page.goto(f"{server}/handovers/new/?branch={bank.south.pk}&leaver={bank.wang.pk}")
    page.fill("[name=reason]", "离职")
    assert serious(page) == []
    page.click(".ho-form button[type=submit]")
    expect(page.locator("form[action$='/ask/']")).to_be_visible()
    assert serious(page) == []
    press(page, "ask")
    expect(page.locator("form[action$='/approve/']")).to_have_count(0)  # not one's own
    request = OwnershipRequest.objects.using("batch").get()
    with browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN") as second:
        leader = second.new_page()
        sign_in(leader, server, bank.sun, f"/handovers/{request.pk}/")
        press(leader, "approve")
    request.refresh_from_db(using="batch")
    assert jobs.run(request.job_id or 0) == BulkState.DONE
    assert owned(bank) == 0
    page.reload()
    press(page, "undo")
    assert jobs.run(request.job_id or 0) == BulkState.UNDONE
    assert owned(bank) == 30
    assert console.complaints == []
