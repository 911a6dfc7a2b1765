"""档案检查: what is drawn, who may judge it, how a returned archive comes back, and what the results count."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from django.utils import timezone

from archives import inspections, plans
from archives.choices import PlanOrigin, PlanState
from archives.contacts import Contact, log_contact
from archives.inspections import InspectionRefused, Verdict, score_of
from archives.models import (
    Archive,
    Inspection,
    InspectionCriterion,
    InspectionDraw,
    InspectionRule,
    InspectionStep,
    MaintenancePlan,
)
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer, Ownership
from tests.world import Bank

ClientOf = Callable[[User], Client]


def archives(bank: Bank, number: int, owner: User, start: int = 1) -> list[Customer]:
    """So many customers of a manager, each with an archive in which something stands."""
    made = []
    for n in range(start, start + number):
        customer = bank.customer(f"9{n:05}", owner=owner, branch=owner.branch)
        bank.metrics(customer, 100_000, tier=3)
        Archive.objects.using("batch").create(customer=customer, branch_id=customer.branch_id, version=1)
        made.append(customer)
    return made


def draw(bank: Bank, actor: User | None = None) -> InspectionDraw:
    inspector = actor or bank.he
    with scoped(inspector):
        return inspections.draw(inspector, bank.south.pk, timezone.now())[0]


def criteria() -> list[InspectionCriterion]:
    return list(InspectionCriterion.objects.using("batch").filter(is_active=True))


def marks(mark: int = 2) -> dict[str, int]:
    return {one.code: mark for one in criteria()}


def said(client: Client, pk: int, decision: str, mark: int = 2, **values: Any) -> Any:
    form = {"decision": decision, **{f"mark-{code}": one for code, one in marks(mark).items()}, **values}
    return client.post(f"/archives/inspections/{pk}/verdict/", form)


def returned(client: Client, pk: int, remarks: str = "补他行资产", days: int = 5) -> Any:
    return said(client, pk, "return", 1, remarks=remarks, due_date=timezone.localdate() + timedelta(days=days))


def test_a_draw_takes_so_many_of_each_manager_and_the_seed_draws_the_same_again(bank: Bank) -> None:
    archives(bank, 12, bank.wang)
    archives(bank, 3, bank.li, start=50)
    archives(bank, 2, bank.he, start=60)  # the inspector's own
    archives(bank, 4, bank.qian, start=70)  # another branch
    bank.customer("900099", owner=bank.wang)  # nothing is noted of this one
    InspectionRule.objects.using("batch").update(archives_a_week=4)
    made = draw(bank)
    rows = list(Inspection.objects.using("batch").filter(draw=made))
    assert Counter(one.owner_id for one in rows) == {bank.wang.pk: 4, bank.li.pk: 3}
    first = sorted(one.customer_id for one in rows)
    # Drawn again under the same seed by the same statement: the same archives; under another seed not.
    again = InspectionDraw.objects.using("batch").create(
        branch_id=bank.south.pk, week=made.week - timedelta(days=7), seed=made.seed, per_manager=4,
        drawn_by_id=bank.he.pk, drawn_at=timezone.now(),
    )  # fmt: skip
    with scoped(bank.he):
        inspections.sample(again)
    assert sorted(Inspection.objects.using("batch").filter(draw=again).values_list("customer_id", flat=True)) == first
    others = set()
    for week, seed in enumerate(("a", "b", "c", "d"), 2):
        other = InspectionDraw.objects.using("batch").create(
            branch_id=bank.south.pk, week=made.week - timedelta(days=7 * week), seed=seed, per_manager=4,
            drawn_by_id=bank.he.pk, drawn_at=timezone.now(),
        )  # fmt: skip
        with scoped(bank.he):
            inspections.sample(other)
        rows_of = Inspection.objects.using("batch").filter(draw=other)
        others.add(tuple(sorted(rows_of.values_list("customer_id", flat=True))))
    assert len(others) > 1


def test_one_draw_a_week_and_none_from_nothing(bank: Bank) -> None:
    with pytest.raises(InspectionRefused):
        draw(bank)
    assert not InspectionDraw.objects.using("batch").exists()
    archives(bank, 1, bank.wang)
    draw(bank)
    with pytest.raises(InspectionRefused):
        draw(bank)
    entry = AuditEntry.objects.using("batch").filter(action="inspection.draw").latest("pk")
    assert entry.detail["archives"] == 1 and entry.detail["seed"]


def test_the_score_is_percent_of_the_weights() -> None:
    two = [InspectionCriterion(code="a", weight=30), InspectionCriterion(code="b", weight=10)]
    assert score_of(two, {"a": 2, "b": 2}) == 100
    assert score_of(two, {"a": 1, "b": 0}) == 37  # 30 of 80, the rest cut
    assert score_of(two, {"a": 0, "b": 0}) == 0


def test_from_the_return_to_the_second_look(bank: Bank, client_of: ClientOf) -> None:
    customer = archives(bank, 1, bank.wang)[0]
    one = Inspection.objects.using("batch").get(draw=draw(bank))
    he, wang = client_of(bank.he), client_of(bank.wang)
    assert returned(he, one.pk).status_code == 302
    plan = MaintenancePlan.objects.using("batch").get(customer=customer)
    due = timezone.localdate() + timedelta(days=5)
    assert (plan.owner_id, plan.due_date, plan.note) == (bank.wang.pk, due, "补他行资产")
    assert (plan.origin, plan.state) == (PlanOrigin.INSPECTION, PlanState.PLANNED)
    today = wang.get("/").content.decode()
    assert "补他行资产" in today and f"/archives/inspections/{one.pk}/" in today
    assert "补他行资产" in wang.get("/plans/").content.decode()
    page = wang.get(f"/plans/{plan.pk}/").content.decode()
    assert f"/archives/inspections/{one.pk}/" in page and f"/plans/{plan.pk}/cancel/" not in page
    # Neither calling it off, moving it nor a contact does the plan: only handing in again.
    wang.post(f"/plans/{plan.pk}/cancel/")
    wang.post(f"/plans/{plan.pk}/move/", {"due_date": due + timedelta(days=9)})
    with scoped(bank.wang):
        contact = Contact("phone", "interested", "care", "聊过")
        seen = Customer.objects.get(pk=customer.pk)
        log_contact(seen, bank.wang, timezone.now() + timedelta(days=8), contact, uuid4())
    plan.refresh_from_db(using="batch")
    assert (plan.state, plan.due_date) == (PlanState.PLANNED, due)
    assert wang.post(f"/archives/inspections/{one.pk}/resubmit/", {"remarks": "已补两笔"}).status_code == 302
    plan.refresh_from_db(using="batch")
    assert (plan.state, plan.closed_by_id) == (PlanState.DONE, bank.wang.pk)
    assert said(he, one.pk, "pass").status_code == 302
    steps = InspectionStep.objects.using("batch").filter(inspection=one).order_by("number")
    found = list(steps.values_list("number", "kind", "actor_id", "score", "remarks"))
    assert found == [
        (1, "returned", bank.he.pk, 50, "补他行资产"), (2, "resubmitted", bank.wang.pk, None, "已补两笔"),
        (3, "passed", bank.he.pk, 100, ""),
    ]  # fmt: skip
    assert returned(he, one.pk).status_code == 302 and steps.count() == 3  # passed is passed
    actions = AuditEntry.objects.using("batch").filter(action__startswith="inspection.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "inspection.draw", "inspection.returned", "inspection.resubmitted", "inspection.passed",
    ]  # fmt: skip


def test_a_form_that_lacks_something_says_what_and_writes_nothing(bank: Bank, client_of: ClientOf) -> None:
    archives(bank, 1, bank.wang)
    one = Inspection.objects.using("batch").get(draw=draw(bank))
    he, day = client_of(bank.he), timezone.localdate()
    assert said(he, one.pk, "return", remarks="", due_date=day + timedelta(days=2)).status_code == 422
    assert said(he, one.pk, "return", remarks="补", due_date="").status_code == 422
    assert said(he, one.pk, "return", remarks="补", due_date=day).status_code == 422
    assert he.post(f"/archives/inspections/{one.pk}/verdict/", {"decision": "pass"}).status_code == 422
    assert he.post(f"/archives/inspections/{one.pk}/verdict/", {"decision": "burn"}).status_code == 422
    assert not InspectionStep.objects.using("batch").exists()
    assert client_of(bank.wang).post(f"/archives/inspections/{one.pk}/resubmit/", {}).status_code == 422


def test_nobody_judges_the_own_archive(bank: Bank, client_of: ClientOf) -> None:
    customer = archives(bank, 1, bank.wang)[0]
    one = Inspection.objects.using("batch").get(draw=draw(bank))
    assert said(client_of(bank.wang), one.pk, "pass").status_code == 403
    # The inspector takes the customer over: now it is the own archive, in the product and under it.
    Ownership.objects.using("batch").filter(customer=customer).update(until=timezone.localdate())
    Ownership.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, owner_id=bank.he.pk, since=timezone.localdate(), reason="test"
    )
    assert said(client_of(bank.he), one.pk, "pass").status_code == 302
    with scoped(bank.he), pytest.raises(InspectionRefused):
        inspections.judge(one, bank.he, criteria(), Verdict(True, marks()), timezone.now())
    assert not InspectionStep.objects.using("batch").exists()
    for actor in (bank.he, bank.wang):  # the owner now, and the owner when it was drawn
        with pytest.raises(IntegrityError), scoped(bank.he):
            step(one, actor, 1, "passed")
    with scoped(bank.sun):
        step(one, bank.sun, 1, "passed")


def step(one: Inspection, actor: User, number: int, kind: str, **fields: Any) -> InspectionStep:
    values = {"remarks": "x", "due_date": timezone.localdate()} if kind == "returned" else {}
    return InspectionStep.objects.create(
        inspection_id=one.pk, branch_id=one.branch_id, customer_id=one.customer_id, number=number, kind=kind,
        actor_id=actor.pk, at=timezone.now(), **{**values, **fields},
    )  # fmt: skip


def test_the_database_keeps_the_order_of_steps_and_lets_none_be_changed(bank: Bank) -> None:
    archives(bank, 1, bank.wang)
    one = Inspection.objects.using("batch").get(draw=draw(bank))

    def refused(*arguments: Any, **fields: Any) -> None:
        with pytest.raises(IntegrityError), scoped(bank.he), transaction.atomic():
            step(one, *arguments, **fields)

    refused(bank.wang, 1, "resubmitted")
    refused(bank.he, 2, "passed")
    refused(bank.he, 1, "returned", remarks="")
    with scoped(bank.he):
        step(one, bank.he, 1, "returned")
    refused(bank.he, 1, "passed")
    refused(bank.he, 2, "passed")
    with scoped(bank.he):
        step(one, bank.he, 2, "resubmitted")
    refused(bank.he, 3, "passed")  # who handed it in does not judge it
    with scoped(bank.sun):
        step(one, bank.sun, 3, "passed")
    refused(bank.wang, 4, "resubmitted")
    for table in ("archives_inspection", "archives_inspectiondraw", "archives_inspectionstep"):
        for statement in (f"UPDATE {table} SET branch_id = 0", f"DELETE FROM {table}"):
            with pytest.raises(ProgrammingError), scoped(bank.he):
                db.execute(statement, using="default")
        with pytest.raises(IntegrityError):
            db.execute(f"UPDATE {table} SET branch_id = 0", using="batch")


def test_only_the_owner_hands_in_again_and_a_new_owner_does_it_for_a_customer_taken_over(
    bank: Bank, client_of: ClientOf
) -> None:
    customer = archives(bank, 1, bank.wang)[0]
    one = Inspection.objects.using("batch").get(draw=draw(bank))
    returned(client_of(bank.he), one.pk)
    client_of(bank.he).post(f"/archives/inspections/{one.pk}/resubmit/", {"remarks": "x"})
    assert InspectionStep.objects.using("batch").count() == 1
    assert client_of(bank.li).post(f"/archives/inspections/{one.pk}/resubmit/", {"remarks": "x"}).status_code == 404
    Ownership.objects.using("batch").filter(customer=customer).update(until=timezone.localdate())
    Ownership.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, owner_id=bank.li.pk, since=timezone.localdate(), reason="test"
    )
    plan = MaintenancePlan.objects.using("batch").get()
    assert plan.owner_id == bank.li.pk and "补他行资产" in client_of(bank.li).get("/").content.decode()
    assert client_of(bank.li).post(f"/archives/inspections/{one.pk}/resubmit/", {"remarks": "x"}).status_code == 302
    plan.refresh_from_db(using="batch")
    assert plan.state == PlanState.DONE
    with scoped(bank.li), pytest.raises(plans.PlanRefused):
        plans.cancel(plan, bank.li, timezone.localdate())


def test_the_results_count_what_a_second_way_counts_and_each_leads_to_its_archives(
    bank: Bank, client_of: ClientOf
) -> None:
    archives(bank, 5, bank.wang)
    archives(bank, 4, bank.li, start=50)
    draw(bank)
    he = client_of(bank.he)
    rows = list(Inspection.objects.using("batch").order_by("pk"))
    for number, one in enumerate(rows[:7]):
        answer = returned(he, one.pk) if number % 3 == 0 else said(he, one.pk, "pass", 2 - number % 2)
        assert answer.status_code == 302
    with scoped(bank.he):
        results = {row["owner_id"]: row for row in inspections.results(bank.south.pk, timezone.localdate())}
    firsts = {one.inspection_id: one for one in InspectionStep.objects.using("batch").filter(number=1)}
    month = inspections.week_of(timezone.localdate()).replace(day=1)
    for owner in (bank.wang, bank.li):
        mine = [one for one in rows if one.owner_id == owner.pk]
        looked = [firsts[one.pk] for one in mine if one.pk in firsts]
        expected: dict[str, Any] = {
            "drawn": len(mine), "looked": len(looked), "passed": sum(one.kind == "passed" for one in looked),
            "returned": sum(one.kind == "returned" for one in looked),
            "open": len(mine) - sum(one.kind == "passed" for one in looked),
        }  # fmt: skip
        found = results[owner.pk]
        assert {key: found[key] for key in expected} == expected
        scores = [one.score for one in looked]
        assert float(found["score"]) == round(sum(one or 0 for one in scores) / len(scores), 1)
        for figure, query in (("looked", "first=looked"), ("passed", "first=passed"), ("open", "state=open")):
            page = he.get(f"/archives/inspections/?manager={owner.pk}&month={month}&{query}").content.decode()
            assert page.count("<tr data-row") == expected[figure]
    own = client_of(bank.wang).get("/archives/inspections/").content.decode()
    assert own.count("<tr data-row") == 5 and "李明轩" not in own


@pytest.mark.parametrize(("who", "status"), [("he", 302), ("sun", 302), ("wang", 403), ("zhao", 403), ("lu", 403)])
def test_who_draws(bank: Bank, client_of: ClientOf, who: str, status: int) -> None:
    archives(bank, 1, bank.wang)
    answer = client_of(getattr(bank, who)).post("/archives/inspections/draw/", {"branch": bank.south.pk})
    assert answer.status_code == status
    assert InspectionDraw.objects.using("batch").count() == (status == 302)


def test_the_page_of_an_archive_asks_a_fixed_number_of_statements(
    bank: Bank, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    archives(bank, 3, bank.wang)
    one = Inspection.objects.using("batch").filter(draw=draw(bank)).earliest("pk")
    he = client_of(bank.he)
    he.get(f"/archives/inspections/{one.pk}/")
    with django_assert_max_num_queries(19):
        assert he.get(f"/archives/inspections/{one.pk}/").status_code == 200
    with django_assert_max_num_queries(12):
        assert he.get("/archives/inspections/").status_code == 200


def test_what_was_inspected_goes_along_to_another_branch_and_stays_as_it_was(bank: Bank, client_of: ClientOf) -> None:
    """The night moves everything of a customer; the tables that are appended for good must not stop it."""
    customer = archives(bank, 1, bank.wang)[0]
    made = draw(bank)
    one = Inspection.objects.using("batch").get(draw=made)
    returned(client_of(bank.he), one.pk)
    for table in ("archives_inspection", "archives_inspectionstep"):
        moved = db.execute(f"UPDATE {table} SET branch_id = %s WHERE customer_id = %s", [bank.north.pk, customer.pk])
        assert moved == 1
    for model, change in ((InspectionStep, {"remarks": "无"}), (Inspection, {"owner_id": bank.li.pk})):
        with pytest.raises(IntegrityError), transaction.atomic(using="batch"):
            model.objects.using("batch").filter(customer=customer).update(branch_id=bank.south.pk, **change)
    with pytest.raises(IntegrityError), transaction.atomic(using="batch"):
        InspectionDraw.objects.using("batch").filter(pk=made.pk).update(branch_id=bank.north.pk)


def test_who_closes_ends_the_inspection_and_nothing_stays_open(bank: Bank, client_of: ClientOf) -> None:
    """Neither for the inspector nor for the owner, and the results say so; what has passed stays passed."""
    left, passed, stays = archives(bank, 3, bank.wang)
    he, wang = client_of(bank.he), client_of(bank.wang)
    one, done, open_still = (
        Inspection.objects.using("batch").get(draw=made, customer=customer)
        for made in [draw(bank)]
        for customer in (left, passed, stays)
    )
    returned(he, one.pk)
    said(he, done.pk, "pass")
    Customer.objects.using("batch").filter(pk__in=(left.pk, passed.pk)).update(status="closed")
    found: Any = Inspection.objects.using("batch").with_state()
    assert {row.pk: row.state for row in found} == {one.pk: "closed", done.pk: "passed", open_still.pk: "drawn"}
    with scoped(bank.he):
        (month,) = inspections.results(bank.south.pk, timezone.localdate())
    assert (month["drawn"], month["returned"], month["passed"], month["open"]) == (3, 1, 1, 1)
    assert f"/archives/inspections/{one.pk}/" not in he.get("/archives/inspections/?state=open").content.decode()
    assert f"/archives/inspections/{one.pk}/" in he.get("/archives/inspections/?state=closed").content.decode()
    wang.post(f"/archives/inspections/{one.pk}/resubmit/", {"remarks": "补了"})
    assert InspectionStep.objects.using("batch").filter(inspection=one).count() == 1
