"""Focus is where a reader expects it after each exchange, and no shortcut acts while an input method composes."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser
OPENS = 'a[href="?drawer=1"]'


def test_a_drawer_takes_the_focus_and_gives_it_back(page: Page, server: str, bank: Bank) -> None:
    console = sign_in(page, server, bank.wang, "/_components/")
    for close in ("Escape", "Tab to close"):
        page.locator(OPENS).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#example-note")).to_be_focused()
        if close == "Escape":
            page.keyboard.press("Escape")
        else:
            page.locator(".drawer .drawer-foot [data-close]").press("Enter")
        expect(page.locator(".drawer")).to_have_count(0)
        expect(page.locator(OPENS)).to_be_focused()
    assert console.complaints == []


def test_the_contact_drawer_starts_at_its_first_choice(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    opener = page.locator(".ident [data-log]")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".drawer [data-focus] input").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_a_list_keeps_its_cursor_and_the_control_that_changed_it(page: Page, server: str, bank: Bank) -> None:
    console = sign_in(page, server, bank.wang, "/_components/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#example-4")).to_have_class("cursor")
    page.locator("#examples select").focus()
    page.locator("#examples select").select_option("4")
    expect(page.locator("#examples [data-row]")).to_have_count(1)
    expect(page.locator("#example-4")).to_have_class("cursor")
    expect(page.locator("#examples select")).to_be_focused()
    page.locator("#examples select").select_option("2")
    expect(page.locator("#example-2")).to_have_class("cursor")  # its row has gone: the nearest one
    assert console.complaints == []


def test_composing_chinese_never_triggers_a_shortcut(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang, "/_components/")
    page.locator(OPENS).click()
    field = page.locator("#example-note")
    expect(field).to_be_focused()
    method = page.context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "zhou", "selectionStart": 4, "selectionEnd": 4})
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_be_visible()
    page.keyboard.press("Control+Enter")
    assert "note=" not in page.url
    method.send("Input.insertText", {"text": "周"})
    expect(field).to_have_value("周")


def test_typed_text_is_not_closed_away_by_one_key(page: Page, server: str, bank: Bank) -> None:
    sign_in(page, server, bank.wang, "/_components/")
    page.locator(OPENS).click()
    page.fill("#example-note", "周五")
    page.keyboard.press("Escape")
    expect(page.locator("#example-note")).to_have_value("周五")
    expect(page.locator(".toasts .toast-line")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)


@pytest.mark.parametrize("how", ["isComposing: true", "keyCode: 229"])
def test_keys_that_an_input_method_still_holds_do_nothing(page: Page, server: str, bank: Bank, how: str) -> None:
    """Some report composition on the page itself, not in a field: there `?` and `j` would act."""
    sign_in(page, server, bank.wang, "/_components/")
    for key in ("?", "j", "/"):
        page.evaluate(
            f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, {how}}}))"
        )
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("tr.cursor")).to_have_count(0)
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}))")
    expect(page.locator("tr.cursor")).to_have_count(1)


def test_the_first_tab_skips_to_the_content(page: Page, server: str, bank: Bank) -> None:
    sign_in(page, server, bank.wang)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_be_focused()


def test_a_question_can_be_left_by_key(page: Page, server: str, bank: Bank) -> None:
    sign_in(page, server, bank.wang, "/_components/")
    asks = page.locator(".gallery .confirm summary")
    asks.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".gallery .confirm [data-close]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".gallery .confirm .dialog")).to_be_hidden()
    expect(asks).to_be_focused()


def test_the_focus_stays_where_a_part_was_exchanged(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.wait_for_load_state()
    page.locator("#timeline nav a").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#timeline nav a").nth(2)).to_have_attribute("aria-current", "true")
    expect(page.locator("#timeline nav a").nth(2)).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("zxl")
    expect(page.locator("#search-hits .hit")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_be_focused()
