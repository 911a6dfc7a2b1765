"""Forms of the lobby: a new prospect in twenty seconds, a call, what came of it, the shift's last sentence."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.prospects import register
from campaigns.prospects.choices import SAID_STAGES, Need, Result, SourceLayer, Stage
from campaigns.prospects.register import Particulars
from crm.audit import pii
from crm.organization.models import User
from customers import ownership
from customers.choices import Sex
from customers.search_limits import TooManySearches

MAINLAND = re.compile(r"1[3-9]\d{9}", re.ASCII)
TOO_LONG = {"max_length": _("At most %(limit_value)d characters; you wrote %(show_value)d.")}


class ProspectForm(forms.Form):
    """Four answers and an agreement; the rest may stay empty."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.RegexField(
        r"^\D+$",
        label=pgettext_lazy("prospect", "How one calls them"),
        max_length=20,
        error_messages={"invalid": _("No numbers here, please."), "required": _("Write at least the surname.")},
    )
    sex = forms.ChoiceField(
        label=_("Form of address"),
        required=False,
        choices=[(Sex.MALE, pgettext_lazy("spoken", "Mr")), (Sex.FEMALE, pgettext_lazy("spoken", "Ms"))],
        widget=forms.RadioSelect,
    )
    mobile = forms.CharField(
        label=_("Mobile"),
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        error_messages={"required": _("Write the mobile number.")},
    )
    needs = forms.MultipleChoiceField(
        label=_("Needs"),
        choices=Need.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one need.")},
    )
    note = forms.CharField(
        label=_("Remark"), required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages=TOO_LONG,
    )  # fmt: skip
    source_layer = forms.TypedChoiceField(
        label=_("Where they come from"), choices=SourceLayer.choices, coerce=int, initial=SourceLayer.ADVERTISED
    )
    id_no = forms.CharField(
        label=_("Identity number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Only to recognise the account later; it is kept as a fingerprint and cannot be read again."),
    )
    introducer = forms.CharField(
        label=_("Introduced by"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("The customer number or the whole mobile number of a customer of yours."),
    )
    consent = forms.BooleanField(
        label=_("The notice was shown; the visitor agrees that we keep the number and call."),
        error_messages={"required": _("Without consent nothing may be kept.")},
    )
    calls = forms.BooleanField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Whoever introduces is a customer of the user's, and nobody introduces themselves."""
        data = super().clean() or {}
        typed = data.get("introducer")
        if typed:
            try:
                data["introduced_by"] = found = register.introducer(self.user, typed)
            except TooManySearches as refusal:
                self.add_error("introducer", str(refusal))
                return data
            if found is None:
                self.add_error("introducer", _("No customer of yours has this number."))
            elif found.mobile_index and bytes(found.mobile_index) == pii.index(pii.MOBILE, data.get("mobile")):
                self.add_error("introducer", _("Nobody introduces themselves."))
        return data

    def clean_mobile(self) -> str:
        digits = pii.mobile_digits(self.cleaned_data["mobile"])
        if not MAINLAND.fullmatch(digits):
            raise forms.ValidationError(_("A mobile number has eleven digits and begins with 1."))
        return digits

    def clean_id_no(self) -> str:
        text = pii.compact(self.cleaned_data["id_no"])
        if text and len(text) < 6:
            raise forms.ValidationError(_("This is too short for a document number."))
        return text

    def particulars(self) -> Particulars:
        """What the form says."""
        names = ("name", "mobile", "needs", "source_layer", "sex", "note", "id_no")
        introduced_by = self.cleaned_data.get("introduced_by")
        return Particulars(**{name: self.cleaned_data[name] for name in names}, introduced_by=introduced_by)


class CallForm(forms.Form):
    """A manager is called; the words are those of the lobby's note."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    need = forms.ChoiceField(
        label=pgettext_lazy("referral", "need"), required=False, choices=Need.choices, widget=forms.RadioSelect
    )
    summary = forms.CharField(required=False, max_length=200, error_messages=TOO_LONG)

    def clean_need(self) -> str:
        return self.cleaned_data["need"] or Need.OTHER


class ResultForm(forms.Form):
    result = forms.ChoiceField(label=pgettext_lazy("referral", "result"), choices=Result.choices)
    note = forms.CharField(label=_("In one sentence"), required=False, max_length=200, error_messages=TOO_LONG)


class StageForm(forms.Form):
    stage = forms.ChoiceField(
        label=pgettext_lazy("prospect", "stage"),
        choices=[(one.value, one.label) for one in Stage if one in SAID_STAGES],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("In one sentence"), required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages=TOO_LONG,
    )  # fmt: skip


class OwnerChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, user: Any) -> str:
        return f"{user.name} {user.staff_no}"


class AcrossForm(forms.Form):
    """A colleague is asked to serve what belongs to a customer on the other side."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    to = OwnerChoice(User.objects.none(), label=_("To whom"), empty_label=None)
    need = forms.ChoiceField(label=pgettext_lazy("referral", "need"), choices=Need.choices)
    note = forms.CharField(
        label=_("In one sentence"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}), error_messages=TOO_LONG
    )

    def __init__(self, *args: Any, user: User, branch_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = ownership.candidates(branch_id).exclude(pk=user.pk)  # type: ignore[attr-defined]


class GiveForm(forms.Form):
    owner = OwnerChoice(User.objects.none(), label=_("Manager"), empty_label=None)

    def __init__(self, *args: Any, branch_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = ownership.candidates(branch_id)  # type: ignore[attr-defined]


class HandOverForm(forms.Form):
    submission = forms.UUIDField(widget=forms.HiddenInput)
    sentence = forms.CharField(
        label=_("What the next one must know, in one sentence"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write one sentence."), **TOO_LONG},
    )
