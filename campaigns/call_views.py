"""A manager's call list of a campaign, and call mode: one customer after the other, the script beside."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives.contactable import verdict_of
from campaigns import calls, scripts
from campaigns.choices import Basis, MemberStatus, Success
from campaigns.forms import ResultForm
from campaigns.models import Campaign, CampaignMember
from campaigns.views import shown
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.models import User
from customers import turns
from customers.lists.shape import ID
from customers.models.customer import hidden

PAGE_ROWS = 50
RELATED = ("campaign", "customer", "owner", "contact__staff", "customer__caller")


@require_safe
@for_roles(BALANCE_ROLES)
def call_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The members whom the user sees, by how far the conversation is."""
    one, user = shown(request, pk)
    status = request.GET.get("status", MemberStatus.WAITING)
    if status not in (*MemberStatus.values, calls.NOT_CALLED):
        raise Http404
    after = request.GET.get("after", "")
    members = calls.members_of(user, one)
    rows = calls.listed(members, status)
    if ID.fullmatch(after):
        rows = rows.filter(customer_id__gt=int(after))
    found = list(
        calls.with_verdict(rows, timezone.now())
        .select_related(*RELATED)
        .defer(*hidden("customer"))
        .order_by("customer_id")[: PAGE_ROWS + 1]
    )
    trail.listed(request, "campaign", [row.customer_id for row in found[:PAGE_ROWS]])
    numbers = calls.counts(members)
    context = {
        "one": one,
        "rows": [(row, verdict_of(row.bar)) for row in found[:PAGE_ROWS]],  # type: ignore[attr-defined]
        "next_place": found[PAGE_ROWS - 1].customer_id if len(found) > PAGE_ROWS else None,
        "status": status,
        "tabs": [(value, label, numbers[value]) for value, label in MemberStatus.choices],
        "left_alone": numbers[calls.NOT_CALLED],
        "left_alone_tab": calls.NOT_CALLED,
        "runs": one.is_calling(timezone.localdate()),
    }
    return render(request, "campaigns/calls.html", context)


@require_POST
@for_roles(BALANCE_ROLES)
def call_next(request: HttpRequest, pk: int) -> HttpResponse:
    """Call mode: take the `member` that was chosen, else the next one behind the customer `after`, who is left."""
    one, user = shown(request, pk)
    chosen, after = request.POST.get("member", ""), request.POST.get("after", "")
    if ID.fullmatch(chosen):
        member = get_object_or_404(calls.members_of(user, one), pk=int(chosen))
        if not not_called(one, member):
            turns.take(user, member.customer_id, timezone.now())
        return redirect("campaigns:call", pk, member.pk)
    left = int(after) if ID.fullmatch(after) else 0
    turns.release(user, left)
    return on_to_next(request, user, one, left)


def on_to_next(request: HttpRequest, user: User, one: Campaign, after: int) -> HttpResponse:
    """To the next member who may be called now, taken for the user."""
    member = calls.next_member(user, one, timezone.now(), after)
    if member is None:
        messages.success(request, _("Nobody is left to call for now."))
        return redirect("campaigns:calls", one.pk)
    return redirect("campaigns:call", one.pk, member.pk)


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def call(request: HttpRequest, pk: int, member_pk: int) -> HttpResponse:
    """One member: who they are, what to say, and the result, which leads to the next."""
    one, user = shown(request, pk)
    rows = calls.with_verdict(calls.members_of(user, one), timezone.now()).select_related(*RELATED)
    member = get_object_or_404(rows.defer(*hidden("customer")), pk=member_pk)
    if reason := not_called(one, member):
        return HttpResponse(reason, status=409, content_type="text/plain")
    form = ResultForm(request.POST if request.method == "POST" else None, day=timezone.localdate())
    if form.is_valid():
        logged = calls.log(user, member, timezone.now(), form.contact(one), form.cleaned_data["submission"])
        if logged.bars:
            messages.warning(request, _("The customer is not called or texted any more."))
        return on_to_next(request, user, one, member.customer_id)
    trail.looked_at(request, member.customer)
    context = {**context_of(one, member, form), **whose_turn(user, member)}
    return render(request, "campaigns/call.html", context, status=422 if request.method == "POST" else 200)


def whose_turn(user: User, member: CampaignMember) -> dict[str, object]:
    """The number is there for one person at a time: `is_mine`, or the colleague who is calling."""
    caller = turns.caller_of(member.customer, timezone.now())
    if caller is None:
        return {}
    return {"is_mine": True} if caller.pk == user.pk else {"caller": caller}


def not_called(one: Campaign, member: CampaignMember) -> str:
    """Why nobody calls the member for this campaign today, in a sentence; empty where they may."""
    day = timezone.localdate()
    if calls.is_left_alone(member):
        return _("This customer is not contacted in this campaign.")
    if one.is_calling(day):
        return ""
    if one.is_running and day < one.starts_on:
        return _("The campaign begins on %(day)s; nobody is called before.") % {"day": one.starts_on.isoformat()}
    return _("The campaign is over; nobody is called for it any more.")


def context_of(one: Campaign, member: CampaignMember, form: ResultForm) -> dict[str, object]:
    base = member.base_average if one.basis == Basis.AVERAGE else member.base_aum
    return {
        "one": one,
        "member": member,
        "customer": member.customer,
        "verdict": verdict_of(member.bar),  # type: ignore[attr-defined]
        "script": scripts.approved(one),
        "form": form,
        "base": base,
        "gap": one.success_amount if one.success == Success.GAINS else max(one.success_amount - base, 0),
    }
