"""档案模板 on screen: versions and placeholders for administrators; a masked archive as Word and on A4."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives import records
from archives.choices import Section
from archives.models import ArchiveTemplate
from archives.record_views import customer_of, day_of
from archives.word import paper, placeholders, rendering, versions
from archives.word.content import content_of, mark_of
from archives.word.package import MOST_BYTES, TemplateRefused
from archives.word.placeholders import Content
from archives.word.shipped import shipped
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from customers.models import Customer

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ADMINS = [Role.ADMIN]
SHOWN = 20
WORD, PRINTED = "archive.word", "archive.print"
MARKS = range(8)


class TemplateForm(forms.Form):
    """A template and what is new in it."""

    file = forms.FileField(label=gettext_lazy("Word template (.docx, at most 2 MB)"))
    note = forms.CharField(label=gettext_lazy("What is new in it"), max_length=200)

    def clean_file(self) -> UploadedFile[Any]:
        found: UploadedFile[Any] = self.cleaned_data["file"]
        if (found.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than %(most)s MB.") % {"most": MOST_BYTES >> 20})
        if not str(found.name).lower().endswith(".docx"):
            raise forms.ValidationError(_("Choose a file that ends in .docx."))
        return found


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_http_methods(["GET", "POST"])
@for_roles(ADMINS)
def template_list(request: HttpRequest) -> HttpResponse:
    """The versions, newest first; POST: a new one, refused with its paragraph and placeholder where it has a fault."""
    user = signed_in(request)
    form = TemplateForm(request.POST, request.FILES) if request.method == "POST" else TemplateForm()
    if form.is_bound and form.is_valid():
        file: UploadedFile[Any] = form.cleaned_data["file"]
        content, note, address = file.read(), form.cleaned_data["note"], trail.address_of(request)
        try:
            versions.upload(user, str(file.name), content, note, timezone.now(), address)
            messages.success(request, _("Kept. Another administrator puts it in force."))
            return redirect("archives:templates")
        except TemplateRefused as refusal:
            form.add_error("file", str(refusal))
    kept = ArchiveTemplate.objects.defer("content").select_related("uploaded_by", "activated_by").order_by("-pk")
    context = {"form": form, "templates": list(kept[:SHOWN]), "in_force": versions.in_force()}
    return render(request, "archives/templates.html", context, status=422 if form.is_bound else 200)


@require_safe
@for_roles(ADMINS)
def template_file(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """The file of a version, or without a number the one that comes with the product."""
    content = bytes(get_object_or_404(ArchiveTemplate, pk=pk).content) if pk else shipped()
    return document(content, f"template-{pk or 'default'}.docx")


@require_POST
@for_roles(ADMINS)
def template_activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Put another administrator's version in force."""
    template = get_object_or_404(ArchiveTemplate, pk=pk)
    try:
        versions.activate(signed_in(request), template, timezone.now(), trail.address_of(request))
        messages.success(request, _("The template is in force."))
    except TemplateRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("archives:templates")


@require_safe
@for_roles(ADMINS)
def placeholder_list(request: HttpRequest) -> HttpResponse:
    """Every placeholder with its meaning, for whoever edits a template."""
    fields = records.active_fields()
    rows = placeholders.row_placeholders(fields)
    context = {
        "fixed": placeholders.FIXED,
        "fields": placeholders.field_placeholders(fields),
        "lists": [("holdings", _("Holdings, largest first"), placeholders.HOLDINGS)]
        + [(section, str(Section(section).label), cells) for section, cells in rows.items()],
        "lines": placeholders.LINES,
    }
    return render(request, "archives/placeholders.html", context)


def document(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=DOCX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def past_day(request: HttpRequest) -> date | None:
    """The past day that is asked for; None for today."""
    day = day_of(request.POST.get("as_of") or request.GET.get("as_of") or "")
    return day if day is not None and day < timezone.localdate() else None


@dataclass(frozen=True)
class Masked:
    """A masked archive about to leave as Word or on paper, by this template; its number, if it is the bank's own."""

    user: User
    customer: Customer
    as_of: date | None
    at: datetime
    number: int | None
    template: bytes
    content: Content


def masked(request: HttpRequest, pk: int, action: str) -> Masked:
    """The archive behind its masks, whichever way it leaves; recorded before anything is made of it."""
    user, customer = customer_of(request, pk)
    as_of, now = past_day(request), timezone.now()
    number, template = versions.current()
    detail = {"as_of": str(as_of or ""), "template": number}
    trail.record(user, action, customer=customer, detail=detail, address=trail.address_of(request))
    return Masked(user, customer, as_of, now, number, template, content_of(user, customer, now, as_of))


@require_POST
@for_roles(BALANCE_ROLES)
def record_word(request: HttpRequest, pk: int) -> HttpResponse:
    """The archive as a Word document by the template in force."""
    one = masked(request, pk, WORD)
    try:
        made = rendering.rendered(one.template, one.content, mark_of(one.user, one.at))
    except TemplateRefused as refusal:
        return HttpResponse(str(refusal), status=409, content_type="text/plain")
    return document(made, f"archive-{one.customer.customer_no}.docx")


@require_safe
@for_roles(BALANCE_ROLES)
def record_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The archive for A4 by the bank's template, or by our page while none is in force: numbered pages, each with the
    mark of whoever prints."""
    one = masked(request, pk, PRINTED)
    context = {"one": one, "customer": one.customer, "printed_at": one.at, "marks": MARKS}
    if one.number:
        try:
            context["paper"] = paper.on_paper(rendering.rendered(one.template, one.content, mark=""))
        except TemplateRefused as refusal:
            return HttpResponse(str(refusal), status=409, content_type="text/plain")
    return render(request, "print/archive.html", context)
