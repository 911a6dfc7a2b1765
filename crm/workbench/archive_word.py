"""A customer's archive in plain text as a Word document: an export of one row, which a second person lets out."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from archives import records
from archives.models import ArchiveValue
from archives.record_kinds import shown
from archives.record_views import customer_of, day_of
from archives.word import versions
from archives.word.content import Eyes, content_of, mark_of, masked_text
from archives.word.package import TemplateRefused
from archives.word.rendering import rendered
from crm.audit import pii, trail
from crm.organization.access import for_roles
from crm.organization.models import User
from crm.workbench.export_tables import TABLES
from customers import reveal
from customers.choices import ExportFormat, ExportProblem, ListName
from customers.exports import requests
from customers.exports.forms import ARCHIVE, NAME, WordForm
from customers.exports.rows import Choice
from customers.models import Customer, ExportRequest


@require_http_methods(["GET", "POST"])
@for_roles(reveal.REVEAL_ROLES)
def archive_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a customer's archive with plain values; `as_of` asks for it as it stood on a past day."""
    user, customer = customer_of(request, pk)
    as_of = past(request.GET.get("as_of", ""))
    form = WordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        export = asked(request, user, customer, as_of, form)
        if export is not None:
            return redirect("exports:export", pk=export.pk)
    if request.method != "POST":
        trail.looked_at(request, customer)
    context = {"form": form, "customer": customer, "as_of": as_of}
    return render(request, "exports/archive.html", context, status=422 if request.method == "POST" else 200)


def past(text: str) -> date | None:
    day = day_of(text)
    return day if day is not None and day < timezone.localdate() else None


def asked(
    request: HttpRequest, user: User, customer: Customer, as_of: date | None, form: WordForm
) -> ExportRequest | None:
    """The request, waiting for a second person; None, with the way out in the form, where it is refused."""
    filters = {"as_of": str(as_of)} if as_of else {}
    choice = Choice(TABLES[ListName.CUSTOMERS], filters, [customer.pk])
    wanted = {**form.cleaned_data, "file_format": ExportFormat.DOCX}
    address, language = trail.address_of(request), get_language() or ""
    try:
        with transaction.atomic():
            return requests.ask(user, choice, wanted, language=language, now=timezone.now(), address=address)
    except requests.ExportRefused as refused:
        form.add_error(None, refused.problem.label)
        return None


def document(export: ExportRequest, customer_id: int, now: datetime) -> bytes:
    """The document of an approved request, in the requester's scope; raises ExportRefused.

    Every plain value is recorded as a look before it is decrypted.
    """
    if not export.plain_fields or export.decided_by_id is None:
        raise requests.ExportRefused(ExportProblem.NO_RIGHT)
    user = export.requested_by
    customer = Customer.objects.visible_to(user).get(pk=customer_id)
    as_of = day_of(export.filters.get("as_of", ""))
    ciphers = secrets_of(user, customer, as_of) if ARCHIVE in export.plain_fields else {}
    if len(ciphers) + len(export.plain_fields) > reveal.left_of_day(user):
        raise requests.ExportRefused(ExportProblem.REVEALS)
    eyes = Eyes(text_by(export, customer, ciphers), identity_of(export, customer))
    _number, template = versions.current()
    try:
        return rendered(template, content_of(user, customer, now, as_of, eyes), mark_of(user, now, f"#{export.pk}"))
    except TemplateRefused as refusal:
        raise requests.ExportRefused(ExportProblem.ERROR) from refusal


def secrets_of(user: User, customer: Customer, as_of: date | None) -> dict[int, bytes]:
    """The cipher texts of the archive's C2 values that the document shows, by version."""
    shown_values = records.values_of(user, customer, records.end_of(as_of) if as_of else None)
    return records.ciphers(user, [one.pk for one in shown_values if one.is_filled and one.field.is_secret])


def recorded(export: ExportRequest, customer: Customer, name: str) -> None:
    """The look at one plain value, committed before anything is decrypted."""
    detail = {"field": name, "row": customer.pk, "reason": export.reason, "note": export.note}
    trail.record(export.requested_by, reveal.REVEALED, customer=customer, target=export, detail=detail)


def identity_of(export: ExportRequest, customer: Customer) -> Mapping[str, str]:
    """What of name, document, mobile and address was let out."""
    found = {}
    for name in export.plain_fields:
        if name == NAME:
            recorded(export, customer, name)
            found[name] = customer.name
        elif name in reveal.LABELS and (cipher := getattr(customer, f"{name}_cipher")) is not None:
            recorded(export, customer, name)
            found[name] = pii.decrypt(reveal.LABELS[name][0], customer.pk, cipher)
    return found


def text_by(export: ExportRequest, customer: Customer, ciphers: Mapping[int, bytes]) -> Callable[[ArchiveValue], str]:
    """How the document shows a value of the archive: decrypted where it was let out, else as its mask."""

    def text(value: ArchiveValue) -> str:
        if value.pk in ciphers:
            recorded(export, customer, f"archive {value.field.key}")
            column = records.secret(customer.pk, value.field, value.row)
            return shown(value.field, pii.decrypt(column, customer.pk, ciphers[value.pk]))
        return masked_text(value) if ARCHIVE not in export.plain_fields else records.text_of(value)

    return text
