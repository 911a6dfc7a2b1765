"""四季日历 and targets in a real browser: from a step of the playbook to a draft, from a target to its parts."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, SeasonTarget
from campaigns.seasons.quarters import quarter_of
from tests.browser.signing_in import sign_in
from tests.campaigns import campaign_world as made
from tests.world import Bank

pytestmark = pytest.mark.browser


def fine(page: Page) -> None:
    """Nothing keeps anybody out, and on no width is there a sideways scroll."""
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found] == []
    for width in (390, 1024, 1366):
        page.set_viewport_size({"width": width, "height": 768})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_from_the_calendar_to_a_draft_and_from_a_target_to_its_parts(page: Page, server: str, bank: Bank) -> None:
    made.segment(bank)
    made.published(made.AS_OF)
    coming = quarter_of(made.AS_OF).after
    address = f"{reverse('campaigns:calendar')}?quarter={coming.year + 20}-{coming.number}"
    console = sign_in(page, server, bank.sun, address)
    fine(page)
    page.locator("[data-begin]").first.click()
    expect(page.locator("#id_theme")).not_to_have_value("")
    page.locator("#id_segment").select_option(index=0)
    page.locator("#id_script").fill("您好")
    page.locator(".cp-form button[type=submit]").click()
    page.wait_for_url("**/campaigns/*/")
    draft = Campaign.objects.using("batch").get()
    assert draft.theme and draft.starts_on.year == coming.year + 20

    page.goto(f"{server}{reverse('campaigns:target_new')}")
    page.locator("#id_branch").select_option(str(bank.sub.pk))
    page.locator("#id_amount").fill("4000")
    page.locator(".cp-form button[type=submit]").click()
    page.wait_for_url("**/targets/*/")
    page.locator(f"tr[data-part=b{bank.south.pk}] input[type=text]").fill("2500")
    page.locator("#parts button[type=submit]").click()
    expect(page.locator("#parts [data-missing]")).to_be_visible()
    fine(page)
    page.locator(f"tr[data-part=b{bank.south.pk}] a.b").click()
    expect(page.locator("[data-amount] .money")).to_have_attribute("title", "¥25,000,000.00")
    assert sorted(SeasonTarget.objects.using("batch").values_list("amount", flat=True)) == [25_000_000, 40_000_000]
    page.goto(
        f"{server}{reverse('campaigns:targets')}?branch={bank.sub.pk}&quarter={quarter_of(draft.created_at.date())}"
    )
    fine(page)
    assert not console.complaints
