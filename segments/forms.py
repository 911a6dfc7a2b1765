"""What people type of segments: names, playbooks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from segments.choices import SegmentKind
from segments.models import Playbook, Segment

LONGEST_TEXT = 1_000


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]  # cannot be subscripted when it runs
    """A new segment: its names, and whether a rule or people choose its members."""

    class Meta:
        model = Segment
        fields = ("name_zh_hans", "name_zh_hant", "name_en", "kind")

    def __init__(self, data: Any = None, *, kinds: list[str]) -> None:
        super().__init__(data)
        choices = [(kind.value, kind.label) for kind in SegmentKind if kind in kinds]
        self.fields["kind"] = forms.ChoiceField(label=_("Members"), choices=choices)


class PlaybookForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Playbook
        fields = ("needs", "operation", "acquisition", "script")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget = forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST_TEXT})
            field.max_length = LONGEST_TEXT  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """Why a rule is to change."""

    note = forms.CharField(label=_("Why"), max_length=200, required=False)
