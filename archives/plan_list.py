"""The list of maintenance plans 维护计划: what is due, and by whom."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives import contactable
from archives.filters import PlanFilter
from archives.models import MaintenancePlan
from customers.alert_list import with_customer
from customers.choices import ListName
from customers.customer_list import main_owner
from customers.lists import shape
from customers.lists.shape import Column, Shape, Sort


def load(plans: QuerySet[Any], shown: frozenset[str], day: date) -> QuerySet[Any]:
    found = with_customer(plans).select_related("customer__metrics", "branch", "owner", "step")
    if "channel" in shown:
        found = found.annotate(call=contactable.task_of_plan(day))
    return found.annotate(owner_name=main_owner("customer_id")) if "manager" in shown else found


def rows(plans: Sequence[Any], shown: frozenset[str], day: date) -> list[MaintenancePlan]:
    """Each with why the customer is not to be reached so any more, where that does not pass by itself."""
    for plan in plans:
        verdict = contactable.verdict_of(plan.call) if "channel" in shown else None
        plan.barred = verdict if verdict is not None and verdict.free_at is None and plan.state == "planned" else None
    return list(plans)


PLANS = Shape(
    name=ListName.PLANS,
    url_name="workbench:plans",
    template="archives/plan_list.html",
    filters=PlanFilter,
    columns=(
        Column("due", pgettext_lazy("plan", "Due"), sort="due"),
        Column("channel", _("Channel")),
        Column("purpose", _("Purpose")),
        Column("note", _("Note"), is_wide=True),
        Column("state", _("State")),
        Column("owner", _("Planned for"), of="team"),
        Column("tier", _("Tier")),
        Column("number", _("Customer number"), is_shown=False),
        Column("manager", _("Manager"), is_shown=False),
        Column("branch", _("Branch"), of="many", is_wide=True),
        Column("made", _("Planned on"), is_shown=False),
        Column("origin", _("Reason"), is_shown=False),
    ),
    sorts=(
        Sort("due", _("Due first"), "due_date", shape.day),
        Sort("-due", _("Latest first"), "due_date", shape.day, is_descending=True),
    ),
    load=load,
    rows=rows,
)
