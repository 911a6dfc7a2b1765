"""How lists tell of a field of the archive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from archives import asking
from archives.choices import Section
from archives.contactable import Verdict, verdict_of
from archives.record_kinds import BadValue
from crm.workbench.templatetags.screen import count
from customers.filters import ANY, ListFilter

register = template.Library()


@dataclass(frozen=True)
class Asked:
    """A question that a list asks of the archive, in words, and the address without it."""

    label: str
    words: str
    without: str


def asks_words(text: str) -> str:
    """The questions in one line; what names no field stays as it is."""
    try:
        return _(", ").join(f"{ask.field.label} {ask.words()}" for ask in asking.parse(text))
    except BadValue:
        return text[:40]


@register.simple_tag
def archive_asks(filters: ListFilter) -> list[Asked]:
    """What the list asks of the archive, one by one; what names no field stays as it is."""
    text = str(filters.data.get("archive") or "")
    if not text:
        return []
    rest = {key: filters.data[key] for key in sorted(filters.filters) if key != "archive" and filters.data.get(key)}
    try:
        asks = asking.parse(text)
    except BadValue:
        return [Asked(_("Archive"), text[:40], f"?{urlencode(rest)}")]
    found = []
    for ask in asks:
        others = ",".join(other.text for other in asks if other is not ask)
        query = rest | ({"archive": others} if others else {})
        found.append(Asked(ask.field.label, ask.words(), f"?{urlencode(query)}"))
    return found


@register.simple_tag
def contact_bar(found: Mapping[str, Any]) -> Verdict | None:
    """Why the customer of a row may not be reached, from what the list's statement has brought; None where they may."""
    return verdict_of(found)


@dataclass(frozen=True)
class Chip:
    """A filter by the state of the archive, in words, and the address without it."""

    name: str
    label: str
    words: str
    value: str
    without: str


def stale_words(asked: str) -> str:
    """The name of a section of the archive in which something is stale, or that any will do."""
    return _("in any section") if asked == ANY else str(dict(Section.choices).get(asked, asked))


@register.simple_tag
def archive_chips(filters: ListFilter) -> list[Chip]:
    """The filters that the page of completeness leads to, as far as they are set."""
    found = []
    for name, label in (("complete_below", _("Completeness")), ("noted", _("Archive")), ("stale", _("Stale"))):
        value = str(filters.data.get(name) or "")[:12]
        if not value:
            continue
        words = {
            "complete_below": _("below %(percent)s%%") % {"percent": value},
            "noted": {"1": _("begun"), "0": _("not begun")}.get(value, value),
            "stale": stale_words(value),
        }[name]
        rest = [(key, filters.data[key]) for key in sorted(filters.filters) if key != name and filters.data.get(key)]
        found.append(Chip(name, label, words, value, f"?{urlencode(rest)}"))
    return found


@register.simple_tag
def quality_link(line: Any, figure: str) -> SafeString:
    """A figure of a line as a link to the customers behind it; nothing leads nowhere."""
    number = getattr(line.figures, figure, None)
    number = line.figures.stale_in[figure] if number is None else number
    if not number:
        return format_html('<span class="t3">{}</span>', 0)
    return format_html('<a class="link-row" href="{}">{}</a>', line.url(figure), count(number))


@register.simple_tag
def level_of(share: float | None) -> str:
    """How a share of archives below the line is marked."""
    return "" if share is None else "crit" if share >= 50 else "warn" if share >= 25 else ""
