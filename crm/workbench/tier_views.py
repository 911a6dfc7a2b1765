"""分层: the migration matrix with the customers behind its cells, and the gap ladder."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import tier_moves
from crm.workbench.gap_ladder import ladder
from segments import moves
from segments.moves.people import people
from segments.tiers import primary_tiers


@require_safe
@for_roles(BALANCE_ROLES | {Role.ADMIN})
def index(request: HttpRequest) -> HttpResponse:
    """The first page about tiers that the reader may see."""
    assert isinstance(request.user, User)
    return redirect("tiers:moves" if request.user.role in BALANCE_ROLES else "tiers:drafts")


@require_safe
@for_roles(BALANCE_ROLES)
def moves_page(request: HttpRequest) -> HttpResponse:
    """Where the customers of one published day stood on another; with `cell`, who they are."""
    assert isinstance(request.user, User)
    user = request.user
    asked = tier_moves.read(user, request.GET)
    if asked is None:
        return render(request, "tiers/moves.html", {"asked": None})
    tiers = moves.tiers_on_both(asked.span)
    page = people(user, asked.span, asked.cell, request.GET) if asked.cell else None
    if page is not None:
        trail.listed(request, "tier moves", [row.customer.pk for row in page.rows])
    context = {
        "asked": asked,
        "tiers": tiers,
        "table": tier_moves.table(user, asked, tiers),
        "page": page,
        "places": tier_moves.places(user),
        "units": tier_moves.UNITS.items(),
    }
    return render(request, "tiers/moves.html", context)


@require_safe
@for_roles(BALANCE_ROLES)
def gaps_page(request: HttpRequest) -> HttpResponse:
    """Who is nearest to the next tier, what to deposit today, and what could fill the gap."""
    assert isinstance(request.user, User)
    tiers, day = primary_tiers(), timezone.localdate()
    as_of = ledger.published_date()
    found = ladder(request.user, request.GET, tiers, as_of, day) if as_of else None
    if found is not None:
        trail.listed(request, "tier gaps", [rung.customer.pk for rung in found.rungs])
    return render(request, "tiers/gaps.html", {"ladder": found, "tiers": tiers, "as_of": as_of, "day": day})
