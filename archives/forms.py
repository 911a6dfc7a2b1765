"""The quick contact log: three clicks, everything else prefilled or left out."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives import next_contact, recordings
from archives.campaign_choice import Running
from archives.choices import (
    CONTACT_OUTCOMES,
    REACHED,
    RECORDING_NO,
    Channel,
    Direction,
    Purpose,
    Source,
    is_effective,
)
from archives.contacts import Contact
from archives.models import ContactLog, MaintenancePlan
from archives.record_forms import Question, question_field
from archives.record_kinds import BadValue, read
from archives.records import Edit
from customers.choices import AlertKind
from customers.contact_bar import OF_ALERT, PURPOSE_OF_KIND
from customers.models import Alert, Customer

FURTHEST_NEXT_DAYS = 366
WHEN_SUMMARY = _("Needed where you reached the customer.")
NO_SUMMARY = _("You reached the customer: write in one sentence what was said.")


def lacks_summary(data: Mapping[str, Any]) -> bool:
    """Whether a contact reached the customer and does not say what was said: an effective one says it (DOMAIN §3)."""
    return is_effective(data.get("channel", ""), data.get("outcome", "")) and bool(data.get("summary") == "")


@dataclass(frozen=True)
class ResultOption:
    """One result to choose, and the next day that goes with it."""

    widget: Any
    next_date: date | None


class SaleForm(forms.Form):
    """What was sold in a contact, and the number of its recording (archives.recordings)."""

    products = forms.CharField(label=pgettext_lazy("contact", "Products"), required=False, max_length=200)
    amount = forms.DecimalField(label=_("Amount"), required=False, max_digits=18, decimal_places=2, min_value=0)
    recording_no = forms.CharField(
        label=_("Recording number"),
        help_text=_("Of a sale that was recorded; the number in the bank's own system, never the recording."),
        required=False,
        max_length=40,
        validators=[RECORDING_NO],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Marks a recording number that the sale needs, or that belongs to no sale."""
        data = super().clean() or {}
        check_recording(self, data)
        return data


