"""The relationship manager's morning in a real browser: see whom to call, and what is typed is kept."""

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from archives.models import ContactLog
from tests.browser.signing_in import sign_in, speak
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_from_today_to_the_customer_and_the_reason_for_a_number(
    page: Page, server: str, bank: Bank, day: Morning
) -> None:
    console = sign_in(page, server, bank.wang)
    page.locator(".who-cell a", has_text="周*兰").click()
    expect(page.locator("h1")).to_contain_text("周*兰")
    expect(page.locator("svg.chart path.curve")).to_be_visible()
    page.locator(".ids .eye").first.click()
    expect(page.locator("#reveal-box form")).to_be_visible()
    assert "13912345678" not in page.content()
    page.locator("#reveal-box select").select_option("contact")
    page.locator("#reveal-box button").click()
    expect(page.locator(".reveal-value")).to_have_text("13912345678")
    assert console.complaints == []


def test_what_was_typed_survives_a_mistake(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.locator(f"#alert-{day.maturity.pk} [data-log]").click()
    page.locator('.drawer .pick:has(input[value="booked"])').click()
    page.fill(".drawer textarea", "周五上午到店")
    page.fill(".drawer input[type=date]", (day.day - timedelta(days=1)).isoformat())
    page.locator(".drawer button[type=submit]").click()
    expect(page.locator(".drawer .help.err")).to_be_visible()
    expect(page.locator(".drawer textarea")).to_have_value("周五上午到店")
    assert ContactLog.objects.using("batch").count() == 0


def test_search_while_typing_and_the_keys(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("zxl")
    expect(page.locator(".hit")).to_have_count(1)
    assert "zxl" not in page.url
    page.keyboard.press("Escape")
    expect(page.locator(".hit")).to_have_count(0)
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator("tr.cursor")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    assert console.complaints == []


def test_the_reason_opens_under_its_row(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang)
    page.locator(f"#alert-{day.upgrade.pk} a.why").click()
    expect(page.locator(f"#alert-{day.upgrade.pk} + tr.evidence")).to_contain_text("96.0%")
    page.locator("tr.evidence input[name=note]").fill("客户已转他行")
    page.locator("tr.evidence form:has(input[name=note]) button").click()
    expect(page.locator(f"#alert-{day.upgrade.pk}")).to_have_count(0)
    assert console.complaints == []


def test_without_javascript_everything_still_works(browser: Any, server: str, bank: Bank, day: Morning) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    sign_in(page, server, bank.wang)
    page.locator(f"#alert-{day.maturity.pk} [data-log]").click()
    page.locator('.pick:has(input[value="interested"])').click()
    page.fill(".log-form textarea", "愿意再谈")
    page.locator(".log-form button[type=submit]").click()
    expect(page.locator(f"#alert-{day.maturity.pk}")).to_have_count(0)
    page.fill("#search", "ljf")
    page.keyboard.press("Enter")
    expect(page.locator(".results .hit")).to_have_count(1)
    context.close()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_page_has_a_serious_barrier_or_scrolls_sideways(
    page: Page, server: str, bank: Bank, day: Morning, language: str
) -> None:
    axe = Axe()
    console = sign_in(page, server, bank.he)
    speak(page, language)
    addresses = [
        "/",
        f"/?manager={bank.wang.pk}",
        "/customers/",
        f"/customers/{day.zhou.pk}/",
        f"/customers/{day.zhou.pk}/contacts/new/",
        f"/customers/{day.zhou.pk}/relations/new/",
        "/password/",
        "/jobs/",
    ]
    for address in addresses:
        page.goto(server + address)
        found = axe.run(page).response["violations"]
        serious = [
            one["id"] + " " + one["nodes"][0]["html"] for one in found if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366, address
    assert console.complaints == []


@pytest.mark.parametrize("width", [390, 820])
def test_phone_and_tablet(page: Page, server: str, bank: Bank, day: Morning, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, server, bank.wang)
    for address in ("/", f"/customers/{day.zhou.pk}/", "/customers/"):
        page.goto(server + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    page.goto(f"{server}/customers/{day.zhou.pk}/")
    newest = page.locator("svg.chart .now").bounding_box()
    assert newest is not None
    assert newest["x"] + newest["width"] <= width
