"""Surveys: how often somebody is asked, what a low answer leads to, and figures counted a second way."""

import random
import threading
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from archives import complaints, contacts, plans
from archives.complaints import Registration
from archives.contacts import Contact
from archives.models import MaintenancePlan, Survey, SurveyRule
from archives.survey_models import LOW
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer, Ownership
from tests.world import Bank

ClientOf = Callable[[User], Client]


def form(**values: Any) -> dict[str, Any]:
    return {"submission": str(uuid4()), "touch": "visit", "score": "4", "nps": "", "comment": ""} | values


def ask(client: Client, customer: Customer, **values: Any) -> Any:
    return client.post(f"/customers/{customer.pk}/surveys/new/", form(**values))


def survey(customer: Customer, ago: int, score: int, nps: int | None = None, manager: User | None = None) -> Survey:
    return Survey.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, touch="visit", score=score, nps=nps, submission=uuid4(),
        answered_on=timezone.localdate() - timedelta(days=ago), manager_id=manager.pk if manager else None,
    )  # fmt: skip


def test_the_lobby_records_an_answer(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    assert ask(client_of(bank.zhao), customer, score="5", nps="10", comment="很好").status_code == 302
    found = Survey.objects.using("batch").get()
    assert (found.score, found.nps, found.touch, found.follow_up_id) == (5, 10, "visit", None)
    assert (found.manager_id, found.recorded_by_id, found.branch_id) == (bank.wang.pk, bank.zhao.pk, bank.south.pk)
    entry = AuditEntry.objects.using("batch").get(action="survey.record")
    assert entry.customer_id == customer.pk and "很好" not in str(entry.detail)
    assert not MaintenancePlan.objects.using("batch").exists()


@pytest.mark.parametrize(
    ("wrong", "field"), [({"score": ""}, "score"), ({"score": "6"}, "score"), ({"nps": "11"}, "nps"),
                         ({"touch": "contact:1"}, "touch"), ({"comment": "长" * 501}, "comment")],
)  # fmt: skip
def test_what_cannot_be_is_said(bank: Bank, client_of: ClientOf, wrong: dict[str, str], field: str) -> None:
    answer = ask(client_of(bank.zhao), bank.customer("A1", owner=bank.wang), **wrong)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not Survey.objects.using("batch").exists()


def test_it_is_about_a_contact_a_plan_or_a_complaint_of_this_customer(bank: Bank, client_of: ClientOf) -> None:
    customer, other = bank.customer("A1", owner=bank.wang), bank.customer("A2", owner=bank.wang)
    client, today = client_of(bank.wang), timezone.localdate()
    for one in (customer, other):
        one._state.db = "default"
        with scoped(bank.wang):
            contacts.log_contact(one, bank.wang, timezone.now(), Contact("phone", "interested", "care", "x"), uuid4())
    mine, foreign = (one.contact_logs.using("batch").all()[0] for one in (
        Customer.objects.using("batch").get(pk=customer.pk), Customer.objects.using("batch").get(pk=other.pk)
    ))  # fmt: skip
    done = MaintenancePlan.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, owner_id=bank.wang.pk, due_date=today, state="done",
        closed_on=today, submission=uuid4(),
    )  # fmt: skip
    told = Registration("lobby", today, "fee", "x", bank.he)
    with scoped(bank.he):
        complaint = complaints.register(customer, bank.he, told, uuid4())
        complaints.take(complaint, bank.he)
        complaints.answer(complaint, bank.he, "x", today)
    offered = [
        key
        for key, _label in client.get(f"/customers/{customer.pk}/surveys/new/").context["form"]["touch"].field.choices
    ]
    assert offered == ["visit", f"contact:{mine.pk}", f"plan:{done.pk}", f"complaint:{complaint.pk}"]
    assert ask(client, customer, touch=f"contact:{foreign.pk}").status_code == 422
    assert ask(client, customer, touch=f"complaint:{complaint.pk}").status_code == 302
    assert Survey.objects.using("batch").get().complaint_id == complaint.pk
    with pytest.raises(IntegrityError, match="a_survey_is_about_one_thing"):
        Survey.objects.using("batch").update(plan=done.pk)


def test_nobody_is_asked_twice_within_the_days(bank: Bank, client_of: ClientOf) -> None:
    customer, other = bank.customer("A1", owner=bank.wang), bank.customer("A2", owner=bank.wang)
    survey(customer, 89, 5)
    survey(other, 90, 5)
    client = client_of(bank.wang)
    assert client.get(f"/customers/{customer.pk}/surveys/new/").context["again"] == (
        timezone.localdate() - timedelta(days=89), timezone.localdate() + timedelta(days=1),
    )  # fmt: skip
    assert ask(client, customer).status_code == 422
    assert ask(client, other).status_code == 302
    SurveyRule.objects.using("batch").update(days_between=30)  # the days are data
    assert ask(client, customer).status_code == 302


