"""The lists of alerts, contacts and plans, and the saved views of every list."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from archives.contact_list import CONTACTS
from archives.plan_list import PLANS
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.models import User
from crm.workbench import view_counts as tab_counts
from crm.workbench.list_shapes import SHAPES
from crm.workbench.view_form import ViewForm
from crm.workbench.why_now import Today, reason
from customers.alert_list import ALERTS
from customers.lists import pages, saved
from customers.lists.shape import Shape
from customers.models import SavedView
from segments.tiers import primary_tiers


@require_safe
@for_roles(BALANCE_ROLES)
def alerts(request: HttpRequest) -> HttpResponse:
    """The open alerts in the user's scope, each with the reason for it."""
    found, tiers = pages.list_page(request, ALERTS), primary_tiers()
    for alert in found.page.rows:
        alert.why = reason(alert, Today(found.day, alert.as_of or found.day, tiers)).why
    return pages.drawn(request, found, {"tiers": tiers})


@require_safe
@for_roles(BALANCE_ROLES)
def contacts(request: HttpRequest) -> HttpResponse:
    """The contacts with the user's customers, newest first."""
    return pages.show(request, CONTACTS)


@require_safe
@for_roles(BALANCE_ROLES)
def plans(request: HttpRequest) -> HttpResponse:
    """What is planned for the user's customers."""
    return pages.show(request, PLANS)


def shape_named(name: str) -> Shape:
    """404 for a list that does not exist."""
    if name not in SHAPES:
        raise Http404
    return SHAPES[name]


@require_POST
@for_roles(BALANCE_ROLES)
def view_save(request: HttpRequest, name: str) -> HttpResponse:
    """Save a list as it stands, as a new view or over one that the user may change."""
    assert isinstance(request.user, User)
    shape, user = shape_named(name), request.user
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.warning(request, str(next(iter(form.errors.values()))[0]))
        return redirect(shape.url_name)
    old = form.cleaned_data["view"]
    view = get_object_or_404(SavedView.objects.visible_to(user), pk=old, list_name=name) if old else None
    try:
        kept = pages.kept_from(shape, form.cleaned_data["state"], user, timezone.localdate())
        view = saved.save(user, name, form.draft(), kept, view)
    except saved.ViewRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect(shape.url_name)
    messages.success(request, _("View “%(name)s” saved.") % {"name": view.name})
    return redirect(f"{reverse(shape.url_name)}?view={view.pk}")


@require_POST
@for_roles(BALANCE_ROLES)
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a view."""
    assert isinstance(request.user, User)
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
    try:
        saved.delete(request.user, view)
    except saved.ViewRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("View “%(name)s” deleted.") % {"name": view.name})
    return redirect(f"{reverse(SHAPES[view.list_name].url_name)}?view=0")


@require_safe
@for_roles(BALANCE_ROLES)
def view_counts(request: HttpRequest, name: str) -> HttpResponse:
    """How many rows each tab holds, for the page to fill in once it stands."""
    assert isinstance(request.user, User)
    counts = tab_counts.counts_of(shape_named(name), request.user, timezone.localdate())
    return render(request, "lists/_counts.html", {"counts": counts})
