"""The archive in a real browser: a section is changed and its past looked at without scripts; a list asks it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tests.archives.saying import say
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    """A page of a browser whose scripts are switched off."""
    context = browser.new_context(**{**browser_context_args, "java_script_enabled": False})
    yield context.new_page()
    context.close()


def test_a_section_is_changed_and_its_past_compared(plain: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(plain, server, bank.wang, f"/customers/{day.zhou.pk}/archive/")
    plain.locator("#work summary").click()
    plain.get_by_label("发薪日").fill("15")
    plain.locator("#work button[type=submit]").click()
    expect(plain.locator("#work dd b").filter(has_text="15")).to_be_visible()
    before = timezone.localdate() - timedelta(days=1)
    plain.goto(f"{server}/customers/{day.zhou.pk}/archive/?as_of={before}&today=1")
    expect(plain.locator(".sepia dl:not([data-then]) .changed .today")).to_contain_text("15")


def test_the_list_asks_the_archive(page: Page, server: str, bank: Bank, day: Morning) -> None:
    say(bank.wang, day.zhou, "hobbies", "tea,travel")
    sign_in(page, server, bank.wang, "/customers/?sort=number")
    page.locator("#ask-archive").click()
    form = page.locator(".ask-form")
    form.locator("#ask-field").select_option("hobbies")
    form.locator('.pick:has(input[value="tea"])').click()
    form.locator("button[type=submit]").click()
    expect(page.locator("[data-ask]")).to_have_count(1)
    expect(page.locator("tr[data-row]")).to_have_count(1)
    assert "sort=number" in page.url and "hobbies%3Ain%3Atea" in page.url
    page.locator("[data-ask] .x").click()
    expect(page.locator("[data-ask]")).to_have_count(0)
