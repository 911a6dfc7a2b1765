"""Exports on screen: asking for one, deciding on others', waiting, and fetching it once."""

from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import tasks
from crm.workbench.templatetags.exports import names_in
from customers.choices import ExportFormat, ExportState
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
    if before.isascii() and before.isdecimal() and len(before) <= MOST_DIGITS:
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
    """GET: what would be exported, by the list's filters in the address. POST: ask for it."""
    user, now = signed_in(request), timezone.now()
    filters = rows.filters_of(request.GET)
    form = ExportForm(request.POST if request.method == "POST" else None)
    try:
        export = asked(request, user, filters, form) if request.method == "POST" and form.is_valid() else None
        if export is not None:
            return redirect("exports:export", pk=export.pk)
        outlook = requests.outlook(user, filters, now)
    except rows.BadFilters:
        return redirect_to_list(request)
    context = {"form": form, "filters": filters, "names": names_in([filters]), "outlook": outlook}
    return render(request, "exports/export_new.html", context, status=422 if request.method == "POST" else 200)


def asked(request: HttpRequest, user: User, filters: dict[str, str], form: ExportForm) -> ExportRequest | None:
    """The new request, on its way unless it waits for approval; None, with the way out in the form, when refused."""
    address, language = trail.address_of(request), get_language() or ""
    try:
        export = requests.ask(user, filters, form.cleaned_data, language=language, now=timezone.now(), address=address)
    except requests.ExportRefused as refused:
        form.add_error(None, refused.problem.label)
        return None
    if export.is_under_way:
        transaction.on_commit(lambda: tasks.wake(export.pk))
    return export


def redirect_to_list(request: HttpRequest) -> HttpResponse:
    """The list shows which filter it cannot read."""
    response = redirect("customers:list")
    response["Location"] += f"?{request.GET.urlencode()}"
    return response


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
        "again": urlencode(one.filters),
        "approvers": requests.approvers_of(one) if is_own and is_waiting else [],
        "fresh_count": requests.fresh_count(one, timezone.localdate()) if is_waiting and not is_own else None,
    }
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
    response["Content-Disposition"] = f'attachment; filename="customers-{one.pk}.{files.suffix(one.file_format)}"'
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
