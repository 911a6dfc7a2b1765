"""The days of four people from sign-in to the end of their work, with their presses counted, in both browsers.

The counts are promises to the people at the bank. Whoever raises one should know why.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from archives.models import ContactLog, MaintenancePlan
from crm.organization.models import User
from crm.workbench.bulk import jobs
from customers.models import AlertRule, BulkJob, FeedLoad, FeedUpload, Nudge, Ownership
from segments import figures
from segments.models import DayFigure, TierScheme
from tests.browser.clicks import Clicks
from tests.browser.signing_in import sign_in
from tests.browser.versions import on_both_browsers
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = [pytest.mark.browser, on_both_browsers]


def go_to(page: Page, path: str) -> None:
    """By the navigation, one press."""
    page.locator(f'.app-nav a[href="{path}"]:not(.brand)').click()


def test_the_relationship_manager(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wang)
    clicks = Clicks(page)

    # The first on the list, and why now with the number, without a press; the call is logged in three.
    expect(page.locator("#worklist tr[data-row]").first).to_have_id(f"alert-{day.maturity.pk}")
    expect(page.locator(f"#alert-{day.maturity.pk}")).to_contain_text("8.00万")
    page.locator(f"#alert-{day.maturity.pk} [data-log]").click()
    page.locator('.drawer .pick:has(input[value="booked"])').click()
    page.keyboard.type("周五到店")  # the sentence is typed where the result has led
    page.locator(".drawer button[type=submit]").click()
    expect(page.locator(".toast-line")).to_be_visible()
    expect(page.locator(f"#alert-{day.maturity.pk}")).to_have_count(0)
    assert clicks.count == 3
    assert ContactLog.objects.using("batch").get().outcome == "booked"
    assert MaintenancePlan.objects.using("batch").get().customer_id == day.zhou.pk
    day.maturity.refresh_from_db(using="batch")
    assert day.maturity.state == "closed"

    # The next one by way of everything that is known: the customer's page, the log beside it, and back to the list.
    clicks.restart()
    page.locator(f"#alert-{day.upgrade.pk} .name").click()
    expect(page.locator("h1")).to_contain_text("林*峰")
    expect(page.locator(".ladder")).to_be_visible()
    page.locator(".ident [data-log]").click()
    page.locator('.drawer .pick:has(input[value="interested"])').click()
    page.keyboard.type("愿意再谈")
    page.locator(".drawer button[type=submit]").click()
    expect(page.locator(".drawer")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text(bank.wang.name)
    assert clicks.count == 4
    go_to(page, "/")
    expect(page.locator("#worklist tr[data-row]")).to_have_count(0)
    assert clicks.count == 5

    # What is due when: the plans that the two contacts have made.
    clicks.restart()
    go_to(page, "/plans/")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    assert clicks.count == 1
    assert console.complaints == []


@pytest.fixture
def meeting(bank: Bank, day: Morning) -> Morning:
    """A morning with the night's counters, and two customers who have no manager."""
    for number in (1, 2):
        customer = bank.customer(f"690000000{number}", name_mask=f"吴*{number}")
        bank.metrics(customer, 60_000 * number, tier=2)
    as_of = day.day - timedelta(days=1)
    scheme = TierScheme.objects.using("batch").get(is_primary=True)
    for rank, number in ((2, 2), (3, 2), (4, 1)):
        DayFigure.objects.using("batch").create(
            as_of=as_of, branch_id=bank.south.pk, scheme=scheme, rank=rank, customers=number, aum=1
        )
    figures.count(as_of)
    return day


