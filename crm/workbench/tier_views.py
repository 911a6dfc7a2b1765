"""分层: the migration matrix with the customers behind its cells."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.models import User
from crm.workbench import tier_moves
from segments import moves
from segments.moves.people import people


@require_safe
@for_roles(BALANCE_ROLES)
def index(request: HttpRequest) -> HttpResponse:
    """The first page about tiers."""
    return redirect("tiers:moves")


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
