"""The two answers to an alert that are not a contact."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SnoozeForm(forms.Form):
    until = forms.DateField(
        label=_("Put off until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2026-03-27.")},
    )


class NotApplicableForm(forms.Form):
    note = forms.CharField(
        label=_("Why it does not apply"),
        max_length=200,
        error_messages={
            "required": _("Say in a few words why; it is used to improve the rule."),
            "max_length": _("At most %(limit_value)d characters; you wrote %(show_value)d."),
        },
    )
