"""Gradings: the first rule that holds, what people make of it, and who may."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer, Metrics
from segments import gradings
from segments.models import Grade, GradeDecision, Grading, TierScheme
from segments.rules.parse import parse
from tests.segments import oracle
from tests.segments.oracle import DAY, applies
from tests.world import Bank

ClientOf = Callable[[User], Client]


def in_force(*codes: str) -> None:
    Grading.objects.using("batch").filter(code__in=codes).update(is_active=True)


def graded(user: User, customer: Customer, day: date = DAY) -> dict[str, gradings.Graded]:
    with scoped(user):
        return {one.grading.code: one for one in gradings.of_customer(user, customer, day)}


def test_shipped_rules_can_be_read_and_none_is_in_force(database: None) -> None:
    assert not Grading.objects.using("batch").filter(is_active=True).exists()
    assert set(Grading.objects.using("batch").values_list("code", flat=True)) == {
        "operating_type", "marketing_grade", "product_preference", "purchase_habit",
    }  # fmt: skip
    for grade in Grade.objects.using("batch").exclude(rule=None):
        assert parse(grade.rule)


def test_every_shipped_scheme_says_where_it_comes_from(database: None) -> None:
    shipped = TierScheme.objects.using("batch").exclude(code__in=("five", "five_point"))
    assert set(shipped.values_list("code", flat=True)) == {
        "five_minsheng", "five_cmb", "icbc_points", "icbc_2021", "cmb", "minsheng_2011", "ccb_ocrm", "cib",
        "savings_grade", "service_class", "corp_value", "corp_need", "corp_behaviour",
    }  # fmt: skip
    for scheme in shipped:
        assert scheme.source and scheme.note and not scheme.is_released and not scheme.is_active
        assert scheme.tiers.count() >= 3


def test_the_first_rule_that_holds_is_the_grade(bank: Bank) -> None:
    """Against the plain evaluation of the same rules, for everybody whom the oracle knows."""
    codes = list(Grading.objects.using("batch").values_list("code", flat=True))
    in_force(*codes)
    people = oracle.build(bank)
    seen = set()
    for facts in people:
        customer = Customer.objects.using("batch").get(pk=facts.pk)
        found = graded(bank.zhou, customer)
        assert set(found) == set(codes)
        for code, one in found.items():
            rules = [(grade.code, grade.rule) for grade in one.grades if grade.rule]
            told = next((grade for grade, rule in rules if applies(rule, facts)), "")
            assert (one.suggested.code if one.suggested else "") == told, (code, facts)
            seen.add((code, told))
    assert {("operating_type", "new"), ("operating_type", "low"), ("marketing_grade", "normal"),
            ("product_preference", "deposit_reliant"), ("product_preference", "loan_reliant"),
            ("purchase_habit", "credit_allocating")} <= seen  # fmt: skip


def lender(bank: Bank) -> Customer:
    """Somebody whose loans bring most."""
    customer = bank.customer("L1", owner=bank.wang)
    bank.metrics(customer, 10_000)
    Metrics.objects.using("batch").filter(pk=customer.pk).update(loan=500_000)
    return customer


def send(client: Client, customer: Customer, code: str, grade: str) -> Any:
    return client.post(f"/segments/customers/{customer.pk}/grades/{code}/", {"grade": grade})


def test_people_confirm_choose_and_reject_and_every_decision_stays(bank: Bank, client_of: ClientOf) -> None:
    in_force("purchase_habit")
    customer = lender(bank)
    wang = client_of(bank.wang)
    wang.cookies["django_language"] = "en"
    page = wang.get(f"/customers/{customer.pk}/").content.decode()
    assert "Allocated by credit" in page
    assert "not decided" in page
    for grade in ("credit_allocating", "quality_centred", ""):
        assert send(wang, customer, "purchase_habit", grade).status_code == 302
    rows = GradeDecision.objects.using("batch").order_by("pk").values_list("suggested", "grade", "state", "staff_id")
    assert list(rows) == [
        ("credit_allocating", "credit_allocating", "confirmed", bank.wang.pk),
        ("credit_allocating", "quality_centred", "chosen", bank.wang.pk),
        ("credit_allocating", "", "rejected", bank.wang.pk),
    ]
    now = graded(bank.wang, customer, timezone.localdate())["purchase_habit"]
    assert (now.grade, now.is_open) == (None, False)


@pytest.mark.parametrize(
    ("who", "status"), [("wang", 302), ("he", 302), ("li", 404), ("qian", 404), ("zhao", 403), ("lu", 403)]
)
def test_who_may_decide(bank: Bank, client_of: ClientOf, who: str, status: int) -> None:
    in_force("purchase_habit")
    answer = send(client_of(getattr(bank, who)), lender(bank), "purchase_habit", "quality_centred")
    assert answer.status_code == status
    assert GradeDecision.objects.using("batch").exists() is (status == 302)


def test_exit_is_for_the_manager_and_nothing_else_is_taken(bank: Bank, client_of: ClientOf) -> None:
    in_force("marketing_grade", "operating_type")
    customer = lender(bank)
    for who, code, grade in (
        (bank.wang, "marketing_grade", "exit"), (bank.wang, "marketing_grade", "no-such"),
        (bank.he, "operating_type", "high"), (bank.he, "purchase_habit", "quality_centred"),
    ):  # fmt: skip
        send(client_of(who), customer, code, grade)
    assert not GradeDecision.objects.using("batch").exists()
    send(client_of(bank.he), customer, "marketing_grade", "exit")
    assert GradeDecision.objects.using("batch").get().grade == "exit"


def test_who_refuses_profiling_is_graded_by_nobody(bank: Bank, client_of: ClientOf) -> None:
    in_force("purchase_habit", "operating_type")
    customer = lender(bank)
    Customer.objects.using("batch").filter(pk=customer.pk).update(profiling_opt_out=True)
    assert graded(bank.wang, Customer.objects.using("batch").get(pk=customer.pk)) == {}
    send(client_of(bank.wang), customer, "purchase_habit", "quality_centred")
    assert not GradeDecision.objects.using("batch").exists()


def test_a_new_suggestion_asks_again(bank: Bank, client_of: ClientOf) -> None:
    in_force("product_preference")
    customer = lender(bank)
    send(client_of(bank.wang), customer, "product_preference", "loan_reliant")
    assert not graded(bank.wang, customer)["product_preference"].is_open
    Metrics.objects.using("batch").filter(pk=customer.pk).update(loan=0)
    again = graded(bank.wang, customer, DAY + timedelta(days=1))["product_preference"]
    assert again.is_open
    assert again.decided is not None and again.decided.code == "loan_reliant"
