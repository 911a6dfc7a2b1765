"""A list as rows of a file: the same filters and scope as on screen, masked unless a field was let out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.audit import pii, trail
from crm.organization.models import User
from customers.exports.files import Cell, Column
from customers.lists.shape import Shape, keyed, order_of, selected
from customers.models import Customer, ExportRequest
from customers.reveal import LABELS, REVEALED

CHUNK = 200
IDENTITY = (
    Column("mobile", _("Mobile"), width=16),
    Column("id_no", _("Document number"), width=22),
    Column("address", _("Address"), width=28),
)


class Named(Protocol):
    """A tier, as far as a row shows it: its name, in the language of whoever reads."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Table:
    """What of a list goes into a file: `own` columns, and below them the `cells` of a row, in their order.

    `load` adds to the rows what the cells need; `cells` gets the loaded rows, the tiers by rank and the day.
    `has_identity`: mobile, document and address follow, masked or let out; only on rows that are customers.
    """

    shape: Shape
    own: tuple[Column, ...]
    load: Callable[[QuerySet[Any], date], QuerySet[Any]]
    cells: Callable[[Sequence[Any], Mapping[int, Named], date], list[list[Cell]]]
    has_identity: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.own + IDENTITY if self.has_identity else self.own


@dataclass(frozen=True)
class Choice:
    """Which rows of a table: those that the filters leave, or, where `ids` are given, these alone."""

    table: Table
    filters: dict[str, str]
    ids: list[int] | None = None

    @property
    def customer_path(self) -> str:
        """From a row to the id of its customer."""
        return f"{self.table.shape.filters.customer}pk"


class BadFilters(ValueError):
    """The filters are none that the list knows."""


def choice_of(table: Table, values: Mapping[str, Any], ids: list[int] | None) -> Choice:
    """What of an address narrows the list, paging and the rest left out; nothing does where rows were ticked."""
    known = table.shape.filters.base_filters
    return Choice(table, {name: str(values[name]) for name in known if values.get(name) and ids is None}, ids)


def matching(user: User, choice: Choice, day: date) -> QuerySet[Any]:
    """The rows that this user's list shows; raises BadFilters."""
    if not choice.table.shape.filters(choice.filters, user=user, day=day).is_valid():
        raise BadFilters
    return selected(choice.table.shape, choice.filters, choice.ids, user=user, day=day)


def count_of(user: User, choice: Choice, day: date, cap: int, using: str = "default") -> int:
    """How many match, up to one more than the cap."""
    return int(matching(user, choice, day).using(using).order_by()[: cap + 1].count())


def ids_of(user: User, choice: Choice, day: date, cap: int) -> list[int]:
    """The rows in the order in which the list first stands, up to one more than the cap."""
    sort = choice.table.shape.sorts[0]
    ordered = keyed(matching(user, choice, day), sort).order_by(*order_of(goes_down=sort.is_descending))
    return list(ordered.values_list("pk", flat=True)[: cap + 1])


def still_there(user: User, choice: Choice, day: date) -> list[tuple[int, int]]:
    """Row and customer of the chosen ids that this user may still see, in their order."""
    assert choice.ids is not None
    customers = dict(matching(user, choice, day).values_list("pk", choice.customer_path))
    return [(pk, customers[pk]) for pk in choice.ids if pk in customers]


def chunks(
    export: ExportRequest, choice: Choice, ids: Sequence[int], tiers: Mapping[int, Named], day: date
) -> Iterator[list[list[Cell]]]:
    """The cells of these rows, some hundred at a time, each part in a fixed number of queries."""
    user, table = export.requested_by, choice.table
    for at in range(0, len(ids), CHUNK):
        part = list(ids[at : at + CHUNK])
        visible = selected(table.shape, {}, part, user=user, day=day)
        known = {row.pk: row for row in table.load(visible, day)}
        rows = [known[pk] for pk in part if pk in known]
        found = table.cells(rows, tiers, day)
        yield with_identity(export, rows, found) if table.has_identity else found


def with_identity(
    export: ExportRequest, customers: Sequence[Customer], cells: Sequence[list[Cell]]
) -> list[list[Cell]]:
    """The cells of customers, followed by the identity columns: in plain text what was let out, the rest masked."""
    plain = plain_values(export, customers)
    return [
        [*row, *(plain.get(one.pk, {}).get(column.key) or getattr(one, f"{column.key}_mask") for column in IDENTITY)]
        for one, row in zip(customers, cells, strict=True)
    ]


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
