"""Who could take over from a leaver, and a draft of who gets whom: by slices the manager chose, the rest balanced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from archives import load
from crm import db
from crm.audit import trail
from crm.organization import workdays
from crm.organization.choices import Role
from crm.organization.models import User
from customers import ownership
from customers.choices import OwnershipRole, RequestKind
from customers.models import Ownership, OwnershipMove, OwnershipRequest
from segments.models import Segment

# Plans and maturities of so many days are looked at.
AHEAD_DAYS = 30
MOST_PEOPLE = 50
MOST_SLICES = 3
# The two highest tiers of a scheme go to colleagues who hold such already.
SENIOR_TIERS = 2
# What a load is made of, beside a tenth for the number of customers: assets and minutes, of high tiers and of the rest.
BY_ASSETS = {"by_assets": Decimal("0.9"), "by_minutes": Decimal(0)}
BY_MINUTES = {"by_assets": Decimal("0.1"), "by_minutes": Decimal("0.8")}


class HandoverRefused(Exception):
    """It cannot be handed over so; the message says why in plain words."""


@dataclass(frozen=True)
class Candidate:
    """A manager: customers, assets, highest tier held, and the coming 30 days (`load`, from archives.load)."""

    customers: int
    aum: Decimal
    top: int
    minutes: int
    staff_no: str
    load: load.Load

    @property
    def pk(self) -> int:
        return self.load.owner_id

    @property
    def name(self) -> str:
        return self.load.name


@dataclass(frozen=True)
class Wish:
    """What the manager asks for: who takes over, which ranks and segments go to whom, whether households may part."""

    candidates: Sequence[int]
    keeps_households: bool = True
    ranks: Mapping[int, int] = field(default_factory=dict)
    segments: Mapping[int, int] = field(default_factory=dict)
    reason: str = ""
    note: str = ""


def people(branch_id: int) -> QuerySet[User]:
    """Who may be handed over from: the branch's managers, and whoever else answers for customers of it."""
    owns = Ownership.objects.filter(
        owner=OuterRef("pk"), branch_id=branch_id, role=OwnershipRole.MAIN, until__isnull=True
    )
    of_branch = Q(branch_id=branch_id, role=Role.RELATIONSHIP_MANAGER, is_active=True)
    return User.objects.filter(of_branch | Exists(owns)).order_by("staff_no")


def loads(branch_id: int, ids: Sequence[int], day: date) -> list[Candidate]:
    """What these people have to do in the coming 30 days, by staff number; in four statements."""
    standard, until = load.standard(day), day + timedelta(days=AHEAD_DAYS)
    available = load.Hours(workdays.between(day, until).working_days, standard, day, until).of(ids)
    about = {"branch": branch_id, "ids": list(ids), "day": day, "until": until, "minutes": standard.minutes}
    return [
        Candidate(
            row["customers"], row["aum"], row["top"], row["minutes"], row["staff_no"],
            load.Load(row["id"], row["name"], row["plans"], row["late"], row["minutes"] / 60, available[row["id"]]),
        )
        for row in db.fetch_sql(__package__, "candidates", "default", **about)
    ]  # fmt: skip


