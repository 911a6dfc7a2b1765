"""An administrator's file in a real browser: sent, looked at, confirmed, loaded; with JavaScript and without."""

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django import Settings

from customers.choices import UploadState
from customers.feeds import uploads
from customers.models import FeedLoad, FeedUpload
from customers.tasks import load_upload
from tests.browser.signing_in import sign_in, speak
from tests.world import Bank

pytestmark = pytest.mark.browser
HEADER = "客户号,客户名称,机构号,证件类型,证件号码,手机号,地址,开户日期,鞋码\n"
SURNAMES, GIVEN = ["欧阳", "王", "李", "单", "胡", "陈", "林", "周"], ["秀文", "雪", "建军", "晓兰", "志强"]


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path: Path) -> None:
    """Uploads and reject files of this test alone."""
    settings.CRM_HOME = tmp_path / "home"


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    """A core bank's file with what such files have wrong."""
    lines = [
        f"C{n:06},{SURNAMES[n % 8]}{GIVEN[n % 5]},111,身份证,,139000{n:05},滨江市城区人民路{n}号,2020-01-02,42"
        for n in range(1, 400)
    ]
    lines[2] = "C000003,李建军,111,身份证,110101195703080011,13900000003,滨江市城区人民路3号,2020-02-30,42"
    lines[6] = "C000007,,111,身份证,,13900000007,滨江市城区人民路7号,2020-01-02,42"
    lines[90] = "C000091,林雪,999,,,,,,"
    path = tmp_path / "日终客户_20260310.csv"
    path.write_bytes((HEADER + "\n".join(lines) + "\n").encode("gb18030"))
    return path


def picture(page: Page, name: str) -> None:
    """For whoever looks at the pages: SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/upload-{name}.png", full_page=True)


def fill_in(page: Page, server: str, path: Path) -> None:
    page.goto(f"{server}/feeds/upload/")
    page.select_option("#id_spec", "eod_customers")
    page.fill("#id_as_of", "2026-03-10")
    page.set_input_files("#id_file", path)


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] + one["nodes"][0]["html"] for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_from_the_file_to_the_loaded_day(page: Page, server: str, bank: Bank, delivered: Path, language: str) -> None:
    console = sign_in(page, server, bank.lu)
    speak(page, language)
    page.goto(f"{server}/feeds/")
    picture(page, f"{language}-1-none")
    fill_in(page, server, delivered)
    page.fill("#id_as_of", "2999-01-01")
    page.click("#upload button[type=submit]")
    expect(page.locator("#upload .help.err")).to_have_count(1)
    expect(page.locator("#upload .kept")).to_contain_text(delivered.name)
    assert serious(page) == []
    picture(page, f"{language}-2-form")
    page.fill("#id_as_of", "2026-03-10")
    page.click("#upload button[type=submit]")
    expect(page.locator(".rowsbox tbody tr")).to_have_count(10)
    assert page.get_by_text("李建军").count() == 0
    assert serious(page) == []
    picture(page, f"{language}-3-preview")
    page.click(".actions .btn-primary")
    expect(page.locator(".loading progress")).to_be_visible()
    upload = FeedUpload.objects.using("batch").get()
    FeedUpload.objects.using("batch").filter(pk=upload.pk).update(state="loading", phase="comparing", percent=50)
    expect(page.locator(".loading progress[value='50']")).to_be_visible()
    assert serious(page) == []
    picture(page, f"{language}-4-progress")
    assert load_upload(upload.pk) == UploadState.OVER
    expect(page.locator(".banner.ok")).to_be_visible()  # the page notices by itself
    with page.expect_download() as download:
        page.click(".actions a[href$='/rejects/']")
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").count("\n") == 5
    assert serious(page) == []
    picture(page, f"{language}-5-loaded")
    page.goto(f"{server}/feeds/")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    picture(page, f"{language}-6-list")
    # 422 is how the form says that it was not taken.
    assert [text for text in console.complaints if "422" not in text] == []


def test_without_javascript(browser: Any, server: str, bank: Bank, delivered: Path, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    sign_in(page, server, bank.lu)
    wrong = tmp_path / "customers.docx"
    wrong.write_bytes(b"PK")
    fill_in(page, server, wrong)
    page.fill("#id_control_rows", "399")
    page.click("#upload button[type=submit]")
    expect(page.locator("#upload .help.err")).to_have_count(1)
    expect(page.locator("#id_control_rows")).to_have_value("399")
    page.set_input_files("#id_file", delivered)
    page.click("#upload button[type=submit]")
    expect(page.locator(".rowsbox tbody tr")).to_have_count(10)
    page.click(".actions .btn-primary")
    expect(page.locator(".loading progress")).to_be_visible()
    load_upload(FeedUpload.objects.using("batch").get().pk)
    page.click(".loading a")
    expect(page.locator(".banner.ok")).to_be_visible()
    assert FeedLoad.objects.using("batch").get().rows_read == 399
    assert not uploads.sealed_path(FeedUpload.objects.using("batch").get().token).exists()
    context.close()
