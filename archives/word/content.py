"""An archive as what a template and the paper show: plain texts, masked unless a text was let out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from archives import records
from archives.choices import ROWED, Section
from archives.record_models import ArchiveField, ArchiveValue
from archives.record_sources import system_text
from archives.record_then import main_owner_on
from archives.record_views import holdings_of
from archives.word.placeholders import FIXED, Content, key_of
from crm.audit.pii import veil_numbers
from crm.organization.models import User
from customers.models import Customer


def masked_text(value: ArchiveValue) -> str:
    """As on screen, and long numbers in free words veiled."""
    return veil_numbers(records.text_of(value))


@dataclass(frozen=True)
class Eyes:
    """What this document may show: by default masks alone."""

    text: Callable[[ArchiveValue], str] = masked_text
    identity: Mapping[str, str] = field(default_factory=dict)


MASKS = Eyes()


def content_of(
    user: User, customer: Customer, now: datetime, as_of: date | None = None, eyes: Eyes = MASKS
) -> Content:  # fmt: skip
    """What every placeholder stands for. `as_of`: the archive as it stood at the end of a past day, without figures."""
    day = timezone.localdate(now)
    # What was noted under a field that has been retired since stays in the past, as on the page.
    asked = records.every_field() if as_of else records.active_fields()
    fields = [one for one in asked if records.belongs(one, customer)]
    values = records.values_of(user, customer, records.end_of(as_of) if as_of else None)
    states = [] if as_of else records.states_of(customer, day)
    state_of = {one.field_id: one.state for one in states if one.counts}
    known = {(one.field_id, one.row): eyes.text(one) for one in values if one.is_filled}

    def text(of: ArchiveField, row: int = 0) -> str:
        if records.is_typed(of):
            return known.get((of.pk, row), "")
        if as_of or of.pk not in state_of:
            return ""
        let_out = eyes.identity.get("id_no" if of.key == "document" else of.key)
        return let_out or system_text(customer, of.key, state_of[of.pk])

    content = facts(user, customer, now, as_of, eyes)
    content["archive"]["completeness"] = "" if as_of else str(records.completeness_of(states))
    # Every field has its placeholder, those that do not belong to this customer stay empty.
    everywhere = [one for one in records.active_fields() if one.section not in ROWED]
    content["field"] = {key_of(one): "" for one in everywhere} | {
        key_of(one): text(one) for one in fields if one.section not in ROWED
    }
    content["sections"] = []
    for section in Section.values:
        mine = [one for one in fields if one.section == section]
        ids = {one.pk for one in mine}
        rows = sorted({row for pk, row in known if pk in ids}) if section in ROWED else [0]
        if section in ROWED:
            content[section] = [{key_of(one): text(one, row) for one in mine} for row in rows]
        lines = [{"label": one.label, "value": text(one, row)} for row in rows for one in mine if text(one, row)]
        if lines:
            content["sections"].append({"name": str(Section(section).label), "lines": lines})
    content["holdings"] = [] if as_of else [
        {"product": one.product.name, "balance": f"{one.balance:,.2f}", "matures": str(one.maturity_date or "")}
        for one in holdings_of(user, customer)
    ]  # fmt: skip
    return content


def facts(user: User, customer: Customer, now: datetime, as_of: date | None, eyes: Eyes) -> Content:
    """Customer, day and whoever makes the document."""
    local = timezone.localtime(now)
    one = Customer.objects.visible_to(user).select_related("branch", "metrics").get(pk=customer.pk)
    owner = main_owner_on(user, customer, as_of or timezone.localdate(now))
    metrics = None if as_of else getattr(one, "metrics", None)
    found = {
        "customer.name": eyes.identity.get("name", one.name_mask),
        "customer.number": one.customer_no,
        "customer.type": str(one.get_customer_type_display()),
        "customer.branch": one.branch.name,
        "customer.manager": f"{owner.name} {owner.staff_no}" if owner else "",
        "customer.mobile": eyes.identity.get("mobile", one.mobile_mask),
        "customer.document": eyes.identity.get("id_no", one.id_no_mask),
        "customer.document_type": str(one.get_id_type_display() or ""),
        "customer.address": eyes.identity.get("address", one.address_mask),
        "customer.occupation": one.occupation,
        "customer.since": str(one.open_date or ""),
        "customer.aum": f"{metrics.aum:,.2f}" if metrics else "",
        "archive.as_of": str(as_of or timezone.localdate(now)),
        "archive.completeness": "",
        "printed.staff_no": user.staff_no,
        "printed.name": user.name,
        "printed.at": f"{local:%Y-%m-%d %H:%M}",
    }
    content: Content = {}
    for placeholder in FIXED:
        group, name = placeholder.path.split(".")
        content.setdefault(group, {})[name] = found[placeholder.path] or ""
    return content


def mark_of(user: User, now: datetime, number: str = "") -> str:
    """The watermark: whose document it is and when it was made; `number` names the request that let it out."""
    return f"{number} {user.staff_no} {user.name} {timezone.localtime(now):%Y-%m-%d %H:%M}".strip()
