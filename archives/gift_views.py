"""Gifts: the ledger by month and member of staff, one gift with what was done, writing one down, and each step."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives import gifts
from archives.gift_choices import GiftState
from archives.gift_forms import GiftFilter, GiftForm, GiftStepForm
from archives.gifts import GiftRefused
from archives.models import Gift, GiftStep
from archives.views import saved
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, branch_named, for_roles, scope_of
from crm.organization.choices import Reach
from crm.organization.models import Branch, User
from customers.models import Customer
from customers.models.customer import hidden

ROWS = 50
MOST_STEPS = 10


@require_safe
@for_roles(BALANCE_ROLES)
def gift_list(request: HttpRequest) -> HttpResponse:
    """Gifts in the user's scope, newest first; those given in a branch by month and member of staff."""
    assert isinstance(request.user, User)
    user, day = request.user, timezone.localdate()
    branch_id = branch_named(user, request.GET.get("branch", ""))
    filters = GiftFilter(request.GET, user=user, day=day)
    found = page_of(filters, request.GET.get("before", ""))
    trail.listed(request, "gifts", [one.customer_id for one in found[:ROWS]])
    scope = scope_of(user)
    own = user.pk if scope is None or scope.reach == Reach.OWN else None
    context = {
        "rows": found[:ROWS], "next_place": found[ROWS - 1].pk if len(found) > ROWS else None, "filters": filters,
        "results": gifts.results(branch_id, day, own), "day": day, "branch": Branch.objects.get(pk=branch_id),
        "waiting": gifts.waiting(user),
    }  # fmt: skip
    return render(request, "archives/gift_list.html", context)


def page_of(filters: GiftFilter, before: str) -> list[Any]:
    """The rows behind a place and one more, newest first."""
    rows = filters.matching.select_related("customer__metrics", "staff").defer(*hidden("customer")).order_by("-pk")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    return list(rows[: ROWS + 1])


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def gift_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down a gift to a customer; beyond a limit it asks for approval."""
    assert isinstance(request.user, User)
    user, day = request.user, timezone.localdate()
    own = Customer.objects.visible_to(user).select_related("metrics").defer(*hidden())
    customer = get_object_or_404(own, pk=pk)
    data = request.POST if request.method == "POST" else None
    form = GiftForm(data, user=user, customer=customer, day=day, plan=request.GET.get("plan", ""))
    if form.is_valid():
        gift = gifts.give(customer, user, form.offer(), form.cleaned_data["submission"], timezone.now())
        asked = _("Beyond a limit: the gift waits for a second person.")
        messages.success(request, asked if gift.over else _("The gift is on record."))
        return saved(redirect("archives:gift", gift.pk), form.cleaned_data["submission"])
    trail.looked_at(request, customer)
    context = {"customer": customer, "form": form, "room": gifts.room_for(customer, user, form.chosen_plan, day)}
    return render(request, "archives/gift_form.html", context, status=422 if data is not None else 200)


@require_safe
@for_roles(BALANCE_ROLES)
def gift(request: HttpRequest, pk: int) -> HttpResponse:
    """One gift: what, for what, which limits it goes beyond, what was done, and what may be done now."""
    return show(request, *gift_of(request, pk))


@require_POST
@for_roles(BALANCE_ROLES)
def gift_act(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Do one thing about a gift."""
    user, one = gift_of(request, pk)
    if kind not in gifts.AFTER:
        raise Http404
    step = GiftState(kind)
    if step in gifts.DECIDED and not gifts.may_approve(user):
        raise PermissionDenied
    form = GiftStepForm(request.POST, kind=step, today=timezone.localdate())
    if not form.is_valid():
        return show(request, user, one, form, 422)
    try:
        data = form.cleaned_data
        gifts.act(one, user, step, timezone.now(), data["note"], data["day"])
        messages.success(request, _("It is on record."))
    except GiftRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("archives:gift", pk)


def gift_of(request: HttpRequest, pk: int) -> tuple[User, Any]:
    """Who asks, and the gift with its state, where they may see its customer; 404 else."""
    assert isinstance(request.user, User)
    seen = Gift.objects.with_state().visible_to(request.user)
    about = seen.select_related("customer__metrics", "staff", "plan__step", "contact").defer(*hidden("customer"))
    return request.user, get_object_or_404(about, pk=pk)


def show(
    request: HttpRequest, user: User, one: Any, form: GiftStepForm | None = None, status: int = 200
) -> HttpResponse:
    """The page, with the form that came back open."""
    trail.looked_at(request, one.customer)
    day = timezone.localdate()
    steps = GiftStep.objects.visible_to(user).filter(gift=one).select_related("actor").order_by("number")
    offers = [
        form if form and form.kind == kind else GiftStepForm(kind=kind, today=day, initial={"day": day})
        for kind in gifts.allowed(one, user)
    ]
    context = {"gift": one, "customer": one.customer, "steps": list(steps[:MOST_STEPS]), "offers": offers, "day": day}
    return render(request, "archives/gift.html", context, status=status)
