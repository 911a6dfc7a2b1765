"""The working day so far: what was done of its target, what waits by kind, and what the lobby has noted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Count, Exists, IntegerField, Q, Subquery, Sum, Value, When
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext as _

from archives import contactable
from archives.choices import MET, REACHED, Channel, Outcome, PlanOrigin
from archives.complaints import due_number
from archives.contacts import start_of
from archives.models import ContactLog, MaintenancePlan
from archives.plans import SAID, said_of
from campaigns.prospects.choices import Need
from campaigns.prospects.desk import new_prospects
from campaigns.prospects.presence import with_presence
from crm.organization.models import DayTarget, User
from crm.workbench import ranking
from customers.choices import AlertKind
from customers.nudges import open_nudges

NOTES = 5
NUDGES = 5
PLANS = 20
NOTE_DAYS = 3  # a note of Friday is still there on Monday


@dataclass(frozen=True)
class Progress:
    """One figure of the day against its target."""

    label: str
    done: int
    target: int


@dataclass(frozen=True)
class KindWaiting:
    """The customers with an alert of this kind, and the money it is about."""

    kind: AlertKind
    customers: int
    stake: Decimal


@dataclass(frozen=True)
class LobbyNote:
    """What the lobby heard from one of the user's customers."""

    customer_id: int
    name_mask: str
    text: str
    at: datetime
    by: str


@dataclass(frozen=True)
class NewProspect:
    """A visitor who is no customer yet and waits for the first word."""

    prospect_id: int
    name_mask: str
    sex: str
    needs: list[str]
    text: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Planned:
    """An open plan that is due today, or was before; one to mend an archive (`inspection_id`) from the first day on."""

    plan_id: int
    customer_id: int
    name_mask: str
    sex: str
    due: date
    channel: str
    note: str
    barred: contactable.Verdict | None
    inspection_id: int | None


@dataclass(frozen=True)
class Nudged:
    """An alert that the branch manager asks to see to."""

    alert_id: int
    customer_id: int
    kind: str
    name_mask: str
    sex: str
    at: datetime


@dataclass(frozen=True)
class DaySoFar:
    """`capacity` is how many customers the day has room for, `done` how many of them were contacted; `complaints` are
    this user's to answer within days, `prospects` nobody has spoken with yet. `is_there`: the user is on duty."""

    capacity: int
    done: int
    progress: list[Progress]
    kinds: list[KindWaiting]
    notes: list[LobbyNote]
    nudges: list[Nudged]
    plans: list[Planned]
    complaints: int
    prospects: list[NewProspect]
    is_there: bool

    @property
    def left(self) -> int:
        return max(self.capacity - self.done, 0)


def day_so_far(user: User, day: date, now: datetime, owner: str = "") -> DaySoFar:
    """All of it in one statement; of one manager's customers and contacts where `owner` is an id or "none"."""
    in_force = Case(When(effective_from__lte=day, then=Value(0)), default=Value(1), output_field=IntegerField())
    row: Any = (
        DayTarget.objects.annotate(
            done=Subquery(contacts_of(user, day, int(owner) if owner.isdecimal() else user.pk)),
            kinds=ArraySubquery(kinds(user, day, owner)),
            notes=ArraySubquery(notes(user, day)),
            nudges=ArraySubquery(nudges(user, day)),
            plans=ArraySubquery(plans(user, day, now, int(owner) if owner.isdecimal() else user.pk)),
            complaints=Subquery(due_number(user, day)),
            prospects=ArraySubquery(prospects(user)),
            is_there=Exists(with_presence(User.objects.filter(pk=user.pk), day).filter(is_there=True)),
        )
        .order_by(in_force, "-effective_from")
        .first()
    )
    done: Mapping[str, int] = row.done or dict.fromkeys(("customers", "effective", "booked", "met"), 0)
    return DaySoFar(
        capacity=row.contacts,
        done=done["customers"],
        progress=[
            Progress(_("Contacts"), done["customers"], row.contacts),
            Progress(_("Effective"), done["effective"], row.effective),
            Progress(_("Booked"), done["booked"], row.booked),
            Progress(_("Met"), done["met"], row.met),
        ],
        kinds=[KindWaiting(AlertKind(one["kind"]), one["customers"], Decimal(one["stake"] or 0)) for one in row.kinds],
        notes=[
            LobbyNote(one["id"], one["name"], one["text"], datetime.fromisoformat(one["at"]), one["by"])
            for one in row.notes
        ],
        nudges=[
            Nudged(
                one["alert"],
                one["customer"],
                str(AlertKind(one["kind"]).label),
                one["name"],
                one["sex"],
                datetime.fromisoformat(one["at"]),
            )
            for one in row.nudges
        ],
        plans=[
            Planned(
                one["plan"],
                one["customer"],
                one["name"],
                one["sex"],
                date.fromisoformat(one["due"]),
                str(Channel(one["channel"]).label),
                said_of(one),
                contactable.verdict_of(one["call"]),
                one["inspection"],
            )
            for one in row.plans
        ],
        complaints=row.complaints or 0,
        prospects=[
            NewProspect(
                one["id"], one["name"], one["sex"], [str(Need(need).label) for need in one["needs"]], one["text"],
                datetime.fromisoformat(one["at"]), one["by"],
            )
            for one in row.prospects
        ],
        is_there=row.is_there,
    )  # fmt: skip


