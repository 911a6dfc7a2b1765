"""How gifts are drawn: their states, and what may be done about one."""

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.gift_choices import GiftState
from crm.workbench.templatetags.screen import icon

register = template.Library()

LOOKS = {
    GiftState.ASKED: ("warn", "clock-exclamation"),
    GiftState.APPROVED: ("info", "check"),
    GiftState.REFUSED: ("crit", "x"),
    GiftState.GIVEN: ("ok", "gift"),
    GiftState.WITHDRAWN: ("info", "ban"),
    GiftState.REVERSED: ("warn", "rotate"),
}
ACTS: dict[str, str | Promise] = {
    GiftState.APPROVED: pgettext_lazy("gift", "Approve"),
    GiftState.REFUSED: pgettext_lazy("gift", "Do not approve"),
    GiftState.GIVEN: _("It was given"),
    GiftState.WITHDRAWN: _("Do not give it after all"),
    GiftState.REVERSED: _("Reverse the gift"),
}


@register.simple_tag
def gift_state(state: str) -> SafeString:
    """As word and icon."""
    one = GiftState(state)
    level, name = LOOKS[one]
    return format_html('<span class="status {}" data-state="{}">{}{}</span>', level, one.value, icon(name), one.label)


@register.simple_tag
def gift_act(kind: str) -> str:
    """What the button of a step says."""
    return str(ACTS[kind])
