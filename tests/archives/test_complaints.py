"""Complaints: terms, who may handle and decide, what is done in which order; see test_complaint_pauses."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import Error, IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from archives import complaints
from archives.complaints import ComplaintRefused
from archives.models import Complaint, ComplaintStep, ComplaintTerm
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Ownership
from tests.archives.complaints_world import answered, closed, customer_of, does, now, registered
from tests.world import Bank

ClientOf = Callable[[User], Client]
NEW = "/complaints/new/"


def form(handler: User, **values: Any) -> dict[str, Any]:
    return {
        "submission": str(uuid4()), "channel": "lobby", "received_on": timezone.localdate().isoformat(),
        "category": "waiting", "severity": "3", "kind": "ordinary", "text": "排队两小时", "handler": handler.pk,
    } | values  # fmt: skip


# Terms


@pytest.mark.parametrize(
    ("kind", "received", "due"),
    [
        ("ordinary", date(2026, 3, 1), date(2026, 3, 16)),
        ("ordinary", date(2026, 1, 31), date(2026, 2, 15)),
        ("ordinary", date(2024, 2, 15), date(2024, 3, 1)),  # a leap year
        ("ordinary", date(2025, 2, 15), date(2025, 3, 2)),
        ("complex", date(2026, 1, 30), date(2026, 3, 1)),
        ("complex", date(2025, 12, 31), date(2026, 1, 30)),
    ],
)
def test_the_day_follows_from_the_kind(bank: Bank, kind: str, received: date, due: date) -> None:
    assert registered(bank.wang, None, bank.he, kind=kind, received_on=received).due_date == due


def test_terms_are_data_and_a_day_once_given_stays(bank: Bank) -> None:
    one = registered(bank.wang, None, bank.he, received_on=date(2026, 3, 1))
    ComplaintTerm.objects.using("batch").filter(kind="ordinary").update(days=10)
    later = registered(bank.wang, None, bank.he, received_on=date(2026, 3, 1))
    assert (now(one).due_date, later.due_date) == (date(2026, 3, 16), date(2026, 3, 11))


def test_complex_counts_from_the_day_it_came_and_a_special_extension_adds(bank: Bank) -> None:
    one = registered(bank.wang, None, bank.he, received_on=date(2026, 1, 31))
    does(bank.he, complaints.find_complex, one, "涉及两家网点")
    assert (now(one).kind, now(one).due_date) == ("complex", date(2026, 3, 2))
    with pytest.raises(ComplaintRefused):
        does(bank.he, complaints.find_complex, one, "再一次")
    does(bank.he, complaints.ask_special, one, "等待监管回复")
    assert now(one).due_date == date(2026, 3, 2)  # only asked for
    does(bank.sun, complaints.decide_special, one, approves=True)
    assert (now(one).is_extended, now(one).due_date) == (True, date(2026, 4, 1))
    with pytest.raises(ComplaintRefused):
        does(bank.he, complaints.ask_special, one, "再一次")


def test_an_extension_first_and_complex_later_come_to_the_same(bank: Bank) -> None:
    one = registered(bank.wang, None, bank.he, received_on=date(2026, 1, 31))
    does(bank.he, complaints.ask_special, one, "等待监管回复")
    does(bank.sun, complaints.decide_special, one, approves=True)
    assert now(one).due_date == date(2026, 3, 17)
    does(bank.he, complaints.find_complex, one, "涉及两家网点")
    assert now(one).due_date == date(2026, 4, 1)


def test_who_asks_does_not_approve_and_a_refusal_changes_no_day(bank: Bank) -> None:
    one = registered(bank.wang, None, bank.he)
    does(bank.he, complaints.ask_special, one, "等待监管回复")
    with pytest.raises(ComplaintRefused):
        does(bank.he, complaints.decide_special, one, approves=True)
    with pytest.raises(IntegrityError, match="another_decides_on_a_special_extension"):
        Complaint.objects.using("batch").filter(pk=one.pk).update(special_decided_by=bank.he, is_extended=True)
    with pytest.raises(IntegrityError, match="a_special_extension_is_approved"):
        Complaint.objects.using("batch").filter(pk=one.pk).update(is_extended=True)
    does(bank.sun, complaints.decide_special, one, approves=False, reason="期限足够")
    assert (now(one).is_extended, now(one).due_date) == (False, one.due_date)
    does(bank.he, complaints.ask_special, one, "仍需时间")  # may be asked for again
    assert now(one).is_asked_special


# Whom it is about


def test_nobody_handles_a_complaint_about_themselves(bank: Bank, client_of: ClientOf) -> None:
    with pytest.raises(ComplaintRefused):
        registered(bank.zhao, None, bank.wang, complained_of=bank.wang)
    answer = client_of(bank.zhao).post(NEW, form(bank.wang, complained_of=bank.wang.pk, complainant="林女士"))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["handler"])
    one = registered(bank.zhao, None, bank.he, complained_of=bank.wang)
    with pytest.raises(IntegrityError, match="nobody_handles_a_complaint_about_themselves"):
        Complaint.objects.using("batch").filter(pk=one.pk).update(handler=bank.wang)
    with pytest.raises(ComplaintRefused):
        does(bank.he, complaints.hand, one, bank.wang, "请处理")
    assert now(one).handler_id == bank.he.pk


def test_a_manager_who_is_complained_of_decides_nothing(bank: Bank, client_of: ClientOf) -> None:
    customer = customer_of(bank, "A1", owner=bank.wang)
    one = registered(bank.zhao, customer, bank.wang, complained_of=bank.he)
    does(bank.wang, complaints.ask_special, one, "等待答复")
    for what, values in (
        (complaints.take, {}),
        (complaints.decide_special, {"approves": True}),
        (complaints.find_complex, {"reason": "x"}),
    ):
        with pytest.raises(ComplaintRefused):
            does(bank.he, what, one, **values)
    with pytest.raises(IntegrityError, match="nobody_extends_a_complaint_about_themselves"):
        Complaint.objects.using("batch").filter(pk=one.pk).update(special_decided_by=bank.he)
    page = client_of(bank.he).get(f"/complaints/{one.pk}/")
    assert page.context["offers"] == [] and page.context["is_about_me"]
    does(bank.sun, complaints.decide_special, one, approves=True)  # who leads the branch above


def test_handlers_are_of_the_branch_or_lead_above_it(bank: Bank) -> None:
    with scoped(bank.he):
        found = set(complaints.handlers(bank.south).values_list("name", flat=True))
    assert found == {user.name for user in (bank.wang, bank.li, bank.zhao, bank.he, bank.sun, bank.zhou)}
    with pytest.raises(ComplaintRefused):
        registered(bank.wang, None, bank.qian)


# The course of a complaint


def test_from_registered_to_closed_in_this_order_alone(bank: Bank) -> None:
    one = registered(bank.wang, customer_of(bank, "A1", owner=bank.wang), bank.he)
    today = timezone.localdate()
    with pytest.raises(ComplaintRefused):
        does(bank.he, complaints.answer, one, "x", today)
    with pytest.raises(ComplaintRefused):
        does(bank.zhao, complaints.take, one)  # neither handler nor manager
    does(bank.he, complaints.take, one)
    with pytest.raises(ComplaintRefused):
        does(bank.he, complaints.take, one)
    with pytest.raises(ComplaintRefused):
        does(bank.he, complaints.close, one, "x", "", today)
    with pytest.raises(ComplaintRefused):
        does(bank.he, complaints.answer, one, "x", today - timedelta(days=1))  # before it came
    does(bank.he, complaints.answer, one, "已致歉", today)
    does(bank.he, complaints.close, one, "窗口不足", "增开窗口", today)
    assert (now(one).state, now(one).closed_on, now(one).is_on_time) == ("closed", today, True)
    acts = ["register", "take", "answer", "close"]
    assert list(ComplaintStep.objects.using("batch").order_by("pk").values_list("act", flat=True)) == acts
    entries = AuditEntry.objects.using("batch").filter(action__startswith="complaint.").order_by("pk")
    assert {f"complaint.{act}" for act in acts} <= {entry.action for entry in entries}
    assert all("排队" not in str(entry.detail) and "致歉" not in str(entry.detail) for entry in entries)


def test_the_history_is_only_appended_to_and_the_text_stays(bank: Bank) -> None:
    one = registered(bank.wang, None, bank.he)
    for statement in (
        "UPDATE archives_complaintstep SET note = 'x'",
        "DELETE FROM archives_complaintstep",
        "DELETE FROM archives_complaint",
        "UPDATE archives_complaint SET text = 'x'",
        "UPDATE archives_complaint SET complained_of_id = NULL",
        "UPDATE archives_complaint SET received_on = received_on + 1",
    ):
        with scoped(bank.he), pytest.raises(Error, match="permission denied"), transaction.atomic():
            db.execute(statement, using="default")
    assert now(one).text == "排队两小时"


def test_the_database_knows_what_an_answer_and_an_end_need(bank: Bank) -> None:
    one = registered(bank.wang, None, bank.he)
    today = timezone.localdate()
    for values, rule in (
        ({"state": "answered"}, "an_answer_has_a_decision_and_a_day"),
        ({"informed_on": today}, "an_answer_has_a_decision_and_a_day"),
        ({"state": "closed", "decision": "x", "informed_on": today}, "a_closed_complaint_has_its_cause"),
        ({"closed_on": today}, "a_closed_complaint_has_its_cause"),
        ({"due_date": today - timedelta(days=1)}, "a_complaint_is_due_after_it_came"),
    ):
        with pytest.raises(IntegrityError, match=rule):
            Complaint.objects.using("batch").filter(pk=one.pk).update(**values)


def test_two_people_at_once_and_the_second_is_told(bank: Bank, client_of: ClientOf) -> None:
    one = registered(bank.wang, None, bank.he)
    texts: list[str] = []

    def send(client: Client) -> None:
        answer = client.post(f"/complaints/{one.pk}/take/")
        texts.extend(message.level_tag for message in get_messages(answer.wsgi_request))
        connections.close_all()

    threads = [threading.Thread(target=partial(send, client_of(user))) for user in (bank.he, bank.sun)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ComplaintStep.objects.using("batch").filter(act="take").count() == 1
    assert sorted(texts) == ["success", "warning"]


def test_a_form_sent_twice_is_one_complaint(bank: Bank, client_of: ClientOf) -> None:
    customer = customer_of(bank, "A1", owner=bank.wang)
    sent = form(bank.he)
    client = client_of(bank.zhao)
    answers = [client.post(f"/customers/{customer.pk}/complaints/new/", sent) for _time in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    one = Complaint.objects.using("batch").get()
    assert (one.customer_id, one.branch_id, one.registered_by_id) == (customer.pk, bank.south.pk, bank.zhao.pk)
    assert ComplaintStep.objects.using("batch").count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"complainant": ""}, "complainant"),
        ({"complainant": "林 13800138000"}, "complainant"),
        ({"received_on": (timezone.localdate() + timedelta(days=2)).isoformat()}, "received_on"),
        ({"received_on": "0001-01-01"}, "received_on"),
        ({"category": "weather"}, "category"),
        ({"text": ""}, "text"),
        ({"handler": ""}, "handler"),
    ],
)
def test_what_cannot_be_is_said(bank: Bank, client_of: ClientOf, wrong: dict[str, str], field: str) -> None:
    answer = client_of(bank.zhao).post(NEW, form(bank.he, complainant="林女士") | wrong)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not Complaint.objects.using("batch").exists()


# Scope


def test_whose_complaint_it_is_and_who_handles_it_see_it(bank: Bank, client_of: ClientOf) -> None:
    of_li = registered(bank.he, customer_of(bank, "A1", owner=bank.li), bank.he)
    by_wang = registered(bank.he, customer_of(bank, "A2", owner=bank.li), bank.wang)
    stranger = registered(bank.li, None, bank.he, complainant="林女士")
    seen = {
        user.name: [client_of(user).get(f"/complaints/{one.pk}/").status_code for one in (of_li, by_wang, stranger)]
        for user in (bank.wang, bank.li, bank.zhao, bank.sun, bank.qian, bank.feng)
    }
    assert seen == {
        "王静怡": [404, 200, 404], "李明轩": [200, 200, 200], "赵雨桐": [200, 200, 200], "孙立群": [200, 200, 200],
        "钱思琪": [404, 404, 404], "冯海燕": [404, 404, 404],
    }  # fmt: skip
    # The handler sees the complaint of a colleague's customer, not the customer.
    page = client_of(bank.wang).get(f"/complaints/{by_wang.pk}/").content.decode()
    assert f"/customers/{by_wang.customer_id}/" not in page
    with scoped(bank.qian):
        assert not Complaint.objects.exists() and not ComplaintStep.objects.exists()  # row-level security alone


def test_owners_of_the_past_do_not_double_a_row(bank: Bank, client_of: ClientOf) -> None:
    customer = customer_of(bank, "A1", owner=bank.wang)
    for number in range(3):
        Ownership.objects.using("batch").create(
            branch_id=customer.branch_id, customer_id=customer.pk, owner_id=bank.wang.pk, reason="test",
            since=date(2019, 1, 1), until=date(2019, 1, 2 + number),
        )  # fmt: skip
    registered(bank.wang, customer, bank.he)
    assert client_of(bank.wang).get("/complaints/").context["page"].count == 1


# The list and its figure


def test_the_list_is_due_first_and_narrowed(bank: Bank, client_of: ClientOf) -> None:
    today = timezone.localdate()
    late, soon, later = (
        registered(bank.wang, None, bank.he, received_on=today - timedelta(days=ago)) for ago in (20, 13, 0)
    )
    done = registered(bank.wang, None, bank.wang, received_on=today - timedelta(days=30))
    closed(bank.wang, done, today - timedelta(days=20))
    client = client_of(bank.he)

    def listed(query: str) -> list[int]:
        return [row.pk for row in client.get(f"/complaints/{query}").context["page"].rows]

    assert listed("") == [late.pk, soon.pk, later.pk]
    assert listed("?due=overdue") == [late.pk]
    assert listed("?due=3") == [soon.pk]
    assert listed("?state=closed") == [done.pk]
    assert listed("?by=me") == [late.pk, soon.pk, later.pk]
    assert listed("?category=fee") == []
    assert client.get("/complaints/").context["due_number"] == 2


def test_pages_go_on_behind_the_last_row(bank: Bank, client_of: ClientOf) -> None:
    day = timezone.localdate()
    Complaint.objects.using("batch").bulk_create(
        Complaint(
            branch_id=bank.south.pk, channel="lobby", received_on=day, category="fee", text="x", handler_id=bank.he.pk,
            due_date=day + timedelta(days=number % 7), submission=uuid4(), complainant="林女士",
        )
        for number in range(120)
    )  # fmt: skip
    client, seen, place = client_of(bank.he), [], ""
    while True:
        page = client.get("/complaints/", {"after": place}).context["page"]
        seen += [row.pk for row in page.rows]
        place = page.next_place
        if not place:
            break
    rows = Complaint.objects.using("batch").order_by("due_date", "pk")
    assert seen == list(rows.values_list("pk", flat=True))


def test_timeliness_is_informed_by_the_day_of_what_is_closed(bank: Bank, client_of: ClientOf) -> None:
    today = timezone.localdate()
    for took in (0, 14, 15, 16, 20):  # two of five a day late or more
        one = registered(bank.wang, None, bank.wang, received_on=today - timedelta(days=20))
        closed(bank.wang, one, today - timedelta(days=20 - took))
    open_and_late = registered(bank.wang, None, bank.wang, received_on=today - timedelta(days=40))
    answered(bank.wang, open_and_late, today)
    far = registered(bank.feng, None, bank.feng, received_on=today - timedelta(days=20))
    closed(bank.feng, far, today)
    old = registered(bank.wang, None, bank.wang, received_on=today - timedelta(days=500))
    closed(bank.wang, old, today)
    Complaint.objects.using("batch").filter(pk=old.pk).update(informed_on=today - timedelta(days=480))
    Complaint.objects.using("batch").filter(pk=old.pk).update(closed_on=today - timedelta(days=365))
    # Counted a second way: row by row.
    rows = [one for one in Complaint.objects.using("batch") if one.state == "closed" and one.pk != old.pk]
    south = [one for one in rows if one.branch_id == bank.south.pk]
    kept = [one for one in south if one.informed_on and (one.informed_on - one.received_on).days <= 15]
    whole = client_of(bank.he).get("/complaints/").context["whole"]
    assert (whole.closed, whole.on_time, whole.percent) == (len(south), len(kept), 60.0) == (5, 3, 60.0)
    head = client_of(bank.zhou).get("/complaints/").context
    assert (head["whole"].closed, head["whole"].on_time) == (6, 3)
    assert [(one.name, one.closed, one.on_time) for one in head["branches"]] == [("海湾网点", 1, 0), ("城南网点", 5, 3)]


@pytest.mark.parametrize("number", [1, 30])
def test_few_statements(
    bank: Bank, client_of: ClientOf, django_assert_max_num_queries: Callable[..., Any], number: int
) -> None:
    customer = customer_of(bank, "A1", owner=bank.wang)
    for _one in range(number):
        registered(bank.wang, customer, bank.he)
    client = client_of(bank.he)
    client.get("/complaints/")
    with django_assert_max_num_queries(12):
        client.get("/complaints/")
