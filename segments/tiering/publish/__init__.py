"""Apply the night's tiers to the tables that pages read; the caller holds the transaction."""

from typing import Any

from crm import db
from customers.nightly.night import Night
from segments.models import DayFigure
from segments.tiering import versions

PACKAGE = "segments.tiering.publish"
MOVES = """
SELECT s.code, coalesce(n.old_rank, 0) AS old, coalesce(n.rank, 0) AS new, count(*) AS customers
FROM night_tier n JOIN segments_tierscheme s ON s.id = n.scheme_id
WHERE n.old_rank IS DISTINCT FROM n.rank GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def figures_before(tonight: Night) -> bool:
    """Carry the counters of the last published day forward; must run while pages' tables still show that day.

    False when there is nothing to carry forward, and `figures_after` must count: among others on the night in which
    a version takes over, whose figures of the day before are those of the version it replaces.
    """
    running = versions.tonight(tonight.as_of)
    if tonight.full or tonight.previous is None or versions.any_starts(running):
        return False
    if not DayFigure.objects.using("batch").filter(as_of=tonight.previous).exists():
        return False
    schemes = [one.scheme.pk for one in running]
    db.run_sql(PACKAGE, "figures_moved", as_of=tonight.as_of, previous=tonight.previous, schemes=schemes)
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
    running = versions.tonight(tonight.as_of)
    shown = versions.primary(running).scheme.pk
    metrics_tier = "metrics_tier_anew" if versions.switches(running) else "metrics_tier"
    db.run_sql(PACKAGE, "changes", as_of=tonight.as_of)
    versions.take_over(running)
    remember(tonight)
    for name in ("states_delete", "states_update", "states_insert"):
        db.run_sql(PACKAGE, name)
    if tonight.is_rerun:
        db.run_sql(PACKAGE, "undone", as_of=tonight.as_of)
    db.run_sql(PACKAGE, metrics_tier, scheme=shown)
    db.execute("TRUNCATE night_tier")
    return {"moves": moves}


def remember(tonight: Night) -> None:
    """Keep what tonight's customers held before it, so that this day can be corrected."""
    if not tonight.is_rerun:
        db.execute("TRUNCATE night_tier_before")
    if not tonight.is_first:
        db.run_sql(PACKAGE, "before")
