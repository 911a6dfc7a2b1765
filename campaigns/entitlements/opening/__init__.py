"""Opening balances of entitlements and points from another system: a kind of file (customers.feeds).

Each row is a lot with its last day, known by its source and its number there, and is written once. What reads otherwise
than before is refused: the ledger is only ever corrected by counter-entries.
"""

from django.utils import timezone

from campaigns.campaign_models import MOST_POINTS
from campaigns.entitlements.ledger import points_rule
from crm import db
from crm.audit import trail
from customers.feeds.merge import Delivery, refuse
from customers.feeds.staging import stage
from customers.feeds.targets import Target, sign_up
from customers.models import FeedLoad

STAGED = "stage_opening"
NEEDED = {"source": "text", "source_no": "text", "customer_no": "text", "quantity": "numeric", "expires_on": "date"}
OPTIONAL = ("entitlement",)


def merge(delivery: Delivery, load: FeedLoad) -> int:
    """Write the lots that are not there yet; returns how many."""
    now = timezone.now()
    day = timezone.localtime(now).date()
    said = "entitlement" if "entitlement" in delivery.provided else "NULL AS entitlement"
    stage(
        delivery.link,
        f"SELECT line, {', '.join(NEEDED)}, {said} FROM good ORDER BY line",  # noqa: S608 - columns of ours
        STAGED,
        "line bigint, " + ", ".join(f"{name} {kind}" for name, kind in NEEDED.items()) + ", entitlement text",
        resolved=("customer_id", "branch_id", "entitlement_id", "entry_id"),
    )
    db.run_sql(__package__, "known")
    refuse("s.customer_id IS NULL", STAGED, "customer_no", "customer")
    refuse("s.entitlement <> '' AND s.entitlement_id IS NULL", STAGED, "entitlement", "entitlement")
    refuse(
        f"s.quantity <> trunc(s.quantity) OR NOT s.quantity BETWEEN 1 AND {MOST_POINTS}", STAGED, "quantity", "units"
    )
    refuse(f"s.entry_id IS NULL AND s.expires_on < date '{day}'", STAGED, "expires_on", "over")
    refuse(
        "EXISTS (SELECT FROM campaigns_ledgerentry e WHERE e.id = s.entry_id AND (e.customer_id <> s.customer_id "
        "OR e.quantity <> s.quantity OR e.expires_on <> s.expires_on "
        "OR e.entitlement_id IS DISTINCT FROM s.entitlement_id))",
        STAGED, "source_no", "written",
    )  # fmt: skip
    written = db.run_sql(__package__, "written", day=day, now=now, value=points_rule(day, "batch").point_value)
    detail = {"load": load.pk, "lots": written}
    trail.append(chain=trail.NO_BRANCH, actor=load.uploaded_by, action="ledger.import", detail=detail)
    return written


def register() -> None:
    """Let such files be loaded."""
    sign_up("opening_balances", Target(frozenset(NEEDED), frozenset(OPTIONAL), __name__, merge))
