"""The two answers to an alert that are not a contact; relations and the owner of a customer."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.organization.models import User
from customers.choices import RelationType
from customers.models import Customer
from customers.ownership import candidates
from customers.relations import FAMILY


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


class RelationForm(forms.Form):
    """Who is what to this customer: another customer, by number, or a person who is none, by name."""

    relation_type = forms.ChoiceField(
        label=_("This person or company is the customer's"),
        choices=[("", "—"), *RelationType.choices],
        error_messages={"required": _("Choose the relation.")},
    )
    customer_no = forms.CharField(
        label=_("Customer number"), max_length=40, required=False, help_text=_("When they are a customer of yours too.")
    )
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("When they are not a customer.")
    )
    birth_year = forms.IntegerField(label=_("Year of birth"), required=False, min_value=1900, max_value=2100)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    is_same_household = forms.BooleanField(label=_("They live in one household"), required=False)

    def __init__(self, *args: Any, user: User, customer: Customer, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.customer, self.day = user, customer, day

    def clean_birth_year(self) -> int | None:
        year: int | None = self.cleaned_data["birth_year"]
        if year is not None and year > self.day.year:
            raise forms.ValidationError(_("This year lies in the future."))
        return year

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        number, name = data.get("customer_no", "").strip(), data.get("name", "").strip()
        if bool(number) == bool(name):
            raise forms.ValidationError(_("Write either the customer number or the name."))
        data["related"] = None
        if number:
            data["related"] = Customer.objects.visible_to(self.user).filter(customer_no__in=spellings(number)).first()
            if data["related"] is None:
                self.add_error("customer_no", _("No customer of yours has this number."))
        if data.get("is_same_household") and (name or data.get("relation_type") not in FAMILY):
            self.add_error("is_same_household", _("Only customers of one family form a household."))
        return data


def spellings(number: str) -> list[str]:
    """A customer number as it was typed, and in capitals; each can be looked up in the index."""
    return [number, number.upper()]


class OwnerForm(forms.Form):
    """The relationship manager who answers for a customer; the list is that of the customer's branch."""

    owner = forms.ModelChoiceField(
        label=_("Relationship manager"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("nobody (public pool)"),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, error_messages={"required": _("Say in a few words why.")}
    )

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = candidates(customer.branch_id)  # type: ignore[attr-defined]
