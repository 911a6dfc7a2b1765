"""Pages made for A4: a customer's archive, and the day's list to take along to visits."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from archives.contacts import recent_contacts
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.customer_page import gather
from crm.workbench.day_so_far import day_so_far
from crm.workbench.family import customers_for_page
from crm.workbench.today import Row, is_manager_id, work_list
from crm.workbench.today_by_manager import Group, groups
from crm.workbench.views import today_of_data
from crm.workbench.why_now import Today

CUSTOMER_PRINTED, LIST_PRINTED = "customer.print", "today.print"
# How often the mark is laid over a page: enough for every part that somebody might copy.
MARKS = range(8)
NOTE_LINES = range(6)
CONTACTS = 20
ROWS_OF_A_MANAGER = 3  # of a whole branch's list: some pages for the morning meeting, not a pile


@dataclass(frozen=True)
class Part:
    """Rows under a manager's name, or without one; `behind` more wait that are not printed."""

    title: str
    rows: list[Row]
    behind: int


@require_safe
@for_roles(BALANCE_ROLES)
def customer_print(request: HttpRequest, pk: int) -> HttpResponse:
    """A customer's archive on paper: identity masked, as on screen. A look, and a print of its own in the trail."""
    user = request.user
    assert isinstance(user, User)
    found = get_object_or_404(customers_for_page().visible_to(user), pk=pk)
    trail.looked_at(request, found)
    trail.record(user, CUSTOMER_PRINTED, customer=found, address=trail.address_of(request))
    now = timezone.now()
    context = {
        "page": gather(user, found, today_of_data(request), now),
        "contacts": recent_contacts(user, found, CONTACTS),
        "customer": found,
        "printed_at": now,
        "marks": MARKS,
        "lines": NOTE_LINES,
    }
    return render(request, "print/customer.html", context)


@require_safe
@for_roles(BALANCE_ROLES)
def today_print(request: HttpRequest) -> HttpResponse:
    """The first rows of 今日 with room for notes; a branch's list comes by manager unless one is asked for."""
    user = request.user
    assert isinstance(user, User)
    today, now = today_of_data(request), timezone.now()
    parts = parts_of(user, today, now, request.GET.get("manager", ""), request.GET.get("kind", ""))
    ids = [row.customer.pk for part in parts for row in part.rows]
    trail.listed(request, "today print", ids)
    trail.record(user, LIST_PRINTED, detail={"count": len(ids)}, address=trail.address_of(request))
    context = {"parts": parts, "day": timezone.localdate(), "printed_at": timezone.now(), "marks": MARKS}
    return render(request, "print/today.html", context)


def parts_of(user: User, today: Today, now: datetime, manager: str, kind: str) -> list[Part]:
    """What the day has room for, or the few most urgent rows of each manager of a branch."""
    is_branch = user.role == Role.BRANCH_MANAGER
    if is_branch and not is_manager_id(manager):
        found = groups(user, today, now, ROWS_OF_A_MANAGER)
        return [branch_part(one) for one in found if one.rows]
    owner = manager if is_branch else ""
    listing = work_list(user, today, now, day_so_far(user, today.day, owner).left, kind=kind, owner=owner)
    return [Part("", listing.rows, listing.rest)] if listing.rows else []


def branch_part(group: Group) -> Part:
    return Part(group.owner_name, group.rows, group.customers - len(group.rows))
