"""移交 and what else changes hands by request: drafted, looked at, approved by a second person, watched."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, branch_named, for_roles, scope_of
from crm.organization.choices import Role
from crm.organization.models import Branch, User
from crm.workbench import tasks
from crm.workbench.bulk_views import number_of
from crm.workbench.handover import planning, requests, tracker
from crm.workbench.handover.forms import HandoverForm, ReasonForm
from crm.workbench.shell import tiers_of
from customers.choices import BulkState, ItemOutcome, RequestKind, RequestState
from customers.filters import MOST_CHOICES
from customers.models import OwnershipMove, OwnershipRequest
from customers.models.customer import hidden

PAGE_ROWS = 50
MOST_REQUESTS = 30
LEADERS = [Role.BRANCH_MANAGER]


def led(request: HttpRequest, pk: int) -> tuple[OwnershipRequest, User]:
    """A request of a branch that the user leads; 404 for any other."""
    assert isinstance(request.user, User)
    related = ("branch", "leaver", "rule", "requested_by", "decided_by", "job")
    return get_object_or_404(requests.of_user(request.user).select_related(*related), pk=pk), request.user


@require_safe
@for_roles(LEADERS)
def handover_list(request: HttpRequest) -> HttpResponse:
    """The latest requests, and the choice of who leaves."""
    assert isinstance(request.user, User)
    branch, scope = branch_named(request.user, request.GET.get("branch", "")), scope_of(request.user)
    places = Branch.objects.filter(is_active=True).order_by("path")
    if scope is not None and not scope.is_head_office:
        places = places.filter(pk__in=scope.branch_ids)
    latest = requests.of_user(request.user).select_related("leaver", "requested_by", "job", "branch").order_by("-pk")
    context = {
        "requests": list(latest[:MOST_REQUESTS]),
        "branch": branch,
        "places": list(places[:MOST_CHOICES]),
        "people": list(planning.people(branch)[: planning.MOST_PEOPLE]),
    }
    return render(request, "handovers/list.html", context)


@require_http_methods(["GET", "POST"])
@for_roles(LEADERS)
def handover_new(request: HttpRequest) -> HttpResponse:
    """Colleagues with what they have to do, and who of them takes over; leads to the draft."""
    user, day = request.user, timezone.localdate()
    assert isinstance(user, User)
    branch = branch_named(user, request.GET.get("branch", ""))
    leaver = planning.people(branch).filter(pk=number_of(request.GET.get("leaver", "")) or 0).first()
    if leaver is None:
        raise Http404
    ids = planning.people(branch).filter(branch_id=branch, role=Role.RELATIONSHIP_MANAGER, is_active=True)
    everybody = planning.loads(branch, [leaver.pk, *ids.values_list("pk", flat=True)[: planning.MOST_PEOPLE]], day)
    people, tiers = [one for one in everybody if one.pk != leaver.pk], tiers_of(request)
    data = request.POST if request.method == "POST" else None
    form = HandoverForm(data, user=user, people=people, tiers=tiers)
    if data is not None and form.is_valid():
        try:
            draft = planning.draft(user, leaver, branch, form.wish(), max(tiers, default=0), day)
        except planning.HandoverRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("workbench:handover", pk=draft.pk)
    asked = set(data.getlist("candidates")) if data is not None else {str(one.pk) for one in people}
    context = {
        "form": form,
        "leaver": next((one for one in everybody if one.pk == leaver.pk), None),
        "people": [(one, str(one.pk) in asked) for one in people],
    }
    return render(request, "handovers/new.html", context, status=200 if data is None else 422)


@require_safe
@for_roles(LEADERS)
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    """A request: who goes to whom, what is decided, and what became of it."""
    one, user = led(request, pk)
    day, now = timezone.localdate(), timezone.now()
    # What the leaver still has after an undo is as it should be.
    has_moved = one.job is not None and not one.job.is_under_way and not one.job.is_undo
    rows, next_place = page_of(request, one, user)
    is_handover = one.kind == RequestKind.HANDOVER
    context = {
        "one": one,
        "is_own": one.requested_by_id == user.pk,
        "may_decide": requests.may_decide(user, one),
        "may_undo": requests.may_undo(one, now),
        "approvers": requests.approvers_of(one) if one.state in (RequestState.DRAFT, RequestState.WAITING) else [],
        "shares": planning.shares(user, one, day) if is_handover and one.job is None else [],
        "outcomes": requests.outcomes(user, one) if one.job is not None else [],
        "left": requests.left_open(user, one.leaver, one.branch_id) if has_moved and one.leaver else None,
        "rows": rows,
        "next_place": next_place,
        "form": ReasonForm(),
        "is_done": one.job is not None and one.job.state == BulkState.DONE and is_handover,
    }
    return render(request, "handovers/handover.html", context)


def page_of(request: HttpRequest, one: OwnershipRequest, user: User) -> tuple[list[OwnershipMove], int | None]:
    """A page of its customers, narrowed by `to`, `maturing` or `outcome`."""
    asked = request.GET
    moves = OwnershipMove.objects.visible_to(user).filter(request=one, pk__gt=number_of(asked.get("after", "")) or 0)
    if to := number_of(asked.get("to", "")):
        moves = moves.filter(to_owner_id=to)
    if asked.get("maturing"):
        moves = moves.filter(is_maturing=True)
    if asked.get("outcome") in ItemOutcome.values:
        moves = moves.filter(outcome=asked["outcome"])
    shown = moves.select_related("customer", "from_owner", "to_owner").defer(*hidden("customer"))
    rows = list(shown.order_by("pk")[: PAGE_ROWS + 1])
    trail.listed(request, "handover", [row.customer_id for row in rows[:PAGE_ROWS]])
    return rows[:PAGE_ROWS], rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None


@require_POST
@for_roles(LEADERS)
def handover_change(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Ask for it, approve or refuse it, take it back before or after."""
    one, user = led(request, pk)
    try:
        change(request, one, user, verb)
    except planning.HandoverRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("workbench:handover", pk=pk)


