"""Forms of maintenance plans: one to make a plan, one to put it off."""

import uuid
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from archives import contactable, next_contact
from archives.choices import Channel, Purpose
from archives.forms import FURTHEST_NEXT_DAYS
from archives.plans import Intent
from customers.models import Customer


def checked_due(chosen: date, day: date) -> date:
    """The day of a plan: today or later, and not further off than anybody plans. Raises ValidationError."""
    if chosen < day:
        raise forms.ValidationError(_("The day lies in the past."))
    if (chosen - day).days > FURTHEST_NEXT_DAYS:
        raise forms.ValidationError(_("The day lies more than a year ahead."))
    return chosen


class DueForm(forms.Form):
    """The day of a plan."""

    due_date = forms.DateField(
        label=_("By when"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2026-03-27.")},
    )

    def __init__(self, *args: Any, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day = day

    def clean_due_date(self) -> date:
        return checked_due(self.cleaned_data["due_date"], self.day)


class PlanForm(DueForm):
    """What is meant to be done for a customer; the channel is one that the customer allows."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    channel = forms.ChoiceField(label=_("How"), choices=Channel.choices)
    note = forms.CharField(
        label=_("In one sentence"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("At most %(limit_value)d characters; you wrote %(show_value)d.")},
    )
    field_order = ("due_date", "purpose", "channel", "note")

    def __init__(self, *args: Any, customer: Customer, day: date, staff_id: int, **kwargs: Any) -> None:
        proposed = next_contact.proposal(None, None, day, staff_id)
        kwargs.setdefault(
            "initial",
            {
                "submission": uuid.uuid4(),
                "due_date": proposed,
                "purpose": Purpose.CARE,
                "channel": contactable.way_for(customer.pk, Purpose.CARE, proposed or day),
            },
        )
        super().__init__(*args, day=day, **kwargs)

    def intent(self) -> Intent:
        """What the form says."""
        data = self.cleaned_data
        return Intent(data["due_date"], data["purpose"], data["channel"], data["note"])
