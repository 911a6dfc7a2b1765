"""The list of customers: what its columns show, loaded in the page's one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Min, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.jobs.models import JobRun
from customers.averages import Balances, month_average
from customers.choices import LIVE_ALERT_STATES, HoldingStatus, ListName, OwnershipRole
from customers.contact_bar import ContactBar
from customers.filters import CustomerFilter
from customers.lists import shape
from customers.lists.shape import Column, Shape, Sort
from customers.models import Alert, Customer, Holding, Ownership
from customers.models.customer import hidden

MOST_ALERTS = 9


@dataclass(frozen=True)
class Row:
    """A customer with the open alerts, worst first, the month's average on the data date, the days since a contact."""

    customer: Customer
    alerts: list[Alert]
    month_average: Decimal | None
    contacted_days: int | None
    as_of: date | None


def slim(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """With the nightly numbers and the branch, and without the encrypted columns."""
    return customers.select_related("metrics", "branch").defer(*hidden())


def main_owner(of: str = "pk", field: str = "name") -> Subquery:
    """The name, or another field, of the open main owner of the customer at `of`."""
    owned = Ownership.objects.filter(customer=OuterRef(of), role=OwnershipRole.MAIN, until__isnull=True)
    return Subquery(owned.values(f"owner__{field}")[:1])


def next_maturity(day: date) -> Subquery:
    """The first maturity of the customer's open holdings from this day on."""
    due = Holding.objects.filter(
        customer=OuterRef("pk"), status=HoldingStatus.OPEN, balance__gt=0, maturity_date__gte=day
    )
    return Subquery(due.order_by().values("customer").annotate(first=Min("maturity_date")).values("first"))


def live_alerts() -> ArraySubquery:
    """Kind and severity of the open alerts, worst first."""
    alerts = Alert.objects.filter(customer=OuterRef("pk"), state__in=LIVE_ALERT_STATES)
    return ArraySubquery(
        alerts.order_by("severity", "due_date").values(mark=JSONObject(kind="kind", severity="severity"))[:MOST_ALERTS]
    )


def last_contact() -> Subquery:
    """When the customer was last contacted; by the relation's name, since contacts are a layer above."""
    contacted = Customer.objects.filter(
        pk=OuterRef("pk"), contact_logs__isnull=False, contact_logs__replaced_at__isnull=True
    )
    return Subquery(contacted.order_by("-contact_logs__contacted_at").values("contact_logs__contacted_at")[:1])


def next_plan() -> Subquery:
    """The day of the next open plan; by the relation's name, as above."""
    planned = Customer.objects.filter(pk=OuterRef("pk"), plans__state="planned")
    return Subquery(planned.order_by("plans__due_date").values("plans__due_date")[:1])


def published_day() -> Subquery:
    """The data date."""
    runs = JobRun.objects.filter(job="nightly", published_at__isnull=False)
    return Subquery(runs.order_by("-business_date").values("business_date")[:1])


def load(customers: QuerySet[Any], shown: frozenset[str], day: date) -> QuerySet[Any]:
    extra: dict[str, Any] = {}
    if "due" in shown:
        extra["next_maturity"] = next_maturity(day)
    if "manager" in shown:
        extra["owner_name"] = main_owner()
    if "alerts" in shown:
        extra["alert_marks"] = live_alerts()
    if "contacted" in shown:
        extra["contacted_at"] = last_contact()
    if "planned" in shown:
        extra["next_plan"] = next_plan()
    if "flags" in shown:
        extra["call"] = ContactBar("pk", Value("care"), day)
    if shown & {"average", "gap"}:
        extra["as_of"] = published_day()
    return slim(customers).annotate(**extra)


def rows(customers: Sequence[Any], shown: frozenset[str], day: date) -> list[Row]:
    return [row_of(customer, shown, day) for customer in customers]


def row_of(customer: Any, shown: frozenset[str], day: date) -> Row:
    marks = customer.alert_marks if "alerts" in shown else []
    as_of = customer.as_of if shown & {"average", "gap"} else None
    metrics = customer.metrics
    average = None
    if as_of is not None and as_of >= metrics.since_date:
        numbers = Balances(metrics.aum, metrics.since_date, metrics.month_days, metrics.quarter_days)
        average = month_average(numbers, as_of)
    contacted = customer.contacted_at if "contacted" in shown else None
    days = max(0, (day - timezone.localtime(contacted).date()).days) if contacted else None
    return Row(customer, [Alert(**mark) for mark in marks], average, days, as_of)


CUSTOMERS = Shape(
    name=ListName.CUSTOMERS,
    url_name="customers:list",
    template="customers/customer_list.html",
    filters=CustomerFilter,
    columns=(
        Column("number", _("Customer number"), sort="number", is_wide=True),
        Column("tier", _("Tier")),
        Column("aum", _("AUM"), sort="-aum", is_num=True),
        Column("average", _("Monthly average"), is_num=True, is_shown=False),
        Column("gap", _("To the next tier"), is_wide=True),
        Column("deposit", _("Deposits"), sort="-deposit", is_num=True, is_shown=False),
        Column("loan", _("Loans"), is_num=True, is_shown=False),
        Column("products", _("Products"), is_num=True, is_shown=False),
        Column("due", _("Next maturity")),
        Column("alerts", _("Alerts")),
        Column("contacted", _("Last contact"), is_wide=True),
        Column("planned", _("Next plan"), is_wide=True),
        Column("manager", _("Manager"), of="team"),
        Column("branch", _("Branch"), of="many", is_wide=True),
        Column("type", pgettext_lazy("customer", "Type"), is_shown=False),
        Column("opened", _("Customer since"), sort="opened", is_shown=False),
        Column("flags", _("Notes"), is_shown=False),
    ),
    sorts=(
        Sort("-aum", _("Richest first"), "metrics__aum", shape.money, is_descending=True),
        Sort("aum", _("Smallest AUM first"), "metrics__aum", shape.money),
        Sort("-deposit", _("Most deposits first"), "metrics__deposit", shape.money, is_descending=True),
        Sort("number", _("By customer number"), "customer_no", shape.word),
        Sort("opened", _("Longest customers first"), Coalesce("open_date", date.max), shape.day),
    ),
    load=load,
    rows=rows,
)
