"""How pages speak of exports: states, and the filters of the customer list in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from crm.organization.models import Branch, User
from crm.workbench.templatetags.jobs import status
from crm.workbench.templatetags.screen import money_short
from crm.workbench.templatetags.segments import segment_words
from customers.choices import AlertKind, CustomerType, ExportState
from customers.filters import NOBODY, UNIT, CustomerFilter
from customers.models import ExportRequest
from customers.reveal import LABELS, Reason

register = template.Library()

LABELLED = gettext_lazy("%(label)s: %(text)s")
NAMED = (("branch", Branch), ("manager", User))

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
    return Names(*(named(model, {one.get(key, "") for one in asked}) for key, model in NAMED))


def named(model: type[Branch] | type[User], ids: set[str]) -> dict[str, str]:
    numbers = [int(one) for one in ids if one.isdecimal() and len(one) < 19]
    found = model._default_manager.filter(pk__in=numbers).values_list("pk", "name") if numbers else ()
    return {str(pk): name for pk, name in found}


@register.simple_tag(takes_context=True)
def filters_in_words(context: template.Context, filters: dict[str, str]) -> str:
    """`Tier: high; Matures: within 30 days`; what nobody has words for is told as it stands. Needs `names`."""
    if not filters:
        return _("all customers in scope")
    parts = [
        LABELLED % dict(zip(("label", "text"), one_filter(context, *pair), strict=True)) for pair in filters.items()
    ]
    return _(", ").join(parts)


def one_filter(context: template.Context, name: str, value: str) -> tuple[str, str]:
    """What a filter is called, and what it asks for."""
    match name:
        case "tier":
            known = context["tiers"].get(int(value)) if value.isdecimal() else None
            return _("Tier"), known.name if known else value
        case "kind":
            return _("Alert"), str(dict(AlertKind.choices).get(value, value))
        case "branch":
            return _("Branch"), context["names"].branches.get(value, value)
        case "manager":
            return _("Manager"), _("no manager") if value == NOBODY else context["names"].managers.get(value, value)
        case "due":
            days = int(value) if value.isdecimal() else 0
            text = ngettext("within %(days)s day", "within %(days)s days", days) % {"days": days}
            return _("Matures"), text
        case "type":
            return pgettext("customer", "Type"), str(dict(CustomerType.choices).get(value, value))
        case "starred":
            return _("Starred"), _("mine")
        case "segment":
            return _("Segment"), segment_words(value)
        case "aum_min":
            return _("AUM from"), amount(value)
        case "aum_max":
            return _("AUM below"), amount(value)
    label = getattr(CustomerFilter.base_filters.get(name), "label", None)
    return str(label or name), value


def amount(value: str) -> str:
    """Typed in 万; shown as amounts are everywhere."""
    try:
        return money_short(Decimal(value) * UNIT)
    except InvalidOperation:
        return value


@register.filter
def plain_fields(export: ExportRequest) -> str:
    """The fields in plain text, or that all are masked."""
    labels = [str(LABELS[name][1]) for name in export.plain_fields if name in LABELS]
    return _(", ").join(labels) if labels else _("none, everything is masked")


@register.filter
def reason_of(export: ExportRequest) -> str:
    """Why plain text is wanted."""
    reason = str(dict(Reason.choices).get(export.reason, export.reason))
    return LABELLED % {"label": reason, "text": export.note} if export.note else reason
