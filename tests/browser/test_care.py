"""A lunar birthday is chosen in the archive, its next day shows at once, and a gift for it is written down."""

import pytest
from playwright.sync_api import Page, expect

from archives.models import Gift
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_a_lunar_birthday_and_a_gift(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/archive/")
    page.wait_for_load_state()
    page.locator("#dates summary").click()
    row = page.locator("#dates .record-boxes").last
    row.locator("select").first.select_option("birthday")
    month, of_month = row.locator(".lunar-day select").all()
    month.select_option("8")
    expect(row.locator(".care-next .err")).to_be_visible()  # the day is missing
    of_month.select_option("15")
    expect(row.locator(".care-next svg")).to_be_visible()
    expect(row.locator(".care-next .err")).to_have_count(0)
    page.locator("#dates button[type=submit]").last.click()
    page.wait_for_load_state()
    expect(page.locator('#dates [data-care="birthday"] .tag')).to_be_visible()

    page.goto(f"{server}/customers/{day.zhou.pk}/")
    expect(page.locator('#care [data-care="birthday"]')).to_be_visible()
    page.locator('#care a[href$="/gifts/new/"]').click()
    page.locator("[name=what]").fill("茶叶")
    page.locator("[name=value]").fill("9999.99")
    page.locator(".gift-form button[type=submit]").click()
    expect(page.locator('[data-state="asked"]').first).to_be_visible()
    gift = Gift.objects.using("batch").get()
    assert "gift" in gift.over

    page.context.clear_cookies()
    sign_in(page, server, bank.he, f"/gifts/{gift.pk}/")
    page.locator('form[action$="/approved/"] button').click()
    expect(page.locator('.gift-steps [data-state="approved"]')).to_be_visible()
