"""Complaints as tests tell, register, answer and close them."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

from django.utils import timezone

from archives import complaints
from archives.complaints import Registration
from archives.models import Complaint
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer
from tests.world import Bank


def customer_of(bank: Bank, number: str, owner: User | None = None) -> Customer:
    """A customer as a page reads it."""
    customer = bank.customer(number, owner=owner)
    customer._state.db = "default"
    return customer


def told(handler: User, **values: Any) -> Registration:
    fields = {"channel": "lobby", "received_on": timezone.localdate(), "category": "waiting", "text": "排队两小时"}
    return Registration(**{**fields, "handler": handler, **values})


def registered(actor: User, customer: Customer | None, handler: User, **values: Any) -> Complaint:
    with scoped(actor):
        return complaints.register(customer, actor, told(handler, **values), uuid4())


def now(complaint: Complaint) -> Complaint:
    return Complaint.objects.using("batch").get(pk=complaint.pk)


def does(actor: User, what: Callable[..., None], complaint: Complaint, *args: Any, **kwargs: Any) -> None:
    with scoped(actor):
        what(complaint, actor, *args, **kwargs)


def answered(actor: User, complaint: Complaint, on: date) -> None:
    does(actor, complaints.take, complaint)
    does(actor, complaints.answer, complaint, "已致歉并说明", on)


def closed(actor: User, complaint: Complaint, on: date) -> None:
    answered(actor, complaint, on)
    does(actor, complaints.close, complaint, "高峰期窗口不足", "增开弹性窗口", max(on, timezone.localdate()))
