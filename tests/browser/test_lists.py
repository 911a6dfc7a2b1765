"""Lists in a real browser: filters, columns, views, ticked rows handed on; all of it without scripts too."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from archives.models import ContactLog
from crm.workbench.bulk import jobs
from customers.models import BulkJob, SavedView
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


def test_filter_columns_view_and_keys(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.he, "/customers/")
    page.locator("#f-tier").focus()
    page.locator("#f-tier").select_option("3")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    expect(page.locator("#f-tier")).to_be_focused()
    expect(page.locator("thead th")).to_have_count(11)
    page.locator(".tools details summary").click()
    page.locator('.col-menu input[value="average"]').check()
    page.locator(".col-menu .btn-primary").click()
    expect(page.locator("thead th")).to_have_count(12)  # one more: the answer is there
    page.locator("#view-menu summary").click()
    page.fill("#view-name-new", "中端")
    page.locator("#view-menu .btn-primary").click()
    expect(page.locator(".tabs a[aria-current]")).to_contain_text("中端")
    page.locator(".tabs a").first.click()
    expect(page.locator(".tabs .count").nth(1)).to_have_text("2")  # counted once the page stood
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-tick]:checked")).to_have_count(1)
    expect(page.locator("#bulk-form [data-ticked]")).to_contain_text("1")
    page.locator("[data-tick-all]").check()
    expect(page.locator("[data-tick]:checked")).to_have_count(3)
    assert console.complaints == []


def test_many_are_handed_on_and_back_with_progress(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.he, "/customers/?tier=3")
    page.locator("[data-all-matching]").check()
    page.locator('#bulk-form button[value="assign"]').click()
    page.locator("#id_owner").select_option(str(bank.li.pk))
    page.fill("#id_reason", "岗位调整")
    page.locator(".drawer-foot .btn-primary").click()
    expect(page.locator(".bulk-progress progress")).to_be_visible()
    job = BulkJob.objects.using("batch").get()
    jobs.run(job.pk)  # what a worker does
    expect(page.locator(".tabs .count")).to_have_text("2")  # the page has noticed by itself
    page.locator(".actions form button").click()
    expect(page.locator(".bulk-progress")).to_be_visible()
    jobs.run(job.pk)
    expect(page.locator(".tabs .count")).to_have_text("2")
    expect(page.locator(".actions form")).to_have_count(0)
    assert console.complaints == []


def test_alerts_ticked_by_keys_are_put_off_and_brought_back(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.he, "/alerts/")
    page.wait_for_load_state()
    expect(page.locator("tr[data-row]")).to_have_count(3)
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("#bulk-form [data-ticked]")).to_contain_text("2")
    page.locator('#bulk-form button[value="snooze"]').click()
    page.fill("#id_until", (day.day + timedelta(days=2)).isoformat())
    page.locator(".drawer-foot .btn-primary").click()
    job = BulkJob.objects.using("batch").get()
    jobs.run(job.pk)
    page.goto(f"{server}/bulk/{job.pk}/")
    page.locator(".actions form button").click()
    jobs.run(job.pk)
    page.goto(f"{server}/alerts/?state=new")
    expect(page.locator("tr[data-row]")).to_have_count(3)
    assert console.complaints == []


def test_a_star_brings_the_customer_to_the_empty_box(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang, f"/customers/{day.lin.pk}/")
    page.locator(".star button").click()
    expect(page.locator('.star [aria-pressed="true"]')).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#search-hits .hit")).to_have_count(1)
    page.keyboard.type("zxl")
    expect(page.locator("#search-hits .hit")).to_contain_text("周*兰")
    assert console.complaints == []


def test_everything_works_without_scripts(plain: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(plain, server, bank.he, "/customers/")
    plain.locator("#f-tier").select_option("3")
    plain.locator("#list-form noscript button, #list-form button").first.click()
    expect(plain.locator("tr[data-row]")).to_have_count(2)
    plain.locator(".tools details summary").click()
    plain.locator('.col-menu input[value="tier"]').uncheck()
    plain.locator(".col-menu .btn-primary").click()
    expect(plain.locator("td .tier")).to_have_count(0)
    plain.locator("#view-menu summary").click()
    plain.fill("#view-name-new", "无层级列")
    plain.locator("#view-menu .btn-primary").click()
    expect(plain.locator(".tabs a[aria-current]")).to_contain_text("无层级列")
    assert SavedView.objects.using("batch").get().query == "tier=3"
    plain.locator("[data-tick]").first.check()
    plain.locator('#bulk-form button[value="plan"]').click()
    plain.fill("#id_due_date", (day.day + timedelta(days=30)).isoformat())
    plain.locator(".drawer-foot .btn-primary").click()
    jobs.run(BulkJob.objects.using("batch").get().pk)
    plain.locator(".bulk-progress a").click()
    expect(plain.locator(".tabs .count")).to_have_text("1")
    plain.goto(f"{server}/customers/{day.zhou.pk}/")
    plain.locator(".star button").click()
    plain.locator("#search").press("Enter")
    expect(plain.locator(".results .hit")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_lists(page: Page, server: str, bank: Bank, day: Morning, theme: str) -> None:
    ContactLog.objects.using("batch").create(
        branch_id=day.zhou.branch_id, customer_id=day.zhou.pk, staff_id=bank.wang.pk, channel="phone", purpose="care",
        outcome="interested", summary="谈了续存",
    )  # fmt: skip
    sign_in(page, server, bank.zhou, "/customers/")
    paths = ["/customers/", "/alerts/", "/contacts/", "/plans/", "/customers/at-hand/", "/bulk/"]
    for path in paths:
        page.goto(server + path)
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.evaluate("document.querySelectorAll('details.pop').forEach(one => { one.open = true; })")
        found = Axe().run(page)
        assert found.violations_count == 0, re.sub(r"\s+", " ", found.generate_report())[:1500]
