"""The quick contact log, in a drawer beside the list or as a page of its own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from archives import campaign_choice, contactable, plans, records
from archives.choices import REACHING_OUT, Channel
from archives.contacts import (
    AlreadyCorrected,
    Logged,
    NothingToUndo,
    correct,
    log_contact,
    may_correct,
    note_in_lobby,
    unbar,
)
from archives.forms import ContactForm, CorrectionForm, LobbyNoteForm
from archives.models import ContactLog
from archives.record_forms import Question, asked_in, asked_now
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import ContactCadence, User
from crm.organization.way_back import address_after, came_from
from customers.models import Alert, Customer

SAVED_SECONDS = 600
PLANS_OFFERED = 5


@require_http_methods(["GET", "POST"])
@for_roles(CUSTOMER_ROLES)
def contact_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a contact with a customer and answer the alerts it was about."""
    assert isinstance(request.user, User)
    customer: Any = get_object_or_404(with_cadence(Customer.objects.visible_to(request.user)), pk=pk)
    alerts = list(
        Alert.objects.live().visible_to(request.user).filter(customer=customer).order_by("severity", "due_date")
    )
    chosen, plan = number_in(request, "alert"), number_in(request, "plan")
    form = ContactForm(
        request.POST or None,
        customer=customer,
        alerts=alerts,
        chosen=chosen,
        plans=plans.choosable(request.user, customer, plan, PLANS_OFFERED),
        plan=plan,
        day=timezone.localdate(),
        cadence_days=customer.cadence_days,
        staff_id=request.user.pk,
        questions=questions_in(request, customer),
        campaigns=campaign_choice.running(request.user, customer, timezone.localdate()),
    )
    if request.method == "POST" and form.is_valid():
        alert_ids = [alert.pk for alert in form.cleaned_data["alerts"]]
        now = timezone.now()
        done = form.cleaned_data["plan"]
        logged = log_contact(
            customer, request.user, now, form.contact(), form.cleaned_data["submission"], alert_ids, done and done.pk
        )
        if logged.is_new and form.edits():
            try:
                records.answers(customer, request.user, now, form.edits())
            except records.TooManyRows as refusal:
                messages.warning(request, str(refusal))
        tell(request, logged)
        return saved(back(request, reverse("workbench:customer", args=[customer.pk])), logged.log.submission)
    template = "archives/_contact_drawer.html" if request.headers.get("HX-Request") else "archives/contact_form.html"
    now = timezone.now()
    barred = contactable.verdicts(customer.pk, form.likely_purpose, REACHING_OUT, now)
    calls = "call" in request.GET and Channel.PHONE not in barred
    context = {
        "customer": customer,
        "form": form,
        "next": came_from(request),
        "shows_money": request.user.role in BALANCE_ROLES,
        "calls": calls,
        "barred": contactable.reasons(barred),
    }
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def number_in(request: HttpRequest, name: str) -> int | None:
    """The id that a link or the form it leads to carries; None for anything that is none."""
    text = request.POST.get(name) or request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@require_http_methods(["GET", "POST"])
@for_roles(CUSTOMER_ROLES)
def contact_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a contact by a new row; its author or a manager may, and the first one stays to be read."""
    assert isinstance(request.user, User)
    logs = ContactLog.objects.visible_to(request.user).select_related("customer", "staff")
    log = get_object_or_404(logs, pk=pk)
    if not may_correct(log, request.user):
        raise PermissionDenied
    form = CorrectionForm(request.POST if request.method == "POST" else None, log=log)
    if form.is_valid():
        try:
            correct(log, request.user, form.contact(), form.cleaned_data["submission"])
            messages.success(request, _("Corrected; what was there before stays to be read."))
            return HttpResponse(status=303, headers={"Location": reverse("workbench:customer", args=[log.customer_id])})
        except AlreadyCorrected:
            form.add_error(None, _("Somebody has corrected this contact in the meantime. Look at it again."))
    context = {"log": log, "customer": log.customer, "form": form}
    return render(request, "archives/contact_correct.html", context, status=422 if request.method == "POST" else 200)


def questions_in(request: HttpRequest, customer: Customer) -> list[Question]:
    """What the archive asks in this contact: chosen when the form is opened; the lobby's card has no archive."""
    assert isinstance(request.user, User)
    if request.user.role not in BALANCE_ROLES:
        return []
    if request.method == "POST":
        return asked_in(request.POST, customer)
    return asked_now(request.user, customer, timezone.localdate())


@require_POST
@for_roles([Role.LOBBY_MANAGER])
def lobby_note(request: HttpRequest, pk: int) -> HttpResponse:
    """A customer was received in the lobby; a need that was noted is on the manager's page at once."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    form = LobbyNoteForm(request.POST)
    if not form.is_valid():
        messages.warning(request, " ".join(str(text) for errors in form.errors.values() for text in errors))
        return HttpResponse(status=303, headers={"Location": reverse("workbench:customer", args=[pk])})
    data = form.cleaned_data
    need = data["summary"] if data["is_need"] else ""
    logged = note_in_lobby(customer, request.user, timezone.now(), need, data["submission"])
    messages.success(request, _("The need is noted, the manager sees it now.") if need else _("Reception noted."))
    return saved(HttpResponse(status=303, headers={"Location": reverse("workbench:today")}), logged.log.submission)


def with_cadence(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """With the days between contacts that go with the customer's tier; None without a tier or a cadence for it."""
    cadence = ContactCadence.objects.filter(tier=OuterRef("metrics__tier"))
    return customers.annotate(cadence_days=Subquery(cadence.values("days")[:1]))


def saved(response: HttpResponse, submission: UUID | None) -> HttpResponse:
    """Tell the browser which form is stored for good: only then it forgets its draft (static/js/draft.js)."""
    response.set_cookie("saved_contact", str(submission), max_age=SAVED_SECONDS, samesite="Lax")
    return response


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
    if logged.bars:
        context = {"log": logged.log, "next": came_from(request)}
        messages.success(request, render_to_string("archives/_undo_bar.html", context, request))
    for alert in logged.closed_before:
        name = alert.closed_by.name if alert.closed_by else _("the night run")
        messages.warning(
            request,
            _("“%(kind)s” had been closed before by %(name)s; your contact is kept.")
            % {"kind": alert.get_kind_display(), "name": name},
        )


@require_POST
@for_roles(CUSTOMER_ROLES)
def contact_unbar(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo: the customer may be called again, the contact that said otherwise stays."""
    assert isinstance(request.user, User)
    log = get_object_or_404(ContactLog.objects.visible_to(request.user).select_related("customer"), pk=pk)
    try:
        unbar(log, request.user, timezone.localdate())
        messages.success(request, _("Undone, the customer may be called again."))
    except NothingToUndo:
        messages.warning(request, _("This answer cannot be taken back any more."))
    return back(request, reverse("workbench:customer", args=[log.customer_id]))


def back(request: HttpRequest, default: str) -> HttpResponse:
    """To the page where the form was opened; htmx loads it whole, so that lists and figures are fresh."""
    target = address_after(request, default)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponse(status=303, headers={"Location": target})
