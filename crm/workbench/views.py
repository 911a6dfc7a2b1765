"""Pages that mix apps: 今日 and the customer 360."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.customer_page import customers_for_page, gather
from crm.workbench.today import done_today, groups, work_list
from crm.workbench.why_now import Today
from customers.choices import AlertKind
from segments.tiers import primary_tiers


def today_of_data() -> Today:
    """The day, the date of the published data (today before the first night), and the tiers."""
    day = timezone.localdate()
    return Today(day, ledger.published_date() or day, primary_tiers())


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """今日: whom to call today, and why. A branch's list comes by manager; the lobby starts from the search box."""
    user = request.user
    assert isinstance(user, User)
    if user.role not in CUSTOMER_ROLES:
        return redirect("jobs:list")
    if user.role == Role.LOBBY_MANAGER:
        return render(request, "workbench/lobby.html", {"day": timezone.localdate()})
    context: dict[str, object] = {"day": timezone.localdate()}
    manager = request.GET.get("manager", "")
    if user.role == Role.BRANCH_MANAGER and not is_manager_id(manager):
        found = groups(user, today_of_data(), timezone.now())
        shown = [row for group in found for row in group.rows]
        context["groups"] = found
        context["customers"] = sum(group.customers for group in found)
        context["stake"] = sum(group.stake for group in found)
    else:
        kind = request.GET.get("kind", "")
        kind = kind if kind in AlertKind.values else ""
        owner = manager if user.role == Role.BRANCH_MANAGER else ""
        place = request.GET.get("after", "")
        listing = work_list(user, today_of_data(), timezone.now(), place, kind, owner)
        shown = listing.rows
        opened = request.GET.get("open", "")
        first = str(shown[0].alert.pk) if shown and not place else ""
        context |= {"list": listing, "open": opened or first, "done": done_today(user, timezone.localdate())}
    trail.listed(request, "today", [row.customer.pk for row in shown])
    return render(request, "workbench/today.html", context)


def is_manager_id(value: str) -> bool:
    return value == "none" or (value.isdecimal() and len(value) < 19)


@require_safe
@for_roles(CUSTOMER_ROLES)
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer 360: one page to know before the call. The look itself is recorded."""
    assert isinstance(request.user, User)
    found = get_object_or_404(customers_for_page().visible_to(request.user), pk=pk)
    trail.looked_at(request, found)
    page = gather(request.user, found, today_of_data(), timezone.now())
    template = "lobby_card" if request.user.role == Role.LOBBY_MANAGER else "customer"
    return render(request, f"workbench/{template}.html", {"page": page, "customer": found, "day": timezone.localdate()})