def test_the_branch_manager(page: Page, server: str, bank: Bank, meeting: Morning) -> None:
    day = meeting
    console = sign_in(page, server, bank.he)
    clicks = Clicks(page)

    # The pack of the morning meeting is where the branch manager lands; what needs somebody stands on it.
    for part in (".stats", ".p-team", ".p-except", ".tiers"):
        expect(page.locator(part).first).to_be_visible()
    row = page.locator(f"#alert-{day.outflow.pk}")
    row.locator("form button").click()
    expect(row.locator(".told")).to_be_visible()
    assert clicks.count == 1
    assert Nudge.objects.using("batch").get().owner_id == bank.li.pk

    clicks.restart()
    row.locator("a.btn").click()
    row.locator(f'.pick:has(input[value="{bank.wang.pk}"])').click()
    row.locator(".reassign button").click()
    expect(row.locator(".own")).to_have_text(bank.wang.name)
    assert clicks.count == 3

    # From any figure of the portfolio to the names behind it.
    clicks.restart()
    page.locator('.tiers a[href*="tier=4"]').first.click()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("tr[data-row]")).to_contain_text("陈*明")
    assert clicks.count == 1
    page.locator(".facts a").click()

    # Allocation: all who have no manager go to one, and back within seven days.
    clicks.restart()
    page.locator(".nobody th a").click()
    page.locator(".page-header .actions a").click()
    expect(page.locator("tr[data-row]")).to_have_count(2)
    page.locator("[data-all-matching]").check()
    page.locator('#bulk-form button[value="assign"]').click()
    clicks.choose(page.locator("#id_owner"), str(bank.li.pk))
    page.locator("#id_owner").press("Tab")
    page.keyboard.type("新客户分配")
    page.locator(".drawer-foot .btn-primary").click()
    expect(page.locator(".bulk-progress")).to_be_visible()
    assert clicks.count == 7
    jobs.run(BulkJob.objects.using("batch").get().pk)  # what a worker does
    expect(page.locator(".tabs .count")).to_have_text("2")
    given = Ownership.objects.using("batch").filter(customer__customer_no__startswith="69", until__isnull=True)
    assert list(given.values_list("owner_id", flat=True)) == [bank.li.pk] * 2

    # One manager's own list, as that manager sees it.
    clicks.restart()
    go_to(page, "/")
    page.locator(".p-team tbody th a", has_text=bank.wang.name).click()
    expect(page.locator("#worklist tr[data-row]").first).to_be_visible()
    assert clicks.count == 2
    assert console.complaints == []


def test_the_lobby_manager(
    browser: Browser, browser_context_args: dict[str, Any], server: str, bank: Bank, day: Morning
) -> None:
    tablet = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
    context = browser.new_context(**{**browser_context_args, **tablet})
    page = context.new_page()
    console = sign_in(page, server, bank.zhao)
    clicks = Clicks(page)

    # Who stands there, by the last four of the phone: the field waits for it, one tap opens the card.
    expect(page.locator(".lobby input[type=search]")).to_be_focused()
    page.keyboard.type("5678")
    page.locator("#lobby-hits .hit").tap()
    card = page.locator(".idcard")
    expect(card).to_contain_text("周*兰")
    expect(card.locator(".rm")).to_contain_text(bank.wang.name)
    expect(card.locator(".facts3 li").first).to_be_visible()
    expect(card.locator(".say")).to_be_visible()
    assert "467,600" not in page.content()
    assert "46.76万" not in page.content()
    assert clicks.count == 1
    page.locator(".acts3 .btn").first.tap()
    expect(page.locator(".tally b").first).to_have_text("1")
    assert clicks.count == 2

    # A need: found again, said to the keyboard, noted.
    clicks.restart()
    page.keyboard.type("zxl")
    page.locator("#lobby-hits .hit").tap()
    page.locator(".lobby-note textarea").tap()
    page.keyboard.type("想了解大额存单")
    page.locator('.acts3 button[name="is_need"]').tap()
    expect(page.locator(".tally b").nth(1)).to_have_text("1")
    assert clicks.count == 3
    assert console.complaints == []
    context.close()

    # It is on the relationship manager's list at once.
    desk = browser.new_context(**browser_context_args)
    page = desk.new_page()
    sign_in(page, server, bank.wang)
    expect(page.locator(".rail .heard")).to_contain_text("想了解大额存单")
    desk.close()


@pytest.fixture
def delivered(tmp_path: Path, settings: Settings) -> Path:
    """A file of the core bank with a line that has to be refused."""
    settings.CRM_HOME = tmp_path / "home"
    path = tmp_path / "eod_customers.csv"
    path.write_text(
        "客户号,客户名称,机构号,证件类型,证件号码,手机号,地址,开户日期\n"
        "C000001,王秀文,111,身份证,,13900000001,滨江市城区人民路1号,2020-01-02\n"
        "C000002,林雪,999,身份证,,13900000002,滨江市城区人民路2号,2020-01-02\n",
        encoding="utf-8",
    )
    return path


