"""The builder of a segment in a real browser: it counts while one types, by keyboard and without scripts."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from segments.models import Segment, SegmentVersion
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


def senior() -> Segment:
    return Segment.objects.using("batch").get(code="senior")


def test_the_builder_counts_and_keeps_its_rows(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.zhou, f"/segments/{senior().pk}/rule/")
    expect(page.locator(".seg-row")).to_have_count(3)
    page.fill("#v1", "1")
    page.keyboard.press("Tab")  # onto the button that takes the row away: it must not be pressed by that
    expect(page.locator(".seg-found .fig")).to_contain_text("1")
    expect(page.locator(".seg-row")).to_have_count(3)
    page.locator("#v1").press("Enter")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".seg-row")).to_have_count(3)
    page.locator(".seg-row button[name=drop]").nth(2).click()
    expect(page.locator(".seg-row")).to_have_count(2)
    page.locator("button[name=add]").last.click()
    expect(page.locator(".seg-row")).to_have_count(3)
    page.select_option("#f2", "sex")
    page.check("#v2-M")
    expect(page.locator(".seg-found .fig")).to_contain_text("0")
    assert Axe().run(page).response["violations"] == []
    page.locator(".seg-found button[type=submit]").click()
    page.wait_for_url(f"**/segments/{senior().pk}/")
    assert SegmentVersion.objects.using("batch").get(segment=senior(), state="draft").dry_run["members"] == 0
    assert console.complaints == []


def test_the_builder_works_without_scripts(plain: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(plain, server, bank.zhou, f"/segments/{senior().pk}/rule/")
    plain.fill("#v1", "1")
    plain.locator(".seg-more button").last.click()
    expect(plain.locator(".seg-found .fig")).to_contain_text("1")
    plain.locator("button[name=add]").last.click()
    expect(plain.locator(".seg-row")).to_have_count(4)
    plain.locator(".seg-found button[type=submit]").click()
    assert SegmentVersion.objects.using("batch").filter(segment=senior(), state="draft").exists()


def test_the_pages_are_accessible(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.zhou, "/segments/")
    for address in ("/segments/", f"/segments/{senior().pk}/", "/segments/overlap/?s=senior&s=women", "/segments/new/"):
        page.goto(f"{server}{address}")
        assert Axe().run(page).response["violations"] == [], address
    assert console.complaints == []
