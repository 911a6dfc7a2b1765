"""What the pages of lists draw: heads that sort, pickers of people, the way to the next tier, stars."""

from dataclasses import dataclass

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.organization.models import User
from crm.workbench.bulk.actions import offered
from crm.workbench.templatetags.screen import icon, money
from customers import stars
from customers.choices import BulkAction
from customers.customer_list import Row
from customers.filters import NOBODY, ListFilter
from customers.lists.shape import Column
from customers.models import Customer
from segments.gap import gap_to

register = template.Library()


@dataclass(frozen=True)
class Chip:
    """A picker of the filter bar."""

    name: str
    label: str
    any: str
    options: list[tuple[str, str]]
    value: str


ACTION_LOOKS = {
    BulkAction.ASSIGN: ("user-share", gettext_lazy("Assign a manager")),
    BulkAction.PLAN: ("calendar-plus", gettext_lazy("Make plans")),
    BulkAction.SEGMENT: ("users-group", gettext_lazy("Add to a segment")),
    BulkAction.SNOOZE: ("clock", gettext_lazy("Put off")),
    BulkAction.DISMISS: ("ban", gettext_lazy("Not applicable")),
    BulkAction.MOVE: ("calendar-event", gettext_lazy("Move")),
    BulkAction.CLOSE: ("circle-check", gettext_lazy("Done or call off")),
    BulkAction.HAND: ("user-share", gettext_lazy("Hand over")),
}


@dataclass(frozen=True)
class Offer:
    """A button of the bar under a list."""

    name: str
    icon: str
    label: object


@register.simple_tag
def bulk_actions(user: User, list_name: str) -> list[Offer]:
    """What this user may do with many rows of a list."""
    return [Offer(one.value, *ACTION_LOOKS[one]) for one in offered(user, list_name)]


@register.filter
def people_choices(filters: ListFilter) -> list[Chip]:
    """Branch and manager, and for whom something is planned, for those who see more than one."""
    branches = [(str(one.pk), one.name) for one in filters.choices["branch"]]
    managers = [(str(one.pk), one.name) for one in filters.choices["manager"]]
    chips = []
    if branches:
        chips.append(Chip("branch", _("Branch"), _("all"), branches, filters.data.get("branch", "")))
    if branches or managers:
        options = [(NOBODY, _("no manager")), *managers]
        chips.append(Chip("manager", _("Manager"), _("all"), options, filters.data.get("manager", "")))
    if managers and "owner" in filters.base_filters:
        chips.append(Chip("owner", _("Planned for"), _("all"), managers, filters.data.get("owner", "")))
    return chips


@register.simple_tag(takes_context=True)
def list_head(context: template.Context, column: Column) -> SafeString:
    """The head of a column; one that sorts is a link, and says whether it does."""
    classes = " ".join(
        filter(None, ["num" if column.is_num else "", "m-hide" if column.is_wide else ""]),
    )
    if not column.sort:
        return format_html('<th scope="col" class="{}">{}</th>', classes, column.label)
    listing = context["list"]
    current = listing.settings.sort
    other = column.sort.removeprefix("-") if column.sort.startswith("-") else f"-{column.sort}"
    keys = [key for key in (column.sort, other) if key in listing.shape.sort_of]
    is_current = current.key in keys
    target = next((key for key in keys if key != current.key), column.sort) if is_current else column.sort
    asked = context["request"].GET.copy()
    asked["sort"] = target
    for place in ("after", "before"):
        asked.pop(place, None)
    mark, direction = SafeString(""), SafeString("")
    if is_current:
        mark = format_html('<span class="sort">{}</span>', icon(f"arrow-{'down' if current.is_descending else 'up'}"))
        direction = format_html(' aria-sort="{}"', "descending" if current.is_descending else "ascending")
    return format_html(
        '<th scope="col" class="{}"{}><a href="?{}">{}{}</a></th>',
        classes, direction, asked.urlencode(), column.label, mark,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def next_gap(context: template.Context, row: Row) -> SafeString | str:
    """How much of the next tier is there, and what is missing; a dash in the highest."""
    metrics = row.customer.metrics
    tier = context["tiers"].get(metrics.tier + 1)
    if tier is None or row.as_of is None or row.as_of < metrics.since_date:
        return "–"
    gap = gap_to(tier, metrics, row.as_of)
    if gap.is_reached:
        return format_html('<span class="t2">{}</span>', _("reached"))
    share = max(0, min(100, int(gap.value * 100 / tier.lower))) if tier.lower else 100
    return format_html(
        '<span class="gap-line"><svg aria-hidden="true"><rect class="rest" width="100%" height="4"></rect>'
        '<rect class="part" width="{}%" height="4"></rect></svg>{}</span>',
        share, money(gap.missing),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def is_starred(context: template.Context, customer: Customer) -> bool:
    """Does the reader keep this customer at hand?"""
    user = context.get("user")
    return isinstance(user, User) and stars.is_starred(user, customer)
