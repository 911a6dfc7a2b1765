"""Visitors without an account, and calls from the lobby: what a branch's doors brought in."""

from datetime import date, timedelta

from campaigns.prospects.models import MOBILE
from crm import db
from crm.audit import pii

PACKAGE = "crm.demo"
# 199 and a row's number: nobody among the customers has such a number.
FIRST_NUMBER = 19_900_000_000
SEALED = "UPDATE campaigns_prospect p SET mobile_cipher = s.cipher, mobile_index = s.digest, mobile_mask = s.mask FROM "


def write_prospects(as_of: date, *, with_secrets: bool) -> None:
    """Prospects with their history, and referrals, up to the eve of the day on which the bank is first read.

    The numbers of those without an account are sealed.
    """
    db.run_sql(PACKAGE, "prospects", as_of=as_of, last=as_of + timedelta(days=1))
    if not with_secrets:
        return
    waiting = db.fetch_all("SELECT id FROM campaigns_prospect WHERE converted_on IS NULL ORDER BY id")
    ids = [row["id"] for row in waiting]
    sealed = pii.seal_many(MOBILE, ids, [str(FIRST_NUMBER + pk) for pk in ids])
    db.execute("CREATE TEMP TABLE demo_number (id bigint, cipher bytea, digest bytea, mask text) ON COMMIT DROP")
    db.copy_rows_in(
        "COPY demo_number (id, cipher, digest, mask) FROM STDIN",
        ((pk, one.cipher, one.index, one.mask) for pk, one in zip(ids, sealed, strict=True)),
    )
    db.execute(f"{SEALED} demo_number s WHERE p.id = s.id")
