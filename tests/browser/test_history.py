"""Contacts of another system in a real browser: an administrator sends the file, and the manager reads them."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django import Settings

from archives.models import ContactLog
from customers.choices import UploadState
from customers.models import FeedUpload
from customers.tasks import load_upload
from tests.archives.test_history import HEADER
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_history_comes_in_and_is_read_on_the_customers_page(
    page: Page, server: str, bank: Bank, day: Morning, settings: Settings, tmp_path: Path
) -> None:
    settings.CRM_HOME = tmp_path / "home"
    path = tmp_path / "历史联系.csv"
    rows = (f"老系统,{n},{staff},{day.zhou.customer_no},2025-06-03 09:30,电访,,,有意向,谈三个月期,,,," for n, staff in
            ((7, bank.wang.staff_no), (8, "9999")))  # fmt: skip
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    console = sign_in(page, server, bank.lu, "/feeds/upload/")
    expect(page.locator("a[href='/feeds/templates/contact_history.csv']")).to_have_count(1)
    page.select_option("#id_spec", "contact_history")
    page.fill("#id_as_of", str(day.day))
    page.set_input_files("#id_file", path)
    page.click("#upload button[type=submit]")
    expect(page.locator(".rowsbox tbody tr")).to_have_count(2)
    page.click(".actions .btn-primary")
    expect(page.locator(".loading progress")).to_be_visible()
    assert load_upload(FeedUpload.objects.using("batch").get().pk) == UploadState.OVER
    expect(page.locator(".banner.ok")).to_be_visible()
    with page.expect_download() as download:
        page.click(".actions a[href$='/rejects/']")
    assert "staff_no" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    assert ContactLog.objects.using("batch").get(imported_from="老系统").staff_id == bank.wang.pk
    page.context.clear_cookies()
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    expect(page.locator("[data-imported]")).to_contain_text("老系统")
    assert console.complaints == []
