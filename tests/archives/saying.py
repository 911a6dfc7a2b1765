"""What the tests of the archive share: saying something of a customer, by hand or by form."""

from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from archives import records
from archives.models import ArchiveField
from archives.record_kinds import read
from archives.records import Edit, Saved
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Customer


def a_field(key: str) -> ArchiveField:
    return ArchiveField.objects.using("batch").get(key=key)


def say(
    actor: User,
    customer: Customer,
    key: str,
    text: str,
    base: int | None = None,
    row: int = 0,
    at: datetime | None = None,
) -> Saved:
    of = a_field(key)
    edit = Edit(of, row, base, read(of, [text]), "said")
    with scoped(actor):
        return records.save(customer, actor, at or timezone.now(), [edit])


def current(actor: User, customer: Customer) -> dict[str, str]:
    with scoped(actor):
        return {one.field.key: records.text_of(one) for one in records.values_of(actor, customer) if one.is_filled}


def sent(client: Client, customer: Customer, section: str, bases: dict[str, int | None], **values: Any) -> Any:
    """What a browser sends of a section's form: of every field named, the version it was read at and what stands."""
    data: dict[str, Any] = {"source": "said"}
    for key, value in values.items():
        of = a_field(key)
        data[f"b-{of.pk}-0"] = bases.get(key) or ""
        data[f"v-{of.pk}-0"] = value
    return client.post(f"/customers/{customer.pk}/archive/{section}/", data)
