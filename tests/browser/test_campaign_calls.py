"""A campaign in a real browser. Call mode: a digit chooses the result, Enter saves and leads to the next customer; the
pages of whoever leads it."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from playwright.sync_api import Page, expect

from archives.models import ContactLog
from campaigns.measurement import night as measurement
from campaigns.models import CampaignMember
from crm import db
from crm.jobs.ledger import published_date
from customers.nightly.night import Night
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
    expect(page.locator("#id_summary")).to_be_focused()  # who was reached said something
    page.keyboard.type("周五来")
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


def fits(page: Page) -> bool:
    found = Axe().run(page).response["violations"]
    assert [violation["id"] for violation in found] == []
    wide = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 390, "height": 800})
    narrow = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1366, "height": 768})
    return bool(wide and narrow)


def test_a_running_campaign_and_then_its_result(page: Page, server: str, bank: Bank, day: Morning) -> None:
    """What its leader does while it runs; then both groups, their curves and the interval."""
    group = made.segment(bank)
    made.crowd(bank, group, 2_400)
    newest = published_date(using="batch")
    assert newest is not None
    term = {"starts_on": newest.replace(day=1), "ends_on": newest + timedelta(days=1)}
    base_to = term["starts_on"] - timedelta(days=1)
    base = {"baseline_from": base_to.replace(day=1), "baseline_to": base_to}
    one = made.launched(bank, made.campaign(bank, group, **term, **base))
    console = sign_in(page, server, bank.sun, f"/campaigns/{one.pk}/")
    expect(page.locator("#figures")).to_contain_text("2,400")
    assert fits(page)
    page.locator("#next-script summary").click()
    page.fill("#id_script", "第二版")
    page.locator("#next-script button").click()
    expect(page.locator("#next-script .cp-script")).to_have_text("第二版")
    page.locator("#end summary").click()
    expect(page.locator("[data-end]")).to_be_visible()
    # Every seventh of those who were asked brings 40,000, of the others every twentieth.
    db.execute(
        "UPDATE customers_metrics k SET aum = aum + 40000 FROM campaigns_campaignmember m WHERE m.campaign_id = %s "
        "AND m.customer_id = k.customer_id AND k.customer_id %% CASE m.arm WHEN 'treat' THEN 7 ELSE 20 END = 0",
        [one.pk],
    )
    made.published(term["ends_on"])
    with transaction.atomic("batch"):
        measurement.publish(Night(as_of=term["ends_on"], previous=None, full=False))
    page.goto(f"{server}/campaigns/{one.pk}/result/")
    expect(page.locator("#result .lead .v")).to_be_visible()
    expect(page.locator("#result .cr-axis .band")).to_be_visible()
    for arm in ("treat", "control"):
        assert (page.locator(f".cr-chart path.cr-{arm}").get_attribute("d") or "").startswith("M")
    assert fits(page)
    assert console.complaints == []
