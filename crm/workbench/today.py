"""今日: one ranked list of customers to call, why now, and what is at stake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import JSONObject

from archives import contactable
from archives.choices import Channel, Outcome
from archives.contacts import last_contact
from archives.models import MaintenancePlan
from archives.plans import SAID, said_of
from campaigns.propensity import likelihood
from campaigns.prospects.desk import desk
from campaigns.seasons.progress import running_of
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import ranking
from crm.workbench.day_so_far import day_so_far
from crm.workbench.why_now import Deadline, Reason, Today, days_since, deadline, reason
from customers.choices import AlertKind
from customers.models import Alert, Customer
from customers.models.customer import hidden

PAGE_ROWS = 20


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
    plan: Mapping[str, str] | None
    barred: contactable.Verdict | None
    likely: likelihood.Likelihood | None


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
    def alert_ids(self) -> set[int]:
        return {row.alert.pk for row in self.rows}

    @property
    def stake(self) -> Decimal:
        return sum((row.alert.amount or Decimal(0) for row in self.rows), Decimal(0))


def page_context(user: User, asked: Mapping[str, str], today: Today, now: datetime) -> tuple[dict[str, Any], list[Row]]:
    """What the page shows by what its address asks for, and the rows on it.

    Who leads a branch looks at the list of one manager; the branch as a whole is the board's (crm.workbench.board).
    """
    manager = asked.get("manager", "") if user.role == Role.BRANCH_MANAGER else ""
    manager = manager if is_manager_id(manager) else ""
    kind, place = asked.get("kind", ""), asked.get("after", "")
    so_far = day_so_far(user, today.day, now, manager)
    listing = work_list(
        user, today, now, so_far.left, place=place, kind=kind if kind in AlertKind.values else "", owner=manager
    )
    first = str(listing.rows[0].alert.pk) if listing.rows and not place else ""
    opened = asked.get("open", "") or first
    shown = {row.customer.pk for row in listing.rows}
    plans = [one for one in so_far.plans if one.customer_id not in shown or one.inspection_id]
    context = {"plans": plans, "day": today.day, "list": listing, "so_far": so_far, "open": opened}
    targets = running_of(user, today.as_of) if user.role == Role.RELATIONSHIP_MANAGER else []
    return context | {"desk": desk(user, now), "now": now, "targets": targets}, listing.rows


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
    read = loaded(ranking.in_order(best), user, today.day, now).annotate(waiting=Window(Count("pk")))
    found = list(read[: max(limit, 1)])
    shown = found[:limit]
    rest = found[0].waiting - len(shown) if found else 0
    next_place = (ranking.place_of(shown[-1]) if shown else ranking.TOP) if rest else ""
    return WorkList(rows_of(shown, today, now), rest, next_place, kind, bool(place))


def loaded(alerts: QuerySet[Any], user: User, day: date, now: datetime) -> QuerySet[Any]:
    """With what a row shows of the customer, the last contact and the alerts behind; never the encrypted columns."""
    behind = ranking.waiting(user, day).filter(customer=OuterRef("customer")).order_by().values("customer")
    read: QuerySet[Any] = (
        alerts.select_related("customer__metrics")
        .defer(*hidden("customer"))
        .annotate(
            last=last_contact(user),
            live=Subquery(behind.annotate(number=Count("pk")).values("number")),
            plan=due_plan(user, day),
            call=contactable.call_about_alert(now),
            likely=likelihood.score_of(user, "customer"),
        )
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
            plan=plan_of(alert.plan),
            barred=contactable.verdict_of(alert.call),
            likely=likelihood.told(alert.likely),
        )
        for alert in alerts
    ]


def due_plan(user: User, day: date) -> Subquery:
    """The first open plan of the row's customer that is due, as JSON; asked for the rows of the page alone."""
    due = MaintenancePlan.objects.open().visible_to(user).filter(customer=OuterRef("customer"), due_date__lte=day)
    return Subquery(due.order_by("due_date", "pk").values(json=JSONObject(channel="channel", **SAID))[:1])


def plan_of(found: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return found and {"channel": str(Channel(found["channel"]).label), "note": said_of(found)}


def last_of(found: Mapping[str, str] | None, day: date) -> LastContact | None:
    if found is None:
        return None
    return LastContact(
        days_since(datetime.fromisoformat(found["at"]), day),
        str(Channel(found["channel"]).label),
        str(Outcome(found["outcome"]).label),
    )
