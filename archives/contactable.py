"""可否联系: may this customer be reached, for what, by which way, when. Here the one rule is asked.

It is SQL (migrations can_contact, refusals_of_campaigns): accounts that are all closed, consent by purpose and channel,
do-not-contact, minors, an open complaint, whom running campaigns leave alone, the cap of touches, the hours. A contact
that has been made is never refused: a log records what happened. What is barred is a call about to be made (the page
greys it) and a task for one (the database refuses it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import IntegrityError
from django.db.models import F, Func, JSONField, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from archives.choices import Bar, Channel
from crm import db
from customers.contact_bar import purpose_of_kind

SHORT = {
    Bar.CLOSED: gettext_lazy("Customer closed"),
    Bar.DO_NOT_CONTACT: gettext_lazy("Do not contact"),
    Bar.REFUSED: gettext_lazy("Refused this"),
    Bar.MINOR: gettext_lazy("A minor"),
    Bar.COMPLAINT: gettext_lazy("Complaint open"),
    Bar.NO_CONSENT: gettext_lazy("No consent"),
    Bar.LEFT_ALONE: gettext_lazy("Left alone by campaign"),
    Bar.CAP: gettext_lazy("Contacted often"),
    Bar.HOURS: gettext_lazy("Outside hours"),
}
CONSTRAINT = "customer_can_be_contacted"


@dataclass(frozen=True)
class Verdict:
    """Why a customer may not be reached, and from when on they may again, where that is known."""

    bar: str
    free_at: datetime | None = None

    @property
    def text(self) -> str:
        """Why not, and until when."""
        why = str(Bar(self.bar).label)
        if self.free_at is None:
            return why
        return _("%(why)s Possible again from %(moment)s.") % {"why": why, "moment": self.free_text}

    @property
    def short(self) -> str:
        """The same in two or three words, for a row of a list."""
        return str(SHORT[Bar(self.bar)])

    @property
    def free_text(self) -> str:
        """The moment from which on it is allowed again."""
        return date_format(timezone.localtime(self.free_at), "Y-m-d H:i") if self.free_at else ""


def verdict_on_call(customer_id: int, purpose: str, channel: str, at: datetime) -> Verdict | None:
    """Why the customer may not be reached at this moment; None where they may. One statement."""
    row = db.fetch_all(
        "SELECT bar, free_at FROM contact_bar(%s, %s, %s, %s)", [customer_id, purpose, channel, at], "default"
    )[0]
    return Verdict(row["bar"], row["free_at"]) if row["bar"] else None


def verdicts(customer_id: int, purpose: str, channels: Sequence[str], at: datetime) -> dict[str, Verdict]:
    """channel → why the customer may not be reached by it at this moment; one statement."""
    rows = db.fetch_all(
        "SELECT way, b.bar, b.free_at FROM unnest(%s::text[]) way, contact_bar(%s, %s, way, %s) b "
        "WHERE b.bar IS NOT NULL",
        [list(channels), customer_id, purpose, at],
        "default",
    )
    return {row["way"]: Verdict(row["bar"], row["free_at"]) for row in rows}


def reasons(closed: Mapping[str, Verdict]) -> list[tuple[str, Verdict]]:
    """What is closed now, each reason once with the names of the ways that it closes."""
    ways: dict[Verdict, list[str]] = {}
    for way, verdict in closed.items():
        ways.setdefault(verdict, []).append(str(Channel(way).label))
    return [(pgettext("between names", ", ").join(names), verdict) for verdict, names in ways.items()]


def verdict_on_plan(
    customer_id: int, purpose: str, channel: str, day: date, plan_id: int | None = None
) -> Verdict | None:
    """Why no such contact may be planned for this day, what is planned beside it counted; the plan itself is not."""
    row = db.fetch_all(
        "SELECT bar, free_at FROM contact_bar(%s, %s, %s, %s, true, %s)",
        [customer_id, purpose, channel, noon(day), plan_id],
        "default",
    )[0]
    return Verdict(row["bar"], row["free_at"]) if row["bar"] else None


def bars_of_plans(customer_ids: Sequence[int], purpose: str, channel: str, day: date) -> dict[int, str]:
    """customer id → why no such contact may be planned for this day, of those for whom that is so; one statement."""
    rows = db.fetch_all(
        "SELECT c.id, b.bar FROM unnest(%s::bigint[]) c(id), contact_bar(c.id, %s, %s, %s, true) b "
        "WHERE b.bar IS NOT NULL",
        [list(customer_ids), purpose, channel, noon(day)],
        "default",
    )
    return {row["id"]: row["bar"] for row in rows}


def hold(customer_ids: Sequence[int]) -> None:
    """Until the transaction ends nobody else plans a contact with these; in the order of ids, so that nobody waits in a
    circle."""
    db.execute("SELECT hold_touches(id) FROM unnest(%s::bigint[]) id ORDER BY id", [sorted(customer_ids)], "default")


def way_for(customer_id: int, purpose: str, day: date) -> str:
    """By phone, or in person where calls for this are closed."""
    verdict = verdict_on_plan(customer_id, purpose, Channel.PHONE, day)
    closed = verdict is not None and verdict.bar in (Bar.DO_NOT_CONTACT, Bar.REFUSED, Bar.MINOR, Bar.NO_CONSENT)
    return Channel.FACE if closed else Channel.PHONE


def refusal_of(error: IntegrityError) -> str | None:
    """What the database refused a plan for, in words; None for any other error."""
    found: Any = getattr(error.__cause__, "diag", None)
    if getattr(found, "constraint_name", None) != CONSTRAINT:
        return None
    return Verdict(found.message_detail).text


def noon(day: date) -> datetime:
    """A moment of the day, where only the day matters."""
    return timezone.make_aware(datetime.combine(day, time(12)))


class VerdictOf(Func):
    """Annotation: why the customer of a row may not be reached, as JSON for `verdict_of`. For the rows of a page."""

    function = "contact_bar"
    template = "to_jsonb(%(function)s(%(expressions)s))"
    output_field = JSONField()

    def __init__(self, customer: str, purpose: Any, channel: Any, at: datetime, *planned: Any) -> None:
        super().__init__(F(customer), purpose, channel, Value(at), *planned)


def verdict_of(found: Mapping[str, Any]) -> Verdict | None:
    """What `VerdictOf` has brought."""
    if not found["bar"]:
        return None
    return Verdict(found["bar"], datetime.fromisoformat(found["free_at"]) if found["free_at"] else None)


class PressureOf(Func):
    """Annotation: how far the touches of the customer of a row are on a day, as JSON for `pressure_of`."""

    function = "contact_pressure"
    output_field = JSONField()

    def __init__(self, customer: str, day: date) -> None:
        super().__init__(F(customer), Value(day))


@dataclass(frozen=True)
class Pressure:
    """触达压力: `made` of `most` touches of marketing in `days` days; `free_on`: when the next one fits, None now."""

    made: int
    most: int
    days: int
    free_on: date | None


def pressure_of(found: Mapping[str, Any] | None, day: date) -> Pressure | None:
    """What `PressureOf` has brought; None where the tier has no cap."""
    if found is None:
        return None
    free = date.fromisoformat(found["free_on"])
    return Pressure(found["made"], found["most"], found["days"], free if free > day else None)


def task_of_plan(day: date) -> VerdictOf:
    """The same for the plan of a row, as things stand on this day."""
    return VerdictOf("customer_id", F("purpose"), F("channel"), noon(day), Value(True), F("pk"))


def call_of_plan(at: datetime) -> VerdictOf:
    """The same for doing the plan of a row at this moment."""
    return VerdictOf("customer_id", F("purpose"), F("channel"), at)


def call_about_alert(at: datetime) -> VerdictOf:
    """The same for a call about the alert of a row."""
    return VerdictOf("customer_id", purpose_of_kind(), Value(Channel.PHONE.value), at)
