"""What the made-up bank gives its tiers, and what customers have used of it, by the product's own statements."""

from datetime import date, timedelta

from campaigns.entitlements.ledger import last_day_of_points, points_rule
from crm import db
from customers.averages import month_start, quarter_start

PACKAGE, NIGHT = "crm.demo", "campaigns.entitlements"
EVERYBODY = "SELECT campaigns_ledger_expire(array_agg(DISTINCT customer_id), %s) FROM campaigns_ledgerentry"


def write_entitlements(as_of: date) -> None:
    """The last quarter and this one up to a day: given, used, expired; points for the average of the month before."""
    db.run_sql(PACKAGE, "entitlements")
    this = quarter_start(as_of)
    for begins in (quarter_start(this - timedelta(days=1)), this):
        db.fetch_value(EVERYBODY, [begins])
        db.run_sql(NIGHT, "grants", day=begins, customers=None)
        if begins == this:
            opens = month_start(as_of)
            rule = points_rule(as_of, "batch")
            db.run_sql(
                NIGHT, "average_points", above=rule.average_above, permille=rule.average_permille, as_of=as_of,
                month=f"{opens:%Y-%m}", day=opens, value=rule.point_value,
                expires_on=last_day_of_points(opens, rule.valid_months),
            )  # fmt: skip
        db.run_sql(PACKAGE, "entitlements_used", since=begins, as_of=as_of)
