"""The relationship manager's list by keys alone, and without JavaScript."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from archives.models import ContactLog
from crm.audit.models import AuditEntry
from crm.organization.models import DayTarget
from crm.organization.workdays import next_workday
from customers.models import Alert
from tests.browser.signing_in import sign_in
from tests.pages.morning import PHONE, Morning, raise_alert
from tests.world import Bank

pytestmark = pytest.mark.browser


def state_of(alert: Alert) -> str:
    return Alert.objects.using("batch").get(pk=alert.pk).state


def cursor(page: Page) -> Any:
    return page.locator("#worklist tr.cursor")


def test_the_whole_list_by_keys(page: Page, server: str, bank: Bank, day: Morning) -> None:
    third = bank.customer("6600000001", owner=bank.wang, name_mask="郑*")
    bank.metrics(third, 50_000, tier=2)
    due = day.day + timedelta(days=9)
    evidence = {"product": "定期", "balance": "10000.00", "maturity_date": due.isoformat()}
    last = raise_alert(third, "maturity", 3, "10000.00", due, evidence=evidence)
    console = sign_in(page, server, bank.wang)
    page.keyboard.press("ArrowDown")
    expect(cursor(page)).to_have_id(f"alert-{day.maturity.pk}")
    page.keyboard.press("j")
    expect(cursor(page)).to_have_id(f"alert-{day.upgrade.pk}")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(f"#alert-{day.upgrade.pk} + tr.evidence")).to_be_visible()
    expect(cursor(page)).to_have_id(f"alert-{day.upgrade.pk}")  # over the swap
    expect(page.locator(f"#alert-{day.upgrade.pk} [data-open]")).to_be_focused()
    page.keyboard.press("o")
    expect(page.locator("tr.evidence")).to_have_count(0)
    page.keyboard.press("s")
    expect(page.locator(f"#alert-{day.upgrade.pk} + tr.evidence button[name=until]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"#alert-{day.upgrade.pk}")).to_have_count(0)
    assert state_of(day.upgrade) == "snoozed"
    expect(cursor(page)).to_have_id(f"alert-{last.pk}")  # the next row takes the place
    page.keyboard.press("n")
    expect(page.locator(f"#note-{last.pk}")).to_be_focused()
    page.keyboard.type("jsn")  # no key acts while somebody types
    page.keyboard.press("Enter")
    expect(page.locator(f"#alert-{last.pk}")).to_have_count(0)
    assert Alert.objects.using("batch").get(pk=last.pk).close_note == "jsn"
    page.keyboard.press("l")
    expect(page.locator(".drawer [data-focus] input").first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".drawer textarea")).to_be_focused()  # who was reached said something
    page.keyboard.type("愿意再谈")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#worklist tr[data-row]")).to_have_count(0)
    assert ContactLog.objects.using("batch").get().customer_id == day.zhou.pk
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("s")
    assert [one for one in console.complaints if "422" not in one] == []  # that of the missing sentence


def test_no_key_acts_while_an_input_method_composes(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(cursor(page)).to_have_count(1)
    for key in ("l", "s", "n", "o", "j", "?"):
        page.evaluate(
            "key => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, isComposing: true, bubbles: true}))",
            key,
        )
    page.wait_for_timeout(300)
    expect(cursor(page)).to_have_id(f"alert-{day.maturity.pk}")
    expect(page.locator(".drawer")).to_have_count(0)
    expect(page.locator("#keys")).to_be_hidden()
    assert "do=" not in page.content().split("<main")[0]
    assert state_of(day.maturity) == "new"


def test_to_call_the_number_is_shown_for_a_reason(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang)
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator('.drawer input[value="phone"]')).to_be_checked()
    assert PHONE not in page.content()
    page.locator(".drawer [data-reveal]").click()
    page.locator(".call-number select").select_option("contact")
    page.locator(".call-number button").click()
    expect(page.locator(".call-number .reveal-value")).to_have_text(PHONE)
    assert AuditEntry.objects.using("batch").filter(action="customer.reveal").count() == 1
    assert console.complaints == []


def test_whoever_wants_no_calls_is_not_offered_for_one(page: Page, server: str, bank: Bank, day: Morning) -> None:
    type(day.zhou).objects.using("batch").filter(pk=day.zhou.pk).update(do_not_contact=True)
    sign_in(page, server, bank.wang)
    row = page.locator(f"#alert-{day.maturity.pk}")
    expect(row.locator("[data-call]")).to_have_count(0)
    expect(row.locator(".btn-blocked")).to_be_visible()
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/?call=1")
    expect(page.locator("[data-reveal]")).to_have_count(0)


def test_the_next_day_follows_the_result_until_somebody_sets_it(
    page: Page, server: str, bank: Bank, day: Morning
) -> None:
    sign_in(page, server, bank.wang)
    page.locator(f"#alert-{day.upgrade.pk} [data-log]").click()
    date = page.locator(".drawer input[name=next_date]")
    expect(date).to_have_value(next_workday(day.day + timedelta(days=6)).isoformat())
    page.locator('.pick:has(input[value="not_reached"])').click()
    expect(date).to_have_value(next_workday(day.day + timedelta(days=1)).isoformat())
    page.locator('.pick:has(input[value="sold"])').click()
    expect(date).to_have_value(next_workday(day.day + timedelta(days=91)).isoformat())
    page.locator('.pick:has(input[value="refused"])').click()
    expect(date).to_have_value("")
    own = next_workday(day.day + timedelta(days=20)).isoformat()
    date.fill(own)
    page.locator('.pick:has(input[value="sold"])').click()
    expect(date).to_have_value(own)


def test_an_answer_is_taken_back_from_the_toast(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang)
    page.locator(f"#alert-{day.upgrade.pk} [data-put-off]").click()
    page.locator(f"#alert-{day.upgrade.pk} + tr.evidence button[name=until]").nth(1).click()
    expect(page.locator(f"#alert-{day.upgrade.pk}")).to_have_count(0)
    page.locator(".toast-line [data-undo]").click()
    expect(page.locator(f"#alert-{day.upgrade.pk}")).to_be_visible()
    assert state_of(day.upgrade) == "new"
    assert console.complaints == []


def test_what_can_wait_opens_in_place(page: Page, server: str, bank: Bank, day: Morning) -> None:
    DayTarget.objects.using("batch").update(contacts=1)
    console = sign_in(page, server, bank.wang)
    expect(page.locator("#worklist tr[data-row]")).to_have_count(1)
    page.locator(".pager .beyond").click()
    expect(page.locator(f"#alert-{day.upgrade.pk}")).to_be_visible()
    assert "after=" in page.url
    page.go_back()
    expect(page.locator(f"#alert-{day.maturity.pk}")).to_be_visible()
    assert console.complaints == []


def test_putting_off_and_calling_wrong_without_javascript(browser: Any, server: str, bank: Bank, day: Morning) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    sign_in(page, server, bank.wang)
    page.locator(f"#alert-{day.upgrade.pk} [data-put-off]").click()
    first = page.locator(f"#alert-{day.upgrade.pk} + tr.evidence button[name=until]").first
    expect(first).to_be_focused()
    first.click()
    expect(page.locator(f"#alert-{day.upgrade.pk}")).to_have_count(0)
    page.locator(".toast-line [data-undo]").click()
    expect(page.locator(f"#alert-{day.upgrade.pk}")).to_be_visible()
    page.locator(f"#alert-{day.upgrade.pk} a.why").click()
    page.locator("tr.evidence input[name=note]").fill("已转他行")
    page.locator("tr.evidence form:has(input[name=note]) button").click()
    assert state_of(day.upgrade) == "not_applicable"
    page.locator(f"#alert-{day.maturity.pk} [data-call]").click()
    expect(page.locator(".call-box .mask")).to_be_visible()
    context.close()
