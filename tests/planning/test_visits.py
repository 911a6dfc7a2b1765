"""Visits by the cadence of the tier, maturities at other banks, and the days on which a manager is away."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from archives import plans
from archives.choices import Channel, Outcome, PlanCause, Purpose
from archives.contacts import Contact, log_contact
from archives.models import MaintenancePlan
from crm import db
from crm.organization.access import scoped
from crm.organization.models import Absence, ContactCadence, DayTarget
from customers.models import Customer
from tests.archives.saying import say
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)  # a Tuesday; the plans are read on Wednesday the 11th
MORNING = DAY + timedelta(days=1)
SHANGHAI = timezone.get_fixed_timezone(480)
HIGH = 600_000  # 高端: a call each month, a visit each half-year
POOR = 100


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with time_machine.travel(datetime(2027, 3, 1, 10, tzinfo=SHANGHAI), tick=False):
        yield


@pytest.fixture
def book(bank: Bank) -> Book:
    return Book(bank)


def rows(customer: Customer, code: str) -> list[tuple[str, date]]:
    found = MaintenancePlan.objects.using("batch").filter(customer=customer, step__code=code)
    return list(found.order_by("due_date", "pk").values_list("state", "due_date"))


def met(book: Book, customer: Customer, day: date, channel: str = Channel.FACE, chosen: int | None = None) -> None:
    wang, at = book.bank.wang, datetime.combine(day, time(10), SHANGHAI)
    contact = Contact(channel, Outcome.INTERESTED, Purpose.CARE, summary="谈过")
    with scoped(wang):
        log_contact(Customer.objects.get(pk=customer.pk), wang, at, contact, uuid4(), plan_id=chosen)


def away(book: Book, first: date, last: date) -> None:
    Absence.objects.using("batch").create(
        staff_id=book.bank.wang.pk, first_day=first, last_day=last, noted_by_id=book.bank.he.pk
    )


def test_a_visit_has_its_own_cycle_and_only_a_meeting_does_it(book: Book) -> None:
    customer = book.open("A", HIGH)
    book.night(DAY)
    # 182 days after the opening on 20 January; the call a month after it is overdue.
    assert rows(customer, "visit") == [("planned", date(2026, 7, 21))]
    met(book, customer, MORNING, Channel.PHONE)
    book.night(MORNING)
    assert rows(customer, "visit") == [("planned", date(2026, 7, 21))]
    met(book, customer, date(2026, 3, 12))
    book.night(date(2026, 3, 12))
    # 182 days after 12 March; the meeting was a contact too: 30 days after it is Saturday the 11th of April.
    assert rows(customer, "visit") == [("done", date(2026, 7, 21)), ("planned", date(2026, 9, 10))]
    assert rows(customer, "cadence")[-1] == ("planned", date(2026, 4, 13))
    assert book.night(date(2026, 3, 12), rerun=True).counts["plans"]["written"] == 0


def test_a_visit_called_done_or_off_without_meeting_skips_its_cycle(book: Book) -> None:
    done, off = book.open("A", HIGH), book.open("B", HIGH)
    book.night(DAY)
    of = {
        plan.customer_id: plan for plan in MaintenancePlan.objects.using("batch").filter(step__code="visit").iterator()
    }
    met(book, done, MORNING, Channel.PHONE, chosen=of[done.pk].pk)
    with scoped(book.bank.wang):
        plans.cancel(MaintenancePlan.objects.get(pk=of[off.pk].pk), book.bank.wang, MORNING)
    for day in (MORNING, date(2026, 3, 12)):
        book.night(day)
    assert rows(done, "visit") == [("done", date(2026, 7, 21)), ("planned", date(2026, 9, 9))]
    assert rows(off, "visit") == [("cancelled", date(2026, 7, 21)), ("planned", date(2027, 1, 19))]


def test_a_tier_without_visits_and_who_may_not_be_called_are_not_visited(book: Book) -> None:
    plain, refuses = book.open("A", HIGH), book.open("B", HIGH)
    book.night(DAY)
    ContactCadence.objects.using("batch").filter(tier=4).update(visit_days=None)
    Customer.objects.using("batch").filter(pk=refuses.pk).update(do_not_contact=True)
    book.night(DAY, rerun=True, full=True)
    off = MaintenancePlan.objects.using("batch").filter(step__code="visit")
    assert set(off.values_list("customer_id", "state", "cause")) == {
        (one.pk, "cancelled", PlanCause.NOT_ASKED) for one in (plain, refuses)
    }
    ContactCadence.objects.using("batch").filter(tier=4).update(visit_days=182)
    book.night(DAY, rerun=True, full=True)
    assert [rows(one, "visit")[0][0] for one in (plain, refuses)] == ["planned", "cancelled"]


def known(book: Book, customer: Customer, text: str, row: int = 1, base: int | None = None, on: date = DAY) -> int:
    """What is noted at ten in the morning of money at another bank; returns its version."""
    at = datetime.combine(on, time(10), SHANGHAI)
    return say(book.bank.wang, customer, "other_maturity", text, base=base, row=row, at=at).written[0].pk


def test_a_maturity_at_another_bank_is_planned_twice_and_follows_the_archive(book: Book) -> None:
    customer = book.open("A", POOR)  # of the lowest tier: it is the other bank's money that counts
    version = known(book, customer, "2026-04-04")
    known(book, customer, "2026-04-04", row=2)  # two deposits of one day are one occasion
    book.night(DAY)
    # 14 days before is Saturday the 21st: the Friday; 3 days before is Wednesday the 1st of April.
    assert (rows(customer, "other-bank-14"), rows(customer, "other-bank-3")) == (
        [("planned", date(2026, 3, 20))], [("planned", date(2026, 4, 1))],
    )  # fmt: skip
    assert book.night(DAY, rerun=True).counts["plans"]["written"] == 0
    known(book, customer, "2026-04-10", base=version, on=MORNING)
    book.night(MORNING)
    assert rows(customer, "other-bank-3") == [("planned", date(2026, 4, 1)), ("planned", date(2026, 4, 7))]
    second = MaintenancePlan.objects.using("batch").get(step__code="other-bank-14", episode__endswith="2026-04-04")
    assert second.state == "planned"  # the second deposit stands
    current = customer.archive_values.using("batch").get(field__key="other_maturity", row=2, replaced_at=None)
    known(book, customer, "", row=2, base=current.pk, on=date(2026, 3, 25))
    book.night(date(2026, 3, 25))
    # What was overdue of it is gone too: there is no such money.
    assert [state for state, _due in rows(customer, "other-bank-14")] == ["cancelled", "planned"]
    assert [state for state, _due in rows(customer, "other-bank-3")] == ["cancelled", "planned"]


def test_a_maturity_at_another_bank_comes_into_sight_by_an_index(book: Book) -> None:
    customer = book.open("A", POOR)
    known(book, customer, "2026-06-10", on=date(2026, 3, 5))
    book.night(DAY)
    assert rows(customer, "other-bank-14") == []
    assert book.night(date(2026, 4, 24)).counts["plans"]["customers"] == 0
    run = book.night(date(2026, 4, 27))  # 14 days before is the 27th of May, a month ahead of tomorrow
    assert run.counts["plans"]["customers"] == 1
    assert rows(customer, "other-bank-14") == [("planned", date(2026, 5, 27))]
    with db.role_settings({"enable_seqscan": "off"}, using="batch"):
        asked = {"seen": DAY, "horizon": DAY + timedelta(days=31), "dates": []}
        found = db.fetch_all("EXPLAIN " + db.sql_text("archives.planning", "sight"), asked)
    found_by = [line for line in map(str, found) if "archive_value_month_day" in line]
    assert len(found_by) == 2  # the important dates, and the other banks


def test_an_absence_keeps_its_days_free(book: Book) -> None:
    """Regular contacts wait for room after it, what hangs on a day goes before it, nothing else is touched."""
    DayTarget.objects.using("batch").update(contacts=2)
    regular = [book.open(number, HIGH) for number in "ABCD"]
    for customer in regular:
        met(book, customer, date(2026, 2, 15))  # the next ones are due on Tuesday the 17th of March
    dated = book.open("E", POOR)
    known(book, dated, "2026-03-31")  # T-14 is the 17th, T-3 Saturday the 28th: Friday
    book.night(DAY)
    assert {rows(one, "cadence")[0] for one in regular} == {("planned", date(2026, 3, 17))}
    before = rows(dated, "other-bank-3")
    away(book, date(2026, 3, 16), date(2026, 3, 20))
    run = book.night(MORNING)
    assert run.counts["plans"]["customers"] == 5
    assert Counter(rows(one, "cadence")[0][1] for one in regular) == {date(2026, 3, 23): 2, date(2026, 3, 24): 2}
    assert (rows(dated, "other-bank-14"), rows(dated, "other-bank-3")) == ([("planned", date(2026, 3, 13))], before)
    assert book.night(MORNING, rerun=True).counts["plans"]["written"] == 0
    # Taken away again, the plans stay where they are.
    Absence.objects.using("batch").all().delete()
    assert book.night(date(2026, 3, 12)).counts["plans"]["written"] == 0


def test_overdue_contacts_are_spread_around_an_absence_and_a_colleague_keeps_what_was_handed(book: Book) -> None:
    DayTarget.objects.using("batch").update(contacts=1)
    first, second = book.open("A", HIGH), book.open("B", HIGH)
    away(book, date(2026, 3, 12), date(2026, 3, 13))
    dated = book.open("C", POOR)
    known(book, dated, "2026-03-25")  # T-14 is the 11th
    book.night(DAY)
    assert sorted(rows(one, "cadence")[0][1] for one in (first, second)) == [date(2026, 3, 16), date(2026, 3, 17)]
    assert rows(dated, "other-bank-14") == [("planned", MORNING)]
    # Nothing but a colleague can do what has no day before; handed over, it stays with who has it.
    away(book, date(2026, 3, 20), date(2026, 3, 24))
    known(book, dated, "2026-03-23", row=2, on=date(2026, 3, 19))
    book.night(date(2026, 3, 19))
    third = MaintenancePlan.objects.using("batch").get(step__code="other-bank-3", episode__endswith="2026-03-23")
    assert third.due_date == date(2026, 3, 20)
    MaintenancePlan.objects.using("batch").filter(pk=third.pk).update(owner_id=book.bank.li.pk)
    book.change(book.holdings[dated.pk][0], POOR + 1)
    book.night(date(2026, 3, 19), rerun=True)
    third.refresh_from_db(using="batch")
    assert (third.owner_id, third.due_date) == (book.bank.li.pk, date(2026, 3, 20))
