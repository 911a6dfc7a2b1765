"""Pages that mix apps: 今日 and the customer 360."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from archives.forms import LobbyNoteForm
from campaigns.prospects import desk
from campaigns.prospects.forms import CallForm
from campaigns.prospects.prospect_views import fresh_form
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import board, lobby
from crm.workbench.board_views import board_page
from crm.workbench.customer_page import gather
from crm.workbench.family import customers_for_page
from crm.workbench.shell import tiers_of
from crm.workbench.timeline import Kind, timeline
from crm.workbench.today import page_context
from crm.workbench.trust import facts_of
from crm.workbench.why_now import Today


def today_of_data(request: HttpRequest) -> Today:
    """The day, the date of the published data (today before the first night), and the tiers."""
    day = timezone.localdate()
    return Today(day, facts_of(request).published or day, tiers_of(request))


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """今日: whom to call today, and why. Who leads a branch starts from its board, the lobby from the search box."""
    user = request.user
    assert isinstance(user, User)
    if user.role not in CUSTOMER_ROLES:
        return redirect("jobs:list")
    if user.role == Role.LOBBY_MANAGER:
        return lobby_page(request, user)
    if board.is_asked(user, request.GET):
        return board_page(request, today_of_data(request))
    context, rows = page_context(user, request.GET, today_of_data(request), timezone.now())
    trail.listed(request, "today", [*(row.customer.pk for row in rows), *context["desk"].customer_ids])
    return render(request, "workbench/today.html", context | list_addresses(request))


def list_addresses(request: HttpRequest) -> dict[str, object]:
    """Where an answer leads back to (`here`: the list itself, whichever row is opened), and what the address of a row
    begins with (`ask`)."""
    asked = request.GET.copy()
    for name in ("open", "do"):
        asked.pop(name, None)
    query = f"?{asked.urlencode()}" if asked else ""
    return {
        "here": request.path + query,
        "ask": f"{query}&" if query else "?",
        "is_first_night": facts_of(request).published is None,
    }


@require_safe
@for_roles(CUSTOMER_ROLES)
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer 360: one page to know before the call. The look itself is recorded."""
    assert isinstance(request.user, User)
    if request.user.role == Role.LOBBY_MANAGER:
        return lobby_card(request, request.user, pk)
    found = get_object_or_404(customers_for_page(request.user), pk=pk)
    trail.looked_at(request, found)
    today = today_of_data(request)
    page = gather(request.user, found, today, timezone.now())
    context = {"page": page, "customer": found, "day": today.day, "kinds": Kind}
    return render(request, "workbench/customer.html", context)


def lobby_page(request: HttpRequest, user: User) -> HttpResponse:
    """Where the lobby starts: the search box, a form for visitors, the calls that wait, what the one before left."""
    now = timezone.now()
    context: dict[str, Any] = {
        "so_far": lobby.lobby_day(user, now),
        "desk": desk.desk(user, now),
        "form": fresh_form(user),
        "is_lobby": True,
        "now": now,
        "here": request.path,
    }
    shown = {*(one.customer_id for one in context["so_far"].last), *context["desk"].customer_ids}
    if shown:
        trail.listed(request, "lobby", sorted(shown))
    return render(request, "workbench/lobby.html", context)


def lobby_card(request: HttpRequest, user: User, pk: int) -> HttpResponse:
    """What the lobby sees of a customer; the look itself is recorded."""
    day = timezone.localdate()
    found = get_object_or_404(lobby.customers_for_card(user, day), pk=pk)
    trail.looked_at(request, found)
    initial = {"submission": uuid4()}
    context = {
        "card": lobby.card(found, user, timezone.now()),
        "form": LobbyNoteForm(initial=initial),
        "call": CallForm(initial=initial),
    }
    return render(request, "workbench/lobby_card.html", context)


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
