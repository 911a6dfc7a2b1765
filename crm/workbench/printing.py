"""Pages made for A4: a customer's archive, and the day's list to take along to visits."""

from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from archives.contacts import recent_contacts
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.customer_page import customers_for_page, gather
from crm.workbench.today import Group, Row, groups, is_manager_id, work_list
from crm.workbench.views import today_of_data

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
    contacts = recent_contacts(user, found, CONTACTS)
    page = replace(gather(user, found, today_of_data(), now), contacts=contacts)
    context = {"page": page, "customer": found, "printed_at": now, "marks": MARKS, "lines": NOTE_LINES}
    return render(request, "print/customer.html", context)


@require_safe
@for_roles(BALANCE_ROLES)
def today_print(request: HttpRequest) -> HttpResponse:
    """The first rows of 今日 with room for notes; a branch's list comes by manager unless one is asked for."""
    user = request.user
    assert isinstance(user, User)
    parts = parts_of(user, request.GET.get("manager", ""), request.GET.get("kind", ""))
    ids = [row.customer.pk for part in parts for row in part.rows]
    trail.listed(request, "today print", ids)
    trail.record(user, LIST_PRINTED, detail={"count": len(ids)}, address=trail.address_of(request))
    context = {"parts": parts, "day": timezone.localdate(), "printed_at": timezone.now(), "marks": MARKS}
    return render(request, "print/today.html", context)


def parts_of(user: User, manager: str, kind: str) -> list[Part]:
    """One page of the work list, or the few most urgent rows of each manager of a branch."""
    today, now = today_of_data(), timezone.now()
    is_branch = user.role == Role.BRANCH_MANAGER
    if is_branch and not is_manager_id(manager):
        found = groups(user, today, now)
        return [branch_part(one) for one in found if one.rows]
    listing = work_list(user, today, now, kind=kind, owner=manager if is_branch else "")
    return [Part("", listing.rows, listing.customers - len(listing.rows))] if listing.rows else []


def branch_part(group: Group) -> Part:
    rows = group.rows[:ROWS_OF_A_MANAGER]
    return Part(group.owner_name, rows, group.customers - len(rows))
