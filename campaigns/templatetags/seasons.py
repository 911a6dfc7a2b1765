"""How targets are written: amounts in yuan or customers, bars with the share of time that has passed, their state."""

from decimal import Decimal

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.seasons.models import SeasonTarget
from campaigns.seasons.progress import Progress

register = template.Library()

STATES = {
    "waiting": ("", "hourglass", _("not begun yet")),
    "done": ("ok", "circle-check", _("reached")),
    "ahead": ("ok", "trending-up", _("ahead of time")),
    "behind": ("warn", "trending-down", _("behind time")),
}


@register.filter
def whole(amount: Decimal) -> int:
    return int(amount)


@register.simple_tag
def pace_bar(progress: Progress) -> SafeString:
    """What is reached of a target, and a mark where it would be if all went evenly; figures stand beside it."""
    have = min(Decimal(100), max(Decimal(0), progress.percent))
    return format_html(
        '<svg class="ss-bar {}" aria-hidden="true"><rect class="track" width="100%" height="100%"></rect>'
        '<rect class="have" width="{}%" height="100%"></rect>'
        '<line class="mark" x1="{}%" x2="{}%" y1="0" y2="100%"></line></svg>',
        progress.state, f"{have:.1f}", f"{progress.elapsed:.1f}", f"{progress.elapsed:.1f}",
    )  # fmt: skip


@register.simple_tag
def pace_status(progress: Progress) -> SafeString:
    """The state as icon and word."""
    level, icon, word = STATES[progress.state]
    return format_html(
        '<span class="status {}" data-state="{}"><svg class="ico" aria-hidden="true"><use href="{}#{}"></use></svg>{}'
        "</span>", level, progress.state, static("vendor/icons.svg"), icon, word,
    )  # fmt: skip


@register.filter
def behind_it(target: SeasonTarget) -> str:
    """What narrows the list of customers to those behind a target: its manager, or its branch with all below."""
    who = f"manager={target.owner_id}" if target.owner_id else f"place={target.branch_id}"
    return f"{who}&tier={target.rank}" if target.rank else who
