"""How lists tell of a field of the archive."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from archives.models import ArchiveField
from archives.record_kinds import shown
from customers.filters import ARCHIVE

register = template.Library()


@register.simple_tag
def archive_words(asked: str) -> SafeString | str:
    """`position:owner` as the names of the field and its value; what names no field stays as it is."""
    found = ARCHIVE.fullmatch(asked)
    field = ArchiveField.objects.filter(key=found["field"], is_filterable=True).first() if found else None
    if found is None or field is None:
        return asked[:40]
    return format_html("{} <b>{}</b>", field.label, shown(field, found["value"]))
