"""How the board draws its figures: links to the customers behind them, coverage, changes."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from archives.filters import OVERDUE, TODAY
from crm.workbench.templatetags.screen import count, money_text, short_day

register = template.Library()

PLANS_DUE = {"appointments": TODAY, "overdue": OVERDUE}


class Line(Protocol):
    """A line of the board (crm.workbench.board): its figures, and the parameters of their drill-down."""

    @property
    def figures(self) -> Any: ...

    @property
    def drill(self) -> Mapping[str, str]: ...

    @property
    def query(self) -> str: ...


@register.simple_tag
def drill(line: Line, figure: str, text: Any = None, **more: Any) -> SafeString:
    """A figure of a line as a link to the customers behind it; nothing leads nowhere."""
    number = getattr(line.figures, figure)
    shown = count(number) if text is None else text
    if not number:
        return format_html('<span class="t3">{}</span>', shown)
    return format_html('<a class="link-row" href="{}">{}</a>', drill_url(line, figure, **more), shown)


@register.simple_tag
def drill_url(line: Line, figure: str, **more: Any) -> str:
    """The address of the customers behind a figure; behind one of plans, of the plans, which are their owner's."""
    if figure in PLANS_DUE:
        whose = {"owner" if name == "manager" else name: value for name, value in line.drill.items()}
        return f"{reverse('workbench:plans')}?{urlencode({'due': PLANS_DUE[figure], **whose})}"
    further = f"&{urlencode(more)}" if more else ""
    return f"{reverse('workbench:board_customers')}?figure={figure}&{line.query}{further}"


@register.filter
def change_money(amount: Decimal) -> str:
    """↑ 3.20万 · ↓ 1.00万 · same."""
    if not amount:
        return _("same")
    return f"{'↑' if amount > 0 else '↓'} {money_text(abs(amount))}"


@register.filter
def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1f}%"


@register.simple_tag
def coverage_bar(share: float | None) -> SafeString | str:
    """A thin bar of `share` percent; an SVG, because the page's policy allows no inline style."""
    if share is None:
        return ""
    return format_html(
        '<svg class="cover" aria-hidden="true"><rect class="rest" width="100%" height="4"></rect>'
        '<rect class="part" width="{}%" height="4"></rect></svg>',
        f"{share:.1f}",
    )


@register.filter
def short_local_day(moment: datetime) -> str:
    """11/27 by the bank's clock."""
    return short_day(timezone.localtime(moment).date())
