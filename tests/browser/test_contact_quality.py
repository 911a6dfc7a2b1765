"""维护质量 in a real browser: the dots lead to a person, a finding to its texts, and a verdict is kept."""

import pytest
from playwright.sync_api import Page, expect

from tests.archives.test_contact_quality_pages import kinds, month_of, pasted
from tests.browser.signing_in import sign_in
from tests.browser.test_dark import barriers
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_from_the_dots_to_the_verdict(page: Page, server: str, bank: Bank) -> None:
    finding = pasted(bank, bank.wang)
    console = sign_in(page, server, bank.he, f"/quality/?month={month_of(finding)}")
    assert barriers(page) == []
    page.locator(".q-dots a").click()
    expect(page.locator("#person .q-score")).to_be_visible()
    page.locator("tr[data-row] a.b").click()
    expect(page.locator(".q-texts tr[data-row]")).to_have_count(6)
    page.locator("#id_remark").fill("写得一样，请补记")
    page.locator("button[value=talk]").click()
    expect(page.locator(".q-said .status.warn")).to_be_visible()
    assert kinds(finding) == ["talk"] and not console.complaints
