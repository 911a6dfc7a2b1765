"""A contact that is being written when the session expires is not lost, and is nobody else's to see."""

from urllib.parse import unquote

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Page, expect

from archives.models import ContactLog
from crm.organization.models import User
from customers.models import Ownership
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import PASSWORD, Bank

pytestmark = pytest.mark.browser
TEXT = "周五上午带存单到店"


def write(page: Page) -> str:
    """Fill the form; what it will be stored under."""
    page.locator('.pick:has(input[value="booked"])').click()
    page.locator('.pick:has(input[value="face"])').click()
    page.fill("textarea", TEXT)
    return page.locator("input[name=submission]").input_value()


def expire() -> None:
    Session.objects.using("batch").all().delete()


def sign_in_again(page: Page, user: User) -> None:
    expect(page.locator("#id_password")).to_be_visible()
    page.fill("#id_username", user.staff_no)
    page.fill("#id_password", PASSWORD)
    page.click(".gate-card .btn-primary")
    page.wait_for_selector(".app")


def kept(page: Page) -> object:
    page.wait_for_load_state()  # the script of a new page has to have run
    return page.evaluate("sessionStorage.getItem('contact-draft')")


@pytest.mark.parametrize("where", ["drawer", "page"])
def test_what_was_typed_is_back_after_signing_in(page: Page, server: str, bank: Bank, day: Morning, where: str) -> None:
    console = sign_in(page, server, bank.wang)
    if where == "drawer":
        page.locator(f"#alert-{day.maturity.pk} [data-log]").click()
        expect(page.locator(".drawer")).to_be_visible()
    else:
        page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/?alert={day.maturity.pk}&next=/customers/")
    submission = write(page)
    expire()
    page.locator(".log-form button[type=submit]").click()
    sign_in_again(page, bank.wang)
    expect(page.locator("textarea")).to_have_value(TEXT)
    expect(page.locator('input[value="booked"]')).to_be_checked()
    expect(page.locator('input[value="face"]')).to_be_checked()
    expect(page.locator(".toast-line")).to_be_visible()
    assert ContactLog.objects.using("batch").count() == 0
    page.locator(".log-form button[type=submit]").click()
    expect(page.locator(".log-form")).to_have_count(0)
    log = ContactLog.objects.using("batch").get()
    assert (log.summary, log.outcome, str(log.submission)) == (TEXT, "booked", submission)
    assert page.url == server + ("/" if where == "drawer" else "/customers/")
    assert kept(page) is None
    assert console.complaints == []


def test_another_user_who_signs_in_sees_nothing_of_it(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    write(page)
    expire()
    page.locator(".log-form button[type=submit]").click()
    sign_in_again(page, bank.he)
    page.goto(f"{server}/customers/{day.zhou.pk}/contacts/new/")
    expect(page.locator("textarea")).to_have_value("")
    assert kept(page) is None


@pytest.mark.parametrize("where", ["drawer", "page"])
def test_a_form_that_is_gone_by_then_is_asked_for_once(
    page: Page, server: str, bank: Bank, day: Morning, where: str
) -> None:
    """The customer went to a colleague meanwhile: the page says so, and does not load again without end."""
    form = f"/customers/{day.zhou.pk}/contacts/new/"
    sign_in(page, server, bank.wang)
    if where == "drawer":
        page.locator(f"#alert-{day.maturity.pk} [data-log]").click()
        expect(page.locator(".drawer")).to_be_visible()
    else:
        page.goto(server + form)
    write(page)
    expire()
    Ownership.objects.using("batch").filter(customer=day.zhou).update(owner=bank.li)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    page.locator(".log-form button[type=submit]").click()
    expect(page.locator("#id_password")).to_be_visible()
    page.fill("#id_username", bank.wang.staff_no)
    page.fill("#id_password", PASSWORD)
    page.click(".gate-card .btn-primary")
    expect(page.locator("body[data-problem='404']")).to_be_visible(timeout=15_000)
    page.wait_for_timeout(500)
    assert kept(page) is None
    assert len([url for url in asked if form in url and "/login/" not in url]) <= 3
    page.goto(f"{server}/customers/")
    assert page.url == f"{server}/customers/"


def test_signing_out_leaves_nothing_behind(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang)
    page.evaluate("sessionStorage.setItem('contact-draft', JSON.stringify({writer: '1', fields: []}))")
    page.locator(".user-menu summary").click()
    page.locator("form[data-signs-out] button").click()
    expect(page.locator("#id_password")).to_be_visible()
    assert kept(page) is None


def test_without_javascript_signing_in_leads_back_to_the_form(server: str, bank: Bank, day: Morning) -> None:
    client = Client()
    form = f"/customers/{day.zhou.pk}/contacts/new/?next=/customers/"
    answer = client.post(form, {"channel": "phone", "summary": TEXT})
    assert answer.status_code == 302
    address, _question, target = answer["Location"].partition("?next=")
    assert (address, unquote(target)) == ("/login/", form)
    signed_in = client.post("/login/", {"username": bank.wang.staff_no, "password": PASSWORD, "next": form})
    assert signed_in["Location"] == form
    assert 'name="next" value="/customers/"' in client.get(form).content.decode()


def test_a_plan_that_was_typed_is_back_after_signing_in(page: Page, server: str, bank: Bank, day: Morning) -> None:
    sign_in(page, server, bank.wang, f"/customers/{day.zhou.pk}/")
    page.wait_for_load_state()
    page.click("a[hx-get*='/plans/new/'] >> nth=0")
    page.fill(".drawer textarea", TEXT)
    expire()
    page.locator(".drawer button[type=submit]").click()
    sign_in_again(page, bank.wang)
    expect(page.locator(".log-form textarea")).to_have_value(TEXT)
    page.locator(".log-form button[type=submit]").click()
    expect(page.locator(".toast-line")).to_be_visible()
    assert kept(page) is None


def test_a_button_pressed_after_the_session_leads_back_to_its_page(
    page: Page, server: str, bank: Bank, day: Morning
) -> None:
    sign_in(page, server, bank.wang, "/alerts/?kind=maturity")
    page.locator("input[name=all]").check()
    expire()
    page.locator('#bulk-form button[value="plan"]').click()
    sign_in_again(page, bank.wang)
    assert page.url == f"{server}/alerts/?kind=maturity"


def test_a_reason_that_was_typed_is_back_after_signing_in(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang)
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("n")
    reason = page.locator(f"#note-{day.upgrade.pk}")
    expect(reason).to_be_focused()
    reason.fill(TEXT)
    expire()
    reason.press("Enter")
    sign_in_again(page, bank.wang)
    expect(page).to_have_url(f"{server}/customers/{day.lin.pk}/#alerts")
    expect(reason).to_have_value(TEXT)
    expect(reason).to_be_visible()
    expect(page.locator(".toast-line")).to_be_visible()
    reason.press("Enter")
    expect(reason).to_have_count(0)
    day.upgrade.refresh_from_db(using="batch")
    assert day.upgrade.state == "not_applicable"
    assert kept(page) is None
    assert console.complaints == []
