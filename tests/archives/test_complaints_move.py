"""Complaints and branches: whose number a form is, and who handles what has moved with its customer."""

from datetime import date
from uuid import uuid4

import pytest

from archives import complaints
from archives.models import Complaint, ComplaintStep
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from tests.archives.complaints_world import now, registered, told
from tests.archives.test_complaints import ClientOf, form
from tests.nightly.night_world import Book
from tests.world import Bank, make_user

DAY = date(2026, 3, 10)


def test_the_number_of_another_branch_s_form_is_no_hindrance(bank: Bank, client_of: ClientOf) -> None:
    """It used to end in an error, which also told that the number was in use elsewhere."""
    key = uuid4()
    with scoped(bank.feng):
        theirs = complaints.register(None, bank.feng, told(bank.feng), key)
    sent = form(bank.he, submission=str(key), complainant="路人")
    for _twice in range(2):
        assert client_of(bank.wang).post("/complaints/new/", sent).status_code in (302, 303)
    own = Complaint.objects.using("batch").exclude(pk=theirs.pk).get()
    assert (own.registered_by_id, own.branch_id, own.handler_id) == (bank.wang.pk, bank.south.pk, bank.he.pk)


def moved(book: Book, customer: Customer) -> None:
    """The files of the night say that the customer belongs to the north now."""
    book.set_status(customer, "active", branch_id=book.bank.north.pk, old_branch_id=customer.branch_id)
    book.night(DAY)


def of(bank: Bank, customer: Customer, handler: User, **more: object) -> Complaint:
    customer._state.db = "default"
    return registered(bank.sun, customer, handler, **more)


@pytest.fixture
def ma(bank: Bank) -> User:
    """Who leads the north."""
    return make_user("1104", "马会", "branch_manager", bank.north, "branch")


def test_a_complaint_goes_to_who_leads_the_new_branch(bank: Bank, ma: User) -> None:
    book = Book(bank)
    customer, other = book.open("A", 1000), book.open("B", 1000)
    one, stays = of(bank, customer, bank.he), of(bank, other, bank.he)
    moved(book, customer)
    assert (now(one).branch_id, now(one).handler_id) == (bank.north.pk, ma.pk)
    assert now(stays).handler_id == bank.he.pk
    step = ComplaintStep.objects.using("batch").filter(complaint=one).latest("pk")
    assert (step.act, step.actor_id, step.branch_id) == ("hand", None, bank.north.pk)
    assert ma.name in step.note
    assert AuditEntry.objects.using("batch").filter(action="complaint.follow").count() == 1


def test_who_still_sees_it_keeps_it_and_nobody_gets_what_is_about_them(bank: Bank, ma: User) -> None:
    book = Book(bank)
    customer = book.open("A", 1000)
    leader, about = of(bank, customer, bank.sun), of(bank, customer, bank.he)
    Complaint.objects.using("batch").filter(pk=about.pk).update(complained_of_id=ma.pk)
    moved(book, customer)
    assert now(leader).handler_id == bank.sun.pk  # leads the region, with both branches
    assert now(about).handler_id == bank.sun.pk  # the next above, since it is about who leads the branch
