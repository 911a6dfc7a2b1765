"""What a customer agreed to or refused: the ledger, and keeping what they have just said."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from archives import consents, contactable
from archives.choices import REACHING_OUT, Channel
from archives.consent_choices import ConsentPurpose, Evidence, PurposeKind
from archives.models import ContactRule
from crm.audit import trail
from crm.organization.access import CUSTOMER_ROLES, for_roles
from crm.organization.models import User
from customers.filters import FIRST_DAY
from customers.models import Customer

# A kind of purpose, its ways with why each is closed now, and the reasons with the names of their ways.
Standing = tuple[str, list[tuple[str, contactable.Verdict | None]], list[tuple[str, contactable.Verdict]]]


class ConsentForm(forms.Form):
    """What the customer said: yes or no, for what, by which way, and by what the bank could show it."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    is_given = forms.TypedChoiceField(
        label=gettext_lazy("What the customer said"),
        choices=[("no", gettext_lazy("Refuses")), ("yes", gettext_lazy("Agrees"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    purpose = forms.ChoiceField(label=gettext_lazy("For what"), choices=ConsentPurpose.choices, required=False)
    channel = forms.ChoiceField(
        label=gettext_lazy("By what way"),
        choices=[("", gettext_lazy("Any way")), *((one.value, one.label) for one in REACHING_OUT)],
        required=False,
    )
    evidence = forms.ChoiceField(label=gettext_lazy("Evidence"), choices=Evidence.choices)
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Where the form or the recording is kept."),
    )
    said_on = forms.DateField(
        label=gettext_lazy("Said on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ONLY_ALLOW: ClassVar[tuple[str, ...]] = (Evidence.GUARDIAN, Evidence.MISTAKE)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day, today = data.get("said_on"), timezone.localdate()
        if day and not FIRST_DAY <= day <= today:
            self.add_error("said_on", _("The day lies in the future.") if day > today else _("Choose a day."))
        if data.get("is_given") is False and data.get("evidence") in self.ONLY_ALLOW:
            self.add_error("evidence", _("This evidence is of a consent only."))
        return data

    def said(self) -> consents.Said:
        """What the form says; of today it is now, of an earlier day its noon."""
        data = self.cleaned_data
        day = data["said_on"]
        at = timezone.now() if day == timezone.localdate() else contactable.noon(day)
        names = ("is_given", "evidence", "purpose", "channel", "reference")
        return consents.Said(at=at, **{name: data[name] for name in names})


@require_http_methods(["GET", "POST"])
@for_roles(CUSTOMER_ROLES)
def consent(request: HttpRequest, pk: int) -> HttpResponse:
    """What may be done today and why not, the ledger, and the form."""
    assert isinstance(request.user, User)
    user, now = request.user, timezone.now()
    customer = get_object_or_404(Customer.objects.visible_to(user), pk=pk)
    first = {"submission": uuid.uuid4(), "said_on": timezone.localdate(), "evidence": Evidence.SAID}
    form = ConsentForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_valid():
        consents.append(customer, user, form.said(), form.cleaned_data["submission"])
        messages.success(request, _("Kept in the ledger; it holds from now on."))
        return redirect("archives:consent", pk)
    trail.listed(request, "consents", [customer.pk])
    context = {
        "customer": customer,
        "form": form,
        "standing": standing(customer, now),
        "ledger": consents.of_customer(user, customer),
    }
    return render(request, "archives/consent.html", context, status=422 if request.method == "POST" else 200)


def standing(customer: Customer, now: datetime) -> list[Standing]:
    """For each kind of purpose the ways, each with why it is closed now, and each reason once."""
    found: list[Standing] = []
    for kind in PurposeKind:
        rules = ContactRule.objects.filter(kind=kind, effective_from__lte=timezone.localdate())
        rule = rules.order_by("purpose").first()
        if rule is not None:
            closed = contactable.verdicts(customer.pk, rule.purpose, REACHING_OUT, now)
            ways = [(str(Channel(way).label), closed.get(way)) for way in REACHING_OUT]
            found.append((str(kind.label), ways, contactable.reasons(closed)))
    return found
