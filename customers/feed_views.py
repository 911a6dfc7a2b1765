"""Files of the core bank on screen: what was loaded, sending one, its preview and progress, and what was refused.

For administrators, who see no customer's data: previews are masked, reject files hold no values.
"""

import csv

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from crm import db
from crm.audit import trail
from crm.jobs.ledger import RunRefused
from crm.organization.access import for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from customers import tasks
from customers.choices import LoadState, UploadState
from customers.feed_forms import UploadForm
from customers.feeds import rejects, uploaded
from customers.feeds.messages import FileStopped, spoken
from customers.feeds.preview import heading_of, is_constant, preview
from customers.feeds.spec import spec_named, spec_names
from customers.feeds.uploads import SealedUploadHandler, discard
from customers.feeds.withdraw import withdraw
from customers.models import FeedLoad, FeedUpload

ADMINS = (Role.ADMIN,)
LOADS_SHOWN = 30
UNDECIDED = (UploadState.PREVIEW, *uploaded.UNDER_WAY)


@require_safe
@for_roles(ADMINS)
def feed_list(request: HttpRequest) -> HttpResponse:
    """The newest loads, older ones by page, and the user's uploads that are not over."""
    assert isinstance(request.user, User)
    loads = FeedLoad.objects.select_related("uploaded_by").prefetch_related("rejects").order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        loads = loads.filter(pk__lt=int(before))
    rows = list(loads[: LOADS_SHOWN + 1])
    context = {
        "loads": rows[:LOADS_SHOWN],
        "next_place": rows[LOADS_SHOWN - 1].pk if len(rows) > LOADS_SHOWN else None,
        "is_first": not before,
        "waiting": FeedLoad.objects.filter(state=LoadState.ACCEPTED).order_by("-pk").first(),
        "uploads": uploaded.of_user(request.user).filter(state__in=UNDECIDED).order_by("-pk"),
    }
    return render(request, "feeds/feed_list.html", context)


@require_safe
@for_roles(ADMINS)
def template(request: HttpRequest, spec: str) -> HttpResponse:
    """An empty file of a kind: its columns, the required ones first, as a spreadsheet program opens it."""
    if spec not in spec_names():
        raise Http404
    language = get_language() or ""
    columns = sorted(spec_named(spec).columns, key=lambda one: not one.required)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    csv.writer(response).writerow(heading_of(one, language) for one in columns if not is_constant(one))
    response["Content-Disposition"] = f'attachment; filename="{spec}.csv"'
    return response


@csrf_exempt  # the token is checked in `received`: looking for it reads the body, and the handler must be set before
@require_http_methods(["GET", "POST"])
@for_roles(ADMINS)
def upload_new(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: the file is sealed while it arrives; whatever is not kept in the end is removed."""
    assert isinstance(request.user, User)
    if request.method != "POST":
        return render(request, "feeds/upload_form.html", {"form": UploadForm(user=request.user)})
    handler = SealedUploadHandler(request, keep_alive=lambda: db.fetch_value("SELECT 1", using="default"))
    request.upload_handlers = [handler]
    try:
        return received(request, request.user, handler)
    finally:
        handler.discard_unclaimed()


@csrf_protect
def received(request: HttpRequest, user: User, handler: SealedUploadHandler) -> HttpResponse:
    """The preview of a good file; the form again, with the reasons, otherwise."""
    form = UploadForm(request.POST, request.FILES, user=user)
    is_valid = form.is_valid()
    if form.sealed is not None:
        handler.claim(form.sealed.token)
        former = form.kept_file(request.POST.get("kept", ""))
        if former is not None and former.token != form.sealed.token:
            discard(former.token)
    if not is_valid or form.sealed is None:
        context = {"form": form, "kept": form.keep_for_next_time()}
        return render(request, "feeds/upload_form.html", context, status=422)
    kept = uploaded.keep(user, form.sealed, form.cleaned_data, trail.address_of(request))
    address = reverse("feeds:upload", args=[kept.pk])
    return HttpResponseClientRedirect(address) if request.headers.get("HX-Request") else redirect(address)


def own_upload(request: HttpRequest, pk: int) -> tuple[FeedUpload, User]:
    """404 for an upload of somebody else, whoever asks."""
    assert isinstance(request.user, User)
    return get_object_or_404(uploaded.of_user(request.user), pk=pk), request.user


@require_safe
@for_roles(ADMINS)
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Its preview, its progress or its end."""
    one, _user = own_upload(request, pk)
    context = {"upload": one}
    if one.state == UploadState.PREVIEW:
        found = preview(one.spec, one.token, one.file_name, one.as_of, get_language() or "")
        return render(request, "feeds/preview.html", {**context, "preview": found})
    return render(request, "feeds/upload.html", context)


@require_safe
@for_roles(ADMINS)
def upload_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar, asked for every two seconds; the whole page again when the upload is over."""
    one, _user = own_upload(request, pk)
    response = render(request, "feeds/_progress.html", {"upload": one})
    if not one.is_under_way:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@for_roles(ADMINS)
def upload_load(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it loaded. Asked again while it waits, it wakes a worker again, which harms nothing."""
    one, user = own_upload(request, pk)
    if uploaded.confirm(one, user, trail.address_of(request)) or one.is_under_way:
        transaction.on_commit(lambda: tasks.wake(one.pk))
    return redirect("feeds:upload", pk=pk)


@require_POST
@for_roles(ADMINS)
def upload_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it up; too late once a worker has begun."""
    one, user = own_upload(request, pk)
    if not uploaded.throw_away(one, user, trail.address_of(request)):
        messages.warning(request, _("Too late: it is being loaded, or is over."))
        return redirect("feeds:upload", pk=pk)
    messages.success(request, _("%(file)s was discarded; nothing was loaded.") % {"file": one.file_name})
    return redirect("feeds:list")


@require_POST
@for_roles(ADMINS)
def load_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back this file and all others of its day that wait for their night."""
    assert isinstance(request.user, User)
    load = get_object_or_404(FeedLoad, pk=pk)
    try:
        withdraw(load.as_of, request.user, trail.address_of(request))
    except FileStopped as stop:
        messages.warning(request, spoken(str(stop), get_language() or ""))
    except RunRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(
            request, _("The files of %(date)s were withdrawn. Load them again before its night.") % {"date": load.as_of}
        )
    return redirect("feeds:list")


@require_safe
@for_roles(ADMINS)
def load_rejects(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The reject file: line, column and reason of each refused row, and no value."""
    load = get_object_or_404(FeedLoad, pk=pk)
    path = rejects.path_of(load)
    if path is None:
        raise Http404
    detail = {"spec": load.spec, "as_of": load.as_of, "rows": load.rows_rejected}
    trail.record(request.user, "feed.rejects_download", target=load, detail=detail, address=trail.address_of(request))
    name = f"rejects-{load.spec}-{load.as_of}-{load.pk}.csv"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
