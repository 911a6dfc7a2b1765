"""What goes wrong while somebody writes: the form stays or comes back, and words say what happened."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from archives.models import ContactLog
from crm.organization.models import User
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import PASSWORD, Bank

pytestmark = pytest.mark.browser
TEXT = "周五上午带存单到店"
NUMBER = re.compile(r"[0-9A-F]{4}-[0-9A-F]{4}")


def form_of(day: Morning) -> str:
    return f"/customers/{day.zhou.pk}/contacts/new/?alert={day.maturity.pk}&next=/customers/"


def open_drawer(page: Page, server: str, day: Morning) -> None:
    page.goto(f"{server}/customers/{day.zhou.pk}/")
    page.locator(".ident [data-log]").click()
    expect(page.locator(".drawer")).to_be_visible()


def write(page: Page) -> None:
    page.locator('.pick:has(input[value="booked"])').click()
    page.fill(".log-form textarea", TEXT)


def save(page: Page) -> None:
    page.locator(".log-form button[type=submit]").click()


def saved(page: Page) -> None:
    """The page after the save has come, and the form has gone."""
    expect(page.locator(".drawer, .log-form")).to_have_count(0, timeout=30_000)


def shows_what_was_written(page: Page) -> None:
    expect(page.locator(".log-form textarea")).to_have_value(TEXT)
    expect(page.locator('.log-form input[value="booked"]')).to_be_checked()


def logs() -> int:
    return ContactLog.objects.using("batch").count()


def test_a_save_that_breaks_in_the_drawer_leaves_it_open_with_the_number(
    page: Page, server: str, bank: Bank, day: Morning, settings: Any, errors: list[str]
) -> None:
    sign_in(page, server, bank.wang)
    open_drawer(page, server, day)
    write(page)
    settings.ROOT_URLCONF = "tests.pages.broken_urls"
    save(page)
    expect(page.locator(".toast-line")).to_contain_text(NUMBER)
    assert "broken_urls" in errors.pop()
    shows_what_was_written(page)
    settings.ROOT_URLCONF = "crm.urls"
    save(page)
    saved(page)
    assert logs() == 1
    assert page.evaluate("sessionStorage.getItem('contact-draft')") is None


def test_a_save_that_breaks_as_a_page_brings_the_form_back(
    page: Page, server: str, bank: Bank, day: Morning, settings: Any, errors: list[str]
) -> None:
    sign_in(page, server, bank.wang)
    page.goto(server + form_of(day))
    write(page)
    settings.ROOT_URLCONF = "tests.pages.broken_urls"
    save(page)
    expect(page.locator(".incident")).to_contain_text(NUMBER)
    assert "broken_urls" in errors.pop()
    settings.ROOT_URLCONF = "crm.urls"
    page.locator('.ways a[href*="/contacts/new/"]').click()
    page.wait_for_url("**/contacts/new/**")
    shows_what_was_written(page)
    save(page)
    saved(page)
    assert logs() == 1


def test_offline_says_so_and_the_form_waits(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    open_drawer(page, server, day)
    write(page)
    expect(page.locator("#offline")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    save(page)
    expect(page.locator(".toast-line")).to_be_visible()
    shows_what_was_written(page)
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    save(page)
    saved(page)
    assert logs() == 1


def test_the_second_of_two_tabs_learns_who_was_first(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.goto(server + form_of(day))
    other = page.context.new_page()
    other.goto(server + form_of(day))
    for tab in (page, other):
        write(tab)
    save(other)
    expect(other.locator(".toast-line")).to_be_visible()
    save(page)
    expect(page.locator('.toast-line[data-level="warning"]')).to_contain_text(bank.wang.name)
    assert logs() == 2
    day.maturity.refresh_from_db(using="batch")
    assert day.maturity.state == "closed"


def test_a_tab_from_before_the_last_sign_in_says_so_and_keeps_what_was_written(
    page: Page, server: str, bank: Bank, day: Morning
) -> None:
    sign_in(page, server, bank.wang)
    open_drawer(page, server, day)
    write(page)
    sign_in_anew(page, server, bank.wang)
    save(page)
    expect(page.locator('.toast-line[data-level="error"]')).to_be_visible()
    shows_what_was_written(page)
    open_drawer(page, server, day)
    shows_what_was_written(page)
    save(page)
    saved(page)
    assert logs() == 1


def sign_in_anew(page: Page, server: str, user: User) -> None:
    """In another tab: signed out and in again, so that the token of the first tab is of a session that is over."""
    other = page.context.new_page()
    other.goto(server + "/password/")
    other.evaluate("document.querySelector('form[data-signs-out]').submit()")
    expect(other.locator("#id_password")).to_be_visible()
    other.fill("#id_username", user.staff_no)
    other.fill("#id_password", PASSWORD)
    other.click(".gate-card .btn-primary")
    other.wait_for_selector(".app")
    other.close()
