"""The lobby's tablet in a real browser: find, call the manager with two taps; a visitor in one form; the clock runs."""

import pytest
from playwright.sync_api import Page, expect

from campaigns.prospects.models import Prospect, Referral
from tests.browser.signing_in import sign_in
from tests.browser.test_complaints import fine
from tests.pages.morning import Morning, identified
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_a_call_and_a_visitor_on_the_tablet(page: Page, server: str, bank: Bank, day: Morning) -> None:
    identified(day.zhou, "13912345678", "110101199003074477")
    page.set_viewport_size({"width": 820, "height": 1180})
    console = sign_in(page, server, bank.wang, "/")
    page.context.clear_cookies()
    console = sign_in(page, server, bank.zhao, "/")
    fine(page)
    page.fill(".lobby input[type=search]", "5678")
    page.locator("#lobby-hits .hit").click()
    page.wait_for_load_state()
    fine(page)
    page.locator(".lobby-note button[name=calls]").click()
    page.wait_for_url(f"{server}/")
    referral = Referral.objects.using("batch").get()
    clock = page.locator(f"[data-call='{referral.pk}'] .clock")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    page.fill("#id_name", "李")
    page.fill("#id_mobile", "139 1234 0000")
    page.locator(".prospect-form .pick", has=page.locator("input[name=needs]")).first.click()
    page.check("#id_consent")
    fine(page)
    page.locator(".prospect-form button:not([name])").click()
    page.wait_for_load_state()
    assert Prospect.objects.using("batch").get().owner_id == bank.wang.pk
    expect(page.locator(".tally b").nth(0)).to_have_text("2")
    assert console.complaints == []
