"""The page of models in a real browser: it shows the figures once they are there, and asks for a second person."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from campaigns.models import PropensityModel
from campaigns.propensity import training
from tests.browser.signing_in import sign_in
from tests.campaigns.propensity_world import DAY, answers, publish
from tests.world import Bank

pytestmark = pytest.mark.browser


def test_a_model_is_learned_and_left_for_a_second_person(page: Page, server: str, bank: Bank) -> None:
    publish(DAY)
    answers(bank)
    console = sign_in(page, server, bank.zhou, "/campaigns/propensity/")
    page.locator('form[action$="/learn/"] button').click()
    page.wait_for_load_state()
    expect(page.locator('[data-state="learning"]')).to_be_visible()
    training.run(PropensityModel.objects.using("batch").get().pk)
    # The page looks again by itself.
    expect(page.locator("#rankings [data-ranking]")).to_have_count(4, timeout=10_000)
    assert not [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    page.locator('button[value="submit"]').click()
    page.wait_for_load_state()
    expect(page.locator('[data-state="submitted"]')).to_be_visible()
    expect(page.locator('button[value="approve"]')).to_have_count(0)
    assert console.complaints == []
