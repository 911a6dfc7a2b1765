"""What the night plans: cadence and dates on working days, within capacity, once, and again after what people do."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from archives import complaints, plans
from archives.choices import Channel, Outcome, PlanCause, PlanState, Purpose
from archives.complaints import Registration
from archives.contacts import Contact, log_contact
from archives.models import MaintenancePlan, MaintenanceTemplate, PlanStep
from archives.planning import planner
from archives.templates import put_in_use
from crm import db
from crm.organization.access import scoped
from crm.organization.models import DayTarget, User, WorkDay
from customers.models import Customer, NightOwnership, Ownership
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)  # a Tuesday; the plans are read on Wednesday the 11th
MORNING = DAY + timedelta(days=1)
SHANGHAI = timezone.get_fixed_timezone(480)
HIGH = 600_000  # 高端, once a month
MIDDLE = 60_000  # 中端, once a quarter
RICH = 90_000_000


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    """All of these nights lie in the past."""
    with time_machine.travel(datetime(2027, 3, 1, 10, tzinfo=SHANGHAI), tick=False):
        yield


@pytest.fixture
def book(bank: Bank) -> Book:
    return Book(bank)


def planned(customer: Customer, code: str = "cadence") -> MaintenancePlan:
    return MaintenancePlan.objects.using("batch").get(customer=customer, step__code=code, state="planned")


def rows(**asked: Any) -> list[tuple[str, str, date]]:
    found = MaintenancePlan.objects.using("batch").filter(**asked).order_by("due_date", "pk")
    return [(plan.step.code if plan.step else "", plan.state, plan.due_date) for plan in found.select_related("step")]


def owned(customer: Customer, owner: User, since: date) -> None:
    Ownership.objects.using("batch").create(
        customer_id=customer.pk, branch_id=customer.branch_id, owner_id=owner.pk, since=since, reason="test"
    )


def contact(book: Book, customer: Customer, day: date, outcome: str = Outcome.INTERESTED) -> None:
    """A call at ten in the morning."""
    wang, at = book.bank.wang, datetime.combine(day, time(10), SHANGHAI)
    with scoped(wang):
        one = Customer.objects.get(pk=customer.pk)
        log_contact(one, wang, at, Contact(Channel.PHONE, outcome, Purpose.CARE, summary="谈过"), uuid4())


def test_who_waits_already_is_spread_over_the_managers_days(book: Book) -> None:
    """Forty overdue customers: twelve a working day, the higher tier first, and none on a weekend."""
    customers = [book.open(f"M{number}", MIDDLE) for number in range(20)]
    high = [book.open(f"H{number}", HIGH) for number in range(20)]
    for customer in customers + high:
        book.set_status(customer, "active", open_date=date(2025, 6, 1))
    book.night(DAY)
    found = MaintenancePlan.objects.using("batch").filter(step__code="cadence")
    assert Counter(found.values_list("due_date", flat=True)) == {
        date(2026, 3, 11): 12, date(2026, 3, 12): 12, date(2026, 3, 13): 12, date(2026, 3, 16): 4,
    }  # fmt: skip
    latest_high = max(found.filter(customer__in=high).values_list("due_date", flat=True))
    earliest_middle = min(found.filter(customer__in=customers).values_list("due_date", flat=True))
    assert latest_high <= earliest_middle
    assert {plan.owner_id for plan in found} == {book.bank.wang.pk}
    assert not found.filter(created_by__isnull=False).exists()


def test_what_is_planned_already_takes_room(book: Book) -> None:
    DayTarget.objects.using("batch").update(contacts=1)
    first, second, third = (book.open(number, HIGH) for number in "ABC")
    Ownership.objects.using("batch").exclude(customer=first).delete()
    book.night(DAY)
    assert planned(first).due_date == MORNING
    owned(second, book.bank.wang, MORNING)
    book.night(MORNING)
    assert planned(second).due_date == MORNING + timedelta(days=1)
    owned(third, book.bank.wang, MORNING)
    book.night(MORNING, rerun=True)
    assert planned(third).due_date == date(2026, 3, 13)


def test_more_than_half_a_year_of_work_is_dealt_out_evenly(book: Book) -> None:
    DayTarget.objects.using("batch").update(contacts=1)
    for number in range(150):
        book.set_status(book.open(f"{number:03}", HIGH), "active", open_date=date(2025, 6, 1))
    book.night(DAY)
    days = Counter(
        MaintenancePlan.objects.using("batch").filter(step__code="cadence").values_list("due_date", flat=True)
    )
    working = db.fetch_value(
        "SELECT count(*) FROM generate_series(%s::date, %s::date, interval '1 day') d "
        "WHERE organization_is_workday(d::date)", [MORNING, MORNING + timedelta(days=planner.SPREAD_DAYS)]
    )  # fmt: skip
    assert (len(days), max(days.values()), sum(days.values())) == (working, 2, 150)


def test_a_night_run_again_plans_nothing_twice(book: Book) -> None:
    for number in range(15):
        book.open(f"A{number}", HIGH)
    book.night(DAY)
    before = list(MaintenancePlan.objects.using("batch").order_by("pk").values())
    run = book.night(DAY, rerun=True)
    assert list(MaintenancePlan.objects.using("batch").order_by("pk").values()) == before
    assert (run.counts["plans"]["written"], run.counts["plans"]["called_off"]) == (0, 0)
    full = book.night(DAY, rerun=True, full=True)
    assert (full.counts["plans"]["customers"], full.counts["plans"]["written"]) == (15, 0)


def test_a_quiet_night_looks_at_nobody(book: Book) -> None:
    for number in range(5):
        book.open(f"A{number}", HIGH)
    book.night(DAY)
    run = book.night(DAY + timedelta(days=1))
    assert run.counts["plans"]["customers"] == 0


def test_a_contact_does_the_plan_and_the_next_cycle_follows(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    contact(book, customer, MORNING)
    book.night(MORNING)
    # 30 days after 11 March is Friday 10 April.
    assert rows(customer=customer, step__code="cadence") == [
        ("cadence", "done", MORNING), ("cadence", "planned", date(2026, 4, 10)),
    ]  # fmt: skip


def test_a_contact_before_the_day_does_it_too(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    contact(book, customer, MORNING)
    book.night(MORNING)
    contact(book, customer, date(2026, 3, 20))
    book.night(date(2026, 3, 20))
    assert [state for _code, state, _due in rows(customer=customer, step__code="cadence")] == [
        "done", "done", "planned",
    ]  # fmt: skip
    assert planned(customer).due_date == date(2026, 4, 20)  # the 19th is a Sunday


def test_not_reached_is_no_contact(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    contact(book, customer, MORNING, Outcome.NOT_REACHED)
    book.night(MORNING)
    assert rows(customer=customer, step__code="cadence") == [("cadence", "planned", MORNING)]


def test_a_plan_called_off_skips_its_cycle_and_is_not_made_again(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    plan = planned(customer)
    with scoped(book.bank.wang):
        plans.cancel(MaintenancePlan.objects.get(pk=plan.pk), book.bank.wang, MORNING)
    for number in range(1, 4):
        book.night(DAY + timedelta(days=number))
    assert rows(customer=customer, step__code="cadence") == [
        ("cadence", "cancelled", MORNING), ("cadence", "planned", date(2026, 4, 10)),
    ]  # fmt: skip


def test_a_plan_moved_by_a_person_stays_where_it_was_put(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    plan = planned(customer)
    with scoped(book.bank.wang):
        plans.move(MaintenancePlan.objects.get(pk=plan.pk), book.bank.wang, date(2026, 3, 25))
    book.change(book.holdings[customer.pk][0], HIGH + 1)
    book.night(MORNING)
    assert planned(customer).due_date == date(2026, 3, 25)


def test_another_tier_moves_the_open_plan_and_keeps_what_was_done(book: Book) -> None:
    customer = book.open("A", MIDDLE)
    contact(book, customer, MORNING)
    book.night(DAY)
    first = planned(customer)
    assert first.due_date == date(2026, 6, 10)  # 91 days after 11 March
    contact(book, customer, date(2026, 3, 12))
    book.night(date(2026, 3, 12))
    second = planned(customer)
    assert second.due_date == date(2026, 6, 11)
    book.change(book.holdings[customer.pk][0], RICH)
    book.night(date(2026, 3, 13))
    book.night(date(2026, 4, 1))  # March has closed, far above
    done = MaintenancePlan.objects.using("batch").get(pk=first.pk)
    moved = MaintenancePlan.objects.using("batch").get(pk=second.pk)
    assert (done.state, done.due_date) == (PlanState.DONE, date(2026, 6, 10))
    assert moved.state == PlanState.PLANNED and moved.due_date < date(2026, 4, 20)
    assert len(rows(customer=customer, step__code="cadence")) == 2


def test_below_the_lowest_tier_of_the_cadence_the_plan_is_called_off_and_comes_back(book: Book) -> None:
    customer = book.open("A", MIDDLE)
    book.night(DAY)
    plan = planned(customer)
    PlanStep.objects.using("batch").filter(code="cadence").update(from_tier=4)
    book.change(book.holdings[customer.pk][0], MIDDLE + 1)
    book.night(MORNING)
    gone = MaintenancePlan.objects.using("batch").get(pk=plan.pk)
    assert (gone.state, gone.cause, gone.closed_on) == (PlanState.CANCELLED, PlanCause.NOT_ASKED, MORNING)
    PlanStep.objects.using("batch").filter(code="cadence").update(from_tier=2)
    book.change(book.holdings[customer.pk][0], MIDDLE)
    book.night(MORNING + timedelta(days=1))
    back = MaintenancePlan.objects.using("batch").get(pk=plan.pk)
    assert (back.state, back.cause, back.closed_on) == (PlanState.PLANNED, "", None)


def test_who_refuses_contact_is_not_planned_for(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    contact(book, customer, MORNING, Outcome.REFUSED)
    book.night(MORNING)
    assert not MaintenancePlan.objects.using("batch").filter(customer=customer, state="planned").exists()


def test_while_a_complaint_is_open_nothing_is_planned_and_what_was_waits(book: Book) -> None:
    customer, he = book.open("A", HIGH), book.bank.he
    book.night(DAY)
    plan = planned(customer)
    told = Registration("lobby", MORNING, "waiting", "排队两小时", he)
    with scoped(he):
        one = complaints.register(Customer.objects.get(pk=customer.pk), he, told, uuid4())
    before = rows(customer=customer)
    assert {state for _code, state, _due in before} == {"paused"}
    book.night(MORNING)
    assert rows(customer=customer) == before  # neither called off nor planned anew
    closed_on = date(2026, 3, 14)  # a Saturday
    with scoped(he):
        complaints.take(one, he)
        complaints.answer(one, he, "已致歉", MORNING)
        complaints.close(one, he, "窗口不足", "", closed_on)
    assert planned(customer).pk == plan.pk
    assert planned(customer).due_date == date(2026, 3, 16)
    run = book.night(closed_on)
    assert run.counts["plans"]["customers"] == 1  # seen again
    assert planned(customer).due_date == date(2026, 3, 16)
    assert len(rows(customer=customer)) == len(before)


def test_without_a_main_owner_nobody_is_planned_for(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    NightOwnership.objects.using("batch").create(
        customer_id=customer.pk, load_id=0, branch_id=customer.branch_id, owner_id=None, since=MORNING
    )
    book.night(MORNING)
    assert {plan.cause for plan in customer.plans.using("batch").all()} == {PlanCause.NOT_ASKED}
    owned(customer, book.bank.li, MORNING)
    book.night(MORNING + timedelta(days=1))
    assert planned(customer).owner_id == book.bank.li.pk


@pytest.mark.parametrize(
    ("birth", "before", "on"),
    [
        (date(1980, 3, 24), date(2026, 3, 20), date(2026, 3, 24)),  # T-3 is Saturday the 21st: Friday before
        (date(1980, 4, 6), date(2026, 4, 3), date(2026, 4, 3)),  # Qingming is a holiday up to the 6th
    ],
)
def test_steps_counted_back_land_on_the_working_day_before(book: Book, birth: date, before: date, on: date) -> None:
    customer = book.open("A", HIGH)
    book.set_status(customer, "active", birth_date=birth)
    book.night(DAY)
    assert planned(customer, "birthday-before").due_date == before
    assert planned(customer, "birthday").due_date == on


def test_a_birthday_comes_into_sight_by_itself_once_a_year(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.set_status(customer, "active", birth_date=date(1996, 2, 29))
    book.night(DAY)
    assert not customer.plans.using("batch").filter(step__code="birthday").exists()
    run = book.night(date(2027, 2, 1))
    assert run.counts["plans"]["customers"] == 1
    # The calendar of 2027 is not known yet: the 28th is a Sunday, the 26th the Friday before.
    assert rows(customer=customer, step__code="birthday") == [("birthday", "planned", date(2027, 2, 26))]
    book.night(date(2027, 2, 2))
    assert len(rows(customer=customer, step__code="birthday")) == 1


def test_a_maturity_is_planned_before_it_and_follows_the_deposit(book: Book) -> None:
    customer = book.open("A", 0)
    deposit = book.add(customer, HIGH, product="TIME1Y", maturity_date=date(2026, 4, 1))
    book.night(DAY)
    assert planned(customer, "maturity-7").due_date == date(2026, 3, 25)
    book.change(deposit, HIGH, maturity_date=date(2026, 4, 8))
    book.night(MORNING)
    assert rows(customer=customer, step__code="maturity-7") == [
        ("maturity-7", "cancelled", date(2026, 3, 25)), ("maturity-7", "planned", date(2026, 4, 1)),
    ]  # fmt: skip


def test_a_large_outflow_is_followed_the_working_day_after(book: Book) -> None:
    customer = book.open("A", 5_000_000)
    book.night(date(2026, 3, 12))
    book.change(book.holdings[customer.pk][0], 2_000_000)
    book.night(date(2026, 3, 13))  # a Friday
    assert planned(customer, "large-out").due_date == date(2026, 3, 16)


def test_what_an_alert_asked_for_goes_with_the_alert(book: Book) -> None:
    customer = book.open("A", 5_000_000)
    book.night(date(2026, 3, 11))
    book.change(book.holdings[customer.pk][0], 2_000_000)
    book.night(date(2026, 3, 12))
    assert planned(customer, "large-out").due_date == date(2026, 3, 13)
    customer.alerts.using("batch").filter(kind="large_out").update(
        state="not_applicable", closed_on=date(2026, 3, 13), closed_by_id=book.bank.wang.pk
    )
    book.night(date(2026, 3, 13))
    assert [state for _code, state, _due in rows(customer=customer, step__code="large-out")] == ["cancelled"]


def test_a_new_customer_gets_the_four_touches_once(book: Book) -> None:
    customer = book.open("A", 100)
    book.set_status(customer, "active", open_date=DAY)
    book.night(DAY)
    touches = [("opened-1", 1), ("opened-7", 7), ("opened-30", 30), ("opened-90", 90)]
    made = {code: due for code, _state, due in rows(customer=customer)}
    assert made == {
        code: db.fetch_value("SELECT organization_next_workday(%s)", [DAY + timedelta(days=days)])
        for code, days in touches
    }


def test_a_new_manager_makes_nobody_a_new_customer(book: Book) -> None:
    """The core bank has delivered no day of opening; the day of taking over is none."""
    customer = book.open("A", MIDDLE)
    Customer.objects.using("batch").update(open_date=None)
    book.set_status(customer, "active", open_date=None)
    book.night(DAY)
    Ownership.objects.using("batch").filter(customer=customer).update(until=MORNING)
    owned(customer, book.bank.li, MORNING)
    book.night(MORNING)
    assert [code for code, _state, _day in rows(customer=customer)] == ["cadence", "visit"]


def test_the_template_goes_by_the_type_and_plans_keep_their_version(book: Book) -> None:
    customer, other = book.open("A", HIGH), book.open("B", HIGH)
    Ownership.objects.using("batch").filter(customer=other).delete()
    book.night(DAY)
    template = planned(customer).template
    assert template is not None
    assert (template.plan_type.code, template.kind, template.version) == ("deposit_reliant", "daily", 1)
    edited = MaintenanceTemplate.objects.get(pk=template.pk)
    edited.script = "新话术"
    put_in_use(edited)
    owned(other, book.bank.wang, MORNING)
    book.night(MORNING)
    newer = planned(other).template
    assert newer is not None and (newer.version, newer.script) == (2, "新话术")
    assert planned(customer).template == template
    assert MaintenanceTemplate.objects.using("batch").filter(is_active=True).count() == 33


def test_a_moved_holiday_changes_the_days_to_come_not_history(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    contact(book, customer, MORNING)
    done = list(MaintenancePlan.objects.using("batch").filter(state="done").values())
    WorkDay.objects.using("batch").create(day=date(2026, 4, 10), is_working=False, name="行庆")
    WorkDay.objects.using("batch").create(day=MORNING, is_working=False, name="昨日")
    book.night(MORNING)
    assert planned(customer).due_date == date(2026, 4, 13)
    assert list(MaintenancePlan.objects.using("batch").filter(state="done").values()) == done


def test_a_calendar_that_comes_later_moves_plans_off_its_holidays(book: Book) -> None:
    """The spread contact and the dated one both, in the next night, without anybody's touching the customers."""
    waiting, other = book.open("A", HIGH), book.open("B", HIGH)
    book.set_status(other, "active", birth_date=date(1980, 3, 20))
    book.night(DAY)
    DayTarget.objects.using("batch").update(contacts=1)
    assert (planned(waiting).due_date, planned(other, "birthday").due_date) == (MORNING, date(2026, 3, 20))
    for day in (MORNING + timedelta(days=1), date(2026, 3, 20)):
        WorkDay.objects.using("batch").create(day=day, is_working=False, name="行庆")
    MaintenancePlan.objects.using("batch").filter(pk=planned(waiting).pk).update(due_date=MORNING + timedelta(days=1))
    run = book.night(MORNING)
    assert (planned(waiting).due_date, planned(other, "birthday").due_date) == (date(2026, 3, 13), date(2026, 3, 19))
    assert run.counts["plans"]["customers"] == 2
    assert book.night(MORNING, rerun=True).counts["plans"]["written"] == 0


def test_a_corrected_day_plans_as_the_right_file_asks(book: Book) -> None:
    customer = book.open("A", 5_000_000)
    book.night(date(2026, 3, 12))
    before = rows(customer=customer)
    book.change(book.holdings[customer.pk][0], 2_000_000)
    book.night(date(2026, 3, 13))
    assert len(rows(customer=customer, state="planned")) > len(before)
    book.change(book.holdings[customer.pk][0], 5_000_000)
    book.night(date(2026, 3, 13), rerun=True)
    assert rows(customer=customer, state="planned") == before
