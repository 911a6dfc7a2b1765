"""How findings in contacts are drawn: their states, when they were entered, and what a flaw takes off."""

from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from archives.models import ContactQualityRule
from archives.quality.figures import Line
from archives.quality_choices import FindingState, FlawKind
from crm.workbench.templatetags.screen import icon

register = template.Library()

LOOKS = {
    FindingState.OPEN: ("info", "clipboard-list"),
    FindingState.REASONABLE: ("ok", "circle-check"),
    FindingState.TALK: ("warn", "message-circle"),
}
# Each flaw with its figure of a month, its weight of the rule, and what it means.
FLAWS = (
    (FlawKind.ALIKE, "alike", "off_alike", _("entered one after the other with the same words")),
    (FlawKind.BURST, "burst", "off_burst", _("entered all at once, long after or faster than people can talk")),
    (FlawKind.NO_NEXT, "no_next", "off_no_next", _("interested or booked, and after three days no next step")),
    (
        FlawKind.NO_CHANGE,
        "no_change",
        "off_no_change",
        _("interested, booked or sold, and nothing in thirty days"),
    ),
)


@register.simple_tag
def finding_state(state: str) -> SafeString:
    """As word and icon."""
    one = FindingState(state)
    level, name = LOOKS[one]
    return format_html('<span class="status {}">{}{}</span>', level, icon(name), one.label)


@register.simple_tag
def verdict_icon(state: str) -> SafeString:
    return icon(LOOKS[FindingState(state)][1])


@register.simple_tag
def flaws_of(line: Line, rule: ContactQualityRule) -> list[dict[str, Any]]:
    """The parts of a month's score: what was found, how often, and what one of them takes off in percent."""
    return [
        {"label": kind.label, "means": means, "number": getattr(line, figure), "weight": getattr(rule, weight)}
        for kind, figure, weight, means in FLAWS
    ]


@register.filter
def entered(finding: Any) -> str:
    """`17:40–17:52` by the bank's clock."""
    began, ended = timezone.localtime(finding.began_at), timezone.localtime(finding.ended_at)
    return f"{began:%H:%M}–{ended:%H:%M}"
