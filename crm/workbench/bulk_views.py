"""Actions over many customers: prepared on the list, looked at, run by a worker, taken back."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.models import User
from crm.workbench import tasks
from crm.workbench.bulk import jobs
from crm.workbench.bulk.actions import ACTIONS
from crm.workbench.bulk.forms import FORMS
from crm.workbench.bulk.shape import EVERY_LIST
from crm.workbench.list_views import shape_named
from customers.choices import BulkState, ItemOutcome, ListName
from customers.customer_list import slim
from customers.models import BulkItem, BulkJob, Customer

SAMPLE = 5
PAGE_ROWS = 50
MOST_JOBS = 30


def own_job(request: HttpRequest, pk: int, *, held: bool = False) -> tuple[BulkJob, User]:
    """404 for somebody else's job, whoever asks; `held` until the request ends, so that of two presses one waits."""
    assert isinstance(request.user, User)
    mine = jobs.of_user(request.user)
    return get_object_or_404(mine.select_for_update() if held else mine, pk=pk), request.user


def number_of(text: str) -> int | None:
    """An id that came with a form or in an address."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@require_safe
@for_roles(BALANCE_ROLES)
def job_list(request: HttpRequest) -> HttpResponse:
    """The user's latest jobs."""
    assert isinstance(request.user, User)
    latest = jobs.of_user(request.user).exclude(state=BulkState.PREVIEW).order_by("-created_at")[:MOST_JOBS]
    return render(request, "bulk/job_list.html", {"jobs": list(latest)})


@require_POST
@for_roles(BALANCE_ROLES)
def job_new(request: HttpRequest) -> HttpResponse:
    """From the list: an action, over the ticked rows or all that match; leads to its preview."""
    assert isinstance(request.user, User)
    query, list_name = request.POST.get("query", ""), request.POST.get("list", ListName.CUSTOMERS)
    address = reverse(shape_named(list_name).url_name)
    ticked = [pk for text in request.POST.getlist("ids") if (pk := number_of(text)) is not None]
    ids = None if request.POST.get("all") else ticked
    try:
        job = jobs.prepare(request.user, list_name, request.POST.get("action", ""), query, ids)
    except jobs.BulkRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect(f"{address}?{query}" if query else address)
    return redirect("workbench:bulk", pk=job.pk)


@require_safe
@for_roles(BALANCE_ROLES)
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """Its preview, its progress or its end."""
    one, user = own_job(request, pk)
    if one.state == BulkState.PREVIEW:
        form = FORMS[one.action](None, user=user, branch_id=jobs.branch_of(one, user), day=timezone.localdate())
        return render(request, "bulk/preview.html", preview_context(request, one, form))
    if one.is_under_way:
        return render(request, "bulk/progress.html", {"job": one})
    return render(request, "bulk/result.html", result_context(request, one))


def preview_context(request: HttpRequest, one: BulkJob, form: Any) -> dict[str, Any]:
    """How many match now, whose they are, and a few of them."""
    assert isinstance(request.user, User)
    day = timezone.localdate()
    rows = jobs.chosen(one, request.user, day)
    some = rows.order_by("pk").values(jobs.customer_path(rows))[:SAMPLE]
    sample = list(slim(Customer.objects.visible_to(request.user)).filter(pk__in=some).order_by("pk"))
    trail.listed(request, "bulk preview", [customer.pk for customer in sample])
    acts_on_customers = rows.model is Customer
    return {
        "job": one,
        "form": form,
        "acts_on_customers": acts_on_customers,
        "list_address": address_of(one),
        "preview": jobs.preview(one, request.user, day),
        "sample": sample,
    }


def address_of(one: BulkJob) -> str:
    """The list that the job came from, as it was narrowed."""
    address = reverse(shape_named(one.list_name).url_name)
    return f"{address}?{one.query}" if one.query else address


def with_names(items: Any) -> Any:
    """The items with what is shown of their customers."""
    shown = ("name_mask", "sex", "customer_no")
    return items.select_related("customer").only("outcome", "job_id", *(f"customer__{name}" for name in shown))


def result_context(request: HttpRequest, one: BulkJob) -> dict[str, Any]:
    """What became of the customers, and those of one outcome by name."""
    assert isinstance(request.user, User)
    outcomes = jobs.outcomes(one)
    asked = request.GET.get("outcome", "")
    telling = [outcome for outcome, _number in outcomes if outcome not in (ItemOutcome.CHANGED, ItemOutcome.RESTORED)]
    shown = asked if asked in ItemOutcome.values else (telling[0] if telling else "")
    after = number_of(request.GET.get("after", "")) or 0
    items = BulkItem.objects.visible_to(request.user).filter(job=one, outcome=shown, pk__gt=after)
    rows = list(with_names(items).order_by("pk")[: PAGE_ROWS + 1])
    trail.listed(request, "bulk result", [row.customer_id for row in rows[:PAGE_ROWS]])
    return {
        "job": one,
        "list_address": address_of(one),
        "outcomes": outcomes,
        "shown": shown,
        "rows": rows[:PAGE_ROWS],
        "next_place": rows[PAGE_ROWS - 1].pk if len(rows) > PAGE_ROWS else None,
        "missing": missing_of(one),
        "may_undo": jobs.may_undo(one, timezone.now()) and any(o == ItemOutcome.CHANGED for o, _number in outcomes),
    }


def missing_of(one: BulkJob) -> int:
    """Ticked rows that nobody could act on any more; customers behind rows are fewer than these anyhow."""
    acts_on_rows = bool(ACTIONS[one.action].lists != EVERY_LIST) or one.list_name == ListName.CUSTOMERS
    return max(0, len(one.ids or []) - one.total) if acts_on_rows and one.is_collected and not one.is_undo else 0


@require_safe
@for_roles(BALANCE_ROLES)
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar, asked for every two seconds; the whole page again when the job is over."""
    one, _user = own_job(request, pk)
    response = render(request, "bulk/_progress.html", {"job": one})
    if not one.is_under_way:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@for_roles(BALANCE_ROLES)
def job_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it run, once the form says what is to be done."""
    one, user = own_job(request, pk, held=True)
    day = timezone.localdate()
    form = FORMS[one.action](request.POST, user=user, branch_id=jobs.branch_of(one, user), day=day)
    if one.state == BulkState.PREVIEW and not form.is_valid():
        return render(request, "bulk/preview.html", preview_context(request, one, form), status=422)
    if one.state == BulkState.PREVIEW and jobs.confirm(one, user, form.parameters(), day):
        transaction.on_commit(lambda: tasks.wake_bulk(pk))
    return redirect("workbench:bulk", pk=pk)


@require_POST
@for_roles(BALANCE_ROLES)
def job_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back, as far as nobody has changed it since."""
    one, user = own_job(request, pk)
    if jobs.undo(one, user, timezone.now()):
        transaction.on_commit(lambda: tasks.wake_bulk(pk))
    else:
        messages.warning(request, _("Too late: a job can be undone once, and only for some days."))
    return redirect("workbench:bulk", pk=pk)
