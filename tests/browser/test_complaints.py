"""A complaint and a survey in a real browser: taken in at the counter, answered, closed; an answer by big buttons."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from archives.models import Complaint, Survey
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser


def fine(page: Page) -> None:
    """Nothing on the page keeps anybody out, and it needs no sideways scroll."""
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_complaint_from_the_counter_to_its_end(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.he, f"/customers/{day.zhou.pk}/complaints/new/")
    page.fill("#id_text", "取号后等了一小时")
    page.select_option("#id_handler", str(bank.he.pk))
    fine(page)
    page.click(".complaint-form .btn-primary")
    page.wait_for_url("**/complaints/*/")
    page.click("#do-take button")
    page.fill("#id_answer-decision", "已致歉")
    fine(page)
    page.click("#do-answer button")
    page.fill("#id_close-root_cause", "窗口不足")
    page.click("#do-close button")
    expect(page.locator(".track .done")).to_have_count(4)
    assert Complaint.objects.using("batch").get().state == "closed"
    page.goto(f"{server}/complaints/?state=closed")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    fine(page)
    assert console.complaints == []


def test_an_answer_by_big_buttons(page: Page, server: str, bank: Bank, day: Morning) -> None:
    page.set_viewport_size({"width": 820, "height": 1100})
    console = sign_in(page, server, bank.zhao, f"/customers/{day.zhou.pk}/")
    page.click(".lobby-more a >> nth=0")
    page.locator(".five label").nth(1).click()
    page.locator(".eleven label").nth(3).click()
    fine(page)
    page.click(".survey-foot button")
    page.wait_for_url(f"**/customers/{day.zhou.pk}/")
    found = Survey.objects.using("batch").get()
    assert (found.score, found.nps, found.follow_up_id is not None) == (2, 3, True)
    assert console.complaints == []
