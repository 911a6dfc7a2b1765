"""What people type of segments: names, playbooks."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from customers.choices import ProductClass
from segments.choices import SegmentKind
from segments.models import Playbook, Segment

LONGEST_TEXT = 1_000


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]  # cannot be subscripted when it runs
    """A new segment: its names, and whether a rule or people choose its members. Sent twice it is one segment."""

    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Segment
        fields = ("name_zh_hans", "name_zh_hant", "name_en", "kind")

    def __init__(self, data: Any = None, *, kinds: list[str]) -> None:
        super().__init__(data, initial={"submission": uuid4()})
        choices = [(kind.value, kind.label) for kind in SegmentKind if kind in kinds]
        self.fields["kind"] = forms.ChoiceField(label=_("Members"), choices=choices)


class AboutForm(forms.ModelForm):  # type: ignore[type-arg]
    """The names of a segment, and which products its playbook suggests, the first wish first."""

    class Meta:
        model = Segment
        fields = ("name_zh_hans", "name_zh_hant", "name_en")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        held = self.instance.products
        labels = (_("Suggest first"), _("Suggest second"), _("Suggest third"), _("Suggest fourth"))
        for number, label in enumerate(labels):
            self.fields[f"product_{number}"] = forms.ChoiceField(
                label=label, choices=[("", "–"), *ProductClass.choices], required=False,
                initial=held[number] if number < len(held) else "",
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        wishes = [cleaned.get(name, "") for name in self.fields if name.startswith("product_")]
        self.instance.products = list(dict.fromkeys(filter(None, wishes)))
        return cleaned


class PlaybookForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Playbook
        fields = ("needs", "operation", "acquisition", "script")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget = forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST_TEXT})
            field.validators.append(MaxLengthValidator(LONGEST_TEXT))


class NoteForm(forms.Form):
    """Why a rule is to change."""

    note = forms.CharField(label=_("Why"), max_length=200, required=False)