def in_settings(page: Page, table: str) -> None:
    """From a page of the product to a table of the settings, two presses; within the settings, two as well."""
    page.locator('a[href="/admin/"]:visible').first.click()
    page.locator(f'#content-main a[href="/admin/{table}/"]').first.click()


def act_on(clicks: Clicks, pk: int, action: str) -> None:
    """Tick a row of the settings and let an action run on it."""
    page = clicks.page
    page.locator(f'#result_list input.action-select[value="{pk}"]').check()
    clicks.choose(page.locator("select[name=action]"), action)
    page.locator(".actions button[type=submit]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_the_administrator(page: Page, server: str, bank: Bank, day: Morning, delivered: Path) -> None:
    console = sign_in(page, server, bank.lu)
    clicks = Clicks(page)

    # Health is where the administrator lands.
    expect(page.locator(".jobsgrid")).to_be_visible()
    expect(page.locator(".page-header .facts")).to_contain_text((day.day - timedelta(days=1)).strftime("%m/%d"))
    assert clicks.count == 0

    # Imports: a preview that names what is refused, then away with it.
    go_to(page, "/feeds/")
    page.locator(".page-header .actions .btn-primary").click()
    clicks.choose(page.locator("#id_spec"), "eod_customers")
    page.fill("#id_as_of", day.day.isoformat())
    page.set_input_files("#id_file", delivered)
    page.locator("#upload button[type=submit]").click()
    expect(page.locator(".rowsbox tbody tr").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("999")
    assert clicks.count == 5  # and those of the system's own window for files
    clicks.restart()
    page.locator(".confirm summary").click()
    page.locator(".confirm form button").click()
    expect(page.locator(".rowsbox")).to_have_count(0)
    assert clicks.count == 2
    assert not FeedLoad.objects.using("batch").exists()
    assert FeedUpload.objects.using("batch").get().state == "discarded"

    # A new version of the tier scheme, to be edited and released later.
    clicks.restart()
    in_settings(page, "segments/tierscheme")
    act_on(clicks, TierScheme.objects.using("batch").get(code="five").pk, "new_version")
    assert clicks.count == 6
    scheme = TierScheme.objects.using("batch").filter(code="five").latest("version")
    assert (scheme.version, scheme.is_released) == (2, False)

    # A parameter of an alert, with its history: the old version stays.
    clicks.restart()
    in_settings(page, "customers/alertrule")
    rules = AlertRule.objects.using("batch").filter(kind="large_out").order_by("-version")
    before = rules[0].answer_hours
    act_on(clicks, rules[0].pk, "new_version")
    page.locator(f'#result_list a[href="/admin/customers/alertrule/{rules[0].pk}/change/"]').click()
    page.fill("#id_answer_hours", "12")
    page.locator("input[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert clicks.count == 8
    assert [rule.answer_hours for rule in rules] == [12, before]

    # People: a leaver is switched off and has no session any more.
    clicks.restart()
    in_settings(page, "organization/user")
    page.locator("#result_list a", has_text=bank.li.staff_no).first.click()
    page.locator("#id_is_active").uncheck()
    page.locator("input[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert clicks.count == 5
    assert not User.objects.using("batch").get(pk=bank.li.pk).is_active
    assert console.complaints == []


def test_the_auditor(page: Page, server: str, bank: Bank, day: Morning) -> None:
    console = sign_in(page, server, bank.wu)
    clicks = Clicks(page)

    # Who did what, to be searched by person.
    in_settings(page, "audit/auditentry")
    expect(page.locator("#result_list tbody tr").first).to_be_visible()
    page.locator("#searchbar").fill(bank.wu.staff_no)
    page.keyboard.press("Enter")
    expect(page.locator("#result_list tbody tr").first).to_contain_text(bank.wu.staff_no)
    assert clicks.count == 2
    assert console.complaints == []
