"""档案完整度 and 新开户登记簿 in a browser: from a figure to its customers, from a missed touch to its plan."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from archives import records
from segments import figures
from tests.archives.saying import say
from tests.archives.test_register import opened, plan
from tests.browser.signing_in import sign_in
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_a_figure_opens_its_customers_and_a_missed_touch_its_plan(page: Page, server: str, bank: Bank) -> None:
    today = timezone.localdate()
    customer = opened(bank, 1, today - timedelta(days=3), bank.wang)
    missed = plan(customer, bank.wang, 1, "planned")
    say(bank.wang, customer, "pay_day", "15")
    records.remeasure(today, [])
    figures.count(today)
    console = sign_in(page, server, bank.he, "/archives/quality/")
    page.locator("#lines tbody tr[data-row] a[href*='complete_below']").first.click()
    page.wait_for_load_state()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("input[name=complete_below]")).to_have_value("60")
    page.goto(f"{server}/archives/register/?month={customer.open_date}&missed=any")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.locator("td[data-state=missed] a").first.click()
    page.wait_for_load_state()
    expect(page).to_have_url(f"{server}/plans/{missed.pk}/")
    assert not console.complaints
