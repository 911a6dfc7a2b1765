"""After a handover: is every customer told and called, and do the assets stay? And the note that goes along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from archives.choices import REACHED, Channel, Outcome, Purpose
from archives.models import ContactLog
from archives.plans import said_of
from crm import db
from crm.audit import trail
from crm.organization.models import User
from customers import ownership
from customers.choices import AlertKind, ItemOutcome
from customers.models import Customer, OwnershipMove, OwnershipRequest
from customers.models.customer import hidden


@dataclass(frozen=True)
class Tracked:
    """Counts of the moved customers, and percent; retention is 100 without any loss, None without assets."""

    customers: int
    contacted: int
    told: int
    retention: Decimal | None
    branch_retention: Decimal | None
    last: date
    is_over: bool

    @property
    def contacted_percent(self) -> int:
        return 100 * self.contacted // self.customers if self.customers else 0

    @property
    def told_percent(self) -> int:
        return 100 * self.told // self.customers if self.customers else 0


def tracked(request: OwnershipRequest, today: date) -> Tracked:
    """The figures until the last of the watched days, or today; one statement beside that of the rule."""
    assert request.job is not None and request.job.business_date is not None and request.as_of is not None
    begun = request.job.business_date
    last = begun + timedelta(days=ownership.rule_on(begun).watch_days)
    end = timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min))
    row = db.fetch_sql(
        __package__, "tracker", "default",
        request=request.pk, branch=request.branch_id, as_of=request.as_of, last=last, end=end,
        reached=[one.value for one in REACHED],
    )[0]  # fmt: skip
    return Tracked(
        row["customers"], row["contacted"], row["told"], kept(row["aum"], row["flow"]),
        kept(row["branch_aum"], row["branch_flow"]), last, last < today,
    )  # fmt: skip


def kept(aum: Decimal, flow: Decimal) -> Decimal | None:
    """Percent of the assets that are there after the flow; new money counts too."""
    return (100 * (aum + flow) / aum).quantize(Decimal("0.1")) if aum > 0 else None


def moved(user: User, request: OwnershipRequest) -> QuerySet[Any]:
    """Those who were moved, with what is shown of the customer, and whether anybody has reached them since."""
    reached = ContactLog.objects.filter(
        customer=OuterRef("customer"), contacted_at__gte=OuterRef("moved_at"), outcome__in=REACHED, replaced_at=None
    ).exclude(channel=Channel.SMS)
    moves = OwnershipMove.objects.visible_to(user).filter(request=request, outcome=ItemOutcome.CHANGED)
    shown = moves.select_related("customer__metrics", "to_owner").defer(*hidden("customer"))
    found: QuerySet[Any] = shown.annotate(is_contacted=Exists(reached))
    return found


def tell(user: User, move: OwnershipMove, day: date) -> None:
    """Note that the customer knows of the new manager; a second time changes nothing."""
    told = OwnershipMove.objects.visible_to(user).filter(pk=move.pk, told_on__isnull=True)
    if told.update(told_on=day, told_by=user):
        trail.record(user, "handover.told", customer=move.customer, target=move, detail={"day": day})


@dataclass(frozen=True)
class Line:
    """A line of a continuity note: when, what, and how."""

    day: date
    what: str
    how: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True)
class Note:
    """What was open when the customer changed hands, in the reader's words."""

    move: OwnershipMove
    contacts: list[Line]
    plan: Line | None
    maturities: list[Line]
    alerts: list[Line]


def note_of(user: User, customer: Customer) -> Note | None:
    """The continuity note of the last handover, until the first contact after it is logged; one statement."""
    since = ContactLog.objects.filter(customer=customer, contacted_at__gte=OuterRef("moved_at"))
    moves = OwnershipMove.objects.visible_to(user).filter(
        ~Exists(since), customer=customer, outcome=ItemOutcome.CHANGED, note__isnull=False
    )
    move = moves.select_related("from_owner", "to_owner", "request").order_by("-pk").first()
    if move is None or not isinstance(move.note, Mapping):
        return None
    facts = move.note
    return Note(
        move,
        [contact(one) for one in facts["contacts"]],
        plan(facts["plan"]) if facts["plan"] else None,
        [
            Line(day_of(one["maturity_date"]), one["name"], amount=Decimal(one["balance"]))
            for one in facts["maturities"]
        ],
        [Line(day_of(one["due_date"]), str(AlertKind(one["kind"]).label)) for one in dated(facts["alerts"])],
    )


def dated(alerts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in alerts if one["due_date"]]


def contact(facts: Mapping[str, Any]) -> Line:
    at = parse_datetime(facts["contacted_at"])
    assert at is not None
    how = f"{Channel(facts['channel']).label} {Outcome(facts['outcome']).label}"
    return Line(timezone.localtime(at).date(), facts["summary"] or how, f"{how} {facts['staff']}")


def plan(facts: Mapping[str, Any]) -> Line:
    return Line(day_of(facts["due_date"]), said_of(facts) or str(Purpose(facts["purpose"]).label))


def day_of(text: str) -> date:
    found = parse_date(text)
    assert found is not None
    return found
