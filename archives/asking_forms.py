"""The form of one question to the archive: a field, then what it should say, by the kind of the field."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from archives import asking
from archives.asking import BETWEEN, CONTAINS, EMPTY, IN, KNOWN, OPS_OF
from archives.choices import FieldKind, Section
from archives.record_kinds import BadValue
from archives.record_models import ArchiveField

VALUE = "value"
# What parts an address: in a word that is looked for it parts words.
MARKS = re.compile(r"[\s,，、;；:：]+")


def askable() -> dict[str, ArchiveField]:
    """The fields that may be asked for, in the order of the archive's page; never one of C2."""
    places = {section: number for number, section in enumerate(Section.values)}
    fields = ArchiveField.objects.filter(is_filterable=True, is_active=True)
    return {one.key: one for one in sorted(fields, key=lambda one: (places[one.section], one.place, one.pk))}


def by_section(fields: dict[str, ArchiveField]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For a picker: the fields under the names of their sections."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in fields.values():
        groups.setdefault(str(Section(one.section).label), []).append((one.key, one.label))
    return list(groups.items())


class AskForm(forms.Form):
    """What the field `of` should say. `text` is the question as an address writes it."""

    how = forms.ChoiceField(
        label=_("Which customers"), widget=forms.RadioSelect, initial=VALUE,
        choices=[
            (VALUE, _("of whom it says")), (KNOWN, _("of whom it is noted")), (EMPTY, _("of whom nothing is noted"))
        ],
    )  # fmt: skip

    def __init__(self, data: Any, *, of: ArchiveField) -> None:
        super().__init__(data)
        self.of, self.op, self.text = of, OPS_OF[FieldKind(of.kind)], ""
        if self.op == IN:
            self.fields["keys"] = forms.MultipleChoiceField(
                label=_("One of"), choices=of.choices, required=False, widget=forms.CheckboxSelectMultiple
            )
        elif self.op == CONTAINS:
            self.fields["words"] = forms.CharField(
                label=_("Contains"), required=False, max_length=80, help_text=_("One of these words is enough.")
            )
        else:
            kind = "date" if of.kind == FieldKind.DATE else "number"
            widget = forms.TextInput(attrs={"type": kind} | ({"step": "any"} if kind == "number" else {}))
            self.fields["low"] = forms.CharField(label=_("From"), required=False, max_length=20, widget=widget)
            self.fields["high"] = forms.CharField(label=_("Up to"), required=False, max_length=20, widget=widget)

    @property
    def boxes(self) -> list[Any]:
        """The boxes of the value."""
        return [self[name] for name in self.fields if name != "how"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        how = cleaned.get("how")
        op, value = (self.op, self.value(cleaned)) if how == VALUE else (str(how), "")
        self.text = asking.written(self.of, op, value)
        if how:
            try:
                asking.parse(self.text)
            except BadValue as fault:
                raise ValidationError(str(fault)) from None
        return cleaned

    def value(self, cleaned: dict[str, Any]) -> str:
        if self.op == IN:
            return ".".join(cleaned.get("keys") or ())
        if self.op == CONTAINS:
            return MARKS.sub(" ", cleaned.get("words") or "").strip()
        assert self.op == BETWEEN
        low, high = (str(cleaned.get(end) or "").strip() for end in ("low", "high"))
        return f"{low}..{high}" if low or high else ""
