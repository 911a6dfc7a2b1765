"""How lists tell of a field of the archive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from archives.choices import Section
from archives.contactable import Verdict, verdict_of
from archives.models import ArchiveField
from archives.record_kinds import shown
from crm.workbench.templatetags.screen import count
from customers.filters import ANY, ARCHIVE, ListFilter

register = template.Library()


@register.simple_tag
def archive_words(asked: str) -> SafeString | str:
    """`position:owner` as the names of the field and its value; what names no field stays as it is."""
    found = ARCHIVE.fullmatch(asked)
    field = ArchiveField.objects.filter(key=found["field"], is_filterable=True).first() if found else None
    if found is None or field is None:
        return asked[:40]
    return format_html("{} <b>{}</b>", field.label, shown(field, found["value"]))


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
