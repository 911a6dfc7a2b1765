"""The figures a bank's IT compares with its own: tiers, moves, matrix and upgrade candidates of any published day.

Exact decimals as strings. A past day is read from the history of tiers and balances, not from copies.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from crm import db
from crm.jobs import ledger
from crm.jobs.models import JobRun
from customers import alert_rules
from customers.choices import AlertKind
from segments.choices import TierMetric
from segments.models import Tier, TierScheme
from segments.tiering import versions

PACKAGE = "segments.reports"


class ReportRefused(Exception):
    """The report cannot be made; the message says why in plain words."""


def scheme_of(code: str | None, as_of: date) -> TierScheme:
    """The version that judged this day, of the scheme of this code, of the primary one for None."""
    running = versions.in_force(as_of, using="batch")
    wanted = code or TierScheme.objects.using("batch").get(is_primary=True).code
    found = next((one for one in running if one.code == wanted), None)
    if found is None:
        known = ", ".join(one.code for one in running)
        raise ReportRefused(_("No active scheme %(code)s; there are: %(known)s") % {"code": wanted, "known": known})
    return found


def versions_of(scheme: TierScheme) -> list[int]:
    """All versions of a scheme: a tier is held from version to version."""
    return list(TierScheme.objects.using("batch").filter(code=scheme.code).values_list("pk", flat=True))


def check_in_force(day: date, scheme: TierScheme) -> None:
    """Raise ReportRefused for a day before the scheme's first version, or one that is not published."""
    begins = TierScheme.objects.using("batch").filter(code=scheme.code).order_by("effective_from").first()
    if begins is not None and day < begins.effective_from:
        raise ReportRefused(
            _("The scheme %(code)s is in force from %(first)s; %(day)s lies before it.")
            % {"code": scheme.code, "first": begins.effective_from, "day": day}
        )
    check_published(day)


def check_published(day: date) -> None:
    """Raise ReportRefused for a day after the last published night, or before the first."""
    newest = ledger.published_date(using="batch")
    first = (
        JobRun.objects.using("batch").filter(published_at__isnull=False).order_by("business_date")
        .values_list("business_date", flat=True).first()
    )  # fmt: skip
    if newest is None or first is None:
        raise ReportRefused(_("No night has been published yet."))
    if not first <= day <= newest:
        raise ReportRefused(
            _("Published are %(first)s to %(newest)s; %(day)s is not among them.")
            % {"first": first, "newest": newest, "day": day}
        )


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Decimals as exact strings with two places, for JSON."""
    return [
        {key: f"{value:.2f}" if isinstance(value, Decimal) else value for key, value in row.items()} for row in rows
    ]


def tiers(as_of: date, scheme: TierScheme) -> dict[str, Any]:
    """Customers, AUM and products held by tier, with the totals; products of past days are not kept, so None."""
    check_in_force(as_of, scheme)
    rows = db.fetch_sql(PACKAGE, "tiers", as_of=as_of, scheme=scheme.pk, versions=versions_of(scheme))
    is_newest = as_of == ledger.published_date(using="batch")
    for row in rows:
        row["products"] = int(row["products"]) if is_newest else None
    return {
        "scheme": scheme.code,
        "as_of": as_of.isoformat(),
        "customers": sum(row["customers"] for row in rows),
        "aum": f"{sum((row['aum'] for row in rows), Decimal(0)):.2f}",
        "products": sum(row["products"] for row in rows) if is_newest else None,
        "without_balance": sum(row["without_balance"] for row in rows),
        "tiers": plain(rows),
    }


def matrix(as_of: date, since: date, scheme: TierScheme) -> dict[str, Any]:
    """Customers by tier on both days; rank 0 stands for absent."""
    check_in_force(as_of, scheme)
    check_in_force(since, scheme)
    cells = db.fetch_sql(PACKAGE, "matrix", as_of=as_of, since=since, versions=versions_of(scheme))
    both = [scheme, *(one for one in versions.in_force(since, using="batch") if one.code == scheme.code)]
    tiers_of_both = Tier.objects.using("batch").filter(scheme__in=both)
    ranks = list(tiers_of_both.order_by("rank").values_list("rank", flat=True).distinct())
    return {
        "scheme": scheme.code,
        "since": since.isoformat(),
        "as_of": as_of.isoformat(),
        "ranks": [*ranks, 0],
        "cells": cells,
    }


def moves(as_of: date, since: date, scheme: TierScheme) -> dict[str, Any]:
    """How many went up, down, stayed, came and left between two days."""
    table = matrix(as_of, since, scheme)
    counts = {"up": 0, "down": 0, "same": 0, "new": 0, "gone": 0}
    for cell in table["cells"]:
        old, new = cell["old_rank"], cell["new_rank"]
        kind = "new" if not old else "gone" if not new else "up" if new > old else "down" if new < old else "same"
        counts[kind] += cell["customers"]
    return {"scheme": scheme.code, "since": table["since"], "as_of": table["as_of"], **counts}


def candidates(as_of: date, scheme: TierScheme) -> dict[str, Any]:
    """Customers close to the next tier, by the share that the alert rule of that day names."""
    check_in_force(as_of, scheme)
    newest = ledger.published_date(using="batch")
    is_point = scheme.metric == TierMetric.POINT
    if not is_point and as_of != newest:
        raise ReportRefused(_("Averages of past days are not kept; ask for %(day)s.") % {"day": newest})
    rule = alert_rules.in_force(as_of, using="batch").get(AlertKind.UPGRADE_CRITICAL)
    if rule is None:
        raise ReportRefused(_("No rule for upgrade candidates is in force on %(day)s.") % {"day": as_of})
    share = Decimal(str(rule.parameters["from_share"]))
    rows = db.fetch_sql(
        PACKAGE,
        "candidates",
        as_of=as_of,
        scheme=scheme.pk,
        versions=versions_of(scheme),
        is_point=is_point,
        share=share,
    )
    return {"scheme": scheme.code, "as_of": as_of.isoformat(), "share": str(share), "bands": plain(rows)}
