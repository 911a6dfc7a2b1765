"""The morning meeting in a real browser: nudge in one click, give away in two, and the board on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from customers.models import Nudge, Ownership
from segments import figures
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


@pytest.fixture
def board(page: Page, server: str, bank: Bank, day: Morning) -> Page:
    figures.count(day.day.fromordinal(day.day.toordinal() - 1))
    sign_in(page, server, bank.he)
    return page


def test_a_nudge_is_one_click_and_a_customer_is_given_away_in_three(board: Page, bank: Bank, day: Morning) -> None:
    row = board.locator(f"#alert-{day.outflow.pk}")
    row.locator("form button").click()
    expect(row.locator(".told")).to_be_visible()
    assert Nudge.objects.using("batch").get().owner_id == bank.li.pk

    row.locator("a.btn").click()
    row.locator(f'.pick:has(input[value="{bank.wang.pk}"])').click()
    row.locator(".reassign button").click()
    expect(board.locator(f"#alert-{day.outflow.pk} .own")).to_have_text("王静怡")
    assert Ownership.objects.using("batch").get(customer=day.chen, until__isnull=True).owner_id == bank.wang.pk


def test_a_figure_leads_to_its_customers_and_back(board: Page, day: Morning) -> None:
    board.locator(".stats .stat .v a").first.click()
    expect(board.locator("tr[data-row]")).to_have_count(2)
    board.locator(".facts a").click()
    expect(board.locator(".board")).to_be_visible()


def test_on_a_phone_what_needs_the_manager_comes_first(board: Page) -> None:
    board.set_viewport_size({"width": 390, "height": 844})
    tops = [board.locator(place).bounding_box() for place in (".p-except", ".p-team", ".rail")]
    ys = [box["y"] for box in tops if box]
    assert len(ys) == 3
    assert ys == sorted(ys)
    button = board.locator(".xlist .act .btn").first.bounding_box()
    assert button is not None
    assert min(button["width"], button["height"]) >= 40


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_axe_finds_nothing(board: Page, day: Morning, server: str, language: str) -> None:
    board.context.add_cookies([{"name": "django_language", "value": language, "url": server}])
    for path in ("/", f"/?reassign={day.chen.pk}", "/board/customers/?figure=red"):
        board.goto(server + path)
        found = Axe().run(board)
        assert found.violations_count == 0, found.generate_report()
