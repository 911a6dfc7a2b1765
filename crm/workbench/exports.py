"""Exports on screen: asking for one, deciding on others', waiting, and fetching it once."""

from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import tasks
from crm.workbench.bulk.jobs import MOST_TICKED
from crm.workbench.export_tables import TABLES
from crm.workbench.templatetags.exports import names_in
from customers.choices import ExportFormat, ExportState, ListName
from customers.exports import files, requests, rows, vault
from customers.exports.forms import ExportForm, RefusalForm
from customers.models import ExportRequest

SHOWN = 20
MOST_TO_DECIDE = 50
MOST_DIGITS = 18


@require_safe
@for_roles(BALANCE_ROLES)
def export_list(request: HttpRequest) -> HttpResponse:
    """What waits for this user's decision, and the user's own exports, newest first."""
    user = signed_in(request)
    own = ExportRequest.objects.of(user).select_related("decided_by").order_by("-pk")
    before = request.GET.get("before", "")
    if is_number(before):
        own = own.filter(pk__lt=int(before))
    found = list(own[: SHOWN + 1])
    waiting = ExportRequest.objects.to_decide(user).filter(state=ExportState.WAITING)
    decidable = list(waiting.select_related("requested_by", "branch").order_by("pk")[:MOST_TO_DECIDE])
    context = {
        "exports": found[:SHOWN],
        "next_place": found[SHOWN - 1].pk if len(found) > SHOWN else None,
        "is_first": not before,
        "to_decide": decidable,
        "names": names_in(one.filters for one in [*found, *decidable]),
        "left": requests.rows_left(user, timezone.now()),
    }
    return render(request, "exports/export_list.html", context)


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def export_new(request: HttpRequest) -> HttpResponse:
    """What would be exported: by a list's filters in the address, or its ticked rows in the form. A format: ask."""
    user, now = signed_in(request), timezone.now()
    table, query = wanted_list(request)
    ids = ticked(request)
    if ids is not None and not 0 < len(ids) <= MOST_TICKED:
        messages.warning(request, _("Tick some rows first, or take all that match."))
        return redirect_to_list(table, query)
    choice = rows.choice_of(table, query, ids)
    is_asked = "file_format" in request.POST
    form = ExportForm(request.POST if is_asked else None)
    try:
        export = asked(request, user, choice, form) if is_asked and form.is_valid() else None
        if export is not None:
            return redirect("exports:export", pk=export.pk)
        outlook = requests.outlook(user, choice, now)
    except rows.BadFilters:
        return redirect_to_list(table, query)
    context = {
        "form": form,
        "choice": choice,
        "list_name": table.shape.name,
        "list_address": f"{reverse(table.shape.url_name)}?{urlencode(choice.filters)}",
        "again": urlencode({"list": table.shape.name.value, **choice.filters}),
        "names": names_in([choice.filters]),
        "outlook": outlook,
    }
    return render(request, "exports/export_new.html", context, status=422 if is_asked else 200)


def wanted_list(request: HttpRequest) -> tuple[rows.Table, QueryDict]:
    """The list and its filters: in the address, or in the form of the bar below a list."""
    query = QueryDict(request.POST["query"][:500]) if "query" in request.POST else request.GET
    name = request.POST.get("list") or request.GET.get("list") or ListName.CUSTOMERS
    if name not in TABLES:
        raise Http404
    return TABLES[name], query


def ticked(request: HttpRequest) -> list[int] | None:
    """The ids of ticked rows; None where the filters say which rows are meant."""
    if request.POST.get("all") or ("ids" not in request.POST and "query" not in request.POST):
        return None
    return list(dict.fromkeys(int(text) for text in request.POST.getlist("ids") if is_number(text)))


def is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def asked(request: HttpRequest, user: User, choice: rows.Choice, form: ExportForm) -> ExportRequest | None:
    """The new request, on its way unless it waits for approval; None, with the way out in the form, when refused."""
    address, language = trail.address_of(request), get_language() or ""
    try:
        export = requests.ask(user, choice, form.cleaned_data, language=language, now=timezone.now(), address=address)
    except requests.ExportRefused as refused:
        form.add_error(None, refused.problem.label)
        return None
    if export.is_under_way:
        transaction.on_commit(lambda: tasks.wake(export.pk))
    return export


def redirect_to_list(table: rows.Table, query: QueryDict) -> HttpResponse:
    """The list shows which filter it cannot read."""
    return redirect(f"{reverse(table.shape.url_name)}?{query.urlencode()}")