class ContactForm(SaleForm):
    submission = forms.UUIDField(widget=forms.HiddenInput)
    channel = forms.ChoiceField(
        label=_("How"),
        choices=Channel.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how you were in contact."),
            "invalid_choice": _("Choose one of the ways shown."),
        },
    )
    outcome = forms.ChoiceField(
        label=_("Result"),
        choices=CONTACT_OUTCOMES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it went."), "invalid_choice": _("Choose one of the results shown.")},
    )
    summary = forms.CharField(
        label=_("In one sentence"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=WHEN_SUMMARY,
        error_messages={"max_length": _("At most %(limit_value)d characters; you wrote %(show_value)d.")},
    )
    next_date = forms.DateField(
        label=_("Next contact"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the day as 2026-03-27, or leave it empty.")},
    )
    # What is rarely filled in: the purpose follows from the alert, and the bank has called.
    direction = forms.ChoiceField(label=_("Who began"), choices=Direction.choices, required=False)
    purpose = forms.ChoiceField(
        label=_("Purpose"), choices=[("", _("As the alert or the plan says")), *Purpose.choices], required=False
    )
    campaign = forms.ChoiceField(
        label=_("For the campaign"),
        required=False,
        error_messages={"invalid_choice": _("This campaign does not contact the customer, or not any more.")},
    )
    # It was for a campaign although none contacts the customer, and has happened all the same.
    happened = forms.BooleanField(label=_("It has happened all the same; keep it as it was"), required=False)
    next_action = forms.CharField(label=_("Next action"), required=False, max_length=200)
    alerts = forms.ModelMultipleChoiceField(
        label=_("Alerts this answers"),
        queryset=Alert.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("One of the alerts is not open any more. Look at the list again.")},
    )

    plan = forms.ModelChoiceField(
        label=_("Plan this does"),
        queryset=MaintenancePlan.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("This plan is not one of this customer. Look at the list again.")},
    )

    def __init__(
        self,
        *args: Any,
        customer: Customer,
        alerts: list[Alert],
        chosen: int | None,
        day: date,
        cadence_days: int | None,
        staff_id: int,
        plans: Sequence[MaintenancePlan] = (),
        plan: int | None = None,
        questions: Sequence[Question] = (),
        campaigns: Sequence[Running] = (),
        **kwargs: Any,
    ) -> None:
        self.questions = questions
        self.asking = [one for one in campaigns if not one.is_left_alone]
        self.leaving_alone = [one.name for one in campaigns if one.is_left_alone]
        self.customer, self.day, self.open_alerts, self.cadence_days = customer, day, alerts, cadence_days
        self.open_plans, self.staff_id = plans, staff_id
        first = next((alert for alert in alerts if alert.pk == chosen), alerts[0] if alerts else None)
        self.first = first
        kwargs.setdefault(
            "initial",
            {
                "submission": uuid.uuid4(),
                "channel": Channel.FACE if customer.do_not_contact else Channel.PHONE,
                "next_date": next_contact.proposal(first, cadence_days, day, staff_id),
                "alerts": [first.pk] if first else [],
                "plan": plan if any(one.pk == plan for one in plans) else None,
            },
        )
        super().__init__(*args, **kwargs)
        self.fields.update({one.name: question_field(one.field) for one in questions})
        # Alerts closed by somebody else in the meantime are still accepted: the contact is kept, and the user told.
        self.fields["alerts"].queryset = Alert.objects.filter(customer=customer)  # type: ignore[attr-defined]
        # The same of a plan that somebody else has closed.
        self.fields["plan"].queryset = MaintenancePlan.objects.filter(customer=customer)  # type: ignore[attr-defined]
        self.fields["campaign"].choices = [  # type: ignore[attr-defined]
            ("", _("none in particular")), *((str(one.campaign_id), one.name) for one in self.asking)
        ]  # fmt: skip
        for name in self.errors if self.is_bound else ():
            if name in self.fields:
                self.fields[name].widget.attrs["aria-invalid"] = "true"

    @property
    def needing(self) -> str:
        """The results that need a sentence, for the page."""
        return " ".join(REACHED)

    @property
    def likely_purpose(self) -> str:
        """What the contact is for, as far as the form knows before it is sent."""
        if self.first is not None:
            return PURPOSE_OF_KIND.get(AlertKind(self.first.kind), OF_ALERT)
        plan = next((one for one in self.open_plans if one.pk == self.chosen_plan), None)
        return plan.purpose if plan else Purpose.CARE

    @property
    def results(self) -> list[ResultOption]:
        """The results to choose from; the page moves the next day along until somebody has set it."""
        days = next_contact.by_outcome(self.first, self.cadence_days, self.day, self.staff_id)
        return [ResultOption(option, days[option.data["value"]]) for option in self["outcome"]]

    @property
    def moves_date(self) -> bool:
        """Nobody has sent a next day yet, so the page may still propose one."""
        return not self.is_bound

    @property
    def ticked(self) -> set[int]:
        """The alerts that are ticked now: as sent, or as proposed."""
        return {int(pk) for pk in self["alerts"].value() or () if str(pk).isdecimal()}

    @property
    def chosen_plan(self) -> int | None:
        """The plan that is chosen now: as sent, or as proposed."""
        value = str(self["plan"].value() or "")
        return int(value) if value.isdecimal() else None

    @property
    def asked(self) -> list[tuple[Any, Question]]:
        """The questions of the archive, each with its box."""
        return [(self[one.name], one) for one in self.questions]

    def clean(self) -> dict[str, Any]:
        """Reads the answers; one that does not suit its field is marked there."""
        data = super().clean() or {}
        if lacks_summary(data):
            self.add_error("summary", NO_SUMMARY)
        if self.disturbs_a_comparison(data):
            self.add_error("purpose", _("A running campaign leaves this customer alone, so that it can be compared."))
        for one in self.questions:
            given = data.get(one.name) or []
            try:
                one.answer = read(one.field, given if isinstance(given, list) else [given])
            except BadValue as fault:
                self.add_error(one.name, str(fault))
        return data

    def purpose_of(self, data: Mapping[str, Any]) -> str:
        """What it was for: as chosen, else by the campaign, the first alert that it answers, the plan that it does."""
        if data.get("purpose") or data.get("campaign"):
            return str(data.get("purpose") or Purpose.CAMPAIGN)
        answered = list(data.get("alerts") or ())
        if answered:
            return PURPOSE_OF_KIND.get(AlertKind(answered[0].kind), OF_ALERT)
        plan = data.get("plan")
        return str(plan.purpose) if plan else Purpose.CARE

    def disturbs_a_comparison(self, data: Mapping[str, Any]) -> bool:
        """Whether we reached out for a campaign to somebody whom running campaigns leave alone, and nobody has said
        that it was no slip."""
        is_ours = self.purpose_of(data) == Purpose.CAMPAIGN and data.get("direction") != Direction.INBOUND
        return is_ours and bool(self.leaving_alone) and not self.asking and not data.get("happened")

    def edits(self) -> list[Edit]:
        """What the customer answered, as edits of the archive."""
        return [
            Edit(one.field, one.row, one.base_id, one.answer, Source.SAID, confirms=True)
            for one in self.questions if one.answer and one.answer.text
        ]  # fmt: skip

    def clean_next_date(self) -> date | None:
        chosen: date | None = self.cleaned_data["next_date"]
        if chosen is not None and chosen < self.day:
            raise forms.ValidationError(_("The next contact cannot lie in the past."))
        if chosen is not None and (chosen - self.day).days > FURTHEST_NEXT_DAYS:
            raise forms.ValidationError(_("The next contact lies more than a year ahead."))
        return chosen

    def contact(self) -> Contact:
        """What the form says."""
        data = self.cleaned_data
        return Contact(
            channel=data["channel"],
            outcome=data["outcome"],
            purpose=self.purpose_of(data),
            summary=data["summary"],
            next_date=data["next_date"],
            **{name: data[name] for name in ("products", "amount", "recording_no", "next_action")},
            direction=data["direction"] or Direction.OUTBOUND,
            campaign_id=int(data["campaign"]) if data["campaign"] else None,
        )


