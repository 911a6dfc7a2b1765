"""The pages about tiers in a real browser: a cell opens its customers, a row a plan, a draft its simulation."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from segments import simulation
from segments.models import SchemeSimulation
from tests.browser.signing_in import sign_in
from tests.nightly.night_world import Book
from tests.pages.test_tier_moves import book as book

pytestmark = pytest.mark.browser


def test_a_cell_opens_its_customers(page: Page, server: str, book: Book) -> None:
    address = "/tiers/moves/?scheme=five_point&from=2026-03-10&to=2026-04-02"
    console = sign_in(page, server, book.bank.he)
    page.goto(f"{server}{address}")
    page.locator(".heat td.up-3 a").first.click()
    expect(page.locator("#moves-people tbody tr")).to_have_count(1)
    expect(page.locator(".heat a[aria-current]")).to_have_count(1)
    assert "cell=1-3" in page.url
    assert Axe().run(page).response["violations"] == []
    page.go_back()
    page.locator(".btn-seg a").nth(2).click()
    expect(page.locator(".heat td.up-3 b")).to_contain_text("%")
    assert console.complaints == []


def test_a_row_of_the_ladder_makes_a_plan(page: Page, server: str, book: Book) -> None:
    console = sign_in(page, server, book.bank.wang, "/tiers/gaps/?target=2")
    page.wait_for_load_state("networkidle")
    page.locator("tr[data-row] a.btn").first.click()
    expect(page.locator("#drawer form")).to_be_visible()
    with page.expect_navigation(url="**/tiers/gaps/?target=2"):
        page.locator("#drawer button[type=submit]").click()
    assert Axe().run(page).response["violations"] == []
    assert console.complaints == []


def test_a_draft_is_simulated_while_the_page_waits(page: Page, server: str, book: Book) -> None:
    console = sign_in(page, server, book.bank.zhou, "/tiers/drafts/")
    page.locator("form[action$='/drafts/new/'] button").click()
    page.wait_for_load_state()
    page.fill("#id_lower_3", "40000")
    page.locator(".sim-form button[type=submit]").click()
    expect(page.locator("progress")).to_be_visible()
    assert simulation.run(SchemeSimulation.objects.latest("pk").pk) == "ready"
    expect(page.locator(".sim-tiers")).to_be_visible(timeout=10_000)
    assert Axe().run(page).response["violations"] == []
    page.locator("button[value=submit]").click()
    page.wait_for_load_state()
    assert SchemeSimulation.objects.latest("pk").state == "submitted"
    assert console.complaints == []
