"""The quick contact log, in a drawer beside the list or as a page of its own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from archives.contacts import Logged, log_contact
from archives.forms import ContactForm
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, for_roles
from crm.organization.models import User
from customers.models import Alert, Customer


@require_http_methods(["GET", "POST"])
@for_roles(CUSTOMER_ROLES)
def contact_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a contact with a customer and answer the alerts it was about."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    alerts = list(
        Alert.objects.live().visible_to(request.user).filter(customer=customer).order_by("severity", "due_date")
    )
    chosen = request.GET.get("alert", "")
    form = ContactForm(
        request.POST or None,
        customer=customer,
        alerts=alerts,
        chosen=int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None,
        day=timezone.localdate(),
    )
    if request.method == "POST" and form.is_valid():
        alert_ids = [alert.pk for alert in form.cleaned_data["alerts"]]
        now = timezone.now()
        logged = log_contact(customer, request.user, now, form.contact(), form.cleaned_data["submission"], alert_ids)
        tell(request, logged)
        return back(request, reverse("workbench:customer", args=[customer.pk]))
    template = "archives/_contact_drawer.html" if request.headers.get("HX-Request") else "archives/contact_form.html"
    shows_money = request.user.role in BALANCE_ROLES
    context = {"customer": customer, "form": form, "next": came_from(request), "shows_money": shows_money}
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def came_from(request: HttpRequest) -> str:
    """The page where the form was opened, as the link or the form itself names it."""
    return request.POST.get("next") or request.GET.get("next", "")


def tell(request: HttpRequest, logged: Logged) -> None:
    """Say what was saved, and what was different from what the user may expect."""
    if not logged.is_new:
        messages.success(request, _("This contact was saved before; it is stored once."))
        return
    closed = [alert for alert in logged.answered if alert.closed_on]
    if closed:
        text = ngettext(
            "Contact saved, %(number)s alert closed.", "Contact saved, %(number)s alerts closed.", len(closed)
        )
        messages.success(request, text % {"number": len(closed)})
    elif logged.answered:
        messages.success(request, _("Contact saved. The customer was not reached, so the alert stays open."))
    else:
        messages.success(request, _("Contact saved."))
    for alert in logged.closed_before:
        name = alert.closed_by.name if alert.closed_by else _("the night run")
        messages.warning(
            request,
            _("“%(kind)s” had been closed before by %(name)s; your contact is kept.")
            % {"kind": alert.get_kind_display(), "name": name},
        )


def back(request: HttpRequest, default: str) -> HttpResponse:
    """To the page where the form was opened; htmx loads it whole, so that lists and figures are fresh."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = default
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponse(status=303, headers={"Location": target})
