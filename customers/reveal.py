"""One C2 field of one customer in plain text: asked for with a reason, recorded, then shown for half a minute."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from crm import db
from crm.audit import pii, trail
from crm.audit.models import AuditEntry
from crm.organization.access import for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from customers import turns
from customers.models import Account, Customer

REVEALED = "customer.reveal"
REFUSED = "customer.reveal_refused"
# The lobby serves by the card alone; administrators and auditors never see a customer's data in plain text.
REVEAL_ROLES = frozenset({Role.RELATIONSHIP_MANAGER, Role.BRANCH_MANAGER})
MASK_AGAIN_SECONDS = 30


class Reason(models.TextChoices):
    CONTACT = "contact", _("To contact the customer")
    VERIFY = "verify", _("To verify the customer's identity")
    CORRECT = "correct", _("To correct the record")
    DELIVER = "deliver", _("To send documents or a gift")
    OTHER = "other", _("Another reason")


class RevealForm(forms.Form):
    """The reason for a look; "another reason" says which."""

    reason = forms.ChoiceField(label=_("Reason"), choices=Reason.choices)
    note = forms.CharField(label=_("In your own words"), max_length=200, required=False, strip=True)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("reason") == Reason.OTHER and not self.cleaned_data.get("note"):
            self.add_error("note", _("Say why you need it."))
        return self.cleaned_data


@dataclass(frozen=True)
class Sight:
    """The field that is asked for: its column, its row, and what the page shows until then.

    `name` is what the audit trail calls it, the column's unless told; `words` make a reader's text of the plain value.
    `called` is the customer whom one calls by it.
    """

    field: pii.Field
    label: str | Promise
    row_id: int
    mask: str
    cipher: bytes | memoryview | None
    name: str = ""
    words: Callable[[str], str] = str
    called: Customer | None = None


class TooManyReveals(Exception):
    """The user has used up the hour's or the day's reveals."""


class BeingCalled(Exception):
    """Somebody else calls the customer now, or has just done so."""


LABELS: dict[str, tuple[pii.Field, str | Promise]] = {
    "id_no": (pii.ID_NO, _("Document number")),
    "mobile": (pii.MOBILE, _("Mobile")),
    "address": (pii.ADDRESS, _("Address")),
}


@require_http_methods(["GET", "POST"])
@for_roles(REVEAL_ROLES)
def reveal(request: HttpRequest, pk: int, field: str = "account_no", account_pk: int | None = None) -> HttpResponse:
    """GET: the mask and the question for a reason. POST: the plain value, after its entry in the audit trail."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    return answer(request, request.user, customer, sight_of(customer, field, account_pk))


def answer(request: HttpRequest, user: User, customer: Customer, sight: Sight) -> HttpResponse:
    """The page or part of it that asks for the reason, or with one in a POST shows the value."""
    form = RevealForm(request.POST or None)
    context = {"customer": customer, "sight": sight, "form": form, "seconds": MASK_AGAIN_SECONDS}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                context["value"] = revealed(request, user, customer, sight, form.cleaned_data)
                status = 200
            except TooManyReveals:
                context["is_over_limit"], status = True, 429
            except BeingCalled:
                context["called"] = Customer.objects.visible_to(user).select_related("caller").get(pk=customer.pk)
    template = "customers/_reveal.html" if request.headers.get("HX-Request") else "customers/reveal.html"
    return render(request, template, context, status=status)


def sight_of(customer: Customer, field: str, account_pk: int | None) -> Sight:
    """The named field of a customer or of one of its accounts; 404 for a field or an account that it has not."""
    if account_pk is not None:
        account = get_object_or_404(
            Account.objects.filter(customer=customer, branch_id=customer.branch_id), pk=account_pk
        )
        return Sight(
            pii.ACCOUNT_NO, _("Account number"), account.pk, account.account_no_mask, account.account_no_cipher
        )
    if field not in LABELS:
        raise Http404
    column, label = LABELS[field]
    mask, cipher = (getattr(customer, f"{column.name}_{kind}") for kind in ("mask", "cipher"))
    called = customer if column == pii.MOBILE else None
    return Sight(column, label, customer.pk, mask, cipher, called=called)


def revealed(request: HttpRequest, user: User, customer: Customer, sight: Sight, why: Mapping[str, str]) -> str:
    """Count, record, decrypt, in this order. The lock makes two requests of one user count each other.

    Who means to call the customer takes their turn with it, or is told who has it (BeingCalled).
    """
    db.hold_lock(f"reveal {user.pk}", using="default")
    detail = {
        "field": sight.name or sight.field.name,
        "row": sight.row_id,
        "reason": why["reason"],
        "note": why["note"],
    }
    if is_over_limit(user):
        trail.record(user, REFUSED, customer=customer, detail=detail, address=trail.address_of(request))
        raise TooManyReveals
    is_call = sight.called is not None and why["reason"] == Reason.CONTACT
    if is_call and not turns.take(user, customer.pk, timezone.now()):
        raise BeingCalled
    trail.record(user, REVEALED, customer=customer, detail=detail, address=trail.address_of(request))
    return sight.words(pii.decrypt(sight.field, sight.row_id, sight.cipher))


def is_over_limit(user: User) -> bool:
    """More than REVEALS_AN_HOUR in the last hour or REVEALS_A_DAY in the last 24 hours."""
    last_hour = reveals_of(user).filter(at__gt=timezone.now() - timedelta(hours=1)).count()
    return bool(last_hour >= settings.REVEALS_AN_HOUR or left_of_day(user) == 0)


def left_of_day(user: User) -> int:
    """How many plain values this user may still see today, on pages and in exports together."""
    return max(0, int(settings.REVEALS_A_DAY) - reveals_of(user).count())


def reveals_of(user: User) -> models.QuerySet[AuditEntry]:
    """The plain values of the last 24 hours."""
    since = timezone.now() - timedelta(days=1)
    return AuditEntry.objects.filter(actor_id=user.pk, action=REVEALED, at__gt=since)
