"""Pages made for A4: a customer's archive, and the day's list to take along to visits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from archives.models import ContactLog
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.customer_page import gather
from crm.workbench.day_so_far import day_so_far
from crm.workbench.family import customers_for_page
from crm.workbench.today import is_manager_id, work_list
from crm.workbench.views import today_of_data

CUSTOMER_PRINTED, LIST_PRINTED = "customer.print", "today.print"
# How often the mark is laid over a page: enough for every part that somebody might copy.
MARKS = range(8)
NOTE_LINES = range(6)
CONTACTS = 20


@require_safe
@for_roles(BALANCE_ROLES)
def customer_print(request: HttpRequest, pk: int) -> HttpResponse:
    """A customer's archive on paper: identity masked, as on screen. A look, and a print of its own in the trail."""
    user = request.user
    assert isinstance(user, User)
    found = get_object_or_404(customers_for_page(user), pk=pk)
    trail.looked_at(request, found)
    trail.record(user, CUSTOMER_PRINTED, customer=found, address=trail.address_of(request))
    now = timezone.now()
    logs = ContactLog.objects.visible_to(user).filter(customer=found, replaced_at=None).select_related("staff")
    context = {
        "page": gather(user, found, today_of_data(request), now),
        "contacts": logs.order_by("-contacted_at", "-pk")[:CONTACTS],
        "customer": found,
        "printed_at": now,
        "marks": MARKS,
        "lines": NOTE_LINES,
    }
    return render(request, "print/customer.html", context)


@require_safe
@for_roles(BALANCE_ROLES)
def today_print(request: HttpRequest) -> HttpResponse:
    """The first rows of 今日 with room for notes. Of a branch that is one manager's list; its board prints as it is."""
    user = request.user
    assert isinstance(user, User)
    is_branch, manager = user.role == Role.BRANCH_MANAGER, request.GET.get("manager", "")
    if is_branch and not is_manager_id(manager):
        return redirect("workbench:today")
    now = timezone.now()
    owner = manager if is_branch else ""
    today = today_of_data(request)
    room = day_so_far(user, today.day, now, owner).left
    listing = work_list(user, today, now, room, kind=request.GET.get("kind", ""), owner=owner)
    ids = [row.customer.pk for row in listing.rows]
    trail.listed(request, "today print", ids)
    trail.record(user, LIST_PRINTED, detail={"count": len(ids)}, address=trail.address_of(request))
    context = {"list": listing, "day": today.day, "printed_at": now, "marks": MARKS}
    return render(request, "print/today.html", context)
