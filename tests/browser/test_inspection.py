"""档案检查 in a real browser: a draw, a return, its owner hands in again, and the second look passes it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from archives.models import Archive, Inspection
from tests.browser.signing_in import sign_in
from tests.world import Bank

pytestmark = pytest.mark.browser


def judge(page: Page, mark: int) -> None:
    """Give every criterion the same mark."""
    for radio in page.locator(f".inspection input[type=radio][value='{mark}']").all():
        radio.check()


def test_from_the_draw_to_the_second_look(page: Page, server: str, bank: Bank) -> None:
    customer = bank.customer("900001", owner=bank.wang)
    bank.metrics(customer, 100_000, tier=3)
    Archive.objects.using("batch").create(customer=customer, branch_id=customer.branch_id, version=1)
    console = sign_in(page, server, bank.he, "/archives/inspections/")
    page.locator("form[action$='/draw/'] button").click()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    address = f"{server}/archives/inspections/{Inspection.objects.using('batch').get().pk}/"
    page.goto(address)
    judge(page, 1)
    page.locator("#id_remarks").fill("补他行资产")
    page.locator("#id_due_date").fill((timezone.localdate() + timedelta(days=5)).isoformat())
    page.locator("button[value=return]").click()
    expect(page.locator(".insp-steps > li")).to_have_count(1)
    assert not console.complaints
    page.context.clear_cookies()
    owner = sign_in(page, server, bank.wang, f"/archives/inspections/{address.split('/')[-2]}/")
    page.locator("#id_remarks").fill("已补两笔")
    page.locator("form[action$='/resubmit/'] button").click()
    expect(page.locator(".insp-steps > li")).to_have_count(2)
    assert not owner.complaints
    page.context.clear_cookies()
    sign_in(page, server, bank.he, f"/archives/inspections/{address.split('/')[-2]}/")
    judge(page, 2)
    page.locator("button[value=pass]").click()
    expect(page.locator(".insp-steps > li")).to_have_count(3)
    expect(page.locator(".insp-steps .status.ok")).to_be_visible()
