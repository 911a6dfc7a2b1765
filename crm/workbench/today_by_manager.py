"""A branch's list of today by manager, for the paper of the morning meeting."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, FilteredRelation, Q, Sum, Window
from django.db.models.functions import RowNumber

from crm.organization.models import User
from crm.workbench import ranking
from crm.workbench.today import Row, loaded, rows_of
from crm.workbench.why_now import Today

GROUPS = 30


@dataclass(frozen=True)
class Group:
    """One manager's share of a branch's list; `owner_id` None gathers customers without a main owner."""

    owner_id: int | None
    owner_name: str
    customers: int
    stake: Decimal
    rows: list[Row]


def groups(user: User, today: Today, now: datetime, rows_of_a_group: int) -> list[Group]:
    """By manager, those with the most red alerts first; the few most urgent rows of each."""
    best = ranking.first_of_each_customer(ranking.waiting(user, today.day), today.day).annotate(
        main=FilteredRelation(
            "customer__ownerships",
            condition=Q(customer__ownerships__role="main", customer__ownerships__until__isnull=True),
        ),
    )
    totals = list(
        best.order_by()
        .values("main__owner_id", "main__owner__name")
        .annotate(customers=Count("pk"), total=Sum("amount"), red=Count("pk", filter=Q(severity=1)))
        .order_by("-red", "-total")[:GROUPS]
    )
    place = Window(
        RowNumber(), partition_by=F("main__owner_id"), order_by=[F("points").desc(), F("stake").desc(), F("pk").asc()]
    )
    first = best.annotate(owner_id=F("main__owner_id"), place=place).filter(place__lte=rows_of_a_group)
    alerts = list(loaded(ranking.in_order(first), user, today.day)[: GROUPS * rows_of_a_group])
    rows = dict(zip((alert.pk for alert in alerts), rows_of(alerts, today, now), strict=True))
    return [
        Group(
            total["main__owner_id"],
            total["main__owner__name"] or "",
            total["customers"],
            total["total"] or Decimal(0),
            [rows[alert.pk] for alert in alerts if alert.owner_id == total["main__owner_id"]],
        )
        for total in totals
    ]
