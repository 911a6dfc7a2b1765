"""The night's numbers of each customer: additive from the changed holdings, equal to a full recompute to the fen."""

from crm import db
from crm.jobs.models import JobRun
from crm.jobs.runner import Arguments, Counts
from customers.nightly import night, products

CHANGED = """
SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last
FROM (SELECT customer_id FROM night_holding UNION ALL SELECT customer_id FROM night_customer) changed
"""
EVERYBODY = """
SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last
FROM (SELECT customer_id FROM customers_metrics UNION ALL SELECT customer_id FROM night_customer
      UNION ALL SELECT customer_id FROM night_holding) everybody
"""


def plan(run: JobRun) -> list[Arguments]:
    """Chunks of the changed set, which holdings of reclassified products join; of everybody in a full recompute."""
    db.execute("TRUNCATE night_metrics")  # left over from a run that failed
    products.reclassify()
    for table in ("night_customer (customer_id)", "night_holding (customer_id, holding_id)"):
        db.execute(f"ANALYZE {table}")  # by the columns that joins go by; the others only cost time
    return list(night.customer_ranges(EVERYBODY if night.of_run(run).full else CHANGED))


def compute(run: JobRun, arguments: Arguments) -> Counts:
    """Write night_metrics for one range of customers."""
    tonight = night.of_run(run)
    rows = db.run_sql(
        "customers.nightly",
        "metrics",
        as_of=tonight.as_of,
        is_first=tonight.is_first,
        full=tonight.full,
        chunk=arguments["chunk"],
        first=arguments["first"],
        last=arguments["last"],
    )
    return {"rows": rows}
