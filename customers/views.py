"""The customer list, search, and the answers to an alert."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from customers import alert_answers
from customers.customer_list import customer_page
from customers.filters import CustomerFilter
from customers.forms import NotApplicableForm, SnoozeForm
from customers.models import Alert
from customers.search import find

LIST_ROLES = frozenset({Role.RELATIONSHIP_MANAGER, Role.BRANCH_MANAGER})


@require_safe
@for_roles(LIST_ROLES)
def customer_list(request: HttpRequest) -> HttpResponse:
    """The customers in the user's scope, richest first, by filters. Balances are not for the lobby."""
    assert isinstance(request.user, User)
    day = timezone.localdate()
    filters = CustomerFilter(request.GET, user=request.user, day=day)
    page = customer_page(filters, request.user, request.GET.get("after", ""))
    trail.listed(request, "customers", [customer.pk for customer in page.customers])
    context = {"filters": filters, "page": page, "as_of": ledger.published_date(), "day": day}
    return render(request, "customers/customer_list.html", context)


@require_POST
@for_roles(CUSTOMER_ROLES)
def search(request: HttpRequest) -> HttpResponse:
    """One box: name, pinyin, initials, phone tail, ID tail, customer number. By POST: no number in an address."""
    assert isinstance(request.user, User)
    query = request.POST.get("q", "")
    is_part = bool(request.headers.get("HX-Request"))
    if is_part and not query.strip():
        return HttpResponse("")  # the box was emptied: nothing hangs below it
    found = find(request.user, query)
    if found.customers:
        trail.listed(request, "search", [customer.pk for customer in found.customers])
    template = "customers/_search_hits.html" if is_part else "customers/search.html"
    context = {"found": found, "query": query, "shows_money": request.user.role in LIST_ROLES}
    return render(request, template, context)


@require_POST
@for_roles(CUSTOMER_ROLES)
def alert_snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an alert off until a day."""
    assert isinstance(request.user, User)
    alert = get_object_or_404(Alert.objects.visible_to(request.user), pk=pk)
    form = SnoozeForm(request.POST)
    if form.is_valid():
        until = form.cleaned_data["until"]
        try:
            alert_answers.snooze(alert, request.user, timezone.localdate(), until)
            messages.success(request, _("Put off until %(day)s; it comes back then.") % {"day": until})
        except (alert_answers.BadSnooze, alert_answers.AnsweredAlready) as problem:
            messages.warning(request, str(problem))
    else:
        messages.warning(request, str(form.errors["until"][0]))
    return back(request, alert)


@require_POST
@for_roles(CUSTOMER_ROLES)
def alert_not_applicable(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an alert that is wrong for this customer, with the reason."""
    assert isinstance(request.user, User)
    alert = get_object_or_404(Alert.objects.visible_to(request.user), pk=pk)
    form = NotApplicableForm(request.POST)
    if form.is_valid():
        try:
            alert_answers.not_applicable(alert, request.user, timezone.localdate(), form.cleaned_data["note"])
            messages.success(request, _("Closed as not applicable."))
        except alert_answers.AnsweredAlready as problem:
            messages.warning(request, str(problem))
    else:
        messages.warning(request, str(form.errors["note"][0]))
    return back(request, alert)


def back(request: HttpRequest, alert: Alert) -> HttpResponse:
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = reverse("workbench:customer", args=[alert.customer_id])
    return HttpResponse(status=303, headers={"Location": target})
