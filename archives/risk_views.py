"""The risk assessments of a customer: what is on record, and keeping a new result."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from archives import suitability
from archives.choices import AssessedThrough, CustomerRisk
from archives.models import RiskAssessment, RiskLimit
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.models import User
from customers.choices import CustomerType
from customers.filters import FIRST_DAY
from customers.models import Customer

MOST_SHOWN = 20


def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AssessmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A result, valid for a year from its day unless the bank's own system says less."""

    class Meta:
        model = RiskAssessment
        fields: ClassVar[list[str]] = [
            "level", "is_lowest", "assessed_on", "valid_to", "through", "questionnaire", "reference",
        ]  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {"assessed_on": day_input(), "valid_to": day_input()}
        help_texts: ClassVar[dict[str, Any]] = {
            "reference": gettext_lazy("The number in the bank's own system, of the assessment or its recording.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_to"].required = False
        for name, known in (("level", CustomerRisk.choices), ("through", AssessedThrough.choices)):
            self.fields[name].choices = [("", _("please choose")), *known]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        today = timezone.localdate()
        day, last = data.get("assessed_on"), data.get("valid_to")
        if day is None:
            return data
        if day > today:
            self.add_error("assessed_on", _("The day lies in the future."))
        elif day < FIRST_DAY:
            self.add_error("assessed_on", _("Write the day as 2026-03-27."))
        elif last is None:
            data["valid_to"] = self.instance.valid_to = day + timedelta(days=suitability.VALID_DAYS)
        elif not day <= last <= day + timedelta(days=suitability.VALID_DAYS):
            self.add_error("valid_to", _("A result is valid for a year at most, from its day on."))
        if data.get("is_lowest") and data.get("level") != 1:
            self.add_error("is_lowest", _("Only C1 has a lowest."))
        return data


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def risk(request: HttpRequest, pk: int) -> HttpResponse:
    """What is on record, newest first, and the form for a new result."""
    assert isinstance(request.user, User)
    user = request.user
    customer = get_object_or_404(Customer.objects.visible_to(user).select_related("branch"), pk=pk)
    day = timezone.localdate()
    form = AssessmentForm(request.POST if request.method == "POST" else None, initial={"assessed_on": day})
    if request.method == "POST" and form.is_valid():
        try:
            suitability.record(customer, user, form.save(commit=False))
            messages.success(request, _("The assessment is on record."))
            return redirect("workbench:customer", pk)
        except suitability.AssessmentRefused as refusal:
            form.add_error(None, str(refusal))
    known = RiskAssessment.objects.visible_to(user).filter(customer=customer).select_related("recorded_by")
    trail.listed(request, "risk assessments", [customer.pk])
    context = {
        "customer": customer,
        "form": form,
        "assessments": list(known.order_by("-assessed_on", "-pk")[:MOST_SHOWN]),
        "limits": list(RiskLimit.objects.order_by("level", "-is_lowest")),
        "is_person": customer.customer_type == CustomerType.PERSON,
        "day": day,
    }
    return render(request, "archives/risk.html", context, status=422 if request.method == "POST" else 200)
