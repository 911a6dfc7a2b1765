"""Which template a plan is made from: what people have decided of a customer goes before what balances say."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archives.models import MaintenancePlan, MaintenanceTemplate, PlanType
from crm.organization.models import User
from customers.models import Customer
from segments.models import Grade, GradeDecision, Grading
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)
HIGH = 600_000  # once a month
EXIT_DAY = date(2026, 7, 21)  # 182 days after the opening


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    """All of these nights lie in the past."""
    with time_machine.travel(datetime(2027, 3, 1, 10, tzinfo=timezone.get_fixed_timezone(480)), tick=False):
        yield


@pytest.fixture
def book(bank: Bank) -> Book:
    Grading.objects.using("batch").update(is_active=True)
    return Book(bank)


def decided(book: Book, customer: Customer, grading: str, grade: str) -> None:
    GradeDecision.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, grade=grade, staff_id=book.bank.wang.pk,
        grading=Grading.objects.using("batch").get(code=grading), state="chosen" if grade else "rejected",
    )  # fmt: skip


def planned(customer: Customer) -> MaintenancePlan:
    plans = MaintenancePlan.objects.using("batch").select_related("template__plan_type")
    return plans.get(customer=customer, step__code="cadence", state="planned")


def type_of(customer: Customer) -> str:
    template = planned(customer).template
    assert template is not None
    return template.plan_type.code


def test_what_people_decided_goes_before_what_balances_say(book: Book) -> None:
    plain, habit, gone, rejected = (book.open(number, HIGH) for number in "ABCD")
    decided(book, habit, "marketing_grade", "normal")
    decided(book, habit, "purchase_habit", "relationship_centred")
    decided(book, gone, "purchase_habit", "price_centred")
    decided(book, gone, "marketing_grade", "exit")
    decided(book, rejected, "purchase_habit", "quality_centred")
    decided(book, rejected, "purchase_habit", "")
    book.night(DAY)
    found = [type_of(one) for one in (plain, habit, gone, rejected)]
    assert found == ["deposit_reliant", "relationship_centred", "exit", "deposit_reliant"]
    assert planned(gone).due_date == EXIT_DAY


def test_a_grading_that_is_not_in_force_and_who_refuses_profiling_are_left_to_balances(book: Book) -> None:
    Grading.objects.using("batch").filter(code="purchase_habit").update(is_active=False)
    off, refuses = book.open("A", HIGH), book.open("B", HIGH)
    decided(book, off, "purchase_habit", "price_centred")
    decided(book, refuses, "marketing_grade", "exit")
    Customer.objects.using("batch").filter(pk=refuses.pk).update(profiling_opt_out=True)
    book.night(DAY)
    assert [type_of(off), type_of(refuses)] == ["deposit_reliant", "deposit_reliant"]


def test_the_night_after_a_decision_follows_it(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    assert type_of(customer) == "deposit_reliant"
    decided(book, customer, "marketing_grade", "exit")
    book.night(DAY + timedelta(days=1))
    assert (planned(customer).due_date, type_of(customer)) == (EXIT_DAY, "exit")


def test_a_type_added_in_the_admin_site_is_enough(book: Book, client_of: Callable[[User], Client]) -> None:
    """A type, its template, a manager's choice: the next night plans by it, and no day that stands is moved."""
    customer = book.open("A", HIGH)
    book.night(DAY)
    before = planned(customer)
    moved = {"due_date": DAY + timedelta(days=9), "owner": book.bank.li}  # to a colleague, on another day
    MaintenancePlan.objects.using("batch").filter(pk=before.pk).update(**moved)
    admin, manager = client_of(book.bank.lu), client_of(book.bank.wang)
    row = {"code": "family_office", "dimension": "habit", "name_zh_hans": "家族中心型", "is_active": "on"}
    too_long = admin.post(reverse("admin:archives_plantype_add"), {**row, "code": "x" * 31})
    assert too_long.context["adminform"].form.errors.keys() == {"code"}
    assert admin.post(reverse("admin:archives_plantype_add"), row).status_code == 302
    added = PlanType.objects.using("batch").get(code="family_office")
    template = {
        "plan_type": added.pk, "kind": "daily", "contents": ["software"], "methods": ["tracking"], "channel": "phone",
        "minutes": 30, "script": "问候",
    }  # fmt: skip
    assert admin.post(reverse("admin:archives_maintenancetemplate_add"), template).status_code == 302
    choose = reverse("segments:grade", args=[customer.pk, "purchase_habit"])
    assert manager.post(choose, {"grade": "family_office"}).status_code in (302, 303)
    book.night(DAY + timedelta(days=1))
    after = planned(customer)
    assert after.template == MaintenanceTemplate.objects.using("batch").get(plan_type=added)
    assert (after.pk, after.due_date, after.owner) == (before.pk, DAY + timedelta(days=9), book.bank.li)
    assert book.night(DAY + timedelta(days=1), rerun=True).counts["plans"]["written"] == 0
    page = reverse("admin:archives_plantype_change", args=[added.pk])
    admin.post(page, {**row, "name_zh_hans": "家族型"})
    assert Grade.objects.using("batch").get(code="family_office").name_zh_hans == "家族型"
    admin.post(page, {**row, "is_active": ""})
    chosen = GradeDecision.objects.using("batch").count()
    manager.post(choose, {"grade": "family_office"})
    assert GradeDecision.objects.using("batch").count() == chosen
