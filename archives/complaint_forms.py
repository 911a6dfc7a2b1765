"""Forms of complaints: to take one in, and one for each thing that is done to it."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives import complaints
from archives.choices import ComplaintCategory, ComplaintChannel, ComplaintKind, ComplaintSeverity
from archives.complaints import Registration
from archives.models import Complaint
from crm.organization.models import Branch, User
from customers.filters import FIRST_DAY
from customers.models import Customer

TOO_LONG = {"max_length": _("At most %(limit_value)d characters; you wrote %(show_value)d.")}


class StaffChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, user: Any) -> str:
        return f"{user.name} {user.staff_no}"


def words(label: Any, most: int, rows: int = 3, *, required: bool = True) -> forms.CharField:
    """A box for some sentences."""
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=most, required=required, widget=area, error_messages=TOO_LONG)


def past_day(chosen: date | None, day: date) -> date | None:
    """A day that has come. Raises ValidationError."""
    if chosen is not None and chosen > day:
        raise forms.ValidationError(_("The day lies in the future."))
    if chosen is not None and chosen < FIRST_DAY:
        raise forms.ValidationError(_("Write the day as 2026-03-27."))
    return chosen


def day_field(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    told = {"required": _("Choose a day."), "invalid": _("Write the day as 2026-03-27.")}
    return forms.DateField(label=label, widget=widget, error_messages=told)


class ComplaintForm(forms.Form):
    """What somebody complains of. Who is no customer gives a name alone."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    complainant = forms.RegexField(
        r"^\D+$",
        label=_("Who complains"),
        max_length=40,
        help_text=_("As one calls them, without any number; how to reach them is kept in the complaint system."),
        error_messages={"invalid": _("No numbers here, please."), **TOO_LONG},
    )
    channel = forms.ChoiceField(label=_("How it came"), choices=ComplaintChannel.choices)
    received_on = day_field(_("Received on"))
    category = forms.ChoiceField(label=_("About what"), choices=ComplaintCategory.choices)
    severity = forms.TypedChoiceField(label=_("Severity"), choices=ComplaintSeverity.choices, coerce=int)
    kind = forms.ChoiceField(label=_("Kind"), choices=ComplaintKind.choices)
    text = words(_("What the complaint is about"), 2000, 5)
    complained_of = StaffChoice(
        User.objects.none(), label=_("About whom"), required=False, empty_label=_("about nobody in particular")
    )
    handler = StaffChoice(
        User.objects.none(),
        label=_("Handler"),
        help_text=_("Nobody handles a complaint about themselves."),
        empty_label=_("please choose"),
    )
    reference = forms.CharField(label=_("Number in the complaint system"), max_length=40, required=False)

    def __init__(self, *args: Any, customer: Customer | None, actor: User, day: date, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "submission": uuid.uuid4(),
                "received_on": day,
                "channel": ComplaintChannel.LOBBY,
                "severity": ComplaintSeverity.ORDINARY,
                "kind": ComplaintKind.ORDINARY,
            },
        )
        super().__init__(*args, **kwargs)
        self.day = day
        branch: Branch = customer.branch if customer else actor.branch
        staff("complained_of", self, complaints.staff_of(branch))
        staff("handler", self, complaints.handlers(branch))
        if customer is not None:
            del self.fields["complainant"]

    def clean_received_on(self) -> date | None:
        return past_day(self.cleaned_data["received_on"], self.day)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        about = data.get("complained_of")
        if about is not None and about == data.get("handler"):
            self.add_error("handler", _("Nobody handles a complaint about themselves. Choose somebody else."))
        return data

    def registration(self) -> Registration:
        """What the form says."""
        return Registration(**{name: value for name, value in self.cleaned_data.items() if name != "submission"})


def staff(name: str, form: forms.Form, people: Any) -> None:
    """Let a box of the form offer these people."""
    box = form.fields[name]
    assert isinstance(box, StaffChoice)
    box.queryset = people


class StepForm(forms.Form):
    """Something that is done to a complaint."""

    def __init__(self, *args: Any, complaint: Complaint, actor: User, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.complaint, self.actor, self.day = complaint, actor, day

    def do(self) -> None:
        """Do it. Raises ComplaintRefused."""
        raise NotImplementedError


class TakeForm(StepForm):
    def do(self) -> None:
        complaints.take(self.complaint, self.actor)


class HandForm(StepForm):
    handler = StaffChoice(User.objects.none(), label=_("Handler"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        barred = [self.complaint.handler_id, self.complaint.complained_of_id]
        people = complaints.handlers(self.complaint.branch).exclude(pk__in=[pk for pk in barred if pk])
        staff("handler", self, people)

    def do(self) -> None:
        data = self.cleaned_data
        complaints.hand(self.complaint, self.actor, data["handler"], data["reason"])


class ComplexForm(StepForm):
    reason = words(_("Why it is complex"), 500, 2)

    def do(self) -> None:
        complaints.find_complex(self.complaint, self.actor, self.cleaned_data["reason"])


class AskForm(StepForm):
    reason = words(_("Why it takes longer"), 500, 2)

    def do(self) -> None:
        complaints.ask_special(self.complaint, self.actor, self.cleaned_data["reason"])


class DecideForm(StepForm):
    approves = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("1", pgettext_lazy("extension", "Approve")), ("0", pgettext_lazy("extension", "Refuse"))],
        coerce=lambda value: value == "1",
    )
    reason = forms.CharField(label=_("Note"), max_length=500, required=False)

    def do(self) -> None:
        data = self.cleaned_data
        complaints.decide_special(self.complaint, self.actor, approves=data["approves"], reason=data["reason"])


class AnswerForm(StepForm):
    decision = words(_("What was decided, and told to the customer"), 1000)
    informed_on = day_field(_("Customer informed on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["informed_on"].initial = self.day

    def clean_informed_on(self) -> date | None:
        return past_day(self.cleaned_data["informed_on"], self.day)

    def do(self) -> None:
        data = self.cleaned_data
        complaints.answer(self.complaint, self.actor, data["decision"], data["informed_on"])


class CloseForm(StepForm):
    root_cause = words(_("Root cause"), 1000)
    rectification = words(_("What is changed so that it does not happen again"), 1000, required=False)

    def do(self) -> None:
        data = self.cleaned_data
        complaints.close(self.complaint, self.actor, data["root_cause"], data["rectification"], self.day)


STEPS: Mapping[str, type[StepForm]] = {
    "take": TakeForm,
    "hand": HandForm,
    "complex": ComplexForm,
    "ask": AskForm,
    "decide": DecideForm,
    "answer": AnswerForm,
    "close": CloseForm,
}
