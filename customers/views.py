"""The customer list, search, the answers to an alert, relations and ownership."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.organization.way_back import address_after
from customers import alert_answers, ownership, relations, search_limits, stars
from customers.customer_list import CUSTOMERS
from customers.forms import NotApplicableForm, OwnerForm, RelationForm, SnoozeForm
from customers.lists import pages
from customers.models import Alert, Customer, Relation
from customers.search import find


@require_safe
@for_roles(BALANCE_ROLES)
def customer_list(request: HttpRequest) -> HttpResponse:
    """The customers in the user's scope, by filters or as a saved view. Balances are not for the lobby."""
    return pages.show(request, CUSTOMERS)


@require_POST
@for_roles(CUSTOMER_ROLES)
def search(request: HttpRequest) -> HttpResponse:
    """One box: name, pinyin, initials, phone tail, ID tail, customer number. By POST: no number in an address.

    An empty box offers the customers at hand.
    """
    assert isinstance(request.user, User)
    query = request.POST.get("q", "")
    is_part = bool(request.headers.get("HX-Request"))
    if not query.strip():
        return show_at_hand(request, "customers/_at_hand.html" if is_part else "customers/at_hand.html")
    context: dict[str, Any] = {"query": query, "shows_money": request.user.role in BALANCE_ROLES}
    address = trail.address_of(request)
    try:
        search_limits.expect_room(request.user, address)
        context["found"] = found = find(request.user, query)
        if not found.is_too_short:
            search_limits.note(request.user, [customer.pk for customer in found.customers], address)
    except search_limits.TooManySearches as refusal:
        context["refusal"] = refusal
    template = "customers/_search_hits.html" if is_part else "customers/search.html"
    return render(request, template, context, status=429 if "refusal" in context else 200)


@require_safe
@for_roles(CUSTOMER_ROLES)
def at_hand(request: HttpRequest) -> HttpResponse:
    """The customers whom this user starred, and those looked at last."""
    return show_at_hand(request, "customers/at_hand.html")


def show_at_hand(request: HttpRequest, template: str) -> HttpResponse:
    """Both groups; nobody else's."""
    assert isinstance(request.user, User)
    starred = stars.starred(request.user)
    groups = {"starred": starred, "recent": [one for one in stars.recent(request.user) if one not in starred]}
    shown = {customer.pk for customers in groups.values() for customer in customers}
    if shown:
        trail.listed(request, "at hand", sorted(shown))
    return render(request, template, {**groups, "shows_money": request.user.role in BALANCE_ROLES})


@require_POST
@for_roles(CUSTOMER_ROLES)
def star(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a customer at hand, or let them go; pressed again it undoes itself."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    is_on = request.POST.get("on") == "1"
    (stars.star if is_on else stars.unstar)(request.user, customer)
    if request.headers.get("HX-Request"):
        return render(request, "components/star.html", {"customer": customer, "is_on": is_on})
    return back(request, pk)


@require_POST
@for_roles(BALANCE_ROLES)
def alert_snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an alert off until a day."""
    assert isinstance(request.user, User)
    alert = get_object_or_404(Alert.objects.visible_to(request.user), pk=pk)
    form = SnoozeForm(request.POST)
    if form.is_valid():
        until = form.cleaned_data["until"]
        try:
            alert_answers.snooze(alert, request.user, timezone.localdate(), until)
            tell_with_undo(request, alert, _("Put off until %(day)s; it comes back then.") % {"day": until})
        except (alert_answers.BadSnooze, alert_answers.AnsweredAlready) as problem:
            messages.warning(request, str(problem))
    else:
        messages.warning(request, str(form.errors["until"][0]))
    return back(request, alert.customer_id)


@require_POST
@for_roles(BALANCE_ROLES)
def alert_not_applicable(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an alert that is wrong for this customer, with the reason."""
    assert isinstance(request.user, User)
    alert = get_object_or_404(Alert.objects.visible_to(request.user), pk=pk)
    form = NotApplicableForm(request.POST)
    if form.is_valid():
        try:
            alert_answers.not_applicable(alert, request.user, timezone.localdate(), form.cleaned_data["note"])
            tell_with_undo(request, alert, _("Closed as not applicable."))
        except alert_answers.AnsweredAlready as problem:
            messages.warning(request, str(problem))
    else:
        messages.warning(request, str(form.errors["note"][0]))
    return back(request, alert.customer_id)


@require_POST
@for_roles(BALANCE_ROLES)
def alert_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo: the alert is back as it was before the user put it off or called it not applicable."""
    assert isinstance(request.user, User)
    alert = get_object_or_404(Alert.objects.visible_to(request.user), pk=pk)
    try:
        alert_answers.reopen(alert, request.user, timezone.localdate(), request.POST.get("state", ""))
        messages.success(request, _("Undone, the alert is back."))
    except alert_answers.NothingToUndo as problem:
        messages.warning(request, str(problem))
    return back(request, alert.customer_id)


def tell_with_undo(request: HttpRequest, alert: Alert, text: str) -> None:
    """Say what was changed, with a button that takes it back; `alert` is as it was before."""
    context = {"text": text, "alert": alert, "next": request.POST.get("next", "")}
    messages.success(request, render_to_string("customers/_undo.html", context, request))


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def relation_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a relation of a customer, and their household."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    form = RelationForm(posted(request), user=request.user, customer=customer, day=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        try:
            relations.note(request.user, customer, form.cleaned_data)
        except relations.RelationRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Relation saved."))
            return back(request, pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "customers/relation_form.html", {"customer": customer, "form": form}, status=status)


@require_POST
@for_roles(BALANCE_ROLES)
def relation_remove(request: HttpRequest, pk: int, relation_pk: int) -> HttpResponse:
    """Take a relation out, at both ends."""
    assert isinstance(request.user, User)
    relation = get_object_or_404(Relation.objects.visible_to(request.user), pk=relation_pk, customer_id=pk)
    relations.unlink(request.user, relation)
    messages.success(request, _("Relation removed."))
    return back(request, pk)


@require_POST
@for_roles(BALANCE_ROLES)
def household_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a customer out of the household."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    relations.leave_household(request.user, customer)
    messages.success(request, _("Taken out of the household."))
    return back(request, pk)


@require_http_methods(["GET", "POST"])
@for_roles([Role.BRANCH_MANAGER])
def owner_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a customer to another relationship manager of the branch."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    form = OwnerForm(posted(request), customer=customer)
    if request.method == "POST" and form.is_valid():
        owner, reason = form.cleaned_data["owner"], form.cleaned_data["reason"]
        try:
            ownership.assign(request.user, customer, owner, timezone.localdate(), reason)
        except ownership.OwnerRefused as refusal:
            form.add_error("owner", str(refusal))
        else:
            messages.success(request, _("The customer's manager has been changed."))
            return back(request, pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "customers/owner_form.html", {"customer": customer, "form": form}, status=status)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: an empty POST is a form with faults, not a fresh one."""
    return request.POST if request.method == "POST" else None


def back(request: HttpRequest, customer_id: int) -> HttpResponse:
    """To the page where the form stood, else to the customer."""
    target = address_after(request, reverse("workbench:customer", args=[customer_id]))
    return HttpResponse(status=303, headers={"Location": target})
