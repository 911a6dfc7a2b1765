"""Every field that a rule may ask for: the fixed ones, and those of the archive that an administrator opens to rules.

A field of the archive bears the key `archive:<its key>`; its label and options are rows, so that it is looked up each
time. A retired one can still be read: rules outlive it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import pgettext

from archives.choices import FieldKind
from archives.models import ArchiveField, ArchiveValue
from segments.rules.fields import DAYS, FIELDS, PEOPLE, Field, words_in
from segments.rules.kinds import AT_LEAST, Choice, Days, Kind, Whole, Words

PREFIX = "archive:"
LISTS = (FieldKind.CHOICE, FieldKind.MULTI, FieldKind.BAND)


@dataclass(frozen=True)
class Known:
    """Is there a current value of this field of the archive that compares as the rule wants it?"""

    field_id: int
    kind: str

    def __call__(self, op: str, value: Any, day: date) -> Q:
        known = ArchiveValue.objects.filter(
            customer=OuterRef("pk"), field=self.field_id, replaced_at__isnull=True, is_filled=True
        )
        return Q(Exists(known.filter(self.compared(op, value, day))))

    def compared(self, op: str, value: Any, day: date) -> Q:
        if self.kind in LISTS:
            return Q(keys__overlap=list(value))
        if self.kind == FieldKind.DATE:
            return Q(day__range=(day + timedelta(days=1), day + timedelta(days=value)))
        if self.kind == FieldKind.NUMBER:
            return Q(**{f"number__{'gte' if op == AT_LEAST else 'lt'}": value})
        return words_in("text")(op, value, day)


@dataclass(frozen=True)
class Options:
    """The options of a field of the archive, as they are when they are asked for."""

    key: str

    def __call__(self) -> Iterable[tuple[str, str]]:
        return ArchiveField.objects.get(key=self.key).choices


def kind_of(of: ArchiveField) -> Kind:
    if of.kind in LISTS:
        return Choice(choices=Options(of.key))
    if of.kind == FieldKind.NUMBER:
        return Whole()
    return Days() if of.kind == FieldKind.DATE else Words()


def asked(of: ArchiveField) -> Field:
    """A field of the archive as a rule asks for it; only people change it."""
    return Field(
        PREFIX + of.key, pgettext("of a customer", "Archive"), of.label, kind_of(of), PEOPLE, Known(of.pk, of.kind),
        unit=DAYS if of.kind == FieldKind.DATE else "",
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
