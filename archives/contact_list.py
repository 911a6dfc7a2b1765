"""The list of contacts, newest first."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.filters import ContactFilter
from archives.models import ContactLog
from customers.alert_list import with_customer
from customers.choices import ListName
from customers.customer_list import main_owner
from customers.lists import shape
from customers.lists.shape import Column, Shape, Sort


def load(contacts: QuerySet[Any], shown: frozenset[str], day: date) -> QuerySet[Any]:
    found = with_customer(contacts).select_related("customer__metrics", "branch", "staff")
    return found.annotate(owner_name=main_owner("customer_id")) if "manager" in shown else found


def rows(contacts: Sequence[Any], shown: frozenset[str], day: date) -> list[ContactLog]:
    return list(contacts)


CONTACTS = Shape(
    name=ListName.CONTACTS,
    url_name="workbench:contacts",
    template="archives/contact_list.html",
    filters=ContactFilter,
    columns=(
        Column("when", _("When"), sort="-when"),
        Column("channel", _("Channel")),
        Column("outcome", _("Outcome")),
        Column("purpose", _("Purpose"), is_wide=True),
        Column("summary", _("What was said"), is_wide=True),
        Column("amount", _("Amount"), is_num=True, is_shown=False),
        Column("recording", _("Recording number"), is_shown=False),
        Column("next", _("Next action"), is_wide=True),
        Column("by", pgettext_lazy("who made a contact", "By")),
        Column("tier", _("Tier"), is_shown=False),
        Column("number", _("Customer number"), is_shown=False),
        Column("manager", _("Manager"), is_shown=False),
        Column("branch", _("Branch"), of="many", is_wide=True),
    ),
    sorts=(
        Sort("-when", _("Newest first"), "contacted_at", shape.moment, is_descending=True),
        Sort("when", _("Oldest first"), "contacted_at", shape.moment),
    ),
    load=load,
    rows=rows,
)
