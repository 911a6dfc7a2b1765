"""How inspections of archives are drawn: their states, and figures that lead to the archives behind them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from archives.choices import InspectionState
from crm.workbench.templatetags.screen import icon

register = template.Library()

LOOKS = {
    InspectionState.DRAWN: ("info", "clipboard-list"),
    InspectionState.PASSED: ("ok", "circle-check"),
    InspectionState.RETURNED: ("warn", "corner-down-right"),
    InspectionState.RESUBMITTED: ("info", "send"),
    InspectionState.CLOSED: ("", "circle-x"),
}


@register.simple_tag
def inspection_state(state: str) -> SafeString:
    """As word and icon."""
    one = InspectionState(state)
    level, name = LOOKS[one]
    return format_html('<span class="status {}">{}{}</span>', level, icon(name), one.label)


@register.simple_tag
def result_link(row: Mapping[str, Any], figure: str, **more: str) -> SafeString:
    """A figure of a manager's month as a link to the inspections behind it; nothing leads nowhere."""
    number = row[figure]
    if not number:
        return format_html('<span class="t3">{}</span>', 0)
    query = urlencode({"manager": row["owner_id"], "month": row["month"].isoformat(), **more})
    return format_html('<a class="link-row" href="?{}#rows">{}</a>', query, number)
