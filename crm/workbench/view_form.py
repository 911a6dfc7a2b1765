"""The form that saves a view."""

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.organization.choices import Role
from customers.choices import Audience
from customers.lists.saved import Draft


class ViewForm(forms.Form):
    """`state` is the list as its address says it; `view` the view to save over, if any."""

    name = forms.CharField(max_length=40, error_messages={"required": _("Give the view a name.")})
    view = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    state = forms.CharField(required=False, max_length=2000)
    audience = forms.ChoiceField(required=False, choices=Audience.choices)
    role = forms.ChoiceField(required=False, choices=[("", ""), *Role.choices])
    pinned = forms.BooleanField(required=False)
    default = forms.BooleanField(required=False)

    def draft(self) -> Draft:
        values = self.cleaned_data
        audience = values["audience"] or Audience.OWN
        return Draft(values["name"], audience, values["role"], values["pinned"], values["default"])
