"""Plans in the working day: on 今日, on the board, and what refusing contact does."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from django.test import Client
from django.utils.html import escape

from archives import plans
from archives.models import ContactLog, MaintenancePlan
from crm import db
from crm.organization.models import User
from customers.models import Customer
from tests.bulk.test_rows import now, plan
from tests.pages.morning import Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]


def test_a_plan_stands_beside_the_list_or_in_the_row_of_its_alert(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    quiet = bank.customer("6100000077", owner=bank.wang, name="吴小平", name_mask="吴*平", sex="M")
    bank.metrics(quiet, 5)
    plan(quiet, bank.wang, day.day - timedelta(days=2), note="送年报")
    both = plan(day.zhou, bank.wang, day.day, note="谈续存")
    plan(day.lin, bank.wang, day.day + timedelta(days=1))
    answer = client_of(bank.wang).get("/")
    assert [one.note for one in answer.context["plans"]] == ["送年报"]
    named = {row.customer.pk: row.plan for row in answer.context["list"].rows}
    assert named[day.zhou.pk]["note"] == "谈续存" and named[day.lin.pk] is None
    form = {"channel": "phone", "outcome": "interested", "summary": "谈过", "submission": str(uuid4())}
    client_of(bank.wang).post(f"/customers/{day.zhou.pk}/contacts/new/", form)
    assert now(both).state == "done"


def test_the_board_counts_the_plans_of_today_and_what_is_overdue(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    """Each figure leads to the plans themselves, of a manager to those made for that manager, whoever's customer."""
    plan(day.zhou, bank.wang, day.day)
    plan(day.zhou, bank.li, day.day)
    late = plan(day.lin, bank.wang, day.day - timedelta(days=1))
    client = client_of(bank.he)
    answer = client.get("/")
    board, text = answer.context["board"], answer.content.decode()
    assert (board.total.figures.appointments, board.total.figures.overdue) == (2, 1)
    due, overdue = (f"/plans/?due={when}&place={bank.south.pk}" for when in ("today", "overdue"))
    assert escape(due) in text and escape(overdue) in text.split('id="exceptions"')[1].split("</section>")[0]
    assert len(client.get(due).context["page"].rows) == 2
    [own] = client.get(f"{due}&owner={bank.wang.pk}").context["page"].rows
    assert (own.owner_id, own.customer_id) == (bank.wang.pk, day.zhou.pk)
    assert [row.pk for row in client.get(overdue).context["page"].rows] == [late.pk]
    assert client.get(f"/plans/?place={bank.north.pk}").context["page"].rows == []


def test_the_average_drills_to_customers_by_it(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    answer = client_of(bank.he).get("/board/customers/?figure=customers&sort=-average")
    averages = [row.month_average for row in answer.context["page"].rows]
    assert averages == sorted(averages, reverse=True) and len(averages) == 3


def test_refusing_contact_bars_calls_at_once_and_can_be_taken_back(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    client = client_of(bank.wang)
    form = {"channel": "phone", "outcome": "refused", "summary": "不要再打", "submission": str(uuid4())}
    client.post(f"/customers/{day.zhou.pk}/contacts/new/", form)
    log = ContactLog.objects.using("batch").get()
    assert log.bars and Customer.objects.using("batch").get(pk=day.zhou.pk).do_not_contact
    assert f"/contacts/{log.pk}/unbar/" in client.get(f"/customers/{day.zhou.pk}/").content.decode()
    client_of(bank.he).post(f"/contacts/{log.pk}/unbar/")  # not his answer
    assert Customer.objects.using("batch").get(pk=day.zhou.pk).do_not_contact
    client.post(f"/contacts/{log.pk}/unbar/")
    assert not Customer.objects.using("batch").get(pk=day.zhou.pk).do_not_contact


def test_who_has_refused_again_since_stays_barred(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client = client_of(bank.wang)
    for channel in ("phone", "face"):  # who is barred is met, not called
        form = {"channel": channel, "outcome": "refused", "summary": "不要再打", "submission": str(uuid4())}
        client.post(f"/customers/{day.zhou.pk}/contacts/new/", form)
    first = ContactLog.objects.using("batch").earliest("pk")
    assert first.bars and ContactLog.objects.using("batch").count() == 2
    client.post(f"/contacts/{first.pk}/unbar/")
    assert Customer.objects.using("batch").get(pk=day.zhou.pk).do_not_contact


def test_the_night_calls_off_plans_of_closed_customers(bank: Bank, day: Morning) -> None:
    gone, stays = plan(day.zhou, bank.wang, day.day), plan(day.lin, bank.wang, day.day)
    db.execute(
        "INSERT INTO night_customer SELECT (jsonb_populate_record(NULL::night_customer, to_jsonb(c) || "
        "jsonb_build_object('customer_id', c.id, 'load_id', 0, 'is_new', false, 'status', 'closed'))).* "
        "FROM customers_customer c WHERE c.id = %s",
        [day.zhou.pk],
    )
    assert plans.cancel_of_closed(day.day) == 1
    assert (now(gone).state, now(gone).cause, now(stays).state) == ("cancelled", "customer_closed", "planned")
    assert MaintenancePlan.objects.using("batch").count() == 2
