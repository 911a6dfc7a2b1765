"""Prospects: the list, one with its history, taking one in, how far one has come, and the number in plain text."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives.views import saved
from campaigns.prospects import introductions, lists, referrals, register
from campaigns.prospects.choices import Need
from campaigns.prospects.forms import CallForm, GiveForm, ProspectForm, StageForm
from campaigns.prospects.models import MOBILE, Prospect
from campaigns.prospects.referrals import Call
from campaigns.prospects.register import NumberKnown, ProspectRefused, TooManyKnown
from campaigns.prospects.views import tell_who_is_called
from crm import db
from crm.audit import pii, trail
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from customers import reveal
from customers.models import Customer
from customers.models.customer import hidden

STEPS = 50


def fresh_form(user: User) -> ProspectForm:
    """An empty form, ready for one visitor."""
    return ProspectForm(user=user, initial={"submission": uuid4()})


@require_safe
@for_roles(CUSTOMER_ROLES)
def prospect_list(request: HttpRequest) -> HttpResponse:
    """The prospects in the user's scope, what moved last first."""
    assert isinstance(request.user, User)
    filters = lists.ProspectFilter(request.GET, user=request.user, day=timezone.localdate())
    page = lists.prospects(filters, request.GET.get("after", ""), request.GET.get("before", ""))
    if page.rows:
        register.note_list(request.user, page.rows)
    context = {"filters": filters, "page": page, "day": timezone.localdate()}
    return render(request, "campaigns/prospect_list.html", context)


@require_http_methods(["GET", "POST"])
@for_roles(CUSTOMER_ROLES)
def prospect_new(request: HttpRequest) -> HttpResponse:
    """Take a visitor in, and where asked for call a manager at once."""
    assert isinstance(request.user, User)
    form = ProspectForm(request.POST, user=request.user) if request.method == "POST" else fresh_form(request.user)
    known = None
    if form.is_valid():
        try:
            return taken_in(request, request.user, form)
        except NumberKnown as found:
            known = found
        except TooManyKnown:
            form.add_error("mobile", _("Too many known numbers within an hour. Ask the branch manager."))
    context = {"form": form, "known": known, "is_lobby": request.user.role == Role.LOBBY_MANAGER}
    return render(request, "campaigns/prospect_form.html", context, status=422 if request.method == "POST" else 200)


def taken_in(request: HttpRequest, user: User, form: ProspectForm) -> HttpResponse:
    """What the form says is kept, and a manager called where it asks for that. Raises NumberKnown, TooManyKnown."""
    now, data = timezone.now(), form.cleaned_data
    prospect = register.register(user, form.particulars(), now, data["submission"])
    if data["calls"] and user.role == Role.LOBBY_MANAGER:
        call = Call(data["needs"][0], data["note"])
        tell_who_is_called(request, referrals.refer_prospect(prospect, user, now, call, data["submission"]))
    elif prospect.owner is None:
        messages.success(request, _("Kept. No manager is on duty; the branch manager sees it."))
    else:
        messages.success(request, _("Kept, %(name)s sees it now.") % {"name": prospect.owner.name})
    to = (
        reverse("workbench:today")
        if user.role == Role.LOBBY_MANAGER
        else reverse("campaigns:prospect", args=[prospect.pk])
    )
    return saved(HttpResponse(status=303, headers={"Location": to}), prospect.submission)


def visible(user: User, pk: int) -> Any:
    """A prospect of the user's that is still kept, without the sealed number; 404 for any other."""
    rows = (
        Prospect.objects.visible_to(user).filter(forgotten_on=None).select_related("owner", "branch", "registered_by")
    )
    return get_object_or_404(rows.defer("mobile_cipher"), pk=pk)


@require_safe
@for_roles(CUSTOMER_ROLES)
def prospect(request: HttpRequest, pk: int) -> HttpResponse:
    """One prospect with the history; the account leads to the customer for whoever may see them."""
    assert isinstance(request.user, User)
    found = visible(request.user, pk)
    register.note_act(found, request.user, "view", {})
    customer = Customer.objects.visible_to(request.user).filter(pk=found.opened_as_id).only("name_mask", "sex").first()
    context = {
        "prospect": found,
        "customer": customer,
        "steps": list(found.steps.select_related("actor", "owner").order_by("-pk")[:STEPS]),
        "form": StageForm(initial={"stage": found.stage}),
        "give": GiveForm(branch_id=found.branch_id, initial={"owner": found.owner_id}) if leads(request.user) else None,
        "call": CallForm(initial={"submission": uuid4(), "need": found.needs[0] if found.needs else Need.OTHER}),
        "is_lobby": request.user.role == Role.LOBBY_MANAGER,
        "day": timezone.localdate(),
    }
    return render(request, "campaigns/prospect.html", context)


