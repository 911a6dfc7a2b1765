"""晨会: the board, the customers behind its figures, and the nudge."""

from datetime import date

from django.contrib import messages
from django.db.models import DecimalField, F, Func, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from archives.coverage import COMPLETE_ENOUGH
from crm.audit import trail
from crm.jobs import ledger
from crm.organization import workdays
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.archive_quality import quality
from crm.workbench.board import board
from crm.workbench.board_customers import BoardCustomers
from crm.workbench.board_lines import Moments
from crm.workbench.why_now import Today
from customers import nudges
from customers.alert_answers import AnsweredAlready
from customers.customer_list import CUSTOMERS
from customers.lists import shape
from customers.lists.shape import Sort, page_of
from customers.models import Alert
from customers.views import back

AVERAGE = "-average"
SHOWN = frozenset({"due", "alerts", "manager"})


def board_page(request: HttpRequest, today: Today) -> HttpResponse:
    """The morning meeting of the user's branch, or of a branch below it."""
    assert isinstance(request.user, User)
    shown = board(request.user, request.GET, today, timezone.now())
    trail.listed(request, "board", shown.customer_ids)
    context = {"board": shown, "tiers": today.tiers, "day": today.day, "missing_year": workdays.missing_year(today.day)}
    return render(request, "workbench/board.html", context)


@require_safe
@for_roles(BALANCE_ROLES)
def archive_quality(request: HttpRequest) -> HttpResponse:
    """档案完整度 of a branch by manager, or of the own customers; it names nobody but staff."""
    assert isinstance(request.user, User)
    shown = quality(request.user, request.GET.get("branch", ""), request.GET.get("tier", ""))
    context = {"quality": shown, "as_of": ledger.published_date(), "enough": COMPLETE_ENOUGH}
    return render(request, "workbench/archive_quality.html", context)


@require_safe
@for_roles([Role.BRANCH_MANAGER])
def board_customers(request: HttpRequest) -> HttpResponse:
    """The customers behind a figure, richest first."""
    assert isinstance(request.user, User)
    day = timezone.localdate()
    moments = Moments(timezone.now(), day, ledger.published_date() or day)
    filters = BoardCustomers(request.GET, user=request.user, moments=moments)
    after = request.GET.get("after", "")
    sort = by_average(moments.as_of) if request.GET.get("sort") == AVERAGE else CUSTOMERS.sort_of["-aum"]
    page = page_of(CUSTOMERS, filters, sort, SHOWN | {"average"}, after, request.GET.get("before", ""))
    trail.listed(request, f"board: {request.GET.get('figure', '')}"[:40], [row.customer.pk for row in page.rows])
    context = {"filters": filters, "page": page, "day": day, "sort": sort}
    return render(request, "workbench/board_customers.html", context)


def by_average(as_of: date) -> Sort:
    """The customers with the largest average of the month first, as of the last night."""
    balances = (F("metrics__aum"), F("metrics__since_date"), F("metrics__month_days"))
    average = Func(*balances, Value(as_of), function="month_average", output_field=DecimalField())
    return Sort(AVERAGE, _("Largest monthly average first"), average, shape.money, is_descending=True)


@require_POST
@for_roles([Role.BRANCH_MANAGER])
def nudge(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the owner of a customer to answer an alert today."""
    assert isinstance(request.user, User)
    alert = get_object_or_404(Alert.objects.visible_to(request.user), pk=pk)
    try:
        made = nudges.nudge(alert, request.user, timezone.localdate())
        messages.success(request, _("%(name)s has been nudged.") % {"name": made.owner.name})
    except (nudges.NudgeRefused, AnsweredAlready) as refusal:
        messages.warning(request, str(refusal))
    return back(request, alert.customer_id)
