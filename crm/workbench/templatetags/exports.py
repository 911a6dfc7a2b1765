"""How pages speak of exports: states, and the filters of a list in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from archives.filters import OVERDUE, TODAY
from crm.organization.models import Branch, User
from crm.workbench.list_shapes import SHAPES
from crm.workbench.templatetags.archives import asks_words, stale_words
from crm.workbench.templatetags.jobs import status
from crm.workbench.templatetags.screen import money_short
from crm.workbench.templatetags.segments import segment_words
from customers.choices import CustomerType, ExportState
from customers.exports.forms import PLAIN
from customers.filters import NOBODY, UNIT
from customers.models import ExportRequest
from customers.reveal import Reason

register = template.Library()

LABELLED = gettext_lazy("%(label)s: %(text)s")
NAMED = ((("branch", "place"), Branch), (("manager", "owner"), User))

EXPORT_LOOKS = {
    ExportState.WAITING: ("warn", "hourglass"),
    ExportState.QUEUED: ("info", "clock"),
    ExportState.RUNNING: ("info", "loader-2"),
    ExportState.READY: ("ok", "circle-check"),
    ExportState.FETCHED: ("", "download"),
    ExportState.REFUSED: ("crit", "ban"),
    ExportState.WITHDRAWN: ("", "trash"),
    ExportState.EXPIRED: ("", "history"),
    ExportState.FAILED: ("crit", "alert-octagon"),
}


@register.simple_tag
def export_state(export: ExportRequest) -> SafeString:
    """The state of an export as word and icon."""
    return status(*EXPORT_LOOKS[ExportState(export.state)], export.get_state_display())


@dataclass(frozen=True)
class Names:
    """Branches and managers by id, as filters write it: read once for a page, however many filters it shows."""

    branches: dict[str, str]
    managers: dict[str, str]


def names_in(filters: Iterable[dict[str, str]]) -> Names:
    """The names of every branch and manager that these filters mention; a query for each kind that occurs."""
    asked = list(filters)
    return Names(*(named(model, {one.get(key, "") for one in asked for key in keys}) for keys, model in NAMED))


def named(model: type[Branch] | type[User], ids: set[str]) -> dict[str, str]:
    numbers = [int(one) for one in ids if one.isdecimal() and len(one) < 19]
    found = model._default_manager.filter(pk__in=numbers).values_list("pk", "name") if numbers else ()
    return {str(pk): name for pk, name in found}


@register.simple_tag(takes_context=True)
def rows_in_words(context: template.Context, list_name: str, filters: dict[str, str], ticked: list[int] | None) -> str:
    """`Tier: high; Matures: within 30 days`, or how many ticked rows; what nobody has words for is told as it stands.

    Needs `names`.
    """
    if ticked is not None:
        return ngettext("%(number)s ticked row", "%(number)s ticked rows", len(ticked)) % {"number": len(ticked)}
    if not filters:
        return _("everything in scope")
    known = SHAPES[list_name].filters.base_filters
    parts = [
        LABELLED % dict(zip(("label", "text"), one_filter(context, known, *pair), strict=True))
        for pair in filters.items()
    ]
    return _(", ").join(parts)


def one_filter(context: template.Context, known: Mapping[str, Any], name: str, value: str) -> tuple[str, str]:
    """What a filter is called, and what it asks for."""
    match name:
        case "tier":
            tier = context["tiers"].get(int(value)) if value.isdecimal() else None
            return _("Tier"), tier.name if tier else value
        case "branch" | "place":
            return _("Branch"), context["names"].branches.get(value, value)
        case "manager":
            return _("Manager"), _("no manager") if value == NOBODY else context["names"].managers.get(value, value)
        case "owner":
            return _("Planned for"), context["names"].managers.get(value, value)
        case "due":
            return str(known[name].label), due_words(value)
        case "type":
            return pgettext("customer", "Type"), str(dict(CustomerType.choices).get(value, value))
        case "segment":
            return _("Segment"), segment_words(value)
        case "archive":
            return str(known[name].label), asks_words(value)
        case "stale":
            return _("Stale"), stale_words(value)
        case "aum_min":
            return _("AUM from"), amount(value)
        case "aum_max":
            return _("AUM below"), amount(value)
    return chosen_words(known.get(name), name, value)


def chosen_words(asked: Any, name: str, value: str) -> tuple[str, str]:
    """A filter by its own label and choices."""
    if asked is None:
        return name, value
    return str(asked.label or name), str(dict(asked.extra.get("choices", ())).get(value, value))


def due_words(value: str) -> str:
    """Days ahead, or a word of the plans' filter."""
    if value in (OVERDUE, TODAY):
        return _("overdue") if value == OVERDUE else _("today")
    days = int(value) if value.isdecimal() else 0
    return ngettext("within %(days)s day", "within %(days)s days", days) % {"days": days}


def amount(value: str) -> str:
    """Typed in 万; shown as amounts are everywhere."""
    try:
        return money_short(Decimal(value) * UNIT)
    except InvalidOperation:
        return value


@register.filter
def plain_fields(export: ExportRequest) -> str:
    """The fields in plain text, or that all are masked."""
    labels = [str(PLAIN[name]) for name in export.plain_fields if name in PLAIN]
    return _(", ").join(labels) if labels else _("none, everything is masked")


@register.filter
def reason_of(export: ExportRequest) -> str:
    """Why plain text is wanted."""
    reason = str(dict(Reason.choices).get(export.reason, export.reason))
    return LABELLED % {"label": reason, "text": export.note} if export.note else reason
