"""Making the file: in the background, with the rights that the requester has now, in one snapshot of the data.

A worker holds the request's lock for as long as its transaction lives: a second message finds it busy, a killed
worker's request is free at once and is made again from the start. Progress and outcome are written beside that
transaction, which itself can write nothing.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm import db
from crm.audit import trail
from crm.organization.access import scoped
from customers.choices import ExportFormat, ExportProblem, ExportState
from customers.exports import fingerprint, requests, rows, vault
from customers.exports.files import Cell, Mark, written
from customers.exports.requests import ExportRefused
from customers.models import ExportRequest
from customers.models.export import UNDER_WAY

REQUESTS = ExportRequest.objects.using("batch")
MAX_ATTEMPTS = 3
MADE, DENIED = "export.made", "export.denied"
# What makes the document of one customer, by id; raises ExportRefused. It lies in a package above this one.
Document = Callable[[ExportRequest, int, datetime], bytes]


def run(
    export_id: int,
    tables: Mapping[str, rows.Table],
    tiers: Mapping[int, rows.Named],
    now: datetime,
    document: Document | None = None,
) -> str:
    """Make a queued export; returns what became of it in one word. `tiers` are those of the primary scheme by rank.

    Of two workers the second finds it `busy`; of a request that is `over` nothing is done. Without the database
    nothing can be noted: the request stays as it is, and the sweep sends another worker.
    """
    export = REQUESTS.select_related("requested_by__branch").filter(pk=export_id, state__in=UNDER_WAY).first()
    if export is None:
        return "over"
    with scoped(export.requested_by, snapshot=True):
        db.stay_idle("default")
        if not db.try_lock(f"export:{export_id}", using="default"):
            return "busy"
        if not claim(export):
            return "over"
        try:
            make(export, requests.chosen(export, tables), tiers, now, document)
        except ExportRefused as refused:
            end(export, ExportState.FAILED, refused.problem)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            end(export, ExportState.FAILED, ExportProblem.ERROR)
            raise
    return export.state


def claim(export: ExportRequest) -> bool:
    """The request is this worker's; False when it was withdrawn or is over."""
    open_now = REQUESTS.filter(pk=export.pk, state__in=UNDER_WAY)
    claimed = open_now.update(state=ExportState.RUNNING, attempts=F("attempts") + 1, rows_done=0)
    export.refresh_from_db(using="batch", fields=["attempts", "state"])
    return bool(claimed)


def make(
    export: ExportRequest,
    choice: rows.Choice,
    tiers: Mapping[int, rows.Named],
    now: datetime,
    document: Document | None = None,
) -> None:
    """Raises ExportRefused; nothing is kept then."""
    user, day = export.requested_by, timezone.localdate(now)
    check_right(export)
    db.hold_lock(requests.lock_of(user), using="default")
    left = requests.rows_left(user, now, besides=export.pk, using="batch")
    found = rows.still_there(user, choice, day)
    requests.check_limits(user, len(found), left, export.plain_fields)
    found = fingerprint.in_order(export.token, found)
    with translation.override(export.language), timezone.override(settings.TIME_ZONE):
        if export.file_format == ExportFormat.DOCX:
            assert document is not None
            content = document(export, found[0][1], now)
        else:
            lines = told(export, choice, [row for row, _customer in found], tiers, day)
            content = written(export.file_format, choice.table.columns, lines, mark_of(export, now))
    keep(export, [customer for _row, customer in found], content, now)


def check_right(export: ExportRequest) -> None:
    """The rights of this moment, not of the moment of asking (SECURITY A5); raises ExportRefused."""
    user = export.requested_by
    if export.attempts > MAX_ATTEMPTS:
        raise ExportRefused(ExportProblem.WORKERS_DIED)
    has_moved = (user.branch_id, user.reach) != (export.branch_id, export.reach)
    if not requests.may_export(user) or (export.needs_approval and has_moved):
        trail.record(user, DENIED, target=export, detail=requests.facts(export))
        raise ExportRefused(ExportProblem.MOVED if requests.may_export(user) else ExportProblem.NO_RIGHT)


def told(
    export: ExportRequest, choice: rows.Choice, ids: list[int], tiers: Mapping[int, rows.Named], day: date
) -> Iterator[list[Cell]]:
    """The rows, with progress noted for whoever waits."""
    done = 0
    for part in rows.chunks(export, choice, ids, tiers, day):
        yield from part
        done += len(part)
        REQUESTS.filter(pk=export.pk).update(rows_done=done, rows_expected=len(ids))


def mark_of(export: ExportRequest, now: datetime) -> Mark:
    local = timezone.localtime(now)
    text = _("Export %(number)s, staff number %(staff)s, %(time)s. For use inside the bank only.") % {
        "number": export.pk, "staff": export.requested_by.staff_no, "time": f"{local:%Y-%m-%d %H:%M}",
    }  # fmt: skip
    return Mark(text, export.requested_by.staff_no, local, export.get_list_name_display())


def keep(export: ExportRequest, customers: list[int], content: bytes, now: datetime) -> None:
    """Recorded with the customer of each row, sealed, and only then ready."""
    user, digest = export.requested_by, hashlib.sha256(content).hexdigest()
    detail = {**requests.facts(export), "rows": len(customers), "sha256": digest, "approved_by": export.decided_by_id}
    trail.record(user, MADE, target=export, detail=detail)
    shown = {"what": "export", "export": export.pk, "count": len(customers), "ids": customers}
    trail.append(chain=user.branch_id, actor=user, action=trail.LIST, detail=shown)
    vault.put_in(export.token, content)
    export.row_count, export.sha256 = len(customers), digest
    end(
        export, ExportState.READY, row_count=len(customers), rows_done=len(customers), sha256=digest, made_at=now,
        expires_at=now + timedelta(hours=requests.LINK_HOURS),
    )  # fmt: skip


def end(export: ExportRequest, state: ExportState, problem: str = "", **values: object) -> None:
    REQUESTS.filter(pk=export.pk, state=ExportState.RUNNING).update(state=state, problem=problem, **values)
    export.state = state
