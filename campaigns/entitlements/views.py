"""权益与积分: one customer's ledger with what can be done, and a branch's figures with the entries behind them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from archives.gifts import may_approve
from archives.views import saved
from campaigns.entitlements import figures, ledger
from campaigns.entitlements.forms import POINTS, GiveForm, LedgerFilter, ReverseForm, UseForm
from campaigns.entitlements.ledger import LedgerRefused, Moment
from campaigns.entitlements.models import LedgerEntry, PointsRequest
from campaigns.entitlements.standing import left_on, standings
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, branch_named, for_roles
from crm.organization.choices import Role
from crm.organization.models import Branch, User
from customers.choices import CustomerStatus
from customers.lists.shape import ID
from customers.models import Customer
from customers.models.customer import hidden

ROWS = 50
MOST_WAITING = 20
LEADERS = [Role.BRANCH_MANAGER]
VERBS = {"grant": True, "refuse": False}


def moment() -> Moment:
    now = timezone.now()
    return Moment(timezone.localtime(now).date(), now)


@require_safe
@for_roles(CUSTOMER_ROLES)
def customer_ledger(request: HttpRequest, pk: int) -> HttpResponse:
    """What is left to a customer, and every entry with the balance that it left."""
    return show(request, *customer_of(request, pk))


@require_POST
@for_roles(CUSTOMER_ROLES)
def use(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a customer used something. The lobby does so of entitlements alone."""
    user, customer = customer_of(request, pk)
    form = UseForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        if data["entitlement"] is None and user.role not in BALANCE_ROLES:
            raise PermissionDenied
        try:
            ledger.use(
                customer, user, data["entitlement"], data["quantity"], data["reason"], data["submission"], moment()
            )
            messages.success(request, _("It is on record as used."))
            return saved(redirect("campaigns:customer_ledger", pk), data["submission"])
        except LedgerRefused as refusal:
            form.add_error("quantity", str(refusal))
    return show(request, user, customer, use_form=form)


@require_POST
@for_roles(BALANCE_ROLES)
def points_give(request: HttpRequest, pk: int) -> HttpResponse:
    """Give points by hand; beyond the limit a second person grants them."""
    user, customer = customer_of(request, pk)
    form = GiveForm(request.POST)
    if not form.is_valid():
        return show(request, user, customer, give_form=form)
    data = form.cleaned_data
    try:
        done = ledger.give(customer, user, data["points"], data["reason"], data["submission"], moment())
    except LedgerRefused as refusal:
        form.add_error("points", str(refusal))
        return show(request, user, customer, give_form=form)
    if isinstance(done, PointsRequest):
        messages.warning(request, _("Beyond the limit of the month: the points wait for a second person."))
    else:
        messages.success(request, _("The points are in the ledger."))
    return saved(redirect("campaigns:customer_ledger", pk), data["submission"])


@require_POST
@for_roles(LEADERS)
def entry_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an entry back."""
    assert isinstance(request.user, User)
    seen = LedgerEntry.objects.visible_to(request.user).select_related("entitlement")
    entry, form = get_object_or_404(seen, pk=pk), ReverseForm(request.POST)
    if not form.is_valid():
        return show(request, *customer_of(request, entry.customer_id), reverse_form=form, reversing=entry.pk)
    try:
        ledger.reverse(entry, request.user, form.cleaned_data["reason"], moment())
        messages.success(request, _("The entry is reversed."))
    except LedgerRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("campaigns:customer_ledger", entry.customer_id)


@require_POST
@for_roles(LEADERS)
def points_decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Grant or refuse points that somebody asked for."""
    assert isinstance(request.user, User)
    one = get_object_or_404(PointsRequest.objects.visible_to(request.user), pk=pk)
    if verb not in VERBS:
        raise Http404
    try:
        ledger.decide(one, request.user, is_granted=VERBS[verb], when=moment())
        messages.success(request, _("It is decided."))
    except LedgerRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("campaigns:customer_ledger", one.customer_id)


@require_safe
@for_roles(BALANCE_ROLES)
def branch_ledger(request: HttpRequest) -> HttpResponse:
    """Issued, used and expired by month with the cost, the entries behind each figure, and what waits."""
    assert isinstance(request.user, User)
    user, day = request.user, timezone.localdate()
    named = request.GET.get("branch", "")
    branch_id = branch_named(user, named)
    filters = LedgerFilter(request.GET, user=user, day=day)
    rows = filters.matching.select_related("customer__metrics").defer(*hidden("customer"))
    found = page_of(rows, request.GET.get("before", ""))
    waiting = waiting_for(user)
    shown = [*(one.customer_id for one in found[:ROWS]), *(one.customer_id for one in waiting)]
    trail.listed(request, "ledger", sorted(set(shown)))
    context = {
        "rows": found[:ROWS], "next_place": next_place(found), "filters": filters, "day": day, "waiting": waiting,
        "lines": figures.lines(user, branch_id if named else None, day), "branch": Branch.objects.get(pk=branch_id),
    }  # fmt: skip
    return render(request, "campaigns/ledger.html", context)


def waiting_for(user: User, customer: Customer | None = None) -> list[PointsRequest]:
    """What waits for a second person in the user's scope, the oldest first."""
    rows = PointsRequest.objects.visible_to(user).filter(decided_at=None).select_related("customer", "asked_by")
    if customer is not None:
        rows = rows.filter(customer=customer)
    return list(rows.defer(*hidden("customer")).order_by("pk")[:MOST_WAITING])


def page_of(rows: Any, before: str) -> list[Any]:
    """The entries behind a place and one more, newest first."""
    if ID.fullmatch(before):
        rows = rows.filter(pk__lt=int(before))
    about = rows.select_related("entitlement", "campaign", "staff", "reversed_by")
    return list(about.order_by("-pk")[: ROWS + 1])


def next_place(found: list[Any]) -> int | None:
    return found[ROWS - 1].pk if len(found) > ROWS else None


def customer_of(request: HttpRequest, pk: int) -> tuple[User, Any]:
    """Who asks, and the customer with what is left to them, where they may see them; 404 else."""
    assert isinstance(request.user, User)
    seen = Customer.objects.visible_to(request.user).select_related("metrics").defer(*hidden())
    return request.user, get_object_or_404(seen.annotate(left=left_on(timezone.localdate())), pk=pk)


def show(request: HttpRequest, user: User, customer: Any, **forms: Any) -> HttpResponse:
    """The page of one customer, with the form that came back. The lobby sees no points: with the rule of the monthly
    average they would tell the balance."""
    trail.looked_at(request, customer)
    sees_points = user.role in BALANCE_ROLES
    left, item = standings(customer.left), request.GET.get("item", "")
    rows = figures.with_running(LedgerEntry.objects.visible_to(user).filter(customer=customer))
    if not sees_points:
        left, rows = [one for one in left if one.entitlement_id], rows.exclude(entitlement=None)
    if item == POINTS or ID.fullmatch(item):
        rows = rows.filter(entitlement=None if item == POINTS else int(item))
    found = page_of(rows, request.GET.get("before", ""))
    context = {
        "customer": customer, "left": left, "rows": found[:ROWS], "next_place": next_place(found), "item": item,
        "day": timezone.localdate(), "sees_points": sees_points, "may_reverse": may_approve(user),
        "waiting": waiting_for(user, customer) if sees_points else [],
        "may_give": sees_points and customer.status != CustomerStatus.CLOSED,
        "use_form": UseForm(), "give_form": GiveForm(), "reverse_form": ReverseForm(), **forms,
    }  # fmt: skip
    return render(request, "campaigns/customer_ledger.html", context, status=422 if forms else 200)
