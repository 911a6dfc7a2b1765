"""What is typed into a contact is not lost before it is stored: reload, way back, failed save; and nobody else's."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from archives.models import ContactLog
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser
TEXT = "周五上午带存单到店"


def kept(page: Page) -> list[str]:
    """The addresses of the forms whose drafts are in this tab."""
    stored = page.evaluate("sessionStorage.getItem('contact-draft')")
    return sorted(json.loads(stored)["drafts"]) if stored else []


def write(page: Page, text: str = TEXT) -> str:
    """Fill the form that is open; what it will be stored under."""
    page.locator('.log-form .pick:has(input[value="booked"])').click()
    page.fill(".log-form textarea", text)
    return page.locator(".log-form input[name=submission]").input_value()


def expect_written(page: Page, text: str = TEXT) -> None:
    expect(page.locator(".log-form textarea")).to_have_value(text)
    expect(page.locator('.log-form input[value="booked"]')).to_be_checked()
    expect(page.locator(".log-form [data-draft-note]")).to_be_visible()


def save(page: Page) -> None:
    page.locator(".log-form button[type=submit]").click()


def open_drawer(page: Page, day: Morning) -> None:
    page.locator(f"#alert-{day.maturity.pk} [data-log]").click()
    expect(page.locator(".drawer .log-form")).to_be_visible()


def test_a_reload_and_the_closed_drawer_keep_it(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang)
    open_drawer(page, day)
    submission = write(page)
    page.keyboard.press("Escape")  # asks
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    page.reload()
    open_drawer(page, day)
    expect_written(page)
    assert page.locator(".log-form input[name=submission]").input_value() == submission
    save(page)
    expect(page.locator(f"#alert-{day.maturity.pk}")).to_have_count(0)
    assert kept(page) == []
    assert str(ContactLog.objects.using("batch").get().submission) == submission
    assert console.complaints == []


def test_the_way_back_keeps_it(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    write(page)
    page.goto(f"{server}/customers/")
    page.go_back()
    expect_written(page)
    save(page)
    page.wait_for_url(f"{server}/customers/{day.zhou.pk}/")
    assert kept(page) == []
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    expect(page.locator(".log-form textarea")).to_have_value("")


@pytest.mark.parametrize("failure", ["offline", "500"])
def test_a_failed_save_in_the_drawer_keeps_it(page: Page, server: str, bank: Bank, day: Morning, failure: str) -> None:
    sign_in(page, server, bank.wang)
    open_drawer(page, day)
    submission = write(page)

    def fail(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
        elif failure == "offline":
            route.abort("internetdisconnected")
        else:
            route.fulfill(status=500, body="<h1>500</h1>")

    page.route("**/contacts/new/**", fail)
    save(page)
    expect(page.locator(".toast-line")).to_be_visible()
    expect(page.locator(".log-form textarea")).to_have_value(TEXT)
    expect(page.locator(".log-form button[type=submit]")).to_be_enabled()
    page.unroute("**/contacts/new/**")
    page.reload()
    open_drawer(page, day)
    expect_written(page)
    save(page)
    expect(page.locator(f"#alert-{day.maturity.pk}")).to_have_count(0)
    assert str(ContactLog.objects.using("batch").get().submission) == submission
    assert kept(page) == []


def test_a_failed_save_of_the_page_keeps_it(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    form = f"{server}/customers/{day.zhou.pk}/contacts/new/"
    page.goto(form)
    write(page)
    page.route("**/contacts/new/**", lambda route: route.fulfill(status=500, body="<h1>500</h1>"))
    save(page)
    expect(page.locator("h1")).to_have_text("500")
    page.unroute("**/contacts/new/**")
    page.goto(form)
    expect_written(page)
    assert ContactLog.objects.using("batch").count() == 0


def test_an_answer_that_got_lost_does_not_store_it_twice(page: Page, server: str, bank: Bank, day: Morning) -> None:
    """The server stored it, but the answer never came: the draft is still there, and saving again changes nothing."""
    sign_in(page, server, bank.wang)
    open_drawer(page, day)
    write(page)

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/contacts/new/**", lose)
    save(page)
    expect(page.locator(".toast-line")).to_be_visible()
    page.unroute("**/contacts/new/**")
    save(page)
    expect(page.locator(".drawer")).to_have_count(0)
    assert ContactLog.objects.using("batch").count() == 1
    assert kept(page) == []


def test_each_customer_has_a_draft(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    for customer, text in ((day.zhou, "周的记录"), (day.lin, "林的记录")):
        page.goto(f"{server}/customers/{customer.pk}/contacts/new/")
        expect(page.locator(".log-form textarea")).to_have_value("")
        write(page, text)
    assert len(kept(page)) == 2
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    expect_written(page, "周的记录")
    save(page)
    page.wait_for_url(f"{server}/customers/{day.zhou.pk}/")
    assert kept(page) == [f"/customers/{day.lin.pk}/contacts/new/"]


def test_a_draft_can_be_thrown_away(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    write(page)
    page.reload()
    expect_written(page)
    page.locator("[data-draft-drop]").click()
    expect(page.locator(".log-form textarea")).to_have_value("")
    assert kept(page) == []


def test_what_comes_back_with_an_error_is_what_was_sent(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    page.fill(".log-form textarea", TEXT)  # no result is chosen
    page.locator(".log-form input[name=outcome]").evaluate_all("all => all.forEach(one => one.required = false)")
    save(page)
    expect(page.locator(".log-form .help.err").first).to_be_visible()
    expect(page.locator(".log-form textarea")).to_have_value(TEXT)
    expect(page.locator("[data-draft-note]")).to_be_hidden()


def test_signing_out_forgets_it_and_so_does_another_user(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    write(page)
    page.locator(".user-menu summary").click()
    page.locator("form[data-signs-out] button").click()
    expect(page.locator("#id_password")).to_be_visible()
    assert kept(page) == []
    sign_in(page, server, bank.wang)
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    write(page)
    page.context.clear_cookies()
    sign_in(page, server, bank.he)
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    expect(page.locator(".log-form textarea")).to_have_value("")
    assert kept(page) == []


def test_the_need_that_the_lobby_notes_is_kept_too(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.zhao)
    page.fill(".lobby input[type=search]", "5678")
    page.locator("#lobby-hits .hit").click()
    page.fill(".lobby-note textarea", "想了解养老金理财")
    page.reload()
    expect(page.locator(".lobby-note textarea")).to_have_value("想了解养老金理财")
    page.locator(".lobby-note button[name=is_need]").click()
    expect(page.locator(".toast-line")).to_be_visible()
    assert kept(page) == []
    assert ContactLog.objects.using("batch").get().summary == "想了解养老金理财"
    assert console.complaints == []


def test_the_lobby_needs_two_taps(page: Page, server: str, bank: Bank, day: Morning) -> None:
    page.set_viewport_size({"width": 820, "height": 1180})
    sign_in(page, server, bank.zhao)
    page.keyboard.type("5678")  # the box has the focus
    page.locator("#lobby-hits .hit").click()
    page.locator(".lobby-note button:not([name])").last.click()
    expect(page.locator(".received li")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 820
    assert ContactLog.objects.using("batch").get().outcome == "received"
