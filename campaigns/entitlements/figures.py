"""What a branch issued, what was used and expired, by month, with what it cost; and a customer's running balance."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import TruncMonth

from campaigns.entitlements.choices import EntryKind
from campaigns.entitlements.forms import POINTS, counted_as
from campaigns.entitlements.models import Entitlement, LedgerEntry
from crm.organization.models import User

MONTHS_SHOWN = 6


@dataclass(frozen=True)
class Line:
    """An entitlement in a month; `entitlement` is empty for points. `cost` is what was used, in yuan, `issued_value`
    what was issued. All are less what was reversed in the month."""

    month: date
    entitlement: Entitlement | None
    issued: int
    used: int
    expired: int
    issued_value: Decimal
    cost: Decimal

    @property
    def item(self) -> str:
        return str(self.entitlement.pk) if self.entitlement else POINTS


def lines(user: User, branch_id: int | None, day: date) -> list[Line]:
    """The past months of a branch, of all that the user sees where none is named, newest first, as far as the user sees
    the customers; two statements."""
    first = day.replace(day=1)
    for _month in range(MONTHS_SHOWN - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    issued, used = counted_as(EntryKind.EARN), counted_as(EntryKind.SPEND)
    value = F("quantity") * F("unit_value")
    seen = LedgerEntry.objects.visible_to(user).filter(day__gte=first)
    if branch_id is not None:
        seen = seen.filter(branch_id=branch_id)
    rows: Any = (
        seen.annotate(month=TruncMonth("day"))
        .values("month", "entitlement_id")
        .annotate(
            issued=Sum("quantity", filter=issued, default=0),
            used=-Sum("quantity", filter=used, default=0),
            expired=-Sum("quantity", filter=counted_as(EntryKind.EXPIRE), default=0),
            issued_value=Sum(value, filter=issued, default=Decimal(0)),
            cost=-Sum(value, filter=used, default=Decimal(0)),
        )
        .order_by("-month", F("entitlement_id").asc(nulls_last=True))
    )
    known = {one.pk: one for one in Entitlement.objects.all()}
    return [Line(entitlement=known.get(row.pop("entitlement_id")), **row) for row in rows]


def with_running(rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """With the balance that each entry left; asked for the page's rows only."""
    before = LedgerEntry.objects.filter(customer=OuterRef("customer"), pk__lte=OuterRef("pk")).order_by()
    points = before.filter(entitlement=None).values("customer").annotate(sum=Sum("quantity")).values("sum")
    units = (
        before.filter(entitlement=OuterRef("entitlement"))
        .values("customer")
        .annotate(sum=Sum("quantity"))
        .values("sum")
    )
    return rows.annotate(running_points=Subquery(points), running_units=Subquery(units))
