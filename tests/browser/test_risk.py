"""A risk assessment in a real browser: the result is kept, the level shown, and what is held above it warned of."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from archives.models import RiskAssessment
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_a_customer_is_assessed_and_what_is_above_the_level_is_marked(
    page: Page, server: str, bank: Bank, day: Morning
) -> None:
    risky = bank.products["WEALTH"]
    risky.risk = 4
    risky.save(using="batch")
    bank.holding(day.zhou, 50_000, product="WEALTH")
    customer = f"/customers/{day.zhou.pk}/"
    console = sign_in(page, server, bank.wang, customer)
    page.click(f"a[href='{customer}risk/']")
    page.select_option("#id_level", "3")
    page.select_option("#id_through", "counter")
    page.fill("#id_questionnaire", "2026-1")
    page.check("#id_is_lowest")
    page.click(".narrow .btn-primary")
    expect(page.locator("#id_is_lowest")).to_be_checked()
    expect(page.locator(".narrow .help.err")).to_have_count(1)
    page.uncheck("#id_is_lowest")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    page.click(".narrow .btn-primary")
    page.wait_for_url(f"**{customer}")
    expect(page.locator("[data-above]")).to_contain_text("R3")
    expect(page.locator(".tag.warn", has_text="R4")).to_have_count(1)
    assert RiskAssessment.objects.using("batch").get().level == 3
    page.goto(f"{server}{customer}risk/")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert [text for text in console.complaints if "422" not in text] == []
