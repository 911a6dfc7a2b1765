"""Taking customers out in a real browser: asked for, approved, made, fetched once; without JavaScript; on A4."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django import Settings

from crm.workbench.tasks import make_export
from customers.choices import ExportState
from customers.models import ExportRequest
from tests.browser.signing_in import sign_in, speak
from tests.exports.asking import cells
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser
A4_POINTS = ("595", "842")


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path: Path) -> None:
    """The sealed files of this test alone."""
    settings.CRM_HOME = tmp_path / "home"


def picture(page: Page, name: str) -> None:
    """For whoever looks at the pages: SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/export-{name}.png", full_page=True)


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] + one["nodes"][0]["html"] for one in found if one["impact"] in ("serious", "critical")]


def the_export() -> ExportRequest:
    return ExportRequest.objects.using("batch").latest("pk")


def notices(page: Page, seconds: int, *, shows: str = "", hides: str = "") -> None:
    """The page asks again by itself each so many seconds, and loads itself anew when something is new.

    Time goes on after the leap: a page that had not begun to ask yet does so a few seconds later.
    """
    page.clock.fast_forward(seconds * 1_000)
    expect(page.locator(shows or hides)).to_have_count(int(bool(shows)), timeout=30_000)
    page.wait_for_load_state()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_from_the_list_to_the_file(
    page: Page, browser: Any, server: str, bank: Bank, day: Morning, language: str
) -> None:
    page.clock.install()
    console = sign_in(page, server, bank.wang)
    speak(page, language)
    page.goto(f"{server}/customers/")
    page.select_option("select[name=tier]", "3")  # htmx swaps the list; the link goes along
    page.wait_for_url("**tier=3**")
    page.click(".actions a[href*='tier=3'][href^='/exports/new/']")
    page.wait_for_url("**/exports/new/**")
    assert serious(page) == []
    page.check("input[value=mobile]")
    page.click(".actions button[type=submit]")
    expect(page.locator("#id_reason + .help.err, .help.err")).to_have_count(1)
    expect(page.locator("input[value=mobile]")).to_be_checked()
    picture(page, f"{language}-1-reason")
    page.select_option("#id_reason", "contact")
    page.click(".actions button[type=submit]")
    expect(page.locator("main .banner.warn")).to_contain_text(bank.he.name)
    assert serious(page) == []
    picture(page, f"{language}-2-waits")
    approve(browser, server, bank, language)
    notices(page, 10, shows="progress")
    picture(page, f"{language}-3-made")
    assert serious(page) == []
    assert make_export(the_export().pk) == ExportState.READY
    notices(page, 2, shows=".banner.ok")
    assert serious(page) == []
    picture(page, f"{language}-4-ready")
    with page.expect_download() as download:
        page.click("form[action$='/file/'] button")
    content = Path(download.value.path()).read_bytes()
    assert zipfile.is_zipfile(io.BytesIO(content))
    assert {row[0][1] for row in cells(content)[2:]} == {day.zhou.customer_no, day.lin.customer_no}
    notices(page, 4, hides="form[action$='/file/']")
    assert the_export().state == ExportState.FETCHED
    picture(page, f"{language}-5-fetched")
    page.goto(f"{server}/exports/")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    assert [text for text in console.complaints if "422" not in text] == []


def approve(browser: Any, server: str, bank: Bank, language: str) -> None:
    """On the manager's phone."""
    context = browser.new_context(viewport={"width": 390, "height": 780}, locale="zh-CN")
    phone = context.new_page()
    sign_in(phone, server, bank.he)
    phone.goto(f"{server}/exports/")
    assert serious(phone) == []
    phone.click("td a.b")
    phone.wait_for_url("**/exports/*/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(phone) == []
    picture(phone, f"{language}-phone")
    phone.click("form[action$='/approve/'] button")
    expect(phone.locator(".toast-line")).to_be_visible()
    context.close()


def test_without_javascript(browser: Any, server: str, bank: Bank, day: Morning) -> None:
    """Ticked alerts, from the bar below their list."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, server, bank.wang)
    page.goto(f"{server}/alerts/")
    expect(page.locator("button[formaction='/exports/new/']")).to_be_hidden()  # until something is ticked
    page.check(f"input[name=ids][value='{day.maturity.pk}']")
    page.click("button[formaction='/exports/new/']")
    page.select_option("#id_file_format", "csv")
    page.click(".actions button[type=submit]")
    assert the_export().ids == [day.maturity.pk]
    assert make_export(the_export().pk) == ExportState.READY
    page.click(".watch a")
    with page.expect_download() as download:
        page.click("form[action$='/file/'] button")
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\r\n") == 3  # mark, heads and one alert
    page.goto(f"{server}/today/print/")
    expect(page.locator("[data-print]")).to_be_hidden()
    context.close()


def test_paper_is_a4_and_carries_the_mark_on_each_page(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang)
    for address in (f"/customers/{day.zhou.pk}/print/", "/today/print/"):
        page.goto(f"{server}{address}")
        assert serious(page) == []
        expect(page.locator("[data-print]")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator(".print-bar")).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.querySelector('.marks')).position") == "fixed"
        pdf = page.pdf(prefer_css_page_size=True)
        page.emulate_media(media="screen")
        assert pdf.count(b"/Type /Page\n") >= 1
        box = pdf.split(b"/MediaBox [")[1].split(b"]")[0].decode().split()
        assert tuple(f"{float(side):.0f}" for side in box[2:]) == A4_POINTS
        if folder := os.environ.get("SCREENSHOTS"):
            (Path(folder) / f"print{address.replace('/', '-')}.pdf").write_bytes(pdf)
    assert console.complaints == []