def contacts_of(user: User, day: date, staff_id: int) -> Any:
    """Customers whom this member of staff contacted on the day, as one JSON row; no row without a contact."""
    reached = Q(outcome__in=REACHED) & ~Q(channel=Channel.SMS)
    return (
        ContactLog.objects.visible_to(user)
        .filter(staff_id=staff_id, contacted_at__gte=start_of(day), replaced_at=None)
        .order_by()
        .values("staff_id")
        .annotate(
            customers=Count("customer", distinct=True),
            effective=Count("customer", distinct=True, filter=reached),
            booked=Count("customer", distinct=True, filter=Q(outcome=Outcome.BOOKED)),
            met=Count("customer", distinct=True, filter=reached & Q(channel__in=MET)),
        )
        .values(json=JSONObject(customers="customers", effective="effective", booked="booked", met="met"))
    )


def kinds(user: User, day: date, owner: str) -> Any:
    """What waits, by kind: customers, and the money as text so that it stays exact."""
    return (
        ranking.waiting(user, day, owner)
        .order_by()
        .values("kind")
        .annotate(customers=Count("customer", distinct=True), stake=Cast(Sum("amount"), CharField()))
        .order_by("-customers", "kind")
        .values(json=JSONObject(kind="kind", customers="customers", stake="stake"))
    )


def notes(user: User, day: date) -> Any:
    """The newest needs that somebody else noted in the lobby."""
    return (
        ContactLog.objects.visible_to(user)
        .filter(channel=Channel.LOBBY, contacted_at__gte=start_of(day - timedelta(days=NOTE_DAYS)), replaced_at=None)
        .exclude(staff=user)
        .exclude(summary="")
        .order_by("-contacted_at")
        .values(
            json=JSONObject(
                id="customer_id", name="customer__name_mask", text="summary", at="contacted_at", by="staff__name"
            )
        )[:NOTES]
    )


def prospects(user: User) -> Any:
    """The newest visitors who were taken in for this user."""
    return new_prospects(user).values(
        json=JSONObject(
            id="pk", name="name_mask", sex="sex", needs="needs", text="note", at="registered_at",
            by="registered_by__name",
        )
    )[:NOTES]  # fmt: skip


def nudges(user: User, day: date) -> Any:
    """What the branch manager asks this user to see to, newest first."""
    return open_nudges(user, day).values(
        json=JSONObject(
            alert="alert_id",
            customer="customer_id",
            kind="alert__kind",
            name="customer__name_mask",
            sex="customer__sex",
            at="nudged_at",
        )
    )[:NUDGES]


def plans(user: User, day: date, now: datetime, owner_id: int) -> Any:
    """What this member of staff means to do today, and what is overdue, oldest first, each with why its
    customer may not be reached so at this moment; by the index of open plans."""
    wanted = Q(due_date__lte=day) | Q(origin=PlanOrigin.INSPECTION)
    due = MaintenancePlan.objects.open().visible_to(user).filter(wanted, owner_id=owner_id)
    return due.order_by("due_date", "pk").values(
        json=JSONObject(
            plan="pk",
            customer="customer_id",
            name="customer__name_mask",
            sex="customer__sex",
            due="due_date",
            channel="channel",
            call=contactable.call_of_plan(now),
            inspection="inspection_steps__inspection_id",
            **SAID,
        )
    )[:PLANS]
