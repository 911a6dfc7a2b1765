"""Apply the night's tiers to the tables that pages read; the caller holds the transaction."""

from typing import Any

from crm import db
from customers.nightly.night import Night
from segments.alerts.rules import primary_scheme_id
from segments.models import DayFigure

PACKAGE = "segments.tiering.publish"
MOVES = """
SELECT s.code, coalesce(n.old_rank, 0) AS old, coalesce(n.rank, 0) AS new, count(*) AS customers
FROM night_tier n JOIN segments_tierscheme s ON s.id = n.scheme_id
WHERE n.old_rank IS DISTINCT FROM n.rank GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def figures_before(tonight: Night) -> bool:
    """Carry the counters of the last published day forward; must run while pages' tables still show that day.

    False when there is nothing to carry forward, and `figures_after` must count.
    """
    if tonight.full or tonight.previous is None:
        return False
    if not DayFigure.objects.using("batch").filter(as_of=tonight.previous).exists():
        return False
    db.run_sql(PACKAGE, "figures_moved", as_of=tonight.as_of, previous=tonight.previous)
    return True


def figures_after(tonight: Night) -> None:
    """Count the day's figures from every customer."""
    DayFigure.objects.using("batch").filter(as_of=tonight.as_of).delete()
    db.run_sql(PACKAGE, "figures_counted", as_of=tonight.as_of)


def publish(tonight: Night) -> dict[str, Any]:
    """Tier states and their history; returns customers moved by scheme and "old>new" (0 = not a customer)."""
    moves: dict[str, dict[str, int]] = {}
    for row in db.fetch_all(MOVES):
        moves.setdefault(row["code"], {})[f"{row['old']}>{row['new']}"] = row["customers"]
    db.run_sql(PACKAGE, "changes", as_of=tonight.as_of)
    for name in ("states_delete", "states_update", "states_insert"):
        db.run_sql(PACKAGE, name)
    if tonight.previous == tonight.as_of:
        db.run_sql(PACKAGE, "undone", as_of=tonight.as_of)
    db.run_sql(PACKAGE, "metrics_tier", scheme=primary_scheme_id())
    db.execute("TRUNCATE night_tier")
    return {"moves": moves}
