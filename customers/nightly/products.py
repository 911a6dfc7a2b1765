"""Products whose class or counting was changed: tonight all their holdings are counted as the products now say.

What is published follows the `counted_*` columns of a product, so that old and new part of a holding always come from
one and the same edition of the catalogue. The cost is one read of the holdings, and a write for each one that moves.
"""

from crm import db

PACKAGE = "customers.nightly"


def reclassify() -> None:
    """Put the holdings of changed products among the night's changed holdings, with their published parts as the old
    ones. Runs again after a failed night, whatever has been edited in between."""
    db.run_sql(PACKAGE, "products_changed")
    db.execute("DELETE FROM night_holding WHERE is_reclassified")
    if not db.fetch_value("SELECT EXISTS (SELECT FROM night_product)"):
        return
    for name in ("products_delivered", "products_moved", "products_held"):
        db.run_sql(PACKAGE, name)
