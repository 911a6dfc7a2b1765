"""What a bulk job is to do: asked for beside its preview."""

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from archives.choices import Channel, Purpose
from crm.organization.models import User
from customers import ownership
from customers.choices import BulkAction
from customers.filters import MOST_CHOICES


class AssignForm(forms.Form):
    """The new manager, and why."""

    owner = forms.TypedChoiceField(label=_("New manager"), coerce=int, error_messages={"required": _("Choose one.")})
    reason = forms.CharField(
        label=_("Reason"), max_length=200, error_messages={"required": _("Write why, in a few words.")}
    )

    def __init__(self, data: Any, *, branch_id: int, day: date) -> None:
        super().__init__(data)
        people: list[User] = list(ownership.candidates(branch_id)[:MOST_CHOICES])
        options = [("", "–"), *((one.pk, f"{one.name} {one.staff_no}") for one in people)]
        self.fields["owner"].choices = options  # type: ignore[attr-defined]
        if not people:
            self.fields["owner"].help_text = _("Narrow the list to one branch first; its managers can be chosen then.")

    def parameters(self) -> dict[str, Any]:
        return {"owner": self.cleaned_data["owner"], "reason": self.cleaned_data["reason"]}


class PlanForm(forms.Form):
    """What is to be done for each customer, by when and how."""

    due_date = forms.DateField(
        label=_("By"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2026-03-27.")},
    )
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, data: Any, *, branch_id: int, day: date) -> None:
        super().__init__(data)
        self.day = day

    def clean_due_date(self) -> date:
        due: date = self.cleaned_data["due_date"]
        if due < self.day:
            raise forms.ValidationError(_("This day has passed."))
        return due

    def parameters(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "due_date": values["due_date"].isoformat(),
            "purpose": values["purpose"],
            "channel": values["channel"],
            "note": values["note"],
            "submission": str(uuid4()),
        }


FORMS: dict[str, type[AssignForm] | type[PlanForm]] = {BulkAction.ASSIGN: AssignForm, BulkAction.PLAN: PlanForm}
