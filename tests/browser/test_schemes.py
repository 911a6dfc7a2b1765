"""The pages of tier schemes, and a grade confirmed on the customer page, in a real browser and without scripts."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from segments.models import GradeDecision, Grading
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_schemes_can_be_read_by_everybody_who_needs_them(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.he, "/tiers/schemes/")
    assert not [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    page.locator("tr[data-row] a.b").first.click()
    page.wait_for_load_state()
    expect(page.locator(".scheme-page")).to_be_visible()
    assert console.complaints == []


def test_a_grade_is_confirmed_without_scripts(
    browser: Browser, browser_context_args: dict[str, Any], server: str, bank: Bank, day: Morning
) -> None:
    Grading.objects.using("batch").filter(code="product_preference").update(is_active=True)
    context = browser.new_context(**{**browser_context_args, "java_script_enabled": False})
    page = context.new_page()
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.locator(".grade-form .btn-primary").click()
    page.wait_for_load_state()
    assert GradeDecision.objects.using("batch").get().state == "confirmed"
    context.close()
