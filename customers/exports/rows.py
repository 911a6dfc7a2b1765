"""The customer list as rows of a file: the same filters and scope as on screen, masked unless a field was let out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.audit import pii, trail
from crm.organization.models import User
from customers import customer_list
from customers.customer_list import Row
from customers.exports.files import Cell, Column
from customers.filters import CustomerFilter
from customers.models import Customer, ExportRequest
from customers.reveal import LABELS, REVEALED

CHUNK = 200
SHOWN = frozenset({"due", "alerts", "manager"})  # the columns of the list that cost a look-up
COLUMNS = (
    Column("customer_no", _("Customer number"), width=16),
    Column("name", _("Customer")),
    Column("customer_type", pgettext_lazy("customer", "Type"), width=8),
    Column("tier", _("Tier"), width=10),
    Column("aum", _("AUM"), "money", 18),
    Column("deposit", _("Deposits"), "money", 18),
    Column("loan", _("Loans"), "money", 18),
    Column("product_count", _("Products held"), "count", 10),
    Column("next_maturity", _("Next maturity"), "date", 12),
    Column("alerts", _("Alerts"), width=20),
    Column("manager", _("Manager")),
    Column("branch", _("Branch"), width=20),
    Column("open_date", _("Customer since"), "date", 12),
    Column("mobile", _("Mobile"), width=16),
    Column("id_no", _("Document number"), width=22),
    Column("address", _("Address"), width=28),
)


class Named(Protocol):
    """A tier, as far as a row shows it: its name, in the language of whoever reads."""

    @property
    def name(self) -> str: ...


class BadFilters(ValueError):
    """The filters are none that the customer list knows."""


def filters_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What of an address narrows the customer list; paging and the rest are left out."""
    return {name: str(values[name]) for name in CustomerFilter.base_filters if values.get(name)}


def matching(user: User, filters: Mapping[str, str], day: date) -> Any:
    """The customers that this user's list shows under these filters; raises BadFilters."""
    narrowed = CustomerFilter(filters, user=user, day=day)
    if not narrowed.is_valid():
        raise BadFilters
    return narrowed.qs


def count_of(user: User, filters: Mapping[str, str], day: date, cap: int, using: str = "default") -> int:
    """How many match, up to one more than the cap."""
    return int(matching(user, filters, day).using(using).order_by()[: cap + 1].count())


def ids_of(user: User, filters: Mapping[str, str], day: date, cap: int) -> list[int]:
    """The customers in the order of the list, richest first, up to one more than the cap."""
    ordered = matching(user, filters, day).order_by("-metrics__aum", "-pk")
    return list(ordered.values_list("pk", flat=True)[: cap + 1])


def chunks(
    export: ExportRequest, ids: Sequence[int], tiers: Mapping[int, Named], day: date
) -> Iterator[list[list[Cell]]]:
    """The cells of these customers, some hundred rows at a time, each part in a fixed number of queries."""
    user = export.requested_by
    for at in range(0, len(ids), CHUNK):
        part = ids[at : at + CHUNK]
        visible = Customer.objects.visible_to(user).filter(pk__in=part)
        loaded = customer_list.load(visible, SHOWN, day).annotate(owner_no=customer_list.main_owner(field="staff_no"))
        known = {one.pk: one for one in loaded}
        customers = [known[pk] for pk in part if pk in known]
        plain = plain_values(export, customers)
        yield [cells(row, tiers, plain.get(row.customer.pk, {})) for row in customer_list.rows(customers, SHOWN, day)]


def plain_values(export: ExportRequest, customers: Sequence[Customer]) -> dict[int, dict[str, str]]:
    """The fields that were let out, by customer; each value has its own entry in the trail before it is decrypted."""
    if not export.plain_fields:
        return {}
    user, names = export.requested_by, [f"{name}_cipher" for name in export.plain_fields]
    visible = Customer.objects.visible_to(user)
    found = visible.filter(pk__in=[one.pk for one in customers]).values("pk", *names)
    ciphers = {row["pk"]: row for row in found}
    values: dict[int, dict[str, str]] = {}
    for customer in customers:
        for name in export.plain_fields:
            field, _label = LABELS[name]
            cipher = ciphers[customer.pk][f"{name}_cipher"]
            if cipher is not None:
                detail = {"field": name, "row": customer.pk, "reason": export.reason, "note": export.note}
                trail.record(user, REVEALED, customer=customer, target=export, detail=detail)
                values.setdefault(customer.pk, {})[name] = pii.decrypt(field, customer.pk, cipher)
    return values


def cells(row: Row, tiers: Mapping[int, Named], plain: Mapping[str, str]) -> list[Cell]:
    """One customer, in the order of COLUMNS."""
    customer: Any = row.customer
    metrics = customer.metrics
    return [
        customer.customer_no,
        customer.name_mask,
        customer.get_customer_type_display(),
        tiers[metrics.tier].name if metrics.tier in tiers else "",
        metrics.aum,
        metrics.deposit,
        metrics.loan,
        metrics.product_count,
        customer.next_maturity,
        "、".join(dict.fromkeys(str(alert.get_kind_display()) for alert in row.alerts)),
        f"{customer.owner_name} {customer.owner_no}" if customer.owner_no else "",
        customer.branch.name,
        customer.open_date,
        *(plain.get(name) or getattr(customer, f"{name}_mask") for name in ("mobile", "id_no", "address")),
    ]
