"""What the night does about prospects: it finds who opened an account, and forgets who did not for too long."""

from datetime import date

from campaigns.prospects.models import LobbyRule
from crm import db
from crm.organization import effective

PACKAGE = "campaigns.prospects"


def publish(as_of: date) -> dict[str, int]:
    """Within the night's transaction, after its customers are written; returns prospects opened and forgotten.

    It looks at the customers of tonight's files alone. A second run of the same night finds nothing left to do, unless
    the files were corrected: then what the first one found is judged again.
    """
    db.run_sql(PACKAGE, "undone", as_of=as_of)
    opened = db.run_sql(PACKAGE, "opened", as_of=as_of)
    keep_days = effective.rule_on(LobbyRule, as_of, using="batch").keep_days
    forgotten = db.fetch_sql(PACKAGE, "forgotten", as_of=as_of, keep_days=keep_days)[0]["number"]
    return {"opened": opened, "forgotten": forgotten}
