"""How the entries of the ledger are drawn."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.entitlements.choices import EntryKind
from crm.workbench.templatetags.screen import icon

register = template.Library()

LOOKS = {
    EntryKind.EARN: ("ok", "plus"),
    EntryKind.SPEND: ("info", "check"),
    EntryKind.EXPIRE: ("mute", "hourglass"),
    EntryKind.REVERSE: ("warn", "rotate"),
}


@register.simple_tag
def ledger_kind(kind: str) -> SafeString:
    """As word and icon."""
    one = EntryKind(kind)
    level, name = LOOKS[one]
    return format_html('<span class="status {}" data-kind="{}">{}{}</span>', level, one.value, icon(name), one.label)


@register.filter
def signed(number: int) -> str:
    """`+1,000` or `−20`: what came and what went."""
    return f"{'+' if number > 0 else '−'}{abs(number):,}"
