"""A year of tiers in every active scheme, as the nights of that year would have left them."""

from datetime import date

from crm import db
from segments.choices import Promotion, TierMetric
from segments.models import TierScheme

PACKAGE = "crm.demo"


def write_tiers(start: date, as_of: date) -> None:
    """TierChange, TierState and DayFigure of schemes on last month's average and on the balance of the day; any other
    scheme gets its tiers from the next night."""
    for scheme in TierScheme.objects.using("batch").filter(is_active=True).order_by("pk"):
        monthly = scheme.metric == TierMetric.LAST_MONTH_AVERAGE and scheme.promotion == Promotion.NEXT_MONTH
        if not monthly and scheme.metric != TierMetric.POINT:
            continue
        db.run_sql(PACKAGE, "tier_start", scheme=scheme.pk, start=start)
        if monthly:
            judge_months(scheme.pk, start, as_of)
        else:
            db.run_sql(PACKAGE, "tier_points", scheme=scheme.pk)
        db.run_sql(PACKAGE, "tier_end", scheme=scheme.pk, start=start, as_of=as_of, is_primary=scheme.is_primary)


def judge_months(scheme_id: int, start: date, as_of: date) -> None:
    """Month by month: the first night judges, then money flows until the month ends. `start` opens a month."""
    before, month = start, start
    while month <= as_of:
        after = next_month(month)
        if month > start:
            db.run_sql(PACKAGE, "tier_month", scheme=scheme_id, month=month, before=before)
        db.run_sql(PACKAGE, "tier_flow", month=month, next=after)
        before, month = month, after


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