@require_safe
@for_roles(BALANCE_ROLES)
def customer_introductions(request: HttpRequest, pk: int) -> HttpResponse:
    """Who came through a customer, and what that brought."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user).defer(*hidden()), pk=pk)
    tree = introductions.tree_of(request.user, customer)
    named = [one.customer.pk for one in tree.rows if one.customer]
    trail.listed(request, "introductions", [customer.pk, *named])
    return render(request, "campaigns/introductions.html", {"customer": customer, "tree": tree})


def leads(user: User) -> bool:
    return user.role == Role.BRANCH_MANAGER


@require_POST
@for_roles(CUSTOMER_ROLES)
def prospect_move(request: HttpRequest, pk: int) -> HttpResponse:
    """How far one has come."""
    assert isinstance(request.user, User)
    found, form = visible(request.user, pk), StageForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        tell(request, lambda user: register.move(found, user, timezone.now(), data["stage"], data["note"]))
    else:
        messages.warning(request, _("Choose how far it has come."))
    return redirect("campaigns:prospect", pk=pk)


@require_POST
@for_roles(CUSTOMER_ROLES)
def prospect_forget(request: HttpRequest, pk: int) -> HttpResponse:
    """The visitor withdraws the consent; afterwards there is no page of theirs to go back to."""
    assert isinstance(request.user, User)
    found = visible(request.user, pk)
    if request.POST.get("withdrawn") != "on":
        messages.warning(request, _("Confirm that the visitor withdraws the consent."))
        return redirect("campaigns:prospect", pk=pk)
    try:
        register.forget(found, request.user, timezone.now())
        messages.success(request, _("Forgotten: name, number and notes are erased."))
    except ProspectRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("campaigns:prospects")


@require_POST
@for_roles([Role.BRANCH_MANAGER])
def prospect_give(request: HttpRequest, pk: int) -> HttpResponse:
    """Let another manager look after a prospect."""
    assert isinstance(request.user, User)
    found = visible(request.user, pk)
    form = GiveForm(request.POST, branch_id=found.branch_id)
    if form.is_valid():
        tell(request, lambda user: register.give(found, user, timezone.now(), form.cleaned_data["owner"]))
    else:
        messages.warning(request, _("Choose a relationship manager of the prospect's branch."))
    return redirect("campaigns:prospect", pk=pk)


def tell(request: HttpRequest, change: Any) -> None:
    """Do it, and say that it is done or why not."""
    try:
        change(request.user)
        messages.success(request, _("Saved."))
    except ProspectRefused as refusal:
        messages.warning(request, str(refusal))


@require_http_methods(["GET", "POST"])
@for_roles(reveal.REVEAL_ROLES)
def prospect_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Name and number in plain text, for a reason, counted with the reveals of customers."""
    assert isinstance(request.user, User)
    # Once the account is there, the customer's page shows them, to whom it may.
    rows = Prospect.objects.visible_to(request.user).filter(forgotten_on=None, converted_on=None)
    found: Any = get_object_or_404(rows, pk=pk)
    sight = reveal.Sight(MOBILE, _("Name and mobile"), found.pk, found.mobile_mask, found.mobile_cipher)
    form = reveal.RevealForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {
        "customer": found, "sight": sight, "form": form, "seconds": reveal.MASK_AGAIN_SECONDS,
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    if form.is_valid():
        status = 200
        try:
            context["value"] = f"{found.name} {revealed(request, request.user, found, form.cleaned_data)}"
        except reveal.TooManyReveals:
            context["is_over_limit"], status = True, 429
    template = "customers/_reveal.html" if request.headers.get("HX-Request") else "customers/reveal.html"
    return render(request, template, context, status=status)


def revealed(request: HttpRequest, user: User, found: Prospect, why: dict[str, Any]) -> str:
    """Count, record, decrypt, in this order. Raises TooManyReveals."""
    db.hold_lock(f"reveal {user.pk}", using="default")
    is_over = reveal.is_over_limit(user)
    trail.append(
        chain=found.branch_id, actor=user, action=reveal.REFUSED if is_over else reveal.REVEALED,
        object_type=Prospect._meta.label_lower, object_id=str(found.pk),
        detail={"field": "mobile", "reason": why["reason"], "note": why["note"]},
        address=trail.address_of(request),
    )  # fmt: skip
    if is_over:
        raise reveal.TooManyReveals
    return pii.decrypt(MOBILE, found.pk, found.mobile_cipher)
