"""Call mode in a real browser: a digit chooses the result, Enter saves and leads to the next customer."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from archives.models import ContactLog
from campaigns.models import CampaignMember
from crm.jobs.ledger import published_date
from tests.browser.signing_in import sign_in
from tests.campaigns import campaign_world as made
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_calls_one_after_the_other_by_keyboard(page: Page, server: str, bank: Bank, day: Morning) -> None:
    group = made.segment(bank)
    made.crowd(bank, group, 6)
    newest = published_date(using="batch")
    assert newest is not None
    last_month = newest.replace(day=1) - timedelta(days=1)
    term = {"starts_on": newest.replace(day=1), "ends_on": newest + timedelta(days=90)}
    base = {"baseline_from": last_month.replace(day=1), "baseline_to": last_month}
    one = made.launched(bank, made.campaign(bank, group, **term, **base))
    mine = list(
        CampaignMember.objects.using("batch").filter(campaign=one.pk, owner=bank.wang.pk).order_by("customer_id")
    )
    console = sign_in(page, server, bank.wang, f"/campaigns/{one.pk}/calls/")
    page.click("[data-call-mode]")
    page.wait_for_url(f"**/calls/{mine[0].pk}/")
    page.wait_for_load_state()
    found = Axe().run(page).response["violations"]
    assert [violation["id"] for violation in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/calls/{mine[1].pk}/")
    page.wait_for_load_state()
    page.keyboard.press("1")
    page.fill("#id_summary", "愿意再谈")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/calls/{mine[2].pk}/")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    states = CampaignMember.objects.using("batch").filter(pk__in=[row.pk for row in mine]).order_by("customer_id")
    assert [row.status for row in states] == ["booked", "interested", "waiting"]
    assert ContactLog.objects.using("batch").filter(campaign=one.pk).count() == 2
    assert console.complaints == []
