"""Make a maintenance plan, put it off, call it off; in a drawer beside the customer or as a page of its own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from archives import plans
from archives.choices import PlanState
from archives.models import MaintenancePlan
from archives.plan_forms import DueForm, PlanForm
from archives.views import back, saved
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.models import User
from crm.organization.way_back import came_from
from customers.models import Customer


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def plan_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan something for a customer."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    data = request.POST if request.method == "POST" else None
    form = PlanForm(data, customer=customer, day=timezone.localdate(), staff_id=request.user.pk)
    if form.is_valid():
        try:
            made = plans.create(customer, request.user, form.intent(), form.cleaned_data["submission"])
        except plans.PlanRefused as refusal:
            form.add_error("channel", str(refusal))
        else:
            waits = made.state == PlanState.PAUSED
            messages.success(
                request, _("Plan saved; it waits while a complaint is open.") if waits else _("Plan saved.")
            )
            answer = back(request, reverse("workbench:customer", args=[customer.pk]))
            return saved(answer, form.cleaned_data["submission"])
    template = "archives/_plan_drawer.html" if request.headers.get("HX-Request") else "archives/plan_form.html"
    context = {"customer": customer, "form": form, "next": came_from(request)}
    return render(request, template, context, status=422 if data is not None else 200)


@require_POST
@for_roles(BALANCE_ROLES)
def plan_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a plan off to another day."""
    assert isinstance(request.user, User)
    plan = get_object_or_404(MaintenancePlan.objects.visible_to(request.user), pk=pk)
    form = DueForm(request.POST, day=timezone.localdate())
    if form.is_valid():
        try:
            plans.move(plan, request.user, form.cleaned_data["due_date"])
            messages.success(request, _("Plan moved to %(day)s.") % {"day": form.cleaned_data["due_date"]})
        except plans.PlanRefused as refusal:
            messages.warning(request, str(refusal))
    else:
        messages.warning(request, str(form.errors["due_date"][0]))
    return back(request, reverse("workbench:customer", args=[plan.customer_id]))


@require_POST
@for_roles(BALANCE_ROLES)
def plan_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a plan off."""
    assert isinstance(request.user, User)
    plan = get_object_or_404(MaintenancePlan.objects.visible_to(request.user), pk=pk)
    try:
        plans.cancel(plan, request.user, timezone.localdate())
        messages.success(request, _("Plan called off."))
    except plans.PlanRefused as refusal:
        messages.warning(request, str(refusal))
    return back(request, reverse("workbench:customer", args=[plan.customer_id]))
