"""今日: one ranked list of customers to call, why now, and what is at stake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from archives.contacts import last_contacts
from archives.models import ContactLog
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import ranking
from crm.workbench.why_now import Deadline, Reason, Today, days_since, deadline, reason
from customers.choices import AlertKind
from customers.models import Alert, Customer

PAGE_ROWS = 20


@dataclass(frozen=True)
class Row:
    """One customer of the list: the most urgent alert, and how many more wait behind it."""

    alert: Alert
    customer: Customer
    reason: Reason
    deadline: Deadline
    last: ContactLog | None
    last_text: str
    others: int


@dataclass(frozen=True)
class WorkList:
    """A page of rows; `next_place` leads to the rows behind it."""

    rows: list[Row]
    customers: int
    stake: Decimal
    next_place: str
    kinds: list[tuple[AlertKind, int]]
    kind: str


def page_context(
    user: User, asked: Mapping[str, str], today: Today, now: datetime
) -> tuple[dict[str, object], list[Row]]:
    """What the page shows by what its address asks for, and the rows on it.

    Who leads a branch looks at the list of one manager; the branch as a whole is the board's (crm.workbench.board).
    """
    manager = asked.get("manager", "") if user.role == Role.BRANCH_MANAGER else ""
    manager = manager if is_manager_id(manager) else ""
    kind, place = asked.get("kind", ""), asked.get("after", "")
    listing = work_list(user, today, now, place, kind if kind in AlertKind.values else "", manager)
    first = str(listing.rows[0].alert.pk) if listing.rows and not place else ""
    opened = asked.get("open", "") or first
    return {"day": today.day, "list": listing, "open": opened, "done": done_today(user, today.day)}, listing.rows


def is_manager_id(value: str) -> bool:
    return value == "none" or (value.isdecimal() and len(value) < 19)


def work_list(user: User, today: Today, now: datetime, place: str = "", kind: str = "", owner: str = "") -> WorkList:
    """The ranked list in the user's scope, optionally of one alert kind or one manager."""
    waiting = ranking.waiting(user, today.day)
    if owner == "none":
        waiting = waiting.exclude(main_owner())
    elif owner:
        waiting = waiting.filter(main_owner(owner_id=int(owner)))
    kinds = [
        (AlertKind(found), number)
        for found, number in waiting.order_by().values_list("kind").annotate(Count("customer", distinct=True))
    ]
    if kind:
        waiting = waiting.filter(kind=kind)
    best = ranking.first_of_each_customer(waiting, today.day)
    customers, stake = ranking.headline(best)
    alerts = list(loaded(ranking.in_order(ranking.after(best, place) if place else best))[: PAGE_ROWS + 1])
    more = len(alerts) > PAGE_ROWS
    shown = alerts[:PAGE_ROWS]
    next_place = f"{shown[-1].points}~{shown[-1].stake}~{shown[-1].pk}" if more else ""
    return WorkList(rows_of(shown, user, today, now), customers, stake, next_place, kinds, kind)


def main_owner(**conditions: int) -> Q:
    return Q(
        customer__in=Customer.objects.filter(
            ownerships__role="main",
            ownerships__until__isnull=True,
            **{f"ownerships__{name}": value for name, value in conditions.items()},
        )
    )


def loaded(alerts: QuerySet[Any]) -> QuerySet[Any]:
    """With what a row shows of the customer; never the encrypted columns."""
    return alerts.select_related("customer__metrics").defer(
        "customer__id_no_cipher", "customer__mobile_cipher", "customer__address_cipher"
    )


def rows_of(alerts: Sequence[Alert], user: User, today: Today, now: datetime) -> list[Row]:
    """Rows for a page of alerts, with two queries however many they are."""
    ids = [alert.customer_id for alert in alerts]
    last = last_contacts(user, ids)
    behind = dict(
        ranking.waiting(user, today.day)
        .filter(customer_id__in=ids)
        .order_by()
        .values_list("customer_id")
        .annotate(Count("pk"))
    )
    return [
        Row(
            alert=alert,
            customer=alert.customer,
            reason=reason(alert, today),
            deadline=deadline(alert, now),
            last=last.get(alert.customer_id),
            last_text=days_since(last[alert.customer_id].contacted_at, today.day) if alert.customer_id in last else "",
            others=behind.get(alert.customer_id, 1) - 1,
        )
        for alert in alerts
    ]


def done_today(user: User, day: date) -> int:
    """Customers whom this member of staff has contacted on this day."""
    start = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    return (
        ContactLog.objects.visible_to(user)
        .filter(staff=user, contacted_at__gte=start)
        .values("customer")
        .distinct()
        .count()
    )