@require_safe
@for_roles(BALANCE_ROLES)
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: for whoever asked, and for whoever may decide."""
    return show(request, seen(request, pk), RefusalForm())


def show(request: HttpRequest, one: ExportRequest, form: RefusalForm, status: int = 200) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    is_own = one.requested_by_id == user.pk
    is_waiting = one.state == ExportState.WAITING
    if one.state == ExportState.READY and one.expires_at is not None and one.expires_at <= now:
        one.state = ExportState.EXPIRED  # the sweep will write it
    context = {
        "export": one,
        "names": names_in([one.filters]),
        "is_own": is_own,
        "form": form,
        "again": urlencode({"list": one.list_name, **one.filters}),
        "approvers": requests.approvers_of(one) if is_own and is_waiting else [],
    }
    if is_waiting and not is_own:
        context["fresh_count"] = requests.fresh_count(one, TABLES, timezone.localdate())
        people = requests.people_in(user, one, TABLES, timezone.localdate())
        context["people"] = people
        trail.listed(request, "export to decide", [customer.pk for customer in people])
    return render(request, "exports/export.html", context, status=status)


@require_safe
@for_roles(BALANCE_ROLES)
def export_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """What the page asks for while it waits; the whole page again when the state is another than it shows."""
    one = seen(request, pk)
    response = render(request, "exports/_watch.html", {"export": one})
    if one.state != request.GET.get("seen"):
        response["HX-Refresh"] = "true"
    return response


@require_POST
@for_roles([Role.BRANCH_MANAGER])
def export_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Let another's export be made."""
    user, one = to_decide(request, pk)
    try:
        requests.approve(user, one, timezone.now(), trail.address_of(request))
    except requests.TooLate:
        return too_late(request, pk)
    transaction.on_commit(lambda: tasks.wake(one.pk))
    messages.success(request, _("Approved; the file is being made for %(name)s.") % {"name": one.requested_by.name})
    return redirect("exports:list")


@require_POST
@for_roles([Role.BRANCH_MANAGER])
def export_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Do not let another's export be made, and say why."""
    user, one = to_decide(request, pk)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return show(request, one, form, status=422)
    try:
        requests.refuse(user, one, form.cleaned_data["refusal"], timezone.now(), trail.address_of(request))
    except requests.TooLate:
        return too_late(request, pk)
    messages.success(request, _("Refused; %(name)s reads your reason.") % {"name": one.requested_by.name})
    return redirect("exports:list")


@require_POST
@for_roles(BALANCE_ROLES)
def export_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up one's own request, or a file that is not wanted any more."""
    user, one = own(request, pk)
    try:
        requests.withdraw(user, one, trail.address_of(request))
    except requests.TooLate:
        return too_late(request, pk)
    messages.success(request, _("Withdrawn."))
    return redirect("exports:list")


@require_POST
@for_roles(BALANCE_ROLES)
def export_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file, once, to whoever asked for it; afterwards it is gone."""
    user, one = own(request, pk)
    try:
        content = requests.fetch(user, one, timezone.now(), trail.address_of(request))
    except requests.TooLate:
        return too_late(request, pk)
    except vault.FileGone:
        requests.lose(user, one)
        return redirect("exports:export", pk=pk)
    response = HttpResponse(content, content_type=files.CONTENT_TYPES[ExportFormat(one.file_format)])
    response["Content-Disposition"] = f'attachment; filename="{one.list_name}-{one.pk}.{files.suffix(one.file_format)}"'
    return response


def too_late(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Somebody else was first, or the time is over: the page says how things stand now."""
    messages.warning(request, _("Too late: this is how it stands now."))
    return redirect("exports:export", pk=pk)


def seen(request: HttpRequest, pk: int) -> ExportRequest:
    """404 for a request that is neither one's own nor one's to decide."""
    visible = ExportRequest.objects.visible_to(signed_in(request))
    return get_object_or_404(visible.select_related("requested_by", "branch", "decided_by"), pk=pk)


def own(request: HttpRequest, pk: int) -> tuple[User, ExportRequest]:
    user = signed_in(request)
    return user, get_object_or_404(ExportRequest.objects.of(user), pk=pk)


def to_decide(request: HttpRequest, pk: int) -> tuple[User, ExportRequest]:
    user = signed_in(request)
    others = ExportRequest.objects.to_decide(user).select_related("requested_by", "branch", "decided_by")
    return user, get_object_or_404(others, pk=pk)


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
