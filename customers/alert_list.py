"""The list of open alerts."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.choices import ListName
from customers.contact_bar import ContactBar, purpose_of_kind
from customers.customer_list import main_owner, published_day
from customers.filters import AlertFilter
from customers.lists import shape
from customers.lists.shape import Column, Shape, Sort
from customers.models import Alert
from customers.models.customer import hidden


def with_customer(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With the customer, the nightly numbers and the branch, and without the encrypted columns."""
    return rows.select_related("customer__metrics", "branch").defer(*hidden("customer"))


def load(alerts: QuerySet[Any], shown: frozenset[str], day: date) -> QuerySet[Any]:
    extra: dict[str, Any] = {"as_of": published_day()}
    if "manager" in shown:
        extra["owner_name"] = main_owner("customer_id")
    if "flags" in shown:
        extra["call"] = ContactBar("customer_id", purpose_of_kind(), day)
    found: QuerySet[Any] = with_customer(alerts).annotate(**extra)
    return found


def rows(alerts: Sequence[Any], shown: frozenset[str], day: date) -> list[Alert]:
    return list(alerts)


ALERTS = Shape(
    name=ListName.ALERTS,
    url_name="workbench:alerts",
    template="customers/alert_list.html",
    filters=AlertFilter,
    columns=(
        Column("kind", _("Alert")),
        Column("why", _("Why now"), is_wide=True),
        Column("amount", _("At stake"), sort="-amount", is_num=True),
        Column("due", pgettext_lazy("alert", "Due"), sort="due"),
        Column("state", _("State")),
        Column("tier", _("Tier")),
        Column("aum", _("AUM"), is_num=True, is_shown=False),
        Column("number", _("Customer number"), is_shown=False),
        Column("answer", _("Answer by"), is_wide=True),
        Column("raised", _("Raised"), sort="-raised", is_shown=False),
        Column("manager", _("Manager"), of="team"),
        Column("branch", _("Branch"), of="many", is_wide=True),
        Column("flags", _("Notes"), is_wide=True),
    ),
    sorts=(
        Sort("due", _("Due first"), Coalesce("due_date", date.max), shape.day),
        Sort("-amount", _("Most at stake first"), Coalesce("amount", Decimal(0)), shape.money, is_descending=True),
        Sort("severity", _("Most severe first"), "severity", shape.number),
        Sort("-raised", _("Newest first"), "raised_on", shape.day, is_descending=True),
    ),
    load=load,
    rows=rows,
)