def test_of_two_who_ask_at_once_one_is_told(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    answers: list[int] = []

    def send(client: Client) -> None:
        answers.append(ask(client, customer).status_code)
        connections.close_all()

    threads = [threading.Thread(target=partial(send, client_of(user))) for user in (bank.wang, bank.zhao)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302, 422]
    assert Survey.objects.using("batch").count() == 1


def test_a_form_sent_twice_is_one_answer_and_one_plan(bank: Bank, client_of: ClientOf) -> None:
    customer, sent = bank.customer("A1", owner=bank.wang), form(score="1")
    for _time in range(2):
        assert client_of(bank.wang).post(f"/customers/{customer.pk}/surveys/new/", sent).status_code == 302
    assert Survey.objects.using("batch").count() == MaintenancePlan.objects.using("batch").count() == 1


def test_the_number_of_a_form_is_that_of_its_customer(bank: Bank, client_of: ClientOf) -> None:
    sent = form(score="1")
    for customer, client in (("A1", client_of(bank.wang)), ("A2", client_of(bank.zhao))):
        of = bank.customer(customer, owner=bank.wang)
        assert client.post(f"/customers/{of.pk}/surveys/new/", sent).status_code == 302
    assert Survey.objects.using("batch").count() == MaintenancePlan.objects.using("batch").count() == 2


@pytest.mark.parametrize(
    ("score", "nps", "is_low"), [(2, "", True), (3, "", False), (5, "6", True), (3, "7", False), (1, "10", True)]
)
def test_a_low_answer_is_the_manager_s_plan_until_a_contact(
    bank: Bank, client_of: ClientOf, score: int, nps: str, is_low: bool
) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    ask(client_of(bank.zhao), customer, score=str(score), nps=nps)
    client = client_of(bank.he)
    rows = client.get("/surveys/").context["page"].rows
    assert [row.customer_id for row in rows] == ([customer.pk] if is_low else [])
    assert Survey.objects.using("batch").filter(LOW).exists() is is_low
    if not is_low:
        return
    plan = MaintenancePlan.objects.using("batch").get()
    assert (plan.owner_id, plan.purpose, plan.state) == (bank.wang.pk, "survey", "planned")
    assert plan.due_date == db.fetch_value("SELECT organization_next_workday(%s)", [timezone.localdate()])
    customer._state.db = "default"
    with scoped(bank.wang):
        contacts.log_contact(customer, bank.wang, timezone.now(), Contact("phone", "not_reached", "care"), uuid4())
    assert client.get("/surveys/").context["page"].count == 1  # not reached
    with scoped(bank.wang):
        contacts.log_contact(customer, bank.wang, timezone.now(), Contact("phone", "interested", "care", "x"), uuid4())
    assert client.get("/surveys/").context["page"].count == 0
    assert MaintenancePlan.objects.using("batch").get().done_by_id is not None


def test_a_follow_up_that_is_called_off_stays_until_it_is_planned_again(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    ask(client_of(bank.wang), customer, score="1")
    plan = MaintenancePlan.objects.using("batch").get()
    client_of(bank.wang).post(f"/plans/{plan.pk}/cancel/")
    client = client_of(bank.he)
    [row] = client.get("/surveys/").context["page"].rows
    assert row.follow_up.state == "cancelled"
    for _time in range(2):  # the second time somebody sees to it already
        client.post(f"/surveys/{row.pk}/follow/")
    assert [one.state for one in MaintenancePlan.objects.using("batch").order_by("pk")] == ["cancelled", "planned"]
    assert client.get("/surveys/").context["page"].rows[0].follow_up.state == "planned"


def test_without_a_manager_the_branch_manager_sees_to_it_in_person_where_calls_are_barred(
    bank: Bank, client_of: ClientOf
) -> None:
    customer = bank.customer("A1", do_not_contact=True)
    ask(client_of(bank.zhao), customer, score="2")
    plan = MaintenancePlan.objects.using("batch").get()
    assert (plan.owner_id, plan.channel) == (bank.he.pk, "face")


def test_an_open_complaint_does_not_stop_the_follow_up(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    customer._state.db = "default"
    with scoped(bank.he):
        complaints.register(
            customer, bank.he, Registration("lobby", timezone.localdate(), "fee", "x", bank.he), uuid4()
        )
    ask(client_of(bank.wang), customer, score="1")
    assert plans.pause(using="batch") == 0
    assert MaintenancePlan.objects.using("batch").get().state == "planned"


def test_figures_are_those_of_a_second_count(bank: Bank, client_of: ClientOf) -> None:
    chance = random.Random(7)
    today = timezone.localdate()
    for number in range(120):
        owner = chance.choice([bank.wang, bank.li])
        customer = bank.customer(f"A{number}", owner=owner)
        nps = chance.choice([None, *range(11)])
        survey(customer, chance.randrange(0, 300), chance.randint(1, 5), nps, owner)
    survey(bank.customer("N1", branch=bank.north, owner=bank.qian), 3, 1, 0, bank.qian)
    survey(bank.customer("O1", owner=bank.wang), 500, 1, 0, bank.wang)  # before the months that are shown
    rows = [one for one in Survey.objects.using("batch").filter(branch_id=bank.south.pk) if one.answered_on.year > 2000]
    first = date(today.year - 1, today.month, 1) + timedelta(days=31)
    rows = [one for one in rows if one.answered_on >= first.replace(day=1)]
    context = client_of(bank.he).get("/surveys/").context

    def truth(of: list[Survey]) -> tuple[int, int, float | None, float | None]:
        rated = [one.nps for one in of if one.nps is not None]
        share = [(value >= 9) - (value <= 6) for value in rated]
        points = round(100 * sum(share) / len(rated), 6) if rated else None
        return len(of), len(rated), round(sum(one.score for one in of) / len(of), 6), points

    def told(line: Any) -> tuple[int, int, float | None, float | None]:
        return line.answers, line.rated, round(float(line.score), 6), None if line.nps is None else round(line.nps, 6)

    assert told(context["whole"]) == truth(rows)
    for line in context["months"]:
        assert told(line) == truth([one for one in rows if one.answered_on.replace(day=1) == line.key])
    assert len(context["months"]) > 6
    by_manager = {line.name: told(line) for line in context["lines"]}
    assert by_manager == {
        user.name: truth([one for one in rows if one.manager_id == user.pk]) for user in (bank.wang, bank.li)
    }
    head = client_of(bank.zhou).get("/surveys/").context
    assert head["by_branch"] and {line.name: line.answers for line in head["lines"]} == {"城南网点": 120, "城北网点": 1}
    assert client_of(bank.zhou).get(f"/surveys/?branch={bank.north.pk}").context["whole"].answers == 1
    assert client_of(bank.wang).get("/surveys/").context["whole"].answers == len(
        [one for one in rows if one.manager_id == bank.wang.pk]
    )


@pytest.mark.parametrize(("answers", "is_told"), [(9, False), (10, True)])
def test_few_answers_tell_nothing(bank: Bank, client_of: ClientOf, answers: int, is_told: bool) -> None:
    for number in range(answers):
        survey(bank.customer(f"A{number}", owner=bank.wang), 0, 5, 10, bank.wang)
    page = client_of(bank.he).get("/surveys/")
    assert ("<abbr" in page.content.decode()) is not is_told
    assert page.context["whole"].is_enough is page.context["whole"].is_rated_enough is is_told


def test_who_is_out_of_scope_sees_and_records_nothing(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.li)
    survey(customer, 10, 1)
    for user in (bank.wang, bank.qian):
        assert ask(client_of(user), customer).status_code == 404
        assert client_of(user).get("/surveys/").context["whole"].answers == 0
    assert client_of(bank.zhao).get("/surveys/").status_code == 403  # the lobby asks, figures are for others
    with scoped(bank.qian):
        assert not Survey.objects.exists()  # row-level security alone


def test_an_answer_once_given_stays(bank: Bank) -> None:
    survey(bank.customer("A1", owner=bank.wang), 10, 1)
    for statement in ("UPDATE archives_survey SET score = 5", "DELETE FROM archives_survey"):
        with scoped(bank.he), pytest.raises(Error, match="permission denied"), transaction.atomic():
            db.execute(statement, using="default")


def test_figures_stay_with_who_answered_for_the_customer_then(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    ask(client_of(bank.wang), customer)
    Ownership.objects.using("batch").update(owner=bank.li.pk)
    assert [line.name for line in client_of(bank.he).get("/surveys/").context["lines"]] == ["王静怡"]


def test_few_statements(bank: Bank, client_of: ClientOf, django_assert_max_num_queries: Callable[..., Any]) -> None:
    for number in range(30):
        ask(client_of(bank.he), bank.customer(f"A{number}", owner=bank.wang), score="1")
    client = client_of(bank.he)
    client.get("/surveys/")
    with django_assert_max_num_queries(13):
        client.get("/surveys/")
