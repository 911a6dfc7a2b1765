"""Take back what was loaded for a day before its night publishes it."""

from datetime import date

from django.db import transaction

from crm import db
from crm.audit import trail
from crm.jobs import ledger
from crm.organization.models import User
from customers.choices import LoadState
from customers.feeds.messages import FileStopped, both
from customers.models import FeedLoad

LOADS = FeedLoad.objects.using("batch")
DELTAS = ("night_customer", "night_account", "night_holder", "night_holding", "night_ownership")
WITHDRAWN = both("已撤回", "withdrawn")


def withdraw(as_of: date, actor: User | None = None, address: str | None = None) -> list[FeedLoad]:
    """Withdraw every file of this day that waits for its night, and return their loads.

    All of them at once, since they build on each other: accounts of new customers, holdings of new accounts. What is
    published stays, and so does the product catalogue, which is written when its file is accepted. Raises RunRefused
    while a night computes, FileStopped when no file of this day waits.
    """
    with transaction.atomic(using="batch"):
        ledger.refuse_while_running("nightly")  # this lock keeps loads out too, until the end of the transaction
        loads = list(LOADS.filter(as_of=as_of, state=LoadState.ACCEPTED).order_by("pk"))
        if not loads:
            raise FileStopped(
                f"没有 {as_of} 的文件在等夜间批处理，无可撤回",
                f"no file of {as_of} waits for its night: there is nothing to withdraw",
            )
        numbers = [load.pk for load in loads]
        detail = {"as_of": str(as_of), "loads": numbers, "specs": [load.spec for load in loads]}
        trail.record(actor, "feed.withdrawn", detail=detail, address=address)
        for table in DELTAS:
            db.execute(f"DELETE FROM {table} WHERE load_id = ANY (%s)", [numbers])
        for load in loads:
            load.state, load.message = LoadState.SUPERSEDED, WITHDRAWN
            load.save(using="batch", update_fields=["state", "message"])
    return loads
