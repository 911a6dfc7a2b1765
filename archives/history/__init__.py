"""History of contacts from another system, under its real author and time: a kind of file (customers.feeds).

A row is known by its source and its number there. What is new is appended; what reads otherwise than before is a
correction, appended too. History records what happened: no cap refuses it, no alert or plan is answered by it, nothing
is planned from it. Only a refusal that is a customer's newest word bars the customer, like one that is noted today.
"""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from archives.choices import REACHED, Direction, Purpose
from crm import db
from crm.audit import trail
from customers.feeds.merge import Delivery, refuse
from customers.feeds.staging import stage
from customers.feeds.targets import Target, sign_up
from customers.models import FeedLoad

STAGED = "stage_contact"
NEEDED = {"source": "text", "source_no": "text", "staff_no": "text", "customer_no": "text", "said_at": "timestamp",
          "channel": "text", "outcome": "text"}  # fmt: skip
# With what a new row holds where the file has no such column, or nothing in it.
OPTIONAL = {
    "direction": ("text", f"'{Direction.OUTBOUND.value}'"), "purpose": ("text", f"'{Purpose.CARE.value}'"),
    "summary": ("text", "''"), "products": ("text", "''"), "amount": ("numeric(18, 2)", "NULL"),
    "next_action": ("text", "''"), "next_date": ("date", "NULL"),
}  # fmt: skip


def merge(delivery: Delivery, load: FeedLoad) -> int:
    """Write what is new and what reads otherwise than before; returns how many contacts that are."""
    zone, now = settings.TIME_ZONE, timezone.now()
    stage_rows(delivery)
    refuse_rows(timezone.localtime(now))
    db.run_sql(__package__, "differing", zone=zone)
    refuse("s.first_id IS NOT NULL AND s.last_replaced", STAGED, "source_no", "corrected")
    db.run_sql(__package__, "replaced", now=now)
    written = db.run_sql(__package__, "written", zone=zone, now=now, recorder=load.uploaded_by_id)
    barred = db.run_sql(__package__, "refusals", reached=list(REACHED), now=now, recorder=load.uploaded_by_id)
    detail = {"load": load.pk, "contacts": written, "refusals": barred}
    trail.append(chain=trail.NO_BRANCH, actor=load.uploaded_by, action="contact.import", detail=detail)
    return written


def stage_rows(delivery: Delivery) -> None:
    """The rows beside who and what they speak of; a column that the file does not have stays as it was."""
    said = [name if name in delivery.provided else f"NULL AS {name}" for name in OPTIONAL]
    needed = [{"said_at": "contacted_at"}.get(name, name) for name in NEEDED]
    kinds = NEEDED | {name: kind for name, (kind, _empty) in OPTIONAL.items()}
    stage(
        delivery.link,
        f"SELECT line, {', '.join([*needed, *said])} FROM good ORDER BY line",
        STAGED,
        "line bigint, " + ", ".join(f"{name} {kind}" for name, kind in kinds.items()),
        resolved=("staff_id", "customer_id", "branch_id", "first_id", "last_id"),
    )
    db.execute(f"ALTER TABLE {STAGED} ADD COLUMN last_replaced boolean")
    db.run_sql(__package__, "known")
    kept = [
        f"{name} = coalesce({f's.{name}' if name in delivery.provided else f'l.{name}'}, {empty})"
        for name, (_kind, empty) in OPTIONAL.items()
    ]
    db.execute(
        f"UPDATE {STAGED} s SET {', '.join(kept)} FROM {STAGED} o "
        "LEFT JOIN archives_contactlog l ON l.id = o.last_id WHERE o.line = s.line"
    )


def refuse_rows(now: datetime) -> None:
    """Rows that nobody can have written so, at this moment by the clock of the bank."""
    refuse("s.staff_id IS NULL", STAGED, "staff_no", "staff")
    refuse("s.customer_id IS NULL", STAGED, "customer_no", "customer")
    refuse(f"s.said_at > timestamp '{now:%Y-%m-%d %H:%M:%S}'", STAGED, "contacted_at", "future")
    refuse("s.next_date < s.said_at::date", STAGED, "next_date", "next_before")
    refuse("s.amount < 0", STAGED, "amount", "negative")
    refuse(
        "EXISTS (SELECT FROM archives_contactlog l WHERE l.id = s.last_id AND l.customer_id <> s.customer_id)",
        STAGED, "customer_no", "other_customer",
    )  # fmt: skip


def register() -> None:
    """Let such files be loaded."""
    columns = frozenset(name for name in NEEDED if name != "said_at") | {"contacted_at"}
    sign_up("contact_history", Target(columns, frozenset(OPTIONAL), __name__, merge))
