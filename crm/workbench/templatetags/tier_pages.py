"""How the pages about tiers draw figures: cells of the matrix, changes with arrows, bars."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, pgettext

from crm.workbench.gap_ladder import GAPS, LadderFilter
from crm.workbench.templatetags.lists import Chip
from crm.workbench.templatetags.screen import icon, money, money_short, tier
from crm.workbench.tier_moves import Flow, Shown
from crm.workbench.tier_simulation import Load
from customers.filters import UNIT
from segments.moves import Cell

register = template.Library()

ARROWS = {"up": "↑", "down": "↓"}
KINDS = {
    "up": ("arrow-up-right", gettext_lazy("Up")),
    "stay": ("minus", gettext_lazy("Unchanged")),
    "down": ("arrow-down-right", gettext_lazy("Down")),
    "closed": ("logout", gettext_lazy("Closed")),
}
# A side of the flow bar is this many percent wide.
FLOW_PERCENT = 10


@register.filter
def share_text(share: float | None) -> str:
    """`3.8%`; a share that is there but rounds to nothing is `<0.1%`."""
    if share is None:
        return "–"
    return "<0.1%" if 0 < share < 0.05 else f"{share:.1f}%"


@register.filter
def whole(number: Decimal) -> str:
    """Rounded, with thousands separators."""
    return f"{round(number):,}"


@register.simple_tag
def move_word(kind: str) -> SafeString:
    name, label = KINDS[kind]
    return format_html('<span class="status">{}{}</span>', icon(name), label)


@register.simple_tag
def cell_figures(shown: Shown, unit: str) -> SafeString:
    """The figure that was asked for, large, and beside it the one that explains it."""
    cell, share = shown.cell, share_text(shown.share)
    arrow = ARROWS.get(cell.kind, "")
    mark = format_html('<span class="arr" aria-hidden="true">{}</span>', arrow) if arrow else ""
    if unit == "aum":
        last, first = (cell.closing, cell.opening) if cell.new else (cell.opening, Decimal(0))
        return format_html("<b>{}{}</b><small>{}</small>", mark, money(last), money(first))
    large, small = (share, f"{cell.customers:,}") if unit == "percent" else (f"{cell.customers:,}", share)
    return format_html("<b>{}{}</b><small>{}</small>", mark, large, small)


@register.simple_tag
def sum_figure(cell: Cell, unit: str, day: str, rank: int) -> SafeString | str:
    """The population of a row or column; who is new had nothing on the first day, so their row sums the last one."""
    if unit == "aum":
        return money(getattr(cell, day if rank else "closing"))
    return f"{cell.customers:,}"


@register.simple_tag
def money_change(amount: Decimal) -> SafeString:
    if not amount:
        return format_html('<span class="t3">{}</span>', "0")
    return format_html('<span class="delta">{} {}</span>', "▲" if amount > 0 else "▼", money(abs(amount)))


@register.simple_tag
def number_change(number: Decimal) -> SafeString:
    """`▲ 7`, in whole numbers."""
    if not round(number):
        return format_html('<span class="t3">{}</span>', "0")
    return format_html('<span class="delta">{} {}</span>', "▲" if number > 0 else "▼", whole(abs(number)))


@register.simple_tag
def load_bar(load: Load, loads: list[Load], capacity: int | None) -> SafeString:
    """A manager's contacts now (hollow) and by the draft (filled) on one scale for all, with the line of capacity."""
    widest = max(Decimal(1), *(max(one.now, one.then) for one in loads), Decimal(capacity or 0)) * Decimal("1.05")
    now, then, most = (f"{100 * value / widest:.1f}%" for value in (load.now, load.then, Decimal(capacity or 0)))
    edge = format_html('<line x1="{0}" x2="{0}" y1="0" y2="16" class="most"></line>', most) if capacity else ""
    return format_html(
        '<svg class="load" aria-hidden="true">{0}<line x1="{1}" x2="{2}" y1="8" y2="8" class="way {3}"></line>'
        '<circle cx="{1}" cy="8" r="4" class="now {3}"></circle>'
        '<circle cx="{2}" cy="8" r="4" class="then {3}"></circle></svg>',
        edge, now, then, "over" if load.over else "",
    )  # fmt: skip


@register.simple_tag
def flow_bar(flow: Flow) -> SafeString:
    """Down and closed to the left, up to the right of a middle line; each side ends at FLOW_PERCENT."""
    left, right = (min(100.0, share * 100 / FLOW_PERCENT) / 2 for share in (flow.down + flow.closed, flow.up))
    start, fall, rise = (f"{length:.1f}%" for length in (50 - left, left, right))
    return format_html(
        '<svg class="flow-bar" aria-hidden="true"><rect class="ground" width="100%" height="10"></rect>'
        '<rect class="down" x="{}" width="{}" height="10"></rect>'
        '<rect class="up" x="50%" width="{}" height="10"></rect></svg>',
        start, fall, rise,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def cell_title(context: template.Context, cell: tuple[int, int]) -> SafeString:
    """A cell of the matrix as badges."""
    return move_pair(context, *cell)


@register.simple_tag(takes_context=True)
def move_pair(context: template.Context, old: int, new: int) -> SafeString:
    """From which tier to which, as badges."""
    first: Any = tier(context, old) if old else pgettext("customers", "new")
    last: Any = tier(context, new) if new else pgettext("customers", "closed")
    return format_html('<span>{} <span aria-label="{}">→</span> {}</span>', first, gettext("to"), last)


@register.filter
def ladder_choices(filters: LadderFilter) -> list[Chip]:
    """How large a gap may be, and by which source it could be filled."""
    sizes = [(str(number), f"≤ {money_short(number * UNIT)}") for number in GAPS]
    sources = [(str(key), str(label)) for key, label in filters.filters["source"].extra["choices"]]
    return [
        Chip("most", gettext("Missing"), gettext("any"), sizes, filters.data.get("most", "")),
        Chip("source", gettext("Could fill it"), gettext("any"), sources, filters.data.get("source", "")),
    ]
