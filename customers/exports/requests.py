"""The life of an export: asked for, approved by a second person where it must be, made, fetched once or given up.

PostgreSQL says what is to be done; a message only wakes a worker (crm.workbench.tasks). Whether something may still
happen is decided by the one statement that lets it happen, so that of two people who act at once one is told so.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm import db
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, leaders_of, scoped
from crm.organization.choices import Reach
from crm.organization.models import User
from customers import reveal
from customers.choices import ExportProblem, ExportState
from customers.exports import rows, vault
from customers.models import Customer, ExportRequest
from customers.models.export import UNDER_WAY

TOKEN_BYTES = 16
LINK_HOURS = 24
DECIDE_DAYS = 7
APPROVERS_SHOWN = 5
PEOPLE_SHOWN = 20
ASKED, APPROVED, REFUSED = "export.ask", "export.approve", "export.refuse"
WITHDRAWN, DOWNLOADED = "export.withdraw", "export.download"
RESERVING = (ExportState.WAITING, *UNDER_WAY)


class ExportRefused(Exception):
    """It cannot be asked for as it stands; `problem` says why and what to do."""

    def __init__(self, problem: ExportProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class TooLate(Exception):
    """Somebody else has decided, fetched or withdrawn it, or it has expired."""


def may_export(user: User) -> bool:
    """Those whose customer list shows balances, and who still work here."""
    return user.is_active and user.role in BALANCE_ROLES


def rows_left(user: User, now: datetime, *, besides: int = 0, using: str = "default") -> int:
    """How many rows this user may still ask for today: what was made today and what waits counts."""
    begin = begin_of_day(now)
    mine = ExportRequest.objects.using(using).filter(requested_by=user).exclude(pk=besides)
    taken = mine.filter(Q(made_at__gte=begin) | Q(state__in=RESERVING)).aggregate(
        rows=Sum(Coalesce(F("row_count"), F("rows_expected")))
    )
    return max(0, int(settings.EXPORT_ROWS_A_DAY) - (taken["rows"] or 0))


def needs_approval(user: User, number: int, plain_fields: Sequence[str], now: datetime) -> bool:
    """SECURITY §3.4: any plain value, or many rows, with those that left today without anybody's approval: a list cut
    in pieces is still one list."""
    return bool(plain_fields) or number + unapproved(user, now) > settings.EXPORT_ROWS_UNAPPROVED


def unapproved(user: User, now: datetime) -> int:
    """How many rows of today this user needed nobody for."""
    mine = ExportRequest.objects.filter(requested_by=user, needs_approval=False, requested_at__gte=begin_of_day(now))
    lost = (ExportState.WITHDRAWN, ExportState.FAILED, ExportState.EXPIRED)
    taken = mine.exclude(state__in=lost, made_at__isnull=True).aggregate(
        rows=Sum(Coalesce(F("row_count"), F("rows_expected")))
    )
    return taken["rows"] or 0


def begin_of_day(now: datetime) -> datetime:
    return timezone.make_aware(datetime.combine(timezone.localdate(now), datetime.min.time()))


@dataclass(frozen=True)
class Outlook:
    """What asking would meet: the rows that match (at most one more than are left today), and whether it is gated."""

    rows: int
    left: int
    is_gated: bool

    @property
    def is_too_many(self) -> bool:
        return self.rows > self.left


def outlook(user: User, choice: rows.Choice, now: datetime) -> Outlook:
    """Before anybody asks; raises BadFilters."""
    left = rows_left(user, now)
    number = rows.count_of(user, choice, timezone.localdate(now), left)
    return Outlook(number, left, needs_approval(user, number, (), now))


def ask(
    user: User,
    choice: rows.Choice,
    wanted: Mapping[str, Any],
    *,
    language: str,
    now: datetime,
    address: str | None,
) -> ExportRequest:
    """A request for the rows that are chosen now, and for no others; raises ExportRefused, BadFilters.

    `wanted` holds file_format, plain_fields, reason and note; a list without identities gives none in plain text. The
    lock makes two requests of one user count each other.
    """
    db.hold_lock(lock_of(user), using="default")
    left, table = rows_left(user, now), choice.table
    plain_fields = list(wanted["plain_fields"]) if table.has_identity else []
    ids = rows.ids_of(user, choice, timezone.localdate(now), left)
    check_limits(user, len(ids), left, plain_fields)
    is_gated = needs_approval(user, len(ids), plain_fields, now)
    export = ExportRequest.objects.create(
        token=secrets.token_hex(TOKEN_BYTES), requested_by=user, branch_id=user.branch_id, reach=user.reach,
        list_name=table.shape.name, filters=choice.filters, ids=ids, is_ticked=choice.ids is not None,
        file_format=wanted["file_format"],
        plain_fields=plain_fields, reason=wanted["reason"] if plain_fields else "",
        note=wanted["note"] if plain_fields else "", language=language, needs_approval=is_gated, rows_expected=len(ids),
        state=ExportState.WAITING if is_gated else ExportState.QUEUED,
    )  # fmt: skip
    trail.record(user, ASKED, target=export, detail=facts(export), address=address)
    return export


def check_limits(user: User, number: int, left: int, plain_fields: Sequence[str]) -> None:
    """Raises ExportRefused when nothing would be exported, or more than today allows."""
    if not number:
        raise ExportRefused(ExportProblem.NOTHING)
    if number > left:
        raise ExportRefused(ExportProblem.OVER_LIMIT)
    if plain_fields and number * len(plain_fields) > reveal.left_of_day(user):
        raise ExportRefused(ExportProblem.REVEALS)


def lock_of(user: User) -> str:
    return f"export rows {user.pk}"


def facts(export: ExportRequest) -> dict[str, Any]:
    """What the audit trail keeps of a request."""
    return {
        "list": export.list_name, "filters": export.filters, "ticked": export.is_ticked, "format": export.file_format,
        "rows": export.rows_expected,
        "plain": export.plain_fields, "reason": export.reason, "note": export.note,
        "requested_by": export.requested_by_id,
    }  # fmt: skip


def chosen(export: ExportRequest, tables: Mapping[str, rows.Table]) -> rows.Choice:
    """The rows that it asks for."""
    return rows.Choice(tables[export.list_name], {}, export.ids)


def fresh_count(export: ExportRequest, tables: Mapping[str, rows.Table], day: date) -> int:
    """How many of its rows it would hold now, with the rights that its requester has now.

    In the requester's own scope, on the other connection: what is the requester's alone no approver counts.
    """
    requester = User.objects.select_related("branch").get(pk=export.requested_by_id)
    with scoped(requester, using="audit", snapshot=True):
        return rows.count_of(requester, chosen(export, tables), day, len(export.ids), using="audit")


def people_in(user: User, export: ExportRequest, tables: Mapping[str, rows.Table], day: date) -> list[Customer]:
    """Some of the customers that the file is about, for whoever decides; in the order of its rows, each once."""
    choice = chosen(export, tables)
    shown = rows.still_there(user, replace(choice, ids=export.ids[:PEOPLE_SHOWN]), day)
    customers = Customer.objects.visible_to(user).in_bulk({customer for _row, customer in shown})
    return [customers[pk] for pk in dict.fromkeys(customer for _row, customer in shown) if pk in customers]


def approve(user: User, export: ExportRequest, now: datetime, address: str | None) -> None:
    """Let it be made; raises TooLate. The rows are those that were asked for, whatever has changed since."""
    decide(user, export, now, state=ExportState.QUEUED, problem="")
    trail.record(user, APPROVED, target=export, detail=facts(export), address=address)


def refuse(user: User, export: ExportRequest, reason: str, now: datetime, address: str | None) -> None:
    """Do not let it be made, and say why; raises TooLate."""
    decide(user, export, now, state=ExportState.REFUSED, refusal=reason)
    trail.record(user, REFUSED, target=export, detail={**facts(export), "refusal": reason}, address=address)


def decide(user: User, export: ExportRequest, now: datetime, **values: Any) -> None:
    """One statement: it still waits, and this user is in charge of it and did not ask for it."""
    waiting = ExportRequest.objects.to_decide(user).filter(pk=export.pk, state=ExportState.WAITING)
    if not waiting.update(decided_by=user, decided_at=now, **values):
        raise TooLate


def approvers_of(export: ExportRequest) -> list[User]:
    """Some who may approve it: managers of the branch, or of a place above, other than the requester."""
    is_of_many = export.reach == Reach.SUBTREE
    return list(leaders_of(export.branch, export.requested_by_id, of_all_below=is_of_many)[:APPROVERS_SHOWN])


def withdraw(user: User, export: ExportRequest, address: str | None) -> None:
    """Give it up before it is made, or without fetching it; raises TooLate. The file is gone once this is committed."""
    open_states = (ExportState.WAITING, ExportState.QUEUED, ExportState.READY)
    if not mine(user, export).filter(state__in=open_states).update(state=ExportState.WITHDRAWN):
        raise TooLate
    trail.record(user, WITHDRAWN, target=export, detail=facts(export), address=address)
    transaction.on_commit(lambda: vault.discard(export.token))


def fetch(user: User, export: ExportRequest, now: datetime, address: str | None) -> bytes:
    """The file, once. Raises TooLate, and vault.FileGone when the request stands but its file does not.

    Taken by the first statement: a second click waits for it and finds nothing left.
    """
    ready = mine(user, export).filter(state=ExportState.READY, expires_at__gt=now)
    if not ready.update(state=ExportState.FETCHED, fetched_at=now):
        raise TooLate
    detail = {**facts(export), "rows": export.row_count, "sha256": export.sha256}
    trail.record(user, DOWNLOADED, target=export, detail=detail, address=address)
    transaction.on_commit(lambda: vault.discard(export.token))
    return vault.take_out(export.token)


def lose(user: User, export: ExportRequest) -> None:
    """Its file is not there: say so, with the way out."""
    mine(user, export).update(state=ExportState.FAILED, problem=ExportProblem.FILE_GONE)


def mine(user: User, export: ExportRequest) -> QuerySet[ExportRequest]:
    return ExportRequest.objects.of(user).filter(pk=export.pk)


def sweep(now: datetime) -> list[int]:
    """Give up what nobody fetched or decided, remove its files; returns what a worker must be woken for."""
    requests = ExportRequest.objects.using("batch")
    requests.filter(state=ExportState.READY, expires_at__lte=now).update(state=ExportState.EXPIRED)
    requests.filter(state=ExportState.WAITING, requested_at__lt=now - timedelta(days=DECIDE_DAYS)).update(
        state=ExportState.EXPIRED, problem=ExportProblem.NOBODY_DECIDED
    )
    kept = set(requests.filter(state__in=(ExportState.READY, *UNDER_WAY)).values_list("token", flat=True))
    vault.discard_others(kept)
    return list(requests.filter(state__in=UNDER_WAY).order_by("pk").values_list("pk", flat=True))