def draft(user: User, leaver: User, branch_id: int, wish: Wish, highest: int, day: date) -> OwnershipRequest:
    """A draft that gives each customer of the leaver in this branch to exactly one candidate; always the same way.

    `highest` is the rank of the highest tier. One statement finds the customers, one for each rank deals them. Raises
    HandoverRefused without candidates or customers, and for candidates who may not own the branch's customers.
    """
    known = ownership.candidates(branch_id).exclude(pk=leaver.pk).filter(pk__in=wish.candidates)
    ids = list(known.values_list("pk", flat=True))
    if not ids or set(ids) != set(wish.candidates):
        raise HandoverRefused(_("Choose at least one manager of the branch who takes over."))
    if not {*wish.ranks.values(), *wish.segments.values()} <= set(ids):
        raise HandoverRefused(_("A slice can only go to a manager who takes over."))
    seen = Segment.objects.visible_to(user).filter(pk__in=wish.segments)
    if seen.count() != len(wish.segments):
        raise HandoverRefused(_("This segment is not there any more."))
    with transaction.atomic():
        request: OwnershipRequest = OwnershipRequest.objects.create(
            kind=RequestKind.HANDOVER, branch_id=branch_id, leaver=leaver, candidates=sorted(ids), reason=wish.reason,
            keeps_households=wish.keeps_households, note=wish.note, requested_by=user,
        )  # fmt: skip
        request.total = collect(request, wish, day)
        if not request.total:
            raise HandoverRefused(_("This person answers for no customer of the branch."))
        request.save(update_fields=["total"])
        balance(request, highest - SENIOR_TIERS + 1, day)
        detail = {"leaver": leaver.pk, "candidates": ids, "customers": request.total}
        trail.record(user, "handover.draft", target=request, detail=detail)
    return request


def collect(request: OwnershipRequest, wish: Wish, day: date) -> int:
    """Write the moves, those of slices and of families with their new manager; returns how many."""
    standard = load.standard(day)
    return db.run_sql(
        __package__, "collect", "default",
        request=request.pk, branch=request.branch_id, leaver=request.leaver_id, keeps=request.keeps_households,
        candidates=request.candidates, day=day, until=day + timedelta(days=AHEAD_DAYS), minutes=standard.minutes,
        segments=list(wish.segments), segment_owners=list(wish.segments.values()),
        ranks=list(wish.ranks), rank_owners=list(wish.ranks.values()),
    )  # fmt: skip


def balance(request: OwnershipRequest, senior: int, day: date) -> None:
    """Deal the moves that are still open, rank by rank from the highest."""
    base = sorted(loads(request.branch_id, request.candidates, day), key=lambda one: one.pk)
    open_ones = OwnershipMove.objects.filter(request=request, to_owner__isnull=True)
    for rank in open_ones.order_by("-rank").values_list("rank", flat=True).distinct():
        db.run_sql(
            __package__, "balance", "default",
            request=request.pk, rank=rank, senior=senior, candidates=[one.pk for one in base],
            aums=[one.aum for one in base], minutes=[one.minutes for one in base],
            counts=[one.customers for one in base], tops=[one.top for one in base],
            **(BY_ASSETS if rank >= senior else BY_MINUTES),
        )  # fmt: skip


@dataclass(frozen=True)
class Share:
    """What a candidate would get of a request, beside what the candidate has today."""

    candidate: Candidate
    customers: int
    aum: Decimal
    minutes: int
    maturing: int

    @property
    def customers_after(self) -> int:
        return self.candidate.customers + self.customers

    @property
    def aum_after(self) -> Decimal:
        return self.candidate.aum + self.aum

    @property
    def hours_after(self) -> float:
        return self.candidate.load.hours + self.minutes / 60

    @property
    def percent_after(self) -> int:
        """Of the hours that there are; anything without time for it 999."""
        available = self.candidate.load.available
        return min(999, round(100 * self.hours_after / available)) if available else 999 if self.hours_after else 0


def shares(user: User, request: OwnershipRequest, day: date) -> list[Share]:
    """Who gets how much, by staff number; every candidate, also who gets nothing."""
    moves = OwnershipMove.objects.visible_to(user).filter(request=request).order_by()
    sums = {
        row["to_owner_id"]: (row["customers"], row["sum"] or Decimal(0), row["time"] or 0, row["maturing"])
        for row in moves.values("to_owner_id").annotate(
            customers=Count("pk"), sum=Sum("aum"), time=Sum("minutes"), maturing=Count("pk", filter=Q(is_maturing=True))
        )
    }
    candidates = loads(request.branch_id, request.candidates, day)
    return [Share(one, *sums.get(one.pk, (0, Decimal(0), 0, 0))) for one in candidates]
