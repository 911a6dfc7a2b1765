"""The night's part: find who is to be contacted, by which step, on which working day, and write what has changed.

Plans follow from what is published: the tier, the main owner, contacts, dates and alerts. So a night run twice writes
nothing the second time, and a corrected day moves or calls off what the wrong file had asked for.
"""

import time
from datetime import timedelta
from typing import Any

from archives import plans
from archives.choices import CYCLES, DATE_EVENTS, MET, REACHED
from archives.models import MaintenancePlan
from crm import db
from crm.organization import workdays
from crm.organization.models import DayTarget
from customers.nightly.night import Night

# Important dates and maturities are planned a month ahead, so that the coming month's load can be seen.
SIGHT_DAYS = 31
# Who waits already is spread over half a year at most, the longest cycle.
SPREAD_DAYS = 182
EMPTY = "TRUNCATE night_plan, night_plan_customer, night_plan_seen"


def publish(tonight: Night, touched: str | None) -> dict[str, Any]:
    """Plan for whom the night or people changed anything; returns plans written and called off, and the seconds taken.

    `touched` is the table with the ids of the customers whom this night touches; None: everybody. The caller holds the
    transaction of the night, in which owners, tiers and alerts are published already.
    """
    began = time.monotonic()
    day: dict[str, Any] = {"as_of": tonight.as_of, "morning": tonight.morning}
    day["horizon"] = tonight.morning + timedelta(days=SIGHT_DAYS)
    day["since"] = tonight.morning - timedelta(days=workdays.LONGEST_BREAK)
    # What came about otherwise than by registering and closing: a plan that was open again after an undo.
    plans.pause(using="batch")
    plans.resume(tonight.morning, using="batch")
    find_customers(tonight, touched, day)
    db.run_sql(__package__, "cadence", **day, cycles=list(CYCLES), reached=list(REACHED), met=list(MET))
    db.run_sql(__package__, "events", **day, cycles=list(CYCLES), dates=list(DATE_EVENTS))
    db.execute("ANALYZE night_plan")
    db.run_sql(__package__, "barred", **day)
    db.execute("ANALYZE planning_barred")
    db.run_sql(__package__, "leave_out")
    called_off = db.run_sql(__package__, "call_off", **day)
    db.run_sql(__package__, "away", **day, longest=workdays.LONGEST_BREAK)
    db.run_sql(__package__, "settled", **day)
    contacts = capacity(tonight)
    for later in (False, True):
        db.run_sql(__package__, "spread", **day, span=SPREAD_DAYS, capacity=contacts, later=later)
    db.execute("DELETE FROM archives_cappedplan w USING night_plan_customer c WHERE c.customer_id = w.customer_id")
    db.run_sql(__package__, "capped", **day)
    written = db.run_sql(__package__, "write", **day)
    db.run_sql(__package__, "waits", **day)
    customers = db.fetch_value("SELECT count(*) FROM night_plan_customer")
    db.execute(EMPTY)
    db.execute("DROP TABLE planning_barred")
    seconds = round(time.monotonic() - began, 2)
    return {"customers": customers, "written": written, "called_off": called_off, "seconds": seconds}


def find_customers(tonight: Night, touched: str | None, day: dict[str, Any]) -> None:
    """Fill the working tables with everybody who is looked at; all of them until the planner has planned once."""
    db.execute(EMPTY)
    if touched is not None and tonight.previous is not None and has_planned():
        text = db.sql_text(__package__, "seen").replace("{touched}", touched)
        seen = tonight.previous + timedelta(days=1 + SIGHT_DAYS)
        db.execute(text, {**day, "previous": tonight.previous, "seen": seen})
        db.run_sql(__package__, "sight", seen=seen, horizon=day["horizon"], dates=list(DATE_EVENTS))
    else:
        db.run_sql(__package__, "everybody")
    db.execute("ANALYZE night_plan_seen")
    db.run_sql(__package__, "customers")
    db.execute("ANALYZE night_plan_customer")


def has_planned() -> bool:
    return MaintenancePlan.objects.using("batch").exclude(episode="").exists()


def capacity(tonight: Night) -> int:
    """Contacts that a manager can make in a day."""
    targets = DayTarget.objects.using("batch").filter(effective_from__lte=tonight.morning)
    newest = targets.order_by("-effective_from").first()
    return newest.contacts if newest else 0
