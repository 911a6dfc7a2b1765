"""The customers behind a cell of the migration matrix: a list by keyset, richest first, counted up to a cap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm.organization.models import User
from customers.customer_list import CUSTOMERS, last_contact, main_owner, slim
from customers.filters import ListFilter
from customers.lists.shape import Page, Shape, page_of
from customers.models import BalanceChange, Customer
from segments.models import TierChange
from segments.moves import ABSENT, Span, changes_of, customers_of


@dataclass(frozen=True)
class Row:
    """A customer with the AUM of both days, and when somebody last spoke to them."""

    customer: Customer
    opening: Decimal
    closing: Decimal
    contacted_at: datetime | None

    @property
    def contacted_on(self) -> date | None:
        """By the bank's clock."""
        return timezone.localtime(self.contacted_at).date() if self.contacted_at else None

    @property
    def change(self) -> Decimal:
        return self.closing - self.opening


def rank_on(span: Span, day: date) -> Coalesce:
    """The tier at the end of a day; 0 where there was none.

    Asked of the row of numbers, not of the customer: the planner expects next to nobody to stand in a cell, and from
    customers it would go through all numbers for each one found; from numbers a key leads to the customer.
    """
    moves = TierChange.objects.filter(customer=OuterRef("metrics__customer_id"), scheme__in=span.ids, as_of__lte=day)
    return Coalesce(Subquery(moves.order_by("-as_of").values("new_rank")[:1]), ABSENT, output_field=IntegerField())


def aum_on(day: date) -> Any:
    """The balance at the end of a past day: today's less what changed after it."""
    # The day stands in the sum, not in the condition: it would lead into the index of days, one scan a customer.
    changes = BalanceChange.objects.filter(customer=OuterRef("pk")).order_by().values("customer")
    later = Sum(F("new_counted") - F("old_counted"), filter=Q(as_of__gt=day))
    moved = changes.annotate(total=later).values("total")
    return F("metrics__aum") - Coalesce(Subquery(moved), Decimal(0), output_field=DecimalField())


class CellCustomers(ListFilter):
    """The customers of one cell; `old` and `new` are ranks, 0 for absent."""

    customer = ""

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def __init__(self, data: Mapping[str, str], *, user: User, span: Span, old: int, new: int) -> None:
        self.span, self.old, self.new = span, old, new
        super().__init__(data, user=user, day=span.newest)

    def visible(self, user: User) -> QuerySet[Customer]:
        rows = customers_of(user, self.span)
        if self.old != self.new:
            # Only who moved at all can have come from there: a few, where the customers are many.
            moved = changes_of(user, self.span, self.span.since, self.span.as_of)
            rows = rows.filter(pk__in=moved.order_by().values("customer_id"))
        elif self.span.as_of == self.span.newest and self.span.judged_by(self.span.as_of).is_primary:
            rows = rows.filter(metrics__tier=self.new)
        both = rows.alias(was=rank_on(self.span, self.span.since), now=rank_on(self.span, self.span.as_of))
        return both.filter(was=self.old, now=self.new)


def shape_of(span: Span) -> Shape:
    """The list of customers with what a move is told by."""

    def load(customers: QuerySet[Any], shown: frozenset[str], day: date) -> QuerySet[Any]:
        return slim(customers).annotate(
            opening=aum_on(span.since), closing=aum_on(span.as_of), owner_name=main_owner(), contacted_at=last_contact()
        )

    def rows(customers: Sequence[Any], shown: frozenset[str], day: date) -> list[Row]:
        return [Row(one, one.opening, one.closing, one.contacted_at) for one in customers]

    return replace(CUSTOMERS, load=load, rows=rows)


def people(user: User, span: Span, cell: tuple[int, int], data: Mapping[str, str]) -> Page:
    """One page of the cell's customers; one statement."""
    old, new = cell
    filters = CellCustomers({}, user=user, span=span, old=old, new=new)
    shape = shape_of(span)
    sort = shape.sort_of["-aum"]
    return page_of(shape, filters, sort, frozenset(), data.get("after", ""), data.get("before", ""))
