"""Apply the accepted files and the night's numbers to the tables that pages read; the caller holds the transaction."""

from datetime import date
from decimal import Decimal

from django.apps import apps

from crm import db
from customers.choices import LoadState
from customers.models import FeedLoad
from customers.nightly.night import Night

# In the order of their foreign keys; balance changes are written while the holdings still show the old balances.
ENTITIES = (
    "products_update", "customers_update", "customers_insert", "accounts_update", "accounts_insert", "holders_delete",
    "holders_write", "balance_changes", "holdings_update", "holdings_insert", "owners_close", "owners_open",
    "metrics_update", "metrics_insert",
)  # fmt: skip
WORKING_TABLES = (
    "night_customer", "night_account", "night_holder", "night_holding", "night_product", "night_ownership",
    "night_metrics",
)  # fmt: skip


class ControlDifference(Exception):
    """The night's sums disagree with the holdings'; nothing is published."""


def check_control(tonight: Night) -> None:
    """Raise ControlDifference unless customers gained what their holdings gained, to the fen.

    A full recompute mends stored numbers, so that there the two sides may differ.
    """
    if tonight.full:
        return
    row = db.fetch_sql("customers.nightly.publish", "control")[0]
    customers, holdings = Decimal(row["customers"]), Decimal(row["holdings"])
    if customers != holdings:
        raise ControlDifference(f"customers {customers}, holdings {holdings}, difference {customers - holdings}")


def entities(tonight: Night) -> dict[str, int]:
    """Customers, accounts, holdings, owners and metrics; returns rows written per statement."""
    written = {}
    for name in ENTITIES:
        if name == "balance_changes":
            written[name] = balance_changes(tonight)
        else:
            written[name] = db.run_sql("customers.nightly.publish", name, as_of=tonight.as_of)
    return written


def balance_changes(tonight: Night) -> int:
    """The history of balances. Only a day that may have some already pays for looking."""
    name = "balance_changes_corrected" if tonight.is_rerun or tonight.is_first else "balance_changes"
    return db.run_sql("customers.nightly.publish", name, as_of=tonight.as_of)


def moved_branches() -> int:
    """Carry everything of a customer who changed the home branch along: scope goes by the row's own branch."""
    moves = db.fetch_value("SELECT count(*) FROM night_customer WHERE old_branch_id IS NOT NULL")
    if not moves:
        return 0
    for model in apps.get_models():
        names = {field.name for field in model._meta.fields}
        if not {"customer", "branch"} <= names:
            continue
        db.execute(
            f"UPDATE {model._meta.db_table} t SET branch_id = n.branch_id FROM night_customer n "  # noqa: S608
            "WHERE n.old_branch_id IS NOT NULL AND t.customer_id = n.customer_id AND t.branch_id <> n.branch_id"
        )
    return int(moves)


def close_books(as_of: date) -> None:
    """Mark the files that went in as published and empty the working tables."""
    FeedLoad.objects.using("batch").filter(state=LoadState.ACCEPTED, as_of__lte=as_of).update(state=LoadState.PUBLISHED)
    db.execute(f"TRUNCATE {', '.join(WORKING_TABLES)}")
