"""The day's capacity: what the list has room for, what is done of it, and what the page says when it is empty."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from archives.models import ContactLog
from crm.jobs.models import JobRun
from crm.organization.models import DayTarget, User
from crm.workbench import ranking
from customers.models import Alert, Customer
from tests.pages.morning import Morning, raise_alert
from tests.world import Bank, rewrite_contacts

ClientOf = Callable[[User], Client]


def room_for(contacts: int) -> None:
    DayTarget.objects.using("batch").update(contacts=contacts)


def more_customers(bank: Bank, day: Morning, number: int) -> list[Customer]:
    """Customers of wang with a small deposit that matures in ten days: behind those of the morning."""
    made = []
    for index in range(number):
        customer = bank.customer(f"63000000{index:02d}", owner=bank.wang, name_mask=f"客*{index:02d}")
        bank.metrics(customer, Decimal(50_000), tier=2)
        due = day.day + timedelta(days=10)
        evidence = {"product": "定期", "balance": "10000.00", "maturity_date": due.isoformat()}
        raise_alert(customer, "maturity", 3, "10000.00", due, evidence=evidence)
        made.append(customer)
    return made


def log(customer: Customer, staff: User, **fields: Any) -> ContactLog:
    defaults: dict[str, Any] = {"channel": "phone", "purpose": "care", "outcome": "interested", "submission": uuid4()}
    return ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, staff_id=staff.pk, **(defaults | fields)
    )


def test_the_first_day_has_room_for_the_twelve_of_the_default(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    more_customers(bank, day, 14)
    answer = client_of(bank.wang).get("/")
    assert len(answer.context["list"].rows) == 12
    assert answer.context["list"].rest == 4
    assert answer.content.decode().count("<tr data-row") == 12


def test_what_is_beyond_opens_and_nothing_is_shown_twice(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    room_for(3)
    more_customers(bank, day, 25)
    client = client_of(bank.wang)
    first = client.get("/")
    seen = [row.customer.pk for row in first.context["list"].rows]
    assert seen[:2] == [day.zhou.pk, day.lin.pk]
    place = first.context["list"].next_place
    assert f'rel="next" href="?after={place}"' in first.content.decode()
    beyond = client.get(f"/?after={place}").context["list"]
    assert (len(beyond.rows), beyond.rest, beyond.is_beyond) == (20, 4, True)
    last = client.get(f"/?after={beyond.next_place}").context["list"]
    assert (len(last.rows), last.rest, last.next_place) == (4, 0, "")
    seen += [row.customer.pk for listing in (beyond, last) for row in listing.rows]
    assert len(set(seen)) == len(seen) == 27


def test_every_contact_of_today_takes_one_place(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    room_for(2)
    more_customers(bank, day, 3)
    client = client_of(bank.wang)
    other = bank.customer("6400000001", owner=bank.wang)
    log(other, bank.wang)
    log(other, bank.wang)  # the same customer twice is one
    log(day.lin, bank.he)  # and the manager's contact is not hers
    yesterday = log(day.lin, bank.wang)
    rewrite_contacts(ContactLog.objects.filter(pk=yesterday.pk), contacted_at=timezone.now() - timedelta(days=1))
    context = client.get("/").context
    assert [row.customer.pk for row in context["list"].rows] == [day.zhou.pk]
    assert (context["so_far"].done, context["so_far"].left, context["list"].rest) == (1, 1, 4)


def test_the_day_is_done_when_its_places_are(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    room_for(1)
    log(bank.customer("6400000001", owner=bank.wang), bank.wang)
    client = client_of(bank.wang)
    answer = client.get("/")
    assert answer.context["list"].rows == []
    assert answer.context["list"].rest == 2
    text = answer.content.decode()
    assert '#trophy"' in text
    assert 'href="?after=top"' in text
    assert [row.customer.pk for row in client.get("/?after=top").context["list"].rows] == [day.zhou.pk, day.lin.pk]


def test_the_target_of_a_day_is_the_newest_that_has_begun(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    base = {"effective": 1, "booked": 1, "met": 1}
    targets = DayTarget.objects.using("batch")
    targets.create(effective_from=day.day, contacts=7, **base)
    targets.create(effective_from=day.day - timedelta(days=1), contacts=8, **base)
    targets.create(effective_from=day.day + timedelta(days=1), contacts=9, **base)
    assert client_of(bank.wang).get("/").context["so_far"].capacity == 7


def test_an_administrator_sets_the_target_of_a_day(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    target = DayTarget.objects.using("batch").get()
    form = {
        "effective_from": "2026-01-01", "contacts": "1", "effective": "6", "booked": "3", "met": "2", "minutes": "25",
        "source": "",
    }  # fmt: skip
    address = f"/admin/organization/daytarget/{target.pk}/change/"
    assert client_of(bank.lu).post(address, form).status_code == 302
    assert len(client_of(bank.wang).get("/").context["list"].rows) == 1
    for wrong in ("0", "201", "-1", "many"):
        assert client_of(bank.lu).post(address, form | {"contacts": wrong}).status_code == 200
    for wrong in ("0", "481", ""):
        assert client_of(bank.lu).post(address, form | {"minutes": wrong}).status_code == 200
    target.refresh_from_db()
    assert (target.contacts, target.minutes) == (1, 25)


def test_before_the_first_night_the_page_says_so(bank: Bank, client_of: ClientOf) -> None:
    text = client_of(bank.wang).get("/").content.decode()
    assert '#moon"' in text
    JobRun.objects.using("batch").create(
        job="nightly", business_date=timezone.localdate(), state="published", started_at=timezone.now(),
        published_at=timezone.now(),
    )  # fmt: skip
    text = client_of(bank.wang).get("/").content.decode()
    assert '#moon"' not in text
    assert '#circle-check"' in text.split("worklist")[1]


def test_the_figures_of_the_day(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    log(day.zhou, bank.wang, outcome="booked")
    log(day.lin, bank.wang, outcome="interested", channel="face")
    log(bank.customer("6400000001", owner=bank.wang), bank.wang, outcome="interested", channel="sms")
    log(bank.customer("6400000002", owner=bank.wang), bank.wang, outcome="not_reached", channel="face")
    so_far = client_of(bank.wang).get("/").context["so_far"]
    assert [(one.done, one.target) for one in so_far.progress] == [(4, 12), (2, 6), (1, 3), (1, 2)]
    assert {(one.kind, one.customers, one.stake) for one in so_far.kinds} == {
        ("maturity", 1, Decimal("80000.00")),
        ("upgrade_critical", 1, Decimal("20000.00")),
    }


def test_the_points_of_a_row_are_the_sum_of_what_is_shown(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    more_customers(bank, day, 3)
    for row in client_of(bank.wang).get("/").context["list"].rows:
        parts = row.parts
        assert parts.severity + parts.money + parts.near == parts.total == row.alert.points
        assert min(parts.severity, parts.money, parts.near) >= 0


@pytest.mark.parametrize(("ahead", "near"), [(-3, 20), (0, 20), (15, 10), (30, 0), (31, 0), (None, 0)])
def test_the_nearness_of_a_due_date(ahead: int | None, near: int) -> None:
    today = date(2026, 3, 10)
    due = None if ahead is None else today + timedelta(days=ahead)
    assert ranking.parts(60, Alert(severity=2, due_date=due), today) == ranking.Parts(60, 30, 30 - near, near)


def answer(client: Client, alert: Alert, way: str, form: dict[str, str]) -> str:
    """Answer an alert and return the list that follows, with its message."""
    client.post(f"/customers/alerts/{alert.pk}/{way}/", form | {"next": "/"})
    return client.get("/").content.decode()


@pytest.mark.parametrize("way", ["snooze", "not-applicable"])
def test_an_answer_can_be_taken_back(bank: Bank, day: Morning, client_of: ClientOf, way: str) -> None:
    client = client_of(bank.wang)
    Alert.objects.using("batch").filter(pk=day.maturity.pk).update(state="following")
    text = answer(client, day.maturity, way, {"until": str(day.day + timedelta(days=2)), "note": "已转存"})
    assert "周*兰" not in text
    assert f'action="/customers/alerts/{day.maturity.pk}/reopen/"' in text
    assert 'name="state" value="following"' in text
    assert "周*兰" in answer(client, day.maturity, "reopen", {"state": "following"})
    day.maturity.refresh_from_db(using="batch")
    found = day.maturity
    assert (found.state, found.snoozed_until, found.closed_by, found.close_note) == ("following", None, None, "")


def test_what_somebody_else_has_closed_is_not_taken_back(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    alerts = Alert.objects.using("batch").filter(pk=day.maturity.pk)
    for closed in (
        {"state": "not_applicable", "closed_by": bank.he, "closed_on": day.day},
        {"state": "not_applicable", "closed_by": bank.wang, "closed_on": day.day - timedelta(days=1)},
        {"state": "closed", "closed_by": bank.wang, "closed_on": day.day},
        {"state": "new"},
    ):
        alerts.update(**closed)
        assert 'data-level="warning"' in answer(client_of(bank.wang), day.maturity, "reopen", {"state": "new"})
        assert alerts.get().state == closed["state"]


def test_nothing_but_a_live_state_comes_back(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    for state in ("closed", "snoozed", "not_applicable", "x" * 50, ""):
        Alert.objects.using("batch").filter(pk=day.maturity.pk).update(state="snoozed", snoozed_until=day.day)
        answer(client, day.maturity, "reopen", {"state": state})
        assert Alert.objects.using("batch").get(pk=day.maturity.pk).state == "read"


def test_an_answer_leads_back_to_the_list_as_it_was(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    text = client_of(bank.wang).get(f"/?kind=maturity&open={day.maturity.pk}&do=put-off").content.decode()
    assert 'name="next" value="/?kind=maturity"' in text
    assert "autofocus" in text.split("evidence-grid")[1]
