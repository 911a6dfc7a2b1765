"""A page of the customer list: keyset by AUM, capped count, and what each row shows, in a fixed number of queries."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Min, Q, QuerySet

from crm.organization.models import User
from customers.choices import HoldingStatus, OwnershipRole
from customers.filters import CustomerFilter
from customers.models import Alert, Customer, Holding, Ownership

PAGE_ROWS = 50
COUNT_CAP = 10_000
PLACE = re.compile(r"(-?\d{1,16}(?:\.\d{1,2})?)~(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Row:
    """A customer with the main owner, the open alerts (worst first) and the next maturity."""

    customer: Customer
    owner: User | None
    alerts: list[Alert]
    next_maturity: date | None


@dataclass(frozen=True)
class CustomerPage:
    """`count` stops at COUNT_CAP (`is_capped`); `next_place` leads to the rows behind this page."""

    rows: list[Row]
    count: int
    is_capped: bool
    next_place: str

    @property
    def customers(self) -> list[Customer]:
        return [row.customer for row in self.rows]


def customer_page(filters: CustomerFilter, user: User, place: str) -> CustomerPage:
    """The customers that the filters leave, richest first, from the place where the page before ended."""
    matching = filters.qs if filters.is_valid() else filters.queryset.none()
    count = matching.order_by()[: COUNT_CAP + 1].count()
    found = list(slim(behind(matching, place)).order_by("-metrics__aum", "-pk")[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    next_place = f"{shown[-1].metrics.aum}~{shown[-1].pk}" if len(found) > PAGE_ROWS else ""
    return CustomerPage(rows_of(shown, filters.day), min(count, COUNT_CAP), count > COUNT_CAP, next_place)


def slim(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """With the nightly numbers and the branch, and without the encrypted columns."""
    return customers.select_related("metrics", "branch").defer(
        "id_no_cipher", "mobile_cipher", "address_cipher", "name_bigrams"
    )


def behind(customers: QuerySet[Customer], place: str) -> QuerySet[Customer]:
    """The rows behind `aum~id`; an unreadable place starts from the top."""
    found = PLACE.fullmatch(place)
    if found is None:
        return customers
    last_aum, last_pk = Decimal(found[1]), int(found[2])
    return customers.filter(Q(metrics__aum__lt=last_aum) | Q(metrics__aum=last_aum, pk__lt=last_pk))


def rows_of(customers: list[Customer], day: date) -> list[Row]:
    ids = [customer.pk for customer in customers]
    owners = {
        ownership.customer_id: ownership.owner
        for ownership in Ownership.objects.filter(
            customer_id__in=ids, role=OwnershipRole.MAIN, until__isnull=True
        ).select_related("owner")
    }
    alerts: dict[int, list[Alert]] = {}
    for alert in Alert.objects.live().filter(customer_id__in=ids).order_by("severity", "due_date"):
        alerts.setdefault(alert.customer_id, []).append(alert)
    due = dict(
        Holding.objects.filter(customer_id__in=ids, status=HoldingStatus.OPEN, balance__gt=0, maturity_date__gte=day)
        .values_list("customer_id")
        .annotate(Min("maturity_date"))
    )
    return [
        Row(customer, owners.get(customer.pk), alerts.get(customer.pk, []), due.get(customer.pk))
        for customer in customers
    ]
