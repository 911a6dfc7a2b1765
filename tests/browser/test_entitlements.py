"""An entitlement is used on the customer's page in two presses, many points wait, a manager takes a use back."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import Entitlement, LedgerBalance, LedgerEntry
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_a_visit_is_used_and_points_need_a_second_person(page: Page, server: str, bank: Bank, day: Morning) -> None:
    visit = Entitlement.objects.using("batch").create(code="lounge", name_zh_hans="机场贵宾厅")
    today = timezone.localdate()
    LedgerEntry.objects.using("batch").create(
        branch_id=day.zhou.branch_id, customer=day.zhou, entitlement=visit, kind="earn", quantity=2, day=today,
        expires_on=today + timedelta(days=20), source="tier", reference="tier:1", unit_value=80, at=timezone.now(),
    )  # fmt: skip
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    mine = page.locator(f'#entitlements [data-left="{visit.pk}"]')
    mine.locator("summary").click()
    mine.locator("button").click()
    expect(page.locator('#entries [data-kind="spend"]')).to_be_visible()
    expect(page.locator(f'#left [data-left="{visit.pk}"] .left-number')).to_have_attribute("data-number", "1")
    page.locator("#give > summary").click()
    page.locator("#give [name=give-points]").fill("5000")
    page.locator("#give [name=give-reason]").fill("老客户回馈")
    page.locator("#give button").click()
    expect(page.locator("[data-request] .status")).to_be_visible()

    page.context.clear_cookies()
    console = sign_in(page, server, bank.he, f"/customers/{day.zhou.pk}/entitlements/")
    page.locator('[data-request] form[action$="/grant/"] button').click()
    expect(page.locator('[data-left="points"] .left-number')).to_have_attribute("data-number", "5000")
    back = page.locator("#entries tr", has=page.locator('[data-kind="spend"]')).locator("details")
    back.locator("summary").click()
    back.locator("[name=reason]").fill("客户未到")
    back.locator("button").click()
    expect(page.locator('#entries [data-kind="reverse"]')).to_be_visible()
    assert LedgerBalance.objects.using("batch").get(entitlement=visit).balance == 2
    page.goto(f"{server}/entitlements/")
    expect(page.locator("#figures tbody tr")).to_have_count(2)
    assert console.complaints == []
