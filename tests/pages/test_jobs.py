"""任务中心 and the trust strip: what ran, beside the night before; who may read it, and who may run it again."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from crm import db
from crm.jobs.choices import RunState, StepState
from crm.jobs.models import JobChunk, JobRun, JobStep
from crm.organization.models import User
from crm.workbench.management.commands.nightly import in_words
from crm.workbench.templatetags.screen import short_day, short_moment
from crm.workbench.trust import facts, judge
from customers.choices import LoadState
from customers.models import FeedLoad, FeedReject
from segments.models import TierScheme
from tests.world import Bank

ClientOf = Callable[[User], Client]
SHANGHAI = ZoneInfo("Asia/Shanghai")
SUNDAY, MONDAY = date(2026, 3, 8), date(2026, 3, 9)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def night(day: date, *, rows: int, seconds: int, state: str = RunState.PUBLISHED) -> JobRun:
    began = at(day + timedelta(days=1), 6)
    ended = None if state == RunState.RUNNING else began + timedelta(seconds=seconds)
    run = JobRun.objects.using("batch").create(
        job="nightly", business_date=day, state=state, step_no=2, started_at=began, finished_at=ended,
        published_at=ended if state == RunState.PUBLISHED else None, counts={"rows": rows, "customers": rows * 10},
    )  # fmt: skip
    for number, name in enumerate(("metrics", "publish"), 1):
        step = JobStep.objects.using("batch").create(
            run=run, no=number, name=name, state=StepState.DONE, rows=rows, started_at=began, finished_at=ended
        )
        JobChunk.objects.using("batch").create(step=step, no=1, state=StepState.DONE, rows=rows)
    return run


@pytest.fixture
def two_nights(bank: Bank) -> list[JobRun]:
    return [night(SUNDAY, rows=1000, seconds=10), night(MONDAY, rows=1500, seconds=12)]


def load(day: date, **fields: object) -> FeedLoad:
    defaults = {"spec": "eod_balances", "as_of": day, "file_name": "balances.csv", "state": LoadState.PUBLISHED}
    return FeedLoad.objects.using("batch").create(**(defaults | fields))


def test_the_newest_night_stands_beside_the_one_before(
    bank: Bank, two_nights: list[JobRun], client_of: ClientOf
) -> None:
    refused = load(MONDAY, rows_read=2000, rows_rejected=12, rows_changed=1500)
    FeedReject.objects.using("batch").create(load=refused, rule="R-07", rows=12, example_line=88, example="金额 10^30")
    page = client_of(bank.lu).get("/jobs/").content.decode()
    assert "↑ 500" in page  # rows of each step against the night before
    assert "↑ 5,000" in page  # customers
    assert "R-07" in page
    assert page.count("data-row") == 2
    earlier = client_of(bank.lu).get(f"/jobs/{two_nights[0].pk}/").content.decode()
    assert "↑ 500" not in earlier


def test_tier_moves_bear_the_name_of_the_scheme(bank: Bank, two_nights: list[JobRun], client_of: ClientOf) -> None:
    counts = {"customers": 12345, "rows": 1, "moves": {"five": {"1>2": 1234, "3>2": 7}, "gone": {"1>2": 1}}}
    client = client_of(bank.lu)
    client.get("/jobs/")
    with CaptureQueriesContext(connections["default"]) as without:
        client.get("/jobs/")
    JobRun.objects.using("batch").filter(pk=two_nights[-1].pk).update(counts=counts)
    with CaptureQueriesContext(connections["default"]) as caught:
        page = client.get("/jobs/").content.decode()
    name = TierScheme.objects.using("batch").get(code="five").name_zh_hans
    row = next(line for line in page.splitlines() if "1,234" in line)
    assert name in row and "five" not in row
    assert "gone" in page  # of a scheme that is no more the code is all there is
    assert len(caught) == len(without) + 1
    run = JobRun.objects.using("batch").get(pk=two_nights[-1].pk)
    run.counts["alerts"] = {}
    with override("zh-hans"):
        words = in_words(run)
    assert name in words and "five" not in words


def test_figures_of_the_page_have_thousands_separators(
    bank: Bank, two_nights: list[JobRun], client_of: ClientOf
) -> None:
    load(MONDAY, rows_read=2000, rows_rejected=12345, rows_changed=1500)
    page = client_of(bank.lu).get("/jobs/").content.decode()
    assert page.count("12,345") >= 3  # of the file, of all files, and in the list of nights
    assert "12345" not in page.split("<main")[1]


def test_a_day_of_another_year_says_so() -> None:
    today = date(2027, 1, 2)
    assert short_day(date(2027, 1, 1), today) == "1/01"
    assert short_day(date(2026, 11, 28), today) == "2026/11/28"
    this_year = timezone.localdate().year
    assert short_moment(datetime(this_year, 11, 28, 16, 19, tzinfo=SHANGHAI)) == "11/28 16:19"
    assert short_moment(datetime(this_year - 1, 12, 31, 16, 19, tzinfo=UTC)) == "1/01 00:19"
    assert short_moment(datetime(this_year - 1, 11, 28, 16, 19, tzinfo=SHANGHAI)) == f"{this_year - 1}/11/28 16:19"


def test_the_strip_names_the_year_across_new_year(bank: Bank) -> None:
    night(date(2025, 12, 31), rows=1, seconds=1)
    assert any("2025/12/31" in part for part in judge(facts("batch"), at(date(2026, 1, 1), 9)).parts)


def test_readers_read_only_administrators_run_again(bank: Bank, two_nights: list[JobRun], client_of: ClientOf) -> None:
    newest = two_nights[-1]
    for user, status in ((bank.lu, 200), (bank.he, 200), (bank.wu, 200), (bank.wang, 403), (bank.zhao, 403)):
        assert client_of(user).get("/jobs/").status_code == status
        assert client_of(user).get(f"/jobs/{newest.pk}/progress/").status_code == status
    for user in (bank.he, bank.wu, bank.wang):
        assert client_of(user).post(f"/jobs/{newest.pk}/rerun/").status_code == 403
        assert "rerun" not in client_of(user).get("/jobs/").content.decode()
    assert JobRun.objects.using("batch").get(pk=newest.pk).epoch == 1
    assert client_of(bank.lu).post(f"/jobs/{newest.pk}/rerun/").status_code == 302
    again = JobRun.objects.using("batch").get(pk=newest.pk)
    assert (again.epoch, again.state) == (2, RunState.RUNNING)
    trail = db.fetch_all("SELECT actor_no FROM audit_auditentry WHERE action = 'night.rerun'", using="owner")
    assert [row["actor_no"] for row in trail] == [bank.lu.staff_no]


def test_an_older_night_cannot_be_run_again(bank: Bank, two_nights: list[JobRun], client_of: ClientOf) -> None:
    page = client_of(bank.lu).post(f"/jobs/{two_nights[0].pk}/rerun/", follow=True).content.decode()
    assert str(MONDAY) in page
    assert JobRun.objects.using("batch").get(pk=two_nights[0].pk).epoch == 1


def test_a_run_under_way_shows_its_chunks_until_it_ends(
    bank: Bank, two_nights: list[JobRun], client_of: ClientOf
) -> None:
    run = night(MONDAY + timedelta(days=1), rows=0, seconds=0, state=RunState.RUNNING)
    step = JobStep.objects.using("batch").get(run=run, no=2)
    for number, state in ((2, StepState.RUNNING), (3, StepState.PENDING), (4, StepState.QUARANTINED)):
        JobChunk.objects.using("batch").create(step=step, no=number, state=state, error="boom" if number == 4 else "")
    client = client_of(bank.he)
    page = client.get("/jobs/").content.decode()
    assert f'hx-get="/jobs/{run.pk}/progress/"' in page
    assert 'aria-valuenow="62"' in page  # one of two steps, and a quarter of the second
    assert "boom" in page
    part = client.get(f"/jobs/{run.pk}/progress/")
    assert "HX-Refresh" not in part
    JobRun.objects.using("batch").filter(pk=run.pk).update(state=RunState.FAILED)
    assert client.get(f"/jobs/{run.pk}/progress/")["HX-Refresh"] == "true"


def test_the_page_before_the_first_night(bank: Bank, client_of: ClientOf) -> None:
    assert client_of(bank.lu).get("/jobs/").status_code == 200
    assert judge(facts("batch"), timezone.localtime()).level == "warn"


def test_statements_of_the_page_do_not_grow_with_nights(
    bank: Bank, two_nights: list[JobRun], client_of: ClientOf, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for back in range(2, 20):
        day = SUNDAY - timedelta(days=back)
        night(day, rows=1, seconds=1)
        load(day)
    client = client_of(bank.lu)
    client.get("/jobs/")
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
        client.get("/jobs/")


def test_the_strip_is_calm_on_the_morning_after(bank: Bank, two_nights: list[JobRun]) -> None:
    load(MONDAY, rows_rejected=3)
    strip = judge(facts("batch"), at(MONDAY + timedelta(days=1), 9))
    assert strip.level == "ok"
    assert any("3/09" in part for part in strip.parts)


def test_the_strip_says_what_is_late_or_missing(bank: Bank, two_nights: list[JobRun]) -> None:
    known = facts("batch")
    two_days_on = MONDAY + timedelta(days=2)
    assert judge(known, at(two_days_on, 7, 59)).level == "ok"  # tonight's run has until two hours after six
    assert judge(known, at(two_days_on, 8, 1)).level == "warn"
    assert judge(known, at(two_days_on + timedelta(days=1), 0, 1)).level == "crit"
    JobStep.objects.using("batch").create(run=two_nights[1], no=3, name="alerts", counts={"set_aside": 1})
    load(MONDAY, spec="eod_accounts", state=LoadState.STOPPED)
    troubled = judge(facts("batch"), at(MONDAY + timedelta(days=1), 9))
    assert troubled.level == "warn"
    assert len(troubled.parts) == 4
    night(MONDAY + timedelta(days=1), rows=0, seconds=1, state=RunState.FAILED)
    assert len(judge(facts("batch"), at(MONDAY + timedelta(days=1), 9)).parts) == 5


def test_a_superseded_file_counts_for_nothing(bank: Bank, two_nights: list[JobRun]) -> None:
    load(MONDAY, state=LoadState.STOPPED)
    load(MONDAY, state=LoadState.SUPERSEDED, rows_rejected=99)
    load(MONDAY, rows_rejected=1)
    known = facts("batch")
    assert (known.files, known.stopped_files, known.rejected_rows) == (1, 0, 1)
