"""Complaints: the list with its timeliness, one complaint with its history, taking one in, and each step of it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives import complaint_list, complaints
from archives.choices import UNANSWERED, ComplaintKind, ComplaintState
from archives.complaint_forms import STEPS, ComplaintForm, StepForm
from archives.complaint_list import ComplaintFilter
from archives.models import Complaint
from archives.views import saved
from crm.audit import trail
from crm.organization.access import CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from customers.models import Customer
from customers.models.customer import hidden

TITLES: dict[str, str | Promise] = {
    "take": gettext_lazy("Take in hand"),
    "answer": gettext_lazy("Answer it"),
    "close": gettext_lazy("Close it"),
    "decide": gettext_lazy("Decide on the special extension"),
    "complex": gettext_lazy("It is complex"),
    "ask": gettext_lazy("Ask for a special extension"),
    "hand": gettext_lazy("Hand it to somebody else"),
}


@dataclass(frozen=True)
class Offer:
    """A step that this user can do now; `is_next` is the one that carries the complaint on."""

    name: str
    title: str | Promise
    form: StepForm
    is_next: bool


@require_safe
@for_roles(CUSTOMER_ROLES)
def complaint_list_page(request: HttpRequest) -> HttpResponse:
    """Open complaints in the user's scope, due first, and how many were answered in time."""
    assert isinstance(request.user, User)
    day = timezone.localdate()
    filters = ComplaintFilter(request.GET, user=request.user, day=day)
    page = complaint_list.page(filters, request.GET.get("after", ""), request.GET.get("before", ""))
    trail.listed(request, "complaints", [row.customer_id for row in page.rows if row.customer_id])
    whole, *branches = complaints.timeliness(request.user, day)
    context = {
        "filters": filters,
        "page": page,
        "day": day,
        "whole": whole,
        "branches": branches,
        "due_number": complaints.due_soon(Complaint.objects.visible_to(request.user), day).count(),
        "soon_days": complaints.SOON_DAYS,
    }
    return render(request, "archives/complaint_list.html", context)


@require_http_methods(["GET", "POST"])
@for_roles(CUSTOMER_ROLES)
def complaint_new(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Take a complaint in: of a customer, or of somebody who is none."""
    assert isinstance(request.user, User)
    own = Customer.objects.visible_to(request.user).select_related("branch").defer(*hidden())
    customer = None if pk is None else get_object_or_404(own, pk=pk)
    data = request.POST if request.method == "POST" else None
    form = ComplaintForm(data, customer=customer, actor=request.user, day=timezone.localdate())
    if form.is_valid():
        try:
            made = complaints.register(customer, request.user, form.registration(), form.cleaned_data["submission"])
        except complaints.ComplaintRefused as refusal:
            form.add_error("handler", str(refusal))
        else:
            messages.success(request, _("Complaint registered; answer it by %(day)s.") % {"day": made.due_date})
            return saved(redirect("archives:complaint", made.pk), form.cleaned_data["submission"])
    context = {"customer": customer, "form": form}
    return render(request, "archives/complaint_form.html", context, status=422 if data is not None else 200)


@require_safe
@for_roles(CUSTOMER_ROLES)
def complaint(request: HttpRequest, pk: int) -> HttpResponse:
    """One complaint, what was done to it, and what this user can do next."""
    assert isinstance(request.user, User)
    return drawn(request, request.user, found(request.user, pk))


@require_POST
@for_roles(CUSTOMER_ROLES)
def complaint_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Do one thing to a complaint."""
    assert isinstance(request.user, User)
    one = found(request.user, pk)
    if step not in STEPS:
        raise Http404
    form = STEPS[step](request.POST, complaint=one, actor=request.user, day=timezone.localdate(), prefix=step)
    if not form.is_valid():
        return drawn(request, request.user, one, form)
    try:
        form.do()
        messages.success(request, _("It is on record."))
    except complaints.ComplaintRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("archives:complaint", one.pk)


def found(user: User, pk: int) -> Complaint:
    """A complaint in the user's scope, with whom it is about. Raises Http404."""
    rows = Complaint.objects.visible_to(user).select_related(
        "branch", "customer__metrics", "handler", "complained_of", "registered_by", "special_asked_by"
    )
    return get_object_or_404(rows.defer(*hidden("customer")), pk=pk)


def drawn(request: HttpRequest, user: User, one: Complaint, sent: StepForm | None = None) -> HttpResponse:
    """The page of a complaint; `sent` is a step whose form has to be mended."""
    day = timezone.localdate()
    if one.customer:
        trail.looked_at(request, one.customer)
    offers = []
    for name in steps_of(one, user):
        is_sent = sent is not None and sent.prefix == name
        form = sent if is_sent and sent else STEPS[name](complaint=one, actor=user, day=day, prefix=name)
        offers.append(Offer(name, TITLES[name], form, name in ("take", "answer", "close", "decide")))
    seen = Customer.objects.visible_to(user)
    sees_customer = one.customer_id is not None and seen.filter(pk=one.customer_id).exists()
    context = {
        "complaint": one,
        "history": complaints.history(user, one),
        "offers": offers,
        "sent": sent.prefix if sent else "",
        "sees_customer": sees_customer,
        "days_left": one.days_left(day),
        "soon_days": complaints.SOON_DAYS,
        "track": track_of(one),
        "is_about_me": one.complained_of_id == user.pk,
        "day": day,
    }
    return render(request, "archives/complaint.html", context, status=422 if sent else 200)


@dataclass(frozen=True)
class Stage:
    """One state that a complaint goes through."""

    label: str
    is_done: bool
    is_now: bool


def track_of(one: Complaint) -> list[Stage]:
    """The states in their order, and where this complaint stands."""
    now = list(ComplaintState).index(ComplaintState(one.state))
    return [
        Stage(str(state.label), number < now or not one.is_open, number == now and one.is_open)
        for number, state in enumerate(ComplaintState)
    ]


def steps_of(one: Complaint, user: User) -> list[str]:
    """What the user can do to a complaint as it stands, what comes next first."""
    if not complaints.may_act(one, user) or not one.is_open:
        return []
    owed = one.state in UNANSWERED
    decides = one.is_asked_special and user.role == Role.BRANCH_MANAGER and user.pk != one.special_asked_by_id
    can: dict[str, Any] = {
        "take": one.state == ComplaintState.REGISTERED,
        "answer": one.state == ComplaintState.IN_HAND,
        "close": one.state == ComplaintState.ANSWERED,
        "decide": owed and decides,
        "complex": owed and one.kind == ComplaintKind.ORDINARY,
        "ask": owed and not one.is_extended and not one.is_asked_special,
        "hand": True,
    }
    return [name for name, is_possible in can.items() if is_possible]
