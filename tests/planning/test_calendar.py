"""The calendar of plans: load against capacity, spreading and handing over, the plan's own page, and the feed."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archives import ical
from archives.models import CalendarFeed, MaintenancePlan, MaintenanceTemplate, PlanStep
from crm.audit.models import AuditEntry
from crm.organization.choices import Reach
from crm.organization.models import User, WorkDay
from customers.models import Customer
from tests.world import Bank

ClientOf = Callable[[User], Client]
TODAY = date(2026, 3, 11)  # a Wednesday
CALENDAR = "/plans/calendar/"


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 11, 9, tzinfo=timezone.get_fixed_timezone(480)), tick=False):
        yield


def plan(bank: Bank, number: str, due: date, owner: User | None = None, **fields: Any) -> MaintenancePlan:
    """A regular contact that the night planned, of a customer of its own."""
    customer = bank.customer(number, owner=owner or bank.wang)
    bank.metrics(customer, 600_000, tier=4)
    step = PlanStep.objects.using("batch").get(code="cadence")
    template = MaintenanceTemplate.objects.using("batch").get(
        plan_type__code="deposit_reliant", kind="daily", is_active=True
    )
    fields = {"origin": "tier", "episode": "cadence:new", "wanted_date": due, **fields}
    return MaintenancePlan.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, owner_id=(owner or bank.wang).pk, due_date=due,
        submission=uuid4(), step_id=step.pk, template_id=template.pk, **fields,
    )  # fmt: skip


def days() -> dict[date, int]:
    return dict(Counter(MaintenancePlan.objects.using("batch").values_list("due_date", flat=True)))


def test_the_gauge_says_what_is_due_and_what_time_there_is(bank: Bank, client_of: ClientOf) -> None:
    for number in range(3):
        plan(bank, f"C{number}", TODAY + timedelta(days=number))
    plan(bank, "L1", TODAY - timedelta(days=1))
    shown = client_of(bank.wang).get(CALENDAR).context["shown"]
    # 11 to 31 March has 15 working days of 12 contacts at 20 minutes; a template takes its own 20 minutes.
    assert (shown.line.plans, shown.line.late, shown.working_days) == (4, 1, 15)
    assert (round(shown.line.hours, 2), shown.line.available, shown.line.is_over) == (1.33, 60.0, False)


def test_a_holiday_moved_changes_the_hours_not_the_plans(bank: Bank, client_of: ClientOf) -> None:
    plan(bank, "C1", TODAY)
    client = client_of(bank.wang)
    before = list(MaintenancePlan.objects.using("batch").values())
    WorkDay.objects.using("batch").create(day=date(2026, 3, 20), is_working=False, name="行庆")
    WorkDay.objects.using("batch").create(day=date(2026, 3, 10), is_working=False, name="过去")
    assert client.get(CALENDAR).context["shown"].line.available == 56.0
    WorkDay.objects.using("batch").filter(day=date(2026, 3, 20)).update(day=date(2026, 4, 20))
    assert client.get(CALENDAR).context["shown"].line.available == 60.0
    assert list(MaintenancePlan.objects.using("batch").values()) == before


def test_what_is_too_much_is_spread_over_freer_days(bank: Bank, client_of: ClientOf) -> None:
    for number in range(30):
        plan(bank, f"C{number:02}", TODAY)
    kept = plan(bank, "D1", TODAY, origin="date", episode="birthday:2026-03-11")
    client = client_of(bank.wang)
    page = client.get(CALENDAR)
    assert page.context["shown"].over == 19
    assert "平移到较空的日子" in page.content.decode()
    sent = {"owner": bank.wang.pk, "month": "2026-03"}
    assert client.post(f"{CALENDAR}spread/", sent).status_code == 303
    assert days() == {TODAY: 12, date(2026, 3, 12): 12, date(2026, 3, 13): 7}
    assert MaintenancePlan.objects.using("batch").get(pk=kept.pk).due_date == TODAY
    assert AuditEntry.objects.using("batch").filter(action="plan.spread").exists()
    client.post(f"{CALENDAR}spread/", sent)
    assert days() == {TODAY: 12, date(2026, 3, 12): 12, date(2026, 3, 13): 7}


def test_what_is_overdue_is_spread_too(bank: Bank, client_of: ClientOf) -> None:
    for number in range(12):
        plan(bank, f"C{number:02}", TODAY)
    plan(bank, "L1", date(2026, 1, 7))
    plan(bank, "M1", date(2026, 3, 9), origin="manual", episode="")
    client_of(bank.wang).post(f"{CALENDAR}spread/", {"owner": bank.wang.pk, "month": "2026-03"})
    assert days() == {TODAY: 12, date(2026, 3, 12): 1, date(2026, 3, 9): 1}


def test_plans_of_a_day_off_move_to_the_working_day_after(bank: Bank, client_of: ClientOf) -> None:
    plan(bank, "C1", date(2026, 3, 14))
    client_of(bank.wang).post(f"{CALENDAR}spread/", {"owner": bank.wang.pk, "month": "2026-03"})
    assert days() == {date(2026, 3, 16): 1}


def test_a_colleague_takes_what_is_too_much_and_sees_the_customers(bank: Bank, client_of: ClientOf) -> None:
    User.objects.using("batch").filter(pk=bank.li.pk).update(reach=Reach.BRANCH)
    for number in range(14):
        plan(bank, f"C{number:02}", TODAY)
    client = client_of(bank.he)
    page = client.get(CALENDAR, {"owner": bank.wang.pk})
    assert bank.li.pk in [one.owner_id for one in page.context["shown"].helpers]
    sent = {"owner": bank.wang.pk, "month": "2026-03", "colleague": bank.li.pk}
    client.post(f"{CALENDAR}hand/", sent)
    assert MaintenancePlan.objects.using("batch").filter(owner_id=bank.li.pk).count() == 2
    assert AuditEntry.objects.using("batch").filter(action="plan.hand_over").exists()


@pytest.mark.parametrize("name", ["feng", "qian", "wang", "lu"])
def test_nobody_takes_over_who_does_not_see_the_customers(bank: Bank, client_of: ClientOf, name: str) -> None:
    for number in range(14):
        plan(bank, f"C{number:02}", TODAY)
    sent = {"owner": bank.wang.pk, "month": "2026-03", "colleague": getattr(bank, name).pk}
    assert client_of(bank.he).post(f"{CALENDAR}hand/", sent).status_code == 404
    assert not MaintenancePlan.objects.using("batch").exclude(owner_id=bank.wang.pk).exists()


def test_the_branch_manager_sees_each_managers_line(bank: Bank, client_of: ClientOf) -> None:
    for number in range(3):
        plan(bank, f"W{number}", TODAY)
    plan(bank, "L1", TODAY, owner=bank.li)
    plan(bank, "F1", TODAY, owner=bank.feng, **{})
    lines = client_of(bank.he).get(CALENDAR).context["shown"].lines
    assert [(one.name, one.plans) for one in lines][:2] == [("王静怡", 3), ("李明轩", 1)]


@pytest.mark.parametrize(("who", "whose"), [("wang", "li"), ("he", "qian"), ("li", "he"), ("wang", "feng")])
def test_a_foreign_managers_calendar_is_not_there(bank: Bank, client_of: ClientOf, who: str, whose: str) -> None:
    client, owner = client_of(getattr(bank, who)), getattr(bank, whose).pk
    assert client.get(CALENDAR, {"owner": owner}).status_code == 404
    assert client.post(f"{CALENDAR}spread/", {"owner": owner}).status_code == 404


@pytest.mark.parametrize("asked", ["month=2026-13", "month=x", "day=x", "month=9999-12", "month=", "owner="])
def test_a_wrong_address_shows_this_month(bank: Bank, client_of: ClientOf, asked: str) -> None:
    page = client_of(bank.wang).get(f"{CALENDAR}?{asked}")
    assert (page.status_code, page.context["shown"].month.first) == (200, date(2026, 3, 1))
    assert client_of(bank.wang).get(f"{CALENDAR}?owner=x").status_code == 404


def test_a_day_lists_its_plans_and_the_statements_are_few(
    bank: Bank, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        plan(bank, f"C{number:02}", TODAY)
    client = client_of(bank.wang)
    client.get(CALENDAR)
    with django_assert_max_num_queries(17):
        shown = client.get(CALENDAR, {"day": TODAY.isoformat()}).context["shown"]
    assert (shown.chosen.count, len(shown.day_plans), shown.chosen.level) == (20, 20, "crit")


def test_a_plan_shows_its_template_methods_and_script(bank: Bank, client_of: ClientOf) -> None:
    made = plan(bank, "C1", TODAY)
    page = client_of(bank.wang).get(reverse("archives:plan", args=[made.pk])).content.decode()
    template = made.template
    assert template is not None
    assert template.script.splitlines()[0] in page
    assert "产品跟进" in page
    assert client_of(bank.li).get(reverse("archives:plan", args=[made.pk])).status_code == 404


def test_the_warning_about_next_years_calendar(bank: Bank, client_of: ClientOf) -> None:
    assert "缺少 2027 年工作日历" not in client_of(bank.he).get(CALENDAR).content.decode()
    with time_machine.travel(datetime(2026, 11, 2, 9, tzinfo=timezone.get_fixed_timezone(480)), tick=False):
        assert "缺少 2027 年工作日历" in client_of(bank.he).get(CALENDAR).content.decode()
        assert "缺少 2027 年工作日历" not in client_of(bank.wang).get(CALENDAR).content.decode()
        assert "缺少 2027 年工作日历" in client_of(bank.he).get("/").content.decode()
        for page in ("/admin/organization/workday/", "/admin/"):
            assert "缺少 2027 年工作日历" in client_of(bank.lu).get(page).content.decode()


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def feed_of(client: Client) -> str:
    client.post(f"{CALENDAR}subscribe/")
    return str(client.get(CALENDAR).context["feed_address"])


def test_the_feed_says_how_many_and_never_who(bank: Bank, client_of: ClientOf) -> None:
    plan(bank, "C1", TODAY)
    plan(bank, "C2", TODAY, channel="face")
    plan(bank, "F1", TODAY, owner=bank.li)
    address = feed_of(client_of(bank.wang))
    answer = Client().get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    lines = unfolded(answer.content.decode())
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART;VALUE=DATE:20260311" in lines and "DTEND;VALUE=DATE:20260312" in lines
    assert lines.count("BEGIN:VEVENT") == 1
    for customer in Customer.objects.using("batch").all():
        assert customer.name not in answer.content.decode() and customer.name_mask not in answer.content.decode()
    assert all(len(line.encode()) <= 75 for line in answer.content.decode().split("\r\n"))


def test_a_revoked_forged_or_renewed_address_opens_nothing(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    old = feed_of(client)
    new = feed_of(client)
    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)
    assert Client().get(new.replace(".ics", "x.ics")).status_code == 404
    client.post(f"{CALENDAR}subscribe/", {"revoke": "1"})
    assert Client().get(new).status_code == 404
    assert not CalendarFeed.objects.using("batch").exists()


def test_the_feed_of_who_has_left_is_closed(bank: Bank, client_of: ClientOf) -> None:
    address = feed_of(client_of(bank.wang))
    User.objects.using("batch").filter(pk=bank.wang.pk).update(is_active=False)
    assert Client().get(address).status_code == 404


def test_long_lines_are_folded_between_characters() -> None:
    parts = list(ical.folded("SUMMARY:" + "维护" * 40))
    assert all(len(part.encode()) <= 75 for part in parts)
    assert all(part.startswith(" ") for part in parts[1:])
    assert "".join([parts[0], *(part[1:] for part in parts[1:])]) == "SUMMARY:" + "维护" * 40
    assert ical.escaped("a;b,c\\\n") == "a\\;b\\,c\\\\\\n"


def test_messages_say_when_nothing_can_move(bank: Bank, client_of: ClientOf) -> None:
    answer = client_of(bank.wang).post(f"{CALENDAR}spread/", {"owner": bank.wang.pk})
    assert "没有可平移的计划" in str(next(iter(get_messages(answer.wsgi_request))))
