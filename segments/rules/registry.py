"""Every field that a rule may ask for: the fixed ones, and those of the archive that an administrator opens to rules.

A field of the archive bears the key `archive:<its key>`; its label and options are rows, so that it is looked up each
time. A retired one can still be read: rules outlive it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from archives import asking
from archives.choices import FieldKind
from archives.models import ArchiveField
from segments.rules.fields import DAYS, FIELDS, PEOPLE, Field
from segments.rules.kinds import (
    AT_LEAST,
    BELOW,
    CONTAINS,
    FROM,
    IN,
    KNOWN,
    UNTIL,
    WITHIN,
    Choice,
    Dates,
    Kind,
    Whole,
    Words,
)

PREFIX = "archive:"


@dataclass(frozen=True)
class Known:
    """What the archive says of this field, compared as lists compare it (archives.asking)."""

    of: ArchiveField

    def __call__(self, op: str, value: Any, day: date) -> Q:
        asked = asking.EMPTY if op == KNOWN and not value else op
        return asking.whether(self.of, asked, value, day)


@dataclass(frozen=True)
class Options:
    """The options of a field of the archive, as they are when they are asked for."""

    key: str

    def __call__(self) -> Iterable[tuple[str, str]]:
        return ArchiveField.objects.get(key=self.key).choices


def kind_of(of: ArchiveField) -> Kind:
    if of.kind in asking.LISTS:
        return Choice(choices=Options(of.key), ops=(IN, KNOWN))
    if of.kind == FieldKind.NUMBER:
        return Whole(ops=(AT_LEAST, BELOW, KNOWN))
    return Dates(ops=(WITHIN, FROM, UNTIL, KNOWN)) if of.kind == FieldKind.DATE else Words(ops=(CONTAINS, KNOWN))


def asked(of: ArchiveField) -> Field:
    """A field of the archive as a rule asks for it; only people change it."""
    return Field(
        PREFIX + of.key, pgettext("of a customer", "Archive"), of.label, kind_of(of), PEOPLE, Known(of),
        unit=DAYS if of.kind == FieldKind.DATE else "", yes=_("noted"), no=_("nothing noted"),
    )  # fmt: skip


def find(key: str) -> Field | None:
    """The field of this key, None where there is none."""
    if not key.startswith(PREFIX):
        return FIELDS.get(key)
    of = ArchiveField.objects.filter(key=key.removeprefix(PREFIX), is_filterable=True).first()
    return asked(of) if of else None


def grouped() -> dict[str, list[Field]]:
    """The fields under their headings, for a picker."""
    groups: dict[str, list[Field]] = {}
    known = ArchiveField.objects.filter(is_filterable=True, is_active=True).order_by("section", "place", "pk")
    for field in [*FIELDS.values(), *map(asked, known)]:
        groups.setdefault(str(field.group), []).append(field)
    return groups
