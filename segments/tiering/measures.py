"""Values that the row of nightly numbers does not hold: weighted assets, points, scores, places within a branch.

Reckoned only where a scheme in force asks for them, and of a scheme with a rhythm only when it judges.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from crm import db
from crm.jobs import ledger
from customers.averages import month_start
from customers.nightly.night import Night
from segments.choices import BY_HOLDINGS, Measure, TierMetric
from segments.models import SchemeFactor
from segments.tiering.versions import Running

PACKAGE = "segments.tiering"
MOVEMENT_DAYS = 90
EVERY_ID = (0, 2**62)
OF_CHANGES = (Measure.SPENDING, Measure.MOVEMENTS)


def by_holdings(running: Sequence[Running]) -> bool:
    """Whether a scheme of tonight tells holdings apart."""
    return any(one.scheme.metric in BY_HOLDINGS for one in running)


def measure(tonight: Night, running: Sequence[Running], first: int, last: int, *, everybody: bool) -> None:
    """Write night_measure for one range of customers; nothing to do where no scheme in force needs it."""
    weighted = [one for one in running if one.scheme.metric in BY_HOLDINGS]
    if weighted:
        averages = any(one.scheme.metric == TierMetric.WEIGHTED_LAST_MONTH for one in weighted)
        run("weighted", tonight, weighted, first, last, everybody=everybody, averages=averages, **months(tonight))
    scored = [one for one in running if one.scheme.metric == TierMetric.SCORE]
    if scored:
        run("scores", tonight, scored, first, last, everybody=everybody, least=1, **movements(tonight, scored))


def take_places(tonight: Night, running: Sequence[Running]) -> None:
    """On the days on which places within branches are taken: score everybody, then compare."""
    due = [one for one in running if one.scheme.metric == TierMetric.PERCENTILE and one.is_due]
    if not due:
        return
    run("scores", tonight, due, *EVERY_ID, everybody=True, least=0, **movements(tonight, due))
    db.run_sql(PACKAGE, "places", schemes=[one.scheme.pk for one in due])


def run(name: str, tonight: Night, running: Sequence[Running], first: int, last: int, **more: Any) -> None:
    db.run_sql(
        PACKAGE,
        name,
        as_of=tonight.as_of,
        first_night=ledger.first_published(using="batch") or tonight.as_of,
        is_first=tonight.is_first,
        schemes=[one.scheme.pk for one in running],
        states_of=[one.states_of for one in running],
        due=[one.is_due for one in running],
        first=first,
        last=last,
        **more,
    )


def months(tonight: Night) -> dict[str, Any]:
    last_month_start = month_start(tonight.month_start - timedelta(days=1))
    return {
        "month_start": tonight.month_start,
        "last_month_start": last_month_start,
        "last_month_days": (tonight.month_start - last_month_start).days,
    }


def movements(tonight: Night, running: Sequence[Running]) -> dict[str, Any]:
    """Since when movements count, and whether any factor asks for them."""
    asked = SchemeFactor.objects.using("batch").filter(
        scheme__in=[one.scheme.pk for one in running], measure__in=OF_CHANGES
    )
    return {
        "movements": asked.exists(),
        "movements_since": tonight.as_of - timedelta(days=MOVEMENT_DAYS),
        "is_rerun": tonight.is_rerun,
    }
