"""What the managers know of a part of their customers: archives with sources, days and older versions."""

from datetime import date

from archives import records
from archives.models import ArchiveField
from crm import db
from crm.audit import pii

PACKAGE = "crm.demo"
SEALED_KEY = "income_band"
MOST_SEALED = 20_000
COLUMNS = (
    "branch_id, customer_id, field_id, row, text, cipher, digest, is_filled, source, recorder_id, known_on, recorded_at"
)


def write_records(as_of: date, *, with_secrets: bool) -> None:
    """The archives of customers who have an owner; of C2 values the income alone, and only with keys."""
    db.run_sql(PACKAGE, "records", as_of=as_of)
    if with_secrets:
        write_incomes()
    db.run_sql(PACKAGE, "records_measure", as_of=as_of)


def write_incomes() -> None:
    """One sealed value for a third of the archives, at most MOST_SEALED."""
    of = ArchiveField.objects.using("batch").get(key=SEALED_KEY)
    keys = [one["key"] for one in of.options]
    rows = db.fetch_sql(PACKAGE, "records_sealed", most=MOST_SEALED)
    lines = []
    for row in rows:
        text, column = keys[int(row["chance"] * len(keys))], records.secret(row["customer_id"], of, 0)
        sealed = pii.encrypt(column, row["customer_id"], text), pii.index(column, text)
        lines.append((
            row["branch_id"], row["customer_id"], of.pk, 0, "", *sealed, True, "said", row["recorder_id"],
            row["known_on"], row["recorded_at"],
        ))  # fmt: skip
    db.copy_rows_in(f"COPY archives_archivevalue ({COLUMNS}) FROM STDIN", lines)
