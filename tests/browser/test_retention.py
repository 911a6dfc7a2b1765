"""到期承接 in a real browser: a part opens its customers, a manager narrows the page, nobody is kept out."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.signing_in import sign_in
from tests.campaigns import matured
from tests.world import Bank

pytestmark = pytest.mark.browser


def fine(page: Page) -> None:
    """Nothing keeps anybody out, and on no width is there a sideways scroll."""
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found] == []
    for width in (390, 1093, 1366):
        page.set_viewport_size({"width": width, "height": 768})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_from_the_bar_to_a_customer(page: Page, server: str, bank: Bank) -> None:
    march = matured.build(bank)
    console = sign_in(page, server, bank.he, f"{reverse('campaigns:retention')}?month=2026-03")
    expect(page.locator("tr[data-maturity]")).to_have_count(1)
    for theme in ("light", "dark"):
        page.context.add_cookies([{"name": "theme", "value": theme, "url": server}])
        page.reload()
        fine(page)
    page.locator(".rt-keys a[data-part=idle]").click()
    expect(page.locator("tr[data-maturity]")).to_have_count(2)
    expect(page.locator(".rt-keys a[data-part=idle]")).to_have_attribute("aria-current", "true")
    page.locator(f"tr[data-line='{bank.wang.pk}'] a").click()
    expect(page.locator("tr[data-maturity]")).to_have_count(0)
    page.locator(".rt-keys a[data-part=renewed]").click()
    page.locator("tr[data-maturity] a.b").click()
    page.wait_for_url(f"**/customers/{march.ann.pk}/")
    assert not console.complaints
