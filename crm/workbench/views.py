"""Pages that mix apps: 今日 and the customer 360."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import board, trust
from crm.workbench.board_views import board_page
from crm.workbench.customer_page import gather
from crm.workbench.family import customers_for_page
from crm.workbench.timeline import Kind, timeline
from crm.workbench.today import page_context
from crm.workbench.why_now import Today
from segments.tiers import primary_tiers


def today_of_data() -> Today:
    """The day, the date of the published data (today before the first night), and the tiers."""
    day = timezone.localdate()
    return Today(day, ledger.published_date() or day, primary_tiers())


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """今日: whom to call today, and why. Who leads a branch starts from its board, the lobby from the search box."""
    user = request.user
    assert isinstance(user, User)
    if user.role not in CUSTOMER_ROLES:
        return redirect("jobs:list")
    if user.role == Role.LOBBY_MANAGER:
        return render(request, "workbench/lobby.html", {"day": timezone.localdate()})
    if board.is_asked(user, request.GET):
        return board_page(request, today_of_data())
    context, rows = page_context(user, request.GET, today_of_data(), timezone.now())
    trail.listed(request, "today", [row.customer.pk for row in rows])
    return render(request, "workbench/today.html", context)


@require_safe
@for_roles(CUSTOMER_ROLES)
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer 360: one page to know before the call. The look itself is recorded."""
    assert isinstance(request.user, User)
    found = get_object_or_404(customers_for_page(request.user), pk=pk)
    trail.looked_at(request, found)
    # The strip above the page is asked for anyway, and says which day the data are of.
    known, day = trust.facts(), timezone.localdate()
    today = Today(day, known.published or day, primary_tiers())
    context = {
        "page": gather(request.user, found, today, timezone.now()),
        "customer": found,
        "day": day,
        "kinds": Kind,
        "tiers": today.tiers,
        "trust": trust.judge(known, timezone.localtime(), trust.url_of_jobs()),
    }
    template = "lobby_card" if request.user.role == Role.LOBBY_MANAGER else "customer"
    return render(request, f"workbench/{template}.html", context)


@require_safe
@for_roles(BALANCE_ROLES)
def customer_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened with a customer, of one kind or older than a place: a part of the 360, or a page of its own."""
    assert isinstance(request.user, User)
    found = get_object_or_404(customers_for_page(request.user), pk=pk)
    trail.looked_at(request, found)
    events = timeline(request.user, found, request.GET.get("kind", ""), request.GET.get("older", ""))
    context = {"timeline": events, "customer": found, "kinds": Kind}
    is_part, is_older = bool(request.headers.get("HX-Request")), bool(request.GET.get("older"))
    template = "_timeline_events" if is_part and is_older else "_timeline" if is_part else "timeline"
    return render(request, f"workbench/{template}.html", context)
