"""The dark theme on every page: readable (axe, AA), as the browser or the system wishes, and never on paper."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
DARK, LIGHT = "rgb(17, 22, 28)", "rgb(242, 244, 246)"


def wants(page: Page, server: str, **cookies: str) -> None:
    page.context.add_cookies([{"name": name, "value": value, "url": server} for name, value in cookies.items()])


def barriers(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


# Each in one language: what the languages do to a page, tests/browser/test_morning.py tries in the light.
@pytest.mark.parametrize(
    ("who", "language"), [("wang", "zh-hans"), ("he", "en"), ("zhao", "zh-hant"), ("lu", "zh-hans")]
)
def test_every_page_is_readable_in_the_dark(
    page: Page, server: str, bank: Bank, day: Morning, who: str, language: str
) -> None:
    wants(page, server, theme="dark", django_language=language)
    console = sign_in(page, server, getattr(bank, who), "/password/")
    customer = [f"/customers/{day.zhou.pk}/", f"/customers/{day.zhou.pk}/contacts/new/"]
    told = [f"/customers/{day.zhou.pk}/consent/", f"/customers/{day.zhou.pk}/gifts/new/"]
    people = [f"/customers/{day.zhou.pk}/owner/", f"/customers/{day.zhou.pk}/relations/new/"]
    paths = {
        "wang": [
            "/",
            "/customers/",
            "/alerts/",
            "/contacts/",
            "/plans/",
            "/bulk/",
            "/exports/",
            "/_components/",
            *customer,
            *told,
        ],
        "he": ["/", f"/?manager={bank.wang.pk}", *people],
        "zhao": ["/", *customer],
        "lu": ["/jobs/", "/feeds/", "/feeds/upload/", "/password/", "/admin/", "/admin/organization/user/"],
    }
    paths["wang"] += [f"/customers/{day.zhou.pk}/introductions/", f"/customers/{day.zhou.pk}/refer/colleague/"]
    paths["he"] += ["/campaigns/", "/campaigns/new/", "/retention/", "/prospects/", "/referrals/"]
    paths["wang"] += [f"/customers/{day.zhou.pk}/archive/", f"/customers/{day.zhou.pk}/risk/", "/plans/calendar/"]
    paths["he"] += [
        "/complaints/",
        "/surveys/",
        "/archives/register/",
        "/archives/inspections/",
        "/handovers/",
        "/gifts/",
    ]
    paths["he"] += [f"/customers/{day.zhou.pk}/complaints/new/", "/quality/", "/plans/calendar/"]
    paths["zhao"] += ["/prospects/", "/prospects/new/", "/referrals/", "/lobby/handover/"]
    for path in paths[who]:
        page.goto(server + path)
        assert page.evaluate(BACKGROUND) in (DARK, "rgb(25, 31, 39)"), path  # the settings stand on the panel's ground
        assert barriers(page) == [], path
    assert console.complaints == []


def test_the_sign_in_and_the_refusals_are_readable_in_the_dark(page: Page, server: str, bank: Bank) -> None:
    wants(page, server, theme="dark")
    page.goto(f"{server}/login/")
    assert barriers(page) == []
    sign_in(page, server, bank.wang)
    for path in ("/jobs/", "/customers/999999/"):
        page.goto(server + path)
        expect(page.locator(".problem h1")).to_be_visible()
        assert barriers(page) == [], path


@pytest.mark.parametrize(("system", "ground"), [("dark", DARK), ("light", LIGHT)])
def test_without_a_choice_the_system_decides(page: Page, server: str, bank: Bank, system: Any, ground: str) -> None:
    page.emulate_media(color_scheme=system)
    sign_in(page, server, bank.wang)
    assert page.evaluate(BACKGROUND) == ground


def test_the_choice_needs_two_clicks_and_no_javascript(browser: Any, server: str, bank: Bank) -> None:
    """On a phone, where the language is in the same menu."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, server, bank.wang, "/customers/")
    page.locator(".user-menu summary").click()
    page.locator('.menu button[value="dark"]').click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(BACKGROUND) == DARK
    page.locator(".user-menu summary").click()
    page.locator('.menu button[value="en"]').click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url == f"{server}/customers/"
    context.close()


def test_paper_is_white_and_without_what_is_pressed(page: Page, server: str, bank: Bank, day: Morning) -> None:
    wants(page, server, theme="dark")
    sign_in(page, server, bank.wang, "/customers/")
    page.emulate_media(media="print")
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    for gone in (".app-nav", ".app-top", ".trust", ".filter-bar"):
        expect(page.locator(gone)).to_be_hidden()
    expect(page.locator(".print-only")).to_contain_text(bank.wang.staff_no)
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    expect(page.locator("tbody tr").first).to_be_visible()
