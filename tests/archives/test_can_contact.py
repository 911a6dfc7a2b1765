"""可否联系: the one rule, that the database keeps to it for every plan, and that the cap holds with many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from archives import consents, contactable, plans
from archives.consent_choices import Bar, Evidence
from archives.models import (
    Complaint,
    Consent,
    ContactLog,
    ContactRule,
    MaintenancePlan,
    NightPlan,
    NightPlanCustomer,
    PlanStep,
)
from crm import db
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from tests.world import Bank

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)  # 12:00 where the bank is
MARKETING, SERVICE, OWED = "care", "maturity", "complaint"
OUTREACH = ("phone", "sms", "wecom", "home_visit")
IN_PERSON = ("face", "lobby", "event")


def bar(customer: Customer, purpose: str = MARKETING, channel: str = "phone", at: datetime = NOON) -> str | None:
    with connections["batch"].cursor() as cursor:
        cursor.execute("SELECT bar FROM contact_bar(%s, %s, %s, %s)", [customer.pk, purpose, channel, at])
        found: str | None = cursor.fetchone()[0]
    return found


def touch(customer: Customer, staff: User, day: date, **more: Any) -> ContactLog:
    at = datetime.combine(day, time(4), UTC)
    values = {"channel": "phone", "purpose": MARKETING, "outcome": "interested", "contacted_at": at, **more}
    return ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, staff_id=staff.pk, **values
    )


def say(customer: Customer, staff: User, *, given: bool, **more: Any) -> None:
    said = consents.Said(
        is_given=given, evidence=more.pop("evidence", Evidence.SIGNED), at=more.pop("at", NOON), **more
    )
    with scoped(staff):
        consents.append(Customer.objects.get(pk=customer.pk), staff, said, uuid4())


def complaint(bank: Bank, customer: Customer) -> None:
    Complaint.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, channel="lobby", received_on=DAY, due_date=DAY,
        category="waiting", text="等候过久", handler_id=bank.he.pk, registered_by_id=bank.wang.pk, submission=uuid4(),
    )  # fmt: skip


def plan(actor: User, customer: Customer, day: date = DAY, **more: Any) -> MaintenancePlan:
    with scoped(actor):
        return plans.create(Customer.objects.get(pk=customer.pk), actor, plans.Intent(day, **more), uuid4())


def test_somebody_of_whom_nothing_is_known_may_be_reached_by_day(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    assert {bar(customer, purpose, way) for purpose in (MARKETING, SERVICE, OWED) for way in OUTREACH} == {None}


@pytest.mark.parametrize(
    ("purpose", "closed"),
    [(MARKETING, set(OUTREACH)), (SERVICE, {"phone", "sms"}), (OWED, {"phone", "sms"})],
)
def test_who_asked_for_no_contact_is_met_in_person(bank: Bank, purpose: str, closed: set[str]) -> None:
    customer = bank.customer("C1", owner=bank.wang, do_not_contact=True)
    found = {way for way in OUTREACH + IN_PERSON if bar(customer, purpose, way) == Bar.DO_NOT_CONTACT}
    assert found == closed
    rule = ContactRule.objects.using("batch").get(purpose=purpose)
    ContactRule.objects.using("batch").filter(pk=rule.pk).update(despite_refusal=True)
    assert bar(customer, purpose) is None


def test_a_refusal_of_marketing_leaves_services_alone(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    say(customer, bank.wang, given=False, purpose="marketing", channel="sms")
    assert {way: bar(customer, MARKETING, way) for way in ("phone", "sms")} == {"phone": None, "sms": Bar.REFUSED}
    say(customer, bank.wang, given=False, purpose="marketing")
    assert [bar(customer, purpose) for purpose in (MARKETING, SERVICE, OWED)] == [Bar.REFUSED, None, None]
    # A consent of another width does not beat the refusal; one of the same does.
    say(customer, bank.wang, given=True, purpose="marketing", channel="phone", at=NOON + timedelta(hours=1))
    assert bar(customer) == Bar.REFUSED
    say(customer, bank.wang, given=True, purpose="marketing", at=NOON + timedelta(hours=1))
    assert (bar(customer), bar(customer, MARKETING, "sms")) == (None, Bar.REFUSED)


def test_what_was_said_later_holds_whenever_it_was_noted(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    say(customer, bank.wang, given=False, at=NOON)
    say(customer, bank.wang, given=True, at=NOON - timedelta(days=3))  # an old form, found afterwards
    assert Customer.objects.using("batch").get(pk=customer.pk).do_not_contact
    say(customer, bank.wang, given=True, at=NOON + timedelta(days=3))
    assert not Customer.objects.using("batch").get(pk=customer.pk).do_not_contact


def test_a_minor_needs_a_guardian_and_is_of_age_on_the_birthday(bank: Bank) -> None:
    young = bank.customer("C1", owner=bank.wang, birth_date=date(2008, 3, 11))
    grown = bank.customer("C2", owner=bank.wang, birth_date=date(2008, 3, 10))
    firm = bank.customer("C3", owner=bank.wang, birth_date=date(2020, 3, 10), customer_type="company")
    assert [bar(one) for one in (young, grown, firm)] == [Bar.MINOR, None, None]
    assert bar(young, SERVICE) is None
    say(young, bank.wang, given=True, purpose="marketing")
    assert bar(young) == Bar.MINOR
    say(young, bank.wang, given=True, purpose="marketing", evidence=Evidence.GUARDIAN, at=NOON + timedelta(hours=1))
    assert bar(young) is None


def test_an_open_complaint_stops_all_but_what_is_owed(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    complaint(bank, customer)
    assert [bar(customer, one) for one in (MARKETING, SERVICE, OWED)] == [Bar.COMPLAINT, Bar.COMPLAINT, None]


def test_a_purpose_may_ask_for_consent(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    ContactRule.objects.using("batch").create(
        purpose="campaign", effective_from=DAY, kind="marketing", needs_consent=True
    )
    assert bar(customer, "campaign", at=NOON - timedelta(days=1)) is None  # the version before
    assert bar(customer, "campaign") == Bar.NO_CONSENT
    say(customer, bank.wang, given=True, purpose="marketing", channel="phone")
    assert [bar(customer, "campaign", way) for way in ("phone", "sms")] == [None, Bar.NO_CONSENT]


@pytest.mark.parametrize(
    ("hour", "minute", "expected", "freed"),
    [(8, 59, Bar.HOURS, (10, 9)), (9, 0, None, None), (19, 59, None, None), (20, 0, Bar.HOURS, (11, 9))],
)
def test_hours_are_those_of_the_bank(bank: Bank, hour: int, minute: int, expected: str, freed: Any) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    at = datetime(2026, 3, 10, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    with scoped(bank.wang):
        verdict = contactable.verdict_on_call(customer.pk, MARKETING, "phone", at)
    assert (verdict.bar if verdict else None) == expected
    if verdict:
        assert verdict.free_at == datetime(2026, 3, freed[0], freed[1], tzinfo=UTC) - timedelta(hours=8)
    assert bar(customer, OWED, at=at) is None


def test_two_touches_in_seven_days_whoever_made_them(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    touch(customer, bank.wang, DAY - timedelta(6))
    for more in (
        {"outcome": "not_reached"},
        {"direction": "inbound"},
        {"channel": "face"},
        {"purpose": SERVICE},
        {"replaced_at": NOON},
    ):
        touch(customer, bank.wang, DAY - timedelta(1), **more)
    assert bar(customer) is None
    touch(customer, bank.li, DAY - timedelta(2), channel="sms", purpose="campaign")
    assert bar(customer) == Bar.CAP
    assert bar(customer, SERVICE) is None
    with scoped(bank.wang):
        verdict = contactable.verdict_on_call(customer.pk, MARKETING, "phone", NOON)
    assert verdict is not None and verdict.free_at == datetime(2026, 3, 11, 1, tzinfo=UTC)
    assert bar(customer, at=NOON + timedelta(days=1)) is None


def test_what_is_planned_counts_for_plans_and_not_for_calls(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    plan(bank.wang, customer, DAY)
    moving = plan(bank.wang, customer, DAY + timedelta(6))
    assert bar(customer) is None
    for day in (0, 3, 6):
        with pytest.raises(plans.PlanRefused):
            plan(bank.wang, customer, DAY + timedelta(day))
    for day in (-1, 7):  # no seven days have three of these
        plans_before = MaintenancePlan.objects.using("batch").count()
        plan(bank.wang, customer, DAY + timedelta(day))
        assert MaintenancePlan.objects.using("batch").count() == plans_before + 1
    plan(bank.wang, customer, DAY, channel="face")
    plan(bank.wang, customer, DAY, purpose=SERVICE)
    with scoped(bank.wang), pytest.raises(plans.PlanRefused):
        plans.move(moving, bank.wang, DAY + timedelta(1))
    with scoped(bank.wang):
        MaintenancePlan.objects.filter(pk=moving.pk).update(due_date=DAY + timedelta(1))  # past the page
    assert MaintenancePlan.objects.using("batch").get(pk=moving.pk).due_date == DAY + timedelta(6)


def test_a_bulk_plan_leaves_out_whom_the_rule_bars_and_pauses_complaints(bank: Bank) -> None:
    free, barred, full, waits = (bank.customer(f"C{n}", owner=bank.wang, do_not_contact=n == 1) for n in range(4))
    for _ in range(2):
        touch(full, bank.li, DAY)
    complaint(bank, waits)
    with scoped(bank.he):
        asked = list(Customer.objects.filter(pk__in=[one.pk for one in (free, barred, full, waits)]))
        assert plans.create_many(asked, bank.he, plans.Intent(DAY), uuid4()) == 2
    states = dict(MaintenancePlan.objects.using("batch").values_list("customer_id", "state"))
    assert states == {free.pk: "planned", waits.pk: "paused"}


def test_the_database_refuses_what_a_page_let_pass(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang, do_not_contact=True)

    def write(channel: str, **more: Any) -> None:
        MaintenancePlan.objects.create(
            branch_id=bank.south.pk, customer_id=customer.pk, owner_id=bank.wang.pk, created_by_id=bank.wang.pk,
            submission=uuid4(), due_date=DAY, channel=channel, **more,
        )  # fmt: skip

    with scoped(bank.wang), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("crm_app",)
        write("face")
    with pytest.raises(IntegrityError) as caught, scoped(bank.wang):
        write("phone")
    assert contactable.refusal_of(caught.value) == str(Bar.DO_NOT_CONTACT.label)
    assert [one.channel for one in MaintenancePlan.objects.using("batch").all()] == ["face"]


def parallel(number: int, work: Callable[[int], None]) -> list[str]:
    """`number` at once, each on a connection of its own; what each came to."""

    def one(place: int) -> str:
        try:
            work(place)
        except (plans.PlanRefused, IntegrityError) as error:
            return type(error).__name__
        else:
            return "planned"
        finally:
            connections["default"].close()
            connections["audit"].close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@pytest.mark.parametrize("way", ["pages", "rows"])
def test_fifty_who_plan_at_once_never_make_three_in_seven_days(bank: Bank, way: str) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    staff = [bank.wang, bank.he, bank.sun, bank.zhou]

    def work(place: int) -> None:
        actor, day = staff[place % 4], DAY + timedelta(place % 7)
        if way == "pages":
            plan(actor, customer, day, purpose=("care", "campaign", "critical")[place % 3])
            return
        with scoped(actor):
            MaintenancePlan.objects.create(
                branch_id=bank.south.pk, customer_id=customer.pk, owner_id=bank.wang.pk, created_by_id=actor.pk,
                submission=uuid4(), due_date=day,
            )  # fmt: skip

    found = parallel(50, work)
    days = sorted(MaintenancePlan.objects.using("batch").values_list("due_date", flat=True))
    assert found.count("planned") == len(days) == 2


def test_a_ledger_row_is_never_changed(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    say(customer, bank.wang, given=False)
    with pytest.raises(IntegrityError):
        Consent.objects.using("batch").update(is_given=True)
    Consent.objects.using("batch").update(branch_id=bank.north.pk)  # the customer moves
    assert Consent.objects.using("batch").get().branch_id == bank.north.pk


def test_a_ledger_row_of_another_branch_is_not_there(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    say(customer, bank.wang, given=False)
    with scoped(bank.feng):
        assert not Consent.objects.exists()
    with scoped(bank.he):
        assert Consent.objects.count() == 1


def test_the_list_of_plans_shows_whom_a_plan_may_not_reach_any_more(
    bank: Bank, client_of: Callable[[User], Client]
) -> None:
    refused, free = bank.customer("C1", owner=bank.wang), bank.customer("C2", owner=bank.wang)
    for customer in (refused, free):
        plan(bank.wang, customer, timezone.localdate())
    say(refused, bank.wang, given=False, purpose="marketing")
    page = client_of(bank.wang).get("/plans/")
    shown = {row.customer_id: row.barred.bar if row.barred else None for row in page.context["page"].rows}
    assert shown == {refused.pk: Bar.REFUSED, free.pk: None}
    assert page.content.decode().count('data-bar="refused"') == 1


def test_the_night_plans_no_third_touch_and_none_for_who_refused(bank: Bank) -> None:
    full, refused, free = (bank.customer(f"C{number}", owner=bank.wang, birth_date=None) for number in range(3))
    step = PlanStep.objects.using("batch").get(code="cadence")
    for number, customer in enumerate((full, refused, free)):
        NightPlanCustomer.objects.using("batch").create(
            customer_id=customer.pk, branch_id=bank.south.pk, owner_id=bank.wang.pk, tier=3, is_planned=True
        )
        NightPlan.objects.using("batch").create(
            customer_id=customer.pk, episode=f"cadence:{number}", step_id=step.pk, origin="tier",
            wanted_date=DAY, due_date=DAY,
        )  # fmt: skip
    for days in (1, 3):
        touch(full, bank.li, DAY - timedelta(days))
    say(refused, bank.wang, given=False, purpose="marketing", at=NOON - timedelta(days=1))
    with transaction.atomic(using="batch"):
        db.run_sql("archives.planning", "barred", morning=DAY)
        assert db.run_sql("archives.planning", "leave_out") == 1
        assert db.run_sql("archives.planning", "capped", morning=DAY) == 1
    assert list(NightPlan.objects.using("batch").values_list("customer_id", flat=True)) == [free.pk]
