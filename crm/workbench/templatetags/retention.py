"""How the page of 到期承接 draws rates, changes and the bars of four colours."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from campaigns.retention.charts import BOTTOM, Row
from campaigns.retention.figures import Split
from campaigns.retention.models import Maturity, Part
from crm.workbench.templatetags.screen import money_text

register = template.Library()


@register.filter
def rate(split: Split, basis: str) -> str:
    """`87.4`, without the sign; a dash where nothing matured."""
    found = split.rate(basis)
    return "–" if found is None else f"{found:.1f}"


@register.simple_tag
def rate_change(now: Split, before: Split, basis: str) -> SafeString:
    """`↑ 3.3` in points of percent; a dash where one of the months has no rate."""
    new, old = now.rate(basis), before.rate(basis)
    if new is None or old is None:
        return format_html('<span class="t3">{}</span>', "–")
    change = round(new, 1) - round(old, 1)
    arrow = "↑" if change > 0 else "↓" if change < 0 else "="
    return format_html('<span class="delta">{} {}</span>', arrow, f"{abs(change):.1f}")


@register.filter
def points_between(one: Split, other: Split) -> str:
    """By how many points of percent the rates of all assets differ."""
    first, second = one.rate("assets"), other.rate("assets")
    return "–" if first is None or second is None else f"{abs(first - second):.1f}"


@register.filter
def tenth(share: Decimal | None) -> str:
    return "–" if share is None else f"{share:.1f}%"


def stacked(parts: list[tuple[Part, Decimal]], whole: Decimal) -> SafeString:
    """Rectangles side by side; an SVG, since the content policy forbids style attributes."""
    left, rects = Decimal(0), []
    for part, amount in parts:
        width = 100 * amount / whole if whole else Decimal(0)
        rects.append((part.value, f"{left:.2f}", f"{width:.2f}", f"{part.label} {money_text(amount)}"))
        left += width
    return format_html_join("", '<rect class="{}" x="{}%" width="{}%" height="100%"><title>{}</title></rect>', rects)


@register.simple_tag
def split_bar(split: Split, size: str = "") -> SafeString:
    """The four parts of a sum; read out as one line."""
    words = gettext(", ").join(f"{part.label} {share:.1f}%" for part, _amount, share, _rows in split.parts)
    rects = stacked([(part, amount) for part, amount, _share, _rows in split.parts], split.principal)
    return format_html('<svg class="rt-bar {}" role="img" aria-label="{}">{}</svg>', size, words, rects)


@register.simple_tag
def maturity_bar(one: Maturity) -> SafeString:
    """The four parts of a single maturity."""
    parts = [(part, getattr(one, part)) for part in Part]
    return format_html('<svg class="rt-bar" aria-hidden="true">{}</svg>', stacked(parts, one.principal))


@register.simple_tag
def other_parts(one: Maturity, open_part: str) -> str:
    """`Left in demand 18.00万`, for every part but the one that is open."""
    found = [part for part in Part if part != open_part and getattr(one, part)]
    return gettext(", ").join(f"{part.label} {money_text(getattr(one, part))}" for part in found)


@register.simple_tag
def part_label(part: str) -> str:
    return str(Part(part).label) if part in Part.values else gettext("matured in the last three days")


@register.filter
def part_amount(one: Maturity, part: str) -> Decimal:
    amount: Decimal = getattr(one, part) if part in Part.values else one.principal
    return amount


@register.filter
def slice_amount(split: Split, part: str) -> Decimal:
    return split.of(part) if part in Part.values else split.young_principal


@register.filter
def slice_rows(split: Split, part: str) -> int:
    return split.rows_of(part) if part in Part.values else split.young_rows


@register.inclusion_tag("campaigns/_steps.html")
def steps(row: Row) -> dict[str, Any]:
    """The step chart of a row, with its figures for readers without eyes."""
    first, last = money_text(row.steps.first), money_text(row.steps.last)
    marks = zip(("T", "+7", "+15"), row.steps.mark_x, strict=True)
    words = gettext("Assets from %(first)s to %(last)s") % {"first": first, "last": last}
    due, final, _end = row.steps.mark_x
    return {
        "steps": row.steps, "first": first, "last": last, "marks": list(marks), "words": words, "base": BOTTOM,
        "window": round(final - due, 1),
    }  # fmt: skip