def check_recording(form: forms.BaseForm, data: dict[str, Any]) -> None:
    """Marks the recording number where the sale needs one or the contact is no sale."""
    fault = "" if form.errors else recordings.fault_in(data)
    if fault:
        form.add_error("recording_no", fault)


class CorrectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a contact should have said; its author and moment stay."""

    submission = forms.UUIDField(widget=forms.HiddenInput)

    class Meta:
        model = ContactLog
        fields: ClassVar[list[str]] = [
            "channel", "direction", "purpose", "outcome", "summary", "products", "amount", "recording_no",
            "next_action", "next_date",
        ]  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "summary": forms.Textarea(attrs={"rows": 3}),
            "next_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, data: Any, *, log: ContactLog) -> None:
        initial = {name: getattr(log, name) for name in self.Meta.fields} | {"submission": uuid.uuid4()}
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if lacks_summary(data):
            self.add_error("summary", NO_SUMMARY)
        if not self.errors and not self.has_changed():
            self.add_error(None, _("Nothing is different from what was there."))
        check_recording(self, data)
        return data

    def has_changed(self) -> bool:
        return bool(set(self.changed_data) - {"submission"})

    def contact(self) -> Contact:
        """What the form says."""
        return Contact(**{name: self.cleaned_data[name] for name in self.Meta.fields})


class LobbyNoteForm(forms.Form):
    """What the lobby notes of a customer who is served: that they were, or what they need."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    summary = forms.CharField(
        label=_("What does the customer need?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("At most %(limit_value)d characters; you wrote %(show_value)d.")},
    )
    is_need = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("is_need") and not data.get("summary"):
            self.add_error("summary", _("Say in a few words what the customer needs."))
        return data
