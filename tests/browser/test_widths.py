"""No page scrolls sideways: on a desk and on a phone, in every language, with long names and large figures."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from archives.models import ContactLog
from crm.embedded.translations import compile_file, po_files
from crm.jobs.models import JobChunk, JobRun, JobStep
from customers.models import Customer, FeedLoad
from segments import figures
from segments.models import OwnerAlerts, OwnerTier, Segment
from tests.browser.signing_in import sign_in
from tests.pages.morning import Morning
from tests.world import Bank

pytestmark = pytest.mark.browser
LARGE = 123_456_789
STEPS = ("metrics", "tiers", "alerts", "publish")


@pytest.fixture
def full(bank: Bank, day: Morning) -> Morning:
    """A morning with what makes pages wide: two nights with all their steps, long names, a contact of last year."""
    for path in po_files(Path(settings.BASE_DIR)):
        compile_file(path)
    newest = JobRun.objects.using("batch").get()
    before = JobRun.objects.using("batch").create(
        job="nightly", business_date=newest.business_date - timedelta(days=400), state="published",
        started_at=newest.started_at, finished_at=newest.finished_at, published_at=newest.published_at,
    )  # fmt: skip
    moves = {"five": {"1>2": LARGE}, "five_point": {"2>1": LARGE}}
    for run, rows in ((newest, LARGE), (before, 1)):
        run.counts = {"customers": rows, "rows": rows, "moves": moves}
        run.save(using="batch")
        for number, name in enumerate(STEPS, 1):
            ended = newest.started_at + timedelta(seconds=3599)
            step = JobStep.objects.using("batch").create(
                run=run, no=number, name=name, state="done", rows=rows, started_at=newest.started_at, finished_at=ended
            )
            JobChunk.objects.using("batch").create(step=step, no=1, state="quarantined", error="x" * 300, attempts=3)
    FeedLoad.objects.using("batch").create(
        spec="eod_balances", as_of=newest.business_date, file_name=f"{'balances' * 9}.csv", state="published",
        rows_read=LARGE, rows_rejected=LARGE, rows_changed=LARGE,
    )  # fmt: skip
    figures.count(newest.business_date)
    OwnerTier.objects.using("batch").update(
        customers=LARGE, covered=LARGE, aum=LARGE * LARGE, month_average=LARGE * LARGE
    )
    OwnerAlerts.objects.using("batch").update(customers=LARGE, alerts=LARGE, red=LARGE)
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(name_mask="滨江市****国际贸易有限责任公司")
    ContactLog.objects.using("batch").create(
        branch_id=day.zhou.branch_id, customer_id=day.zhou.pk, staff_id=bank.wang.pk, channel="wecom", purpose="care",
        outcome="not_interested", summary="话" * 200, contacted_at=timezone.now() - timedelta(days=400),
    )  # fmt: skip
    return day


# A desk, a desk at 125 %, a phone.
WIDTHS = (1366, 1093, 390)


def too_wide(page: Page, address: str, paths: list[str]) -> list[str]:
    """A page is loaded once for each language and then made narrower."""
    found = []
    for language in ("zh-hans", "zh-hant", "en"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": address}])
        for path in paths:
            page.set_viewport_size({"width": WIDTHS[0], "height": 844})
            page.goto(address + path)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 844})
                scroll = page.evaluate("document.documentElement.scrollWidth")
                if scroll > width:
                    found.append(f"{path} in {language}: {scroll} of {width}")
    return found


@pytest.mark.parametrize("who", ["wang", "he", "zhao", "lu", "zhou"])
def test_no_page_scrolls_sideways(page: Page, server: str, bank: Bank, full: Morning, who: str) -> None:
    sign_in(page, server, getattr(bank, who), "/password/")
    customer = [f"/customers/{full.zhou.pk}/", f"/customers/{full.zhou.pk}/contacts/new/"]
    lists = ["/customers/", "/alerts/", "/contacts/", "/plans/", "/customers/at-hand/", "/bulk/"]
    of_segment = f"/segments/{Segment.objects.using('batch').get(code='senior').pk}/"
    lists += ["/segments/", of_segment, "/segments/new/", "/segments/overlap/?s=senior&s=women&s=payroll"]
    told = [
        f"/customers/{full.zhou.pk}/consent/",
        f"/customers/{full.zhou.pk}/gifts/new/",
        f"/customers/{full.zhou.pk}/entitlements/",
    ]
    paths = {"wang": ["/", *lists, *customer, *told], "zhao": ["/", *customer]}
    paths["lu"] = ["/jobs/", "/feeds/", "/password/", "/_components/", "/nowhere/"]
    paths["lu"] += ["/archives/templates/", "/archives/templates/placeholders/"]
    people = [f"/customers/{full.zhou.pk}/owner/", f"/customers/{full.zhou.pk}/relations/new/"]
    board = ["/", f"/?reassign={full.chen.pk}", "/board/customers/?figure=waiting"]
    paths["zhou"] = [f"{of_segment}rule/", f"{of_segment}playbook/"]
    paths["he"] = [*board, "/jobs/", *lists, *customer, *people]
    asked = ["/campaigns/", "/retention/", "/prospects/", "/prospects/new/", "/referrals/"]
    asked += [f"/customers/{full.zhou.pk}/introductions/", f"/customers/{full.zhou.pk}/refer/colleague/"]
    paths["wang"] += asked
    paths["he"] += [*asked[:5], "/campaigns/new/"]
    paths["zhou"] += ["/campaigns/new/", "/campaigns/propensity/"]
    paths["wang"] += [f"/customers/{full.zhou.pk}/archive/", f"/customers/{full.zhou.pk}/risk/", "/plans/calendar/"]
    paths["lu"] += ["/feeds/upload/"]
    paths["zhao"] += ["/prospects/", "/prospects/new/", "/referrals/", "/lobby/handover/"]
    assert too_wide(page, server, paths[who]) == []


def test_a_phone_shows_no_keys_and_rows_without_holes(page: Page, server: str, bank: Bank, full: Morning) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, server, bank.wang)
    expect(page.locator(".page-header .kbd").first).to_be_hidden()
    row = page.locator("tr.open")
    assert row.evaluate("row => getComputedStyle(row).backgroundColor") != "rgba(0, 0, 0, 0)"
    grounds = row.evaluate("row => [...row.cells].map(cell => getComputedStyle(cell).backgroundColor)")
    assert set(grounds) == {"rgba(0, 0, 0, 0)"}
