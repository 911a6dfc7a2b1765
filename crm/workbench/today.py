"""今日: one ranked list of customers to call, why now, and what is at stake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import RowNumber

from archives.choices import Channel, Outcome
from archives.contacts import last_contact
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import ranking
from crm.workbench.day_so_far import day_so_far
from crm.workbench.why_now import Deadline, Reason, Today, days_since, deadline, reason
from customers.choices import AlertKind
from customers.models import Alert, Customer

PAGE_ROWS = 20
GROUPS = 30
ROWS_OF_A_GROUP = 5


@dataclass(frozen=True)
class LastContact:
    """When and how a customer was last in contact, in words."""

    days: str
    channel: str
    outcome: str


@dataclass(frozen=True)
class Row:
    """One customer of the list: the most urgent alert, and how many more wait behind it."""

    alert: Alert
    customer: Customer
    reason: Reason
    deadline: Deadline
    parts: ranking.Parts
    last: LastContact | None
    others: int


@dataclass(frozen=True)
class WorkList:
    """A page of rows. `rest` customers wait behind it, and `next_place` leads to them.

    The first page is what the day has room for. `is_beyond` marks a page of what can wait until tomorrow.
    """

    rows: list[Row]
    rest: int
    next_place: str
    kind: str
    is_beyond: bool

    @property
    def stake(self) -> Decimal:
        return sum((row.alert.amount or Decimal(0) for row in self.rows), Decimal(0))


@dataclass(frozen=True)
class Group:
    """One manager's share of a branch's list; `owner_id` None gathers customers without a main owner."""

    owner_id: int | None
    owner_name: str
    customers: int
    red: int
    stake: Decimal
    rows: list[Row]


def page_context(
    user: User, asked: Mapping[str, str], today: Today, now: datetime
) -> tuple[dict[str, object], list[Row]]:
    """What the page shows by what its address asks for, and the rows on it.

    A branch's list comes by manager, unless one of them is asked for.
    """
    manager = asked.get("manager", "") if user.role == Role.BRANCH_MANAGER else ""
    if user.role == Role.BRANCH_MANAGER and not is_manager_id(manager):
        found = groups(user, today, now)
        totals = {"customers": sum(group.customers for group in found), "stake": sum(group.stake for group in found)}
        return {"day": today.day, "groups": found, **totals}, [row for group in found for row in group.rows]
    kind, place = asked.get("kind", ""), asked.get("after", "")
    so_far = day_so_far(user, today.day, manager)
    listing = work_list(
        user, today, now, so_far.left, place=place, kind=kind if kind in AlertKind.values else "", owner=manager
    )
    first = str(listing.rows[0].alert.pk) if listing.rows and not place else ""
    opened = asked.get("open", "") or first
    return {"day": today.day, "list": listing, "so_far": so_far, "open": opened}, listing.rows


def is_manager_id(value: str) -> bool:
    return value == "none" or (value.isdecimal() and len(value) < 19)


def work_list(
    user: User, today: Today, now: datetime, room: int, *, place: str = "", kind: str = "", owner: str = ""
) -> WorkList:
    """The ranked list in the user's scope, optionally of one alert kind or one manager; one statement.

    Without a place it ends after `room` customers; with one it goes on behind it, a page at a time.
    """
    waiting = ranking.waiting(user, today.day, owner)
    if kind:
        waiting = waiting.filter(kind=kind)
    best = ranking.after(ranking.first_of_each_customer(waiting, today.day), place)
    limit = PAGE_ROWS if place else room
    # One row is read even when the day is full: it carries the number of those who wait.
    found = list(loaded(ranking.in_order(best), user, today.day).annotate(waiting=Window(Count("pk")))[: max(limit, 1)])
    shown = found[:limit]
    rest = found[0].waiting - len(shown) if found else 0
    next_place = (ranking.place_of(shown[-1]) if shown else ranking.TOP) if rest else ""
    return WorkList(rows_of(shown, today, now), rest, next_place, kind, bool(place))


def groups(user: User, today: Today, now: datetime) -> list[Group]:
    """A branch's list by manager, those with the most red alerts first; the few most urgent rows of each."""
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
    alerts = list(
        loaded(
            ranking.in_order(
                best.annotate(owner_id=F("main__owner_id"), place=place).filter(place__lte=ROWS_OF_A_GROUP)
            ),
            user,
            today.day,
        )[: GROUPS * ROWS_OF_A_GROUP]
    )
    rows = dict(zip((alert.pk for alert in alerts), rows_of(alerts, today, now), strict=True))
    return [
        Group(
            total["main__owner_id"],
            total["main__owner__name"] or "",
            total["customers"],
            total["red"],
            total["total"] or Decimal(0),
            [rows[alert.pk] for alert in alerts if alert.owner_id == total["main__owner_id"]],
        )
        for total in totals
    ]


def loaded(alerts: QuerySet[Any], user: User, day: date) -> QuerySet[Any]:
    """With what a row shows of the customer, the last contact and the alerts behind; never the encrypted columns."""
    behind = ranking.waiting(user, day).filter(customer=OuterRef("customer")).order_by().values("customer")
    read: QuerySet[Any] = (
        alerts.select_related("customer__metrics")
        .defer("customer__id_no_cipher", "customer__mobile_cipher", "customer__address_cipher")
        .annotate(last=last_contact(user), live=Subquery(behind.annotate(number=Count("pk")).values("number")))
    )
    return read


def rows_of(alerts: Sequence[Any], today: Today, now: datetime) -> list[Row]:
    """Rows for a page of alerts that `loaded` has read."""
    return [
        Row(
            alert=alert,
            customer=alert.customer,
            reason=reason(alert, today),
            deadline=deadline(alert, now),
            parts=ranking.parts(alert.points, alert, today.day),
            last=last_of(alert.last, today.day),
            others=alert.live - 1,
        )
        for alert in alerts
    ]


def last_of(found: Mapping[str, str] | None, day: date) -> LastContact | None:
    if found is None:
        return None
    return LastContact(
        days_since(datetime.fromisoformat(found["at"]), day),
        str(Channel(found["channel"]).label),
        str(Outcome(found["outcome"]).label),
    )
