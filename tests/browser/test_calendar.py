"""The calendar of plans in a real browser: a customer is dragged to another day, and the page fits a phone."""

from datetime import timedelta
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from archives.load import Month
from archives.models import MaintenancePlan
from crm.organization import workdays
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_a_customer_is_dragged_to_another_day(page: Page, server: str, bank: Bank, day: Morning) -> None:
    today = timezone.localdate()
    month = Month((today + timedelta(days=40)).replace(day=1), today)
    due, later = workdays.between(month.first, month.last).working_days[:2]
    plan = MaintenancePlan.objects.using("batch").create(
        branch_id=day.zhou.branch_id, customer_id=day.zhou.pk, owner_id=bank.wang.pk, due_date=due, submission=uuid4(),
        created_by_id=bank.wang.pk,
    )  # fmt: skip
    console = sign_in(page, server, bank.wang, f"/plans/calendar/?month={month.first:%Y-%m}")
    page.wait_for_load_state()
    name = page.locator(f'td[data-day="{due}"] a[data-move]')
    name.drag_to(page.locator(f'td[data-day="{later}"]'))
    expect(page.locator(f'td[data-day="{later}"] a[data-move]')).to_have_count(1)
    expect(page.locator(f'td[data-day="{due}"] a[data-move]')).to_have_count(0)
    assert MaintenancePlan.objects.using("batch").get(pk=plan.pk).due_date == later
    assert Axe().run(page).response["violations"] == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(f'td[data-day="{later}"] a.cal-day').click()
    expect(page.locator("#day a.b")).to_have_count(1)
    assert console.complaints == []
