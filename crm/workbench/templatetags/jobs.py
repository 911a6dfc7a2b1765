"""How 任务中心 draws runs: states, bars without inline styles, and changes against the night before."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.jobs.choices import RunState
from crm.jobs.models import JobRun
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.templatetags.screen import icon
from customers.choices import LoadState
from customers.models import FeedLoad

register = template.Library()

RUN_LOOKS = {
    RunState.RUNNING: ("info", "loader-2"),
    RunState.PUBLISHED: ("ok", "circle-check"),
    RunState.FAILED: ("crit", "alert-octagon"),
    RunState.CANCELLED: ("warn", "ban"),
}
LOAD_LOOKS = {
    LoadState.ACCEPTED: ("ok", "circle-check"),
    LoadState.PUBLISHED: ("ok", "circle-check"),
    LoadState.STOPPED: ("crit", "alert-octagon"),
    LoadState.FAILED: ("crit", "alert-octagon"),
    LoadState.SUPERSEDED: ("warn", "history"),
    LoadState.RECEIVED: ("info", "clock"),
    LoadState.LOADING: ("info", "loader-2"),
}
NO_SHARE = "–"


@register.simple_tag
def night_state(run: JobRun) -> SafeString:
    """The state of a run as word and icon."""
    return status(*RUN_LOOKS[RunState(run.state)], run.get_state_display())


@register.simple_tag
def load_state(load: FeedLoad) -> SafeString:
    """The state of a file as word and icon."""
    return status(*LOAD_LOOKS[LoadState(load.state)], load.get_state_display())


def status(level: str, icon_name: str, word: str) -> SafeString:
    return format_html('<span class="status {}">{}{}</span>', level, icon(icon_name), word)


@register.simple_tag
def bar(share: float) -> SafeString:
    """A bar of `share` percent; an SVG, because the page's policy allows no inline style."""
    return format_html(
        '<svg class="track" aria-hidden="true"><rect class="rest" width="100%" height="8"></rect>'
        '<rect class="part" width="{}%" height="8"></rect></svg>',
        f"{share:.1f}",
    )


@register.simple_tag
def pair(share: float, before: float) -> SafeString:
    """Two bars, one above the other: this night and the night before."""
    return format_html(
        '<svg class="pair-bar" aria-hidden="true"><rect class="now" width="{}%" height="7"></rect>'
        '<rect class="prev" y="8" width="{}%" height="3"></rect></svg>',
        f"{share:.1f}",
        f"{before:.1f}",
    )


@register.filter
def change(number: int | None) -> str:
    """↑ 1,204 · ↓ 88 · same."""
    if number is None:
        return NO_SHARE
    if number == 0:
        return _("same")
    return f"{'↑' if number > 0 else '↓'} {abs(number):,}"


@register.filter
def seconds(length: float | None) -> str:
    """12.3 s."""
    return NO_SHARE if length is None else _("%(seconds)s s") % {"seconds": f"{length:,.1f}"}


@register.filter
def change_seconds(length: float | None) -> str:
    if length is None:
        return NO_SHARE
    if abs(length) < 0.05:
        return _("same")
    return f"{'↑' if length > 0 else '↓'} {abs(length):,.1f}"


@register.simple_tag(takes_context=True)
def reject_link(context: template.Context, load: FeedLoad) -> SafeString | str:
    """The number of refused rows; for those who may have it, a link to the reject file where there is one."""
    text = f"{load.rows_rejected:,}"
    user = context.get("user")
    if not load.reject_file or not isinstance(user, User) or user.role != Role.ADMIN:
        return text
    return format_html(
        '<a href="{}" title="{}">{}</a>', reverse("feeds:rejects", args=[load.pk]), _("Download the reject file"), text
    )
