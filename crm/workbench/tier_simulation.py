"""分层方案试算 as its page shows it: tiers now and by the draft, who moves, and the calls that this would ask for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from crm.jobs.choices import StepState
from crm.jobs.models import JobChunk
from crm.organization.access import scope_of
from crm.organization.choices import Role
from crm.organization.models import User
from customers.models.customer import hidden
from segments import simulation
from segments.choices import SimulationState
from segments.models import SchemeSimulation, SimulatedMover, SimulatedTier, Tier, TierScheme

MOST_SCHEMES = 50


@dataclass
class Side:
    """A tier on one side of the comparison."""

    customers: int = 0
    aum: Decimal = Decimal(0)
    contacts: Decimal = Decimal(0)


@dataclass(frozen=True)
class Compared:
    """A tier now and by the draft; rank 0 sums all."""

    rank: int
    now: Side
    then: Side

    @property
    def customers(self) -> int:
        return self.then.customers - self.now.customers

    @property
    def aum(self) -> Decimal:
        return self.then.aum - self.now.aum

    @property
    def contacts(self) -> Decimal:
        return self.then.contacts - self.now.contacts


@dataclass(frozen=True)
class Move:
    old: int
    new: int
    customers: int
    aum: Decimal

    @property
    def kind(self) -> str:
        return "up" if self.new > self.old else "down"


@dataclass(frozen=True)
class Load:
    """Contacts a month of one manager; `over` is what the draft asks beyond what they can make."""

    name: str
    now: Decimal
    then: Decimal
    over: Decimal

    @property
    def change(self) -> Decimal:
        return self.then - self.now


@dataclass(frozen=True)
class Verdict:
    """The frozen figures in the reader's scope; `managers` counts all of whom `loads` shows the most changed."""

    tiers: Sequence[Compared]
    total: Compared
    moves: Sequence[Move]
    loads: Sequence[Load]
    managers: int
    capacity: int | None
    movers: Sequence[Any]

    @property
    def moved(self) -> int:
        return sum(move.customers for move in self.moves)

    @property
    def moved_share(self) -> float:
        return 100 * self.moved / self.total.now.customers if self.total.now.customers else 0.0


def verdict(user: User, one: SchemeSimulation) -> Verdict:
    """Head office and administrators read the result as it was frozen; others sum the rows of their branches."""
    result = one.result if sees_all(user) else of_scope(user, one)
    monthly = {int(rank): Decimal(number) for rank, number in result["monthly"].items()}
    now: dict[int, Side] = defaultdict(Side)
    then: dict[int, Side] = defaultdict(Side)
    for move in result["moves"]:
        for sides, rank in ((now, move["old"]), (then, move["new"])):
            if rank:
                side = sides[rank]
                side.customers += move["customers"]
                side.aum += Decimal(move["aum"])
                side.contacts += move["customers"] * monthly.get(rank, Decimal(0))
    tiers = [Compared(rank, now[rank], then[rank]) for rank in sorted({*now, *then}, reverse=True)]
    capacity = result["capacity"]
    moved = [Move(row["old"], row["new"], row["customers"], Decimal(row["aum"])) for row in result["moves"]]
    return Verdict(
        tiers=tiers,
        total=Compared(0, summed(list(now.values())), summed(list(then.values()))),
        moves=sorted((move for move in moved if move.old != move.new), key=lambda move: -move.customers),
        loads=[load_of(row, capacity) for row in result["managers"]],
        managers=result["managers"][0]["managers"] if result["managers"] else 0,
        capacity=capacity,
        movers=movers(user, one),
    )


def sees_all(user: User) -> bool:
    scope = scope_of(user)
    return user.role == Role.ADMIN or (scope is not None and scope.is_head_office)


def of_scope(user: User, one: SchemeSimulation) -> dict[str, Any]:
    scope = scope_of(user)
    rows = SimulatedTier.objects.filter(simulation=one, branch_id__in=scope.branch_ids if scope else ())
    kept = {"monthly": one.result["monthly"], "capacity": one.result["capacity"]}
    return simulation.figures(rows, kept, using="default")


def summed(sides: Sequence[Side]) -> Side:
    return Side(
        sum(side.customers for side in sides),
        sum((side.aum for side in sides), Decimal(0)),
        sum((side.contacts for side in sides), Decimal(0)),
    )


def load_of(row: Mapping[str, Any], capacity: int | None) -> Load:
    now, then = Decimal(row["now"]), Decimal(row["then"])
    return Load(row["name"], now, then, max(Decimal(0), then - capacity) if capacity else Decimal(0))


def movers(user: User, one: SchemeSimulation) -> list[Any]:
    """The first customers whom the draft would move, richest first, in the reader's scope; none for administrators."""
    rows = SimulatedMover.objects.visible_to(user).filter(simulation=one)
    shown = rows.select_related("customer", "branch").defer(*hidden("customer"))
    return list(shown.order_by("-aum", "pk")[: simulation.MOST_MOVERS])


@dataclass(frozen=True)
class Draft:
    scheme: TierScheme
    latest: SchemeSimulation | None


def drafts() -> list[Draft]:
    """Versions that are not released and newer than the released ones, each with its latest simulation."""
    open_ones = TierScheme.objects.filter(is_released=False, is_active=False).order_by("code", "-version")[
        :MOST_SCHEMES
    ]
    found = list(open_ones)
    latest: dict[int, SchemeSimulation] = {}
    runs = SchemeSimulation.objects.filter(scheme__in=[one.pk for one in found]).order_by("scheme", "-pk")
    for one in runs.distinct("scheme").select_related("proposed_by", "made_by"):
        latest[one.scheme_id] = one
    return [Draft(one, latest.get(one.pk)) for one in found]


def running() -> list[TierScheme]:
    """The schemes of which a draft can be made."""
    return list(TierScheme.objects.filter(is_active=True).order_by("-is_primary", "code")[:MOST_SCHEMES])


def latest_of(scheme: TierScheme) -> SchemeSimulation | None:
    rows = SchemeSimulation.objects.filter(scheme=scheme).select_related("base", "made_by", "proposed_by", "decided_by")
    return rows.order_by("-pk").first()


def history_of(scheme: TierScheme) -> list[SchemeSimulation]:
    """Earlier simulations that somebody decided upon."""
    decided = Q(state__in=[SimulationState.APPROVED, SimulationState.REFUSED])
    rows = SchemeSimulation.objects.filter(decided, scheme=scheme).select_related("decided_by", "proposed_by")
    return list(rows.order_by("-pk")[:MOST_SCHEMES])


def bands_of(scheme: TierScheme | None) -> dict[int, Tier]:
    return {band.rank: band for band in scheme.tiers.order_by("rank")} if scheme else {}


def progress(one: SchemeSimulation) -> tuple[int, int]:
    """Chunks done and chunks planned."""
    chunks = JobChunk.objects.filter(step__run=one.run_id, step__name=simulation.STEPS[0].name)
    told = chunks.aggregate(done=Count("pk", filter=Q(state=StepState.DONE)), planned=Count("pk"))
    return told["done"], told["planned"]
