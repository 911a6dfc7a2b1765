"""What more schemes cost a night: one, several on the balance, and as many of the shipped ones with other metrics."""

from statistics import median
from typing import Any

from crm.demo.bench.measure import Goal, Report
from crm.demo.bench.night import FULL_SHARE, load_changes, more_schemes, next_day, only_primary, run_night
from crm.demo.bench.place import bench_database
from segments.choices import BY_MONEY
from segments.models import Tier, TierScheme

NIGHTS = 3
SETTLING_SHARE = 0.001
UNKNOWN_EDGE = 1_000_000


def bench_schemes(customers: int, number: int, *, keep: bool) -> Report:
    """Nights in which 30 % of the holdings changed, under one scheme and under `number`, medians of three."""
    report = Report("night", customers)
    with bench_database(customers, keep=keep):
        only_primary()
        report.figures["a warm night"] = a_night(FULL_SHARE)
        one = nights(report, "one scheme")
        more_schemes(number - 1)
        report.figures["beginning of those on the balance"] = a_night(SETTLING_SHARE)
        several = nights(report, f"{number} schemes on the balance")
        only_primary()
        put_in_force(number - 1)
        report.figures["beginning of the shipped ones"] = a_night(SETTLING_SHARE)
        shipped = nights(report, f"{number} shipped schemes")
        for name, seconds in (("on the balance", several), ("shipped", shipped)):
            report.figures[f"each further one, {name}"] = f"{(seconds - one) / one / (number - 1):.1%}"
        report.goals.append(Goal(f"{number} schemes / one scheme", several, one, 2.0))
        report.goals.append(Goal(f"{number} shipped schemes / one scheme", shipped, one, 2.0))
    return report


def a_night(share: float) -> dict[str, Any]:
    load_changes(share, next_day())
    seconds, steps = run_night(next_day())
    return {"seconds": seconds, "steps": steps}


def nights(report: Report, name: str) -> float:
    """The median of the nights, with their steps written into the report."""
    measured = [a_night(FULL_SHARE) for _night in range(NIGHTS)]
    report.figures[name] = measured
    return float(median(one["seconds"] for one in measured))


def put_in_force(number: int) -> None:
    """Release this many shipped schemes, those of holdings and scores first; edges that nobody knows are made up."""
    shipped = list(
        TierScheme.objects.using("batch").filter(is_released=False, version=1).exclude(code__startswith="bench")
    )
    shipped.sort(key=lambda one: (one.metric in BY_MONEY, one.pk))
    for scheme in shipped[:number]:
        bands = list(Tier.objects.using("batch").filter(scheme=scheme).order_by("rank"))
        if any(one.lower is None for one in bands):
            for place, band in enumerate(bands):
                band.lower = place * UNKNOWN_EDGE
                band.upper = None if band is bands[-1] else (place + 1) * UNKNOWN_EDGE
            Tier.objects.using("batch").bulk_update(bands, ["lower", "upper"])
        TierScheme.objects.using("batch").filter(pk=scheme.pk).update(is_released=True, effective_to=None)
