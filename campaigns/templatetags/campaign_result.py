"""How the result of a campaign is written: shares in points, verdicts with an icon, bars."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.uplift import Verdict

register = template.Library()

LOOKS = {
    Verdict.NO_CONTROL: ("", "minus"),
    Verdict.TOO_EARLY: ("", "hourglass"),
    Verdict.TOO_FEW: ("", "hourglass"),
    Verdict.CANNOT_TELL: ("", "minus"),
    Verdict.CAN_TELL: ("ok", "circle-check"),
    Verdict.FINAL: ("ok", "circle-check"),
}


@register.filter
def points(share: Any) -> str:
    """8.7: points of a hundred with a sign where they are below zero."""
    if share is None or share == "":  # what is not there yet reads as nothing in a template
        return "–"
    return str((Decimal(share) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)).replace("-", "−")


@register.filter
def whole(number: Any) -> str:
    """254: customers without a fraction."""
    if number is None or number == "":
        return "–"
    return f"{Decimal(number).quantize(Decimal(1), ROUND_HALF_UP):,}".replace("-", "−")


@register.simple_tag
def share_of(part: int, members: int) -> str:
    return f"{100 * part / members:.1f}%" if members else "–"


def sprite(name: str) -> SafeString:
    return format_html(
        '<svg class="ico" aria-hidden="true"><use href="{}#{}"></use></svg>', static("vendor/icons.svg"), name
    )


@register.simple_tag
def verdict_status(verdict: str) -> SafeString:
    """The verdict as icon and word."""
    found = Verdict(verdict)
    level, icon = LOOKS[found]
    return format_html(
        '<span class="status {}" data-verdict="{}">{}{}</span>', level, found.value, sprite(icon), found.label
    )


@register.simple_tag
def share_bar(part: int, members: int, most: float, kind: str) -> SafeString:
    """A bar as long as the share, where `most` of a hundred fills it; an SVG, because of the page's policy."""
    width = min(100.0, 100 * (100 * part / members) / most) if members and most else 0.0
    return format_html(
        '<svg class="cr-bar" aria-hidden="true"><rect class="rest" width="100%" height="18"></rect>'
        '<rect class="{}" width="{}%" height="18"></rect></svg>', kind, f"{width:.1f}",
    )  # fmt: skip


@register.simple_tag
def split_bar(net: Any, members: int) -> SafeString:
    """Of those who reached it, the part that the campaign brought, and the rest who would have come anyway."""
    width = min(100.0, max(0.0, 100 * float(net) / members)) if members else 0.0
    return format_html(
        '<svg class="cr-bar slim" aria-hidden="true"><rect class="anyway" width="100%" height="12"></rect>'
        '<rect class="treat" width="{}%" height="12"></rect></svg>', f"{width:.1f}",
    )  # fmt: skip
