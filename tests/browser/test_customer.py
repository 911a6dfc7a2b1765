"""The customer 360 in a real browser: the docked log, plans, older events, and a number that is masked again."""

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import FloatRect, Locator, Page, expect

from archives.models import MaintenancePlan
from tests.browser.signing_in import sign_in
from tests.pages.morning import PHONE, Morning
from tests.pages.test_timeline import at, contact
from tests.world import Bank

pytestmark = pytest.mark.browser


def box(part: Locator) -> FloatRect:
    found = part.bounding_box()
    assert found is not None
    return found


def test_the_log_docks_beside_the_figures_and_plans_the_next_contact(
    page: Page, server: str, bank: Bank, day: Morning
) -> None:
    address = f"/customers/{day.zhou.pk}/"
    console = sign_in(page, server, bank.wang, address)
    expect(page.locator("#plans details")).to_have_count(0)
    page.keyboard.press("l")
    drawer = page.locator(".drawer")
    expect(drawer).to_be_visible()
    expect(page.locator(".c360-feed")).to_be_hidden()
    expect(drawer).to_have_css("transform", "none")  # it has slid in
    for part in (".c360-who", ".c360-main", ".c360-side"):
        shown = box(page.locator(part))
        assert shown["x"] + shown["width"] <= box(drawer)["x"]
    foot = box(drawer.locator("button[type=submit]"))
    assert foot["y"] + foot["height"] <= 768
    drawer.locator('.pick:has(input[value="booked"])').click()
    page.keyboard.press("l")  # typed while a field has the focus it is a letter, not a key
    expect(page.locator(".drawer")).to_have_count(1)
    drawer.locator("button[type=submit]").click()
    expect(page.locator("#plans details")).to_have_count(1)
    expect(page.locator("#timeline li").first).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text(bank.wang.name)
    assert MaintenancePlan.objects.using("batch").get().source_id is not None
    assert console.complaints == []


def test_closing_the_drawer_brings_back_what_happened(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.locator(".ident a[href$='/plans/new/']").click()
    expect(page.locator(".drawer #id_due_date")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    expect(page.locator(".c360-feed")).to_be_visible()


def test_where_there_is_no_room_the_drawer_floats(page: Page, server: str, bank: Bank, day: Morning) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.locator(".ident [data-log]").click()
    expect(page.locator(".drawer")).to_have_css("position", "fixed")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024


def test_at_a_glance_the_figures_the_curve_and_the_gap_fit_the_screen(
    page: Page, server: str, bank: Bank, day: Morning
) -> None:
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    for part in (".figs", "svg.chart", ".ladder", ".hold tbody tr:first-child", "#alerts", "#timeline li:first-child"):
        shown = box(page.locator(part).first)
        assert shown["y"] + shown["height"] <= 768, part


def test_a_plan_is_moved_from_the_page(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.locator("#plans .more").click()
    page.fill(".drawer #id_note", "带上利率表")
    page.locator(".drawer button[type=submit]").click()
    plan = page.locator("#plans details")
    expect(plan).to_contain_text("带上利率表")
    plan.locator("summary").click()
    later = timezone.localdate() + timedelta(60)
    plan.locator("input[type=date]").fill(later.isoformat())
    plan.locator("form[action$='/move/'] button").click()
    expect(page.locator(".toast-line")).to_be_visible()
    assert MaintenancePlan.objects.using("batch").get().due_date == later
    assert console.complaints == []


def test_older_events_are_read_on_in_place_and_one_kind_alone(
    page: Page, server: str, bank: Bank, day: Morning
) -> None:
    for number in range(30):
        moment = at(timezone.localdate() - timedelta(5 + number))
        contact(day.zhou, bank.wang, moment, summary=f"第{number}次")
    console = sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    rows = page.locator("#timeline li:not(.older)")
    expect(rows).to_have_count(15)
    page.locator("#timeline .older a").click()
    expect(rows).to_have_count(33)  # 30 contacts, the alert, the movement, the owner
    expect(rows.nth(15)).to_be_focused()
    expect(page.locator("#timeline .older")).to_have_count(0)
    page.locator("#timeline nav a[href$='kind=money']").click()
    expect(rows).to_have_count(1)
    expect(page.locator("#timeline nav a[aria-current]")).to_have_attribute(
        "href", f"/customers/{day.zhou.pk}/timeline/?kind=money"
    )
    assert console.complaints == []


def test_a_number_is_masked_again_after_half_a_minute(page: Page, server: str, bank: Bank, day: Morning) -> None:
    page.clock.install()
    console = sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.locator(".ids .eye").first.click()
    page.locator("#reveal-box select").select_option("contact")
    page.locator("#reveal-box button").click()
    expect(page.locator(".reveal-value")).to_have_text(PHONE)
    expect(page.locator(".reveal [role=status]")).to_be_focused()
    page.clock.run_for(29_000)
    expect(page.locator(".reveal-value")).to_have_text(PHONE)
    expect(page.locator(".reveal [role=status]")).to_be_focused()
    page.clock.run_for(2_000)
    expect(page.locator(".reveal-value")).to_have_count(0)
    assert PHONE not in page.content()
    assert console.complaints == []


def test_without_javascript_it_plans_and_reads_on(browser: Any, server: str, bank: Bank, day: Morning) -> None:
    for number in range(30):
        contact(
            day.zhou, bank.wang, at(timezone.localdate() - timedelta(5 + number)), summary=f"第{number}次",
            direction="inbound",  # what the customer begins leaves room for a plan
        )  # fmt: skip
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.locator("#timeline .older a").click()
    expect(page.locator("#timeline")).to_contain_text("第29次")
    page.goto(f"{server}/customers/{day.zhou.pk}/")
    page.locator("#plans .more").click()
    page.locator(".log-form button[type=submit]").click()
    expect(page.locator("#plans details")).to_have_count(1)
    context.close()


@pytest.mark.parametrize("width", [1366, 820, 390])
def test_nothing_bars_the_way_with_the_drawer_open(
    page: Page, server: str, bank: Bank, day: Morning, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.locator("#plans .more").click()
    expect(page.locator(".drawer #id_due_date")).to_be_visible()
    expect(page.locator(".drawer")).to_have_css("opacity", "1")  # it has slid in
    found = Axe().run(page).response["violations"]
    assert [one["id"] + " " + one["nodes"][0]["html"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
