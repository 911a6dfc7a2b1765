"""What a file shall be, and the answer of whoever decides."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.choices import ExportFormat
from customers.reveal import LABELS, Reason

# What of a customer's archive can be let out into a Word document.
NAME, ARCHIVE = "name", "archive"
PLAIN: dict[str, str | Promise] = {
    NAME: _("Full name"),
    **{name: label for name, (_field, label) in LABELS.items()},
    ARCHIVE: _("Masked values of the archive"),
}


class ExportForm(forms.Form):
    """The format, and which fields are wanted in plain text, with the reason for it."""

    file_format = forms.ChoiceField(
        label=_("Format"),
        choices=[(value, label) for value, label in ExportFormat.choices if value != ExportFormat.DOCX],
        initial=ExportFormat.XLSX,
        help_text=_("A workbook keeps numbers, dates and long numbers as they are. CSV is for other programs."),
    )
    plain_fields = forms.MultipleChoiceField(
        label=_("In plain text"),
        choices=[(name, label) for name, (_field, label) in LABELS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *Reason.choices], required=False)
    note = forms.CharField(label=_("In your own words"), max_length=200, required=False, strip=True)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if not values.get("plain_fields"):
            values["reason"] = values["note"] = ""
        elif not values.get("reason"):
            self.add_error("reason", _("Say why you need it."))
        elif values["reason"] == Reason.OTHER and not values.get("note"):
            self.add_error("note", _("Say why you need it."))
        return values


class RefusalForm(forms.Form):
    """Why an export is not let out; whoever asked reads it."""

    refusal = forms.CharField(
        label=_("Why it is refused"),
        max_length=200,
        error_messages={"required": _("Say in a few words why; whoever asked reads it.")},
    )


class WordForm(forms.Form):
    """What the document shows in plain text, and why."""

    plain_fields = forms.MultipleChoiceField(
        label=_("In plain text"),
        choices=list(PLAIN.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what you need; the masked document needs no approval.")},
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *Reason.choices])
    note = forms.CharField(label=_("In your own words"), max_length=200, required=False, strip=True)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("reason") == Reason.OTHER and not self.cleaned_data.get("note"):
            self.add_error("note", _("Say why you need it."))
        return self.cleaned_data