def change(request: HttpRequest, one: OwnershipRequest, user: User, verb: str) -> None:
    """Raises HandoverRefused, and Http404 for a word that is none."""
    if verb == "ask":
        requests.ask(user, one)
    elif verb == "withdraw":
        requests.withdraw(user, one)
    elif verb == "approve":
        job = requests.approve(user, one, request.POST.get("seal", ""), timezone.localdate())
        transaction.on_commit(lambda: tasks.wake_bulk(job.pk))
    elif verb == "refuse":
        form = ReasonForm(request.POST)
        if not form.is_valid():
            raise planning.HandoverRefused(_("Write why, in a few words."))
        requests.refuse(user, one, form.cleaned_data["reason"])
    elif verb == "undo":
        if not requests.undo(user, one, timezone.now()):
            raise planning.HandoverRefused(_("Too late: a job can be undone once, and only for some days."))
        transaction.on_commit(lambda: tasks.wake_bulk(one.job_id or 0))
    else:
        raise Http404


@require_safe
@for_roles(LEADERS)
def handover_tracker(request: HttpRequest, pk: int) -> HttpResponse:
    """After a handover: who was told and called, and whether the assets stayed."""
    one, user = led(request, pk)
    if one.as_of is None:
        raise Http404
    moves = tracker.moved(user, one).filter(pk__gt=number_of(request.GET.get("after", "")) or 0)
    if request.GET.get("show") != "all":
        moves = moves.filter(told_on__isnull=True)
    rows = list(moves.order_by("pk")[: PAGE_ROWS + 1])
    trail.listed(request, "handover tracker", [row.customer_id for row in rows[:PAGE_ROWS]])
    context: dict[str, Any] = {
        "one": one,
        "figures": tracker.tracked(one, timezone.localdate()),
        "rows": rows[:PAGE_ROWS],
        "next_place": rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None,
        "shows_all": request.GET.get("show") == "all",
    }
    return render(request, "handovers/tracker.html", context)


@require_POST
@for_roles(BALANCE_ROLES)
def move_told(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer knows of the new manager."""
    user = request.user
    assert isinstance(user, User)
    moves = OwnershipMove.objects.visible_to(user).filter(outcome=ItemOutcome.CHANGED)
    move = get_object_or_404(moves.select_related("customer").defer(*hidden("customer")), pk=pk)
    tracker.tell(user, move, timezone.localdate())
    messages.success(request, _("Noted: the customer was told."))
    leads = user.role == Role.BRANCH_MANAGER
    back = ("workbench:handover_tracker", move.request_id) if leads else ("workbench:customer", move.customer_id)
    return HttpResponse(status=303, headers={"Location": reverse(back[0], args=[back[1]])})
