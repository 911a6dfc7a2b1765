"""What the pages of segments show, in the scope of the reader: figures, drift, comparison, overlap."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Case, Count, DecimalField, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, Mod
from django.utils.translation import gettext as _

from crm import db
from crm.organization.access import scope_of
from crm.organization.choices import Reach
from crm.organization.models import User
from customers.choices import CustomerStatus, HoldingStatus, ProductClass
from customers.models import Customer, Holding
from segments.choices import MemberCause
from segments.membership import PACKAGE, placed
from segments.models import Segment, SegmentChange, SegmentDay, SegmentMember
from segments.rules import words
from segments.rules.parse import BadRule, parse

DRIFT_DAYS = 60
REASON_DAYS = 14
MOST_REASONS = 6
MOST_ARRIVALS = 10
SAMPLE = 4_000
MOST_COMPARED = 3
HIGH_TIER = 4


@dataclass(frozen=True)
class Figures:
    """Of one segment in the scope of the reader: members and AUM of now, as the customer list has them; who came
    and who went on the published day."""

    members: int = 0
    joined: int = 0
    left: int = 0
    aum: Decimal = Decimal(0)


NOTHING = Figures()


def days_in_scope(user: User) -> QuerySet[SegmentDay]:
    """The counters of the branches that the user leads."""
    scope = scope_of(user)
    if scope is None or not scope.sees_customers:
        return SegmentDay.objects.none()
    return SegmentDay.objects.all() if scope.is_head_office else SegmentDay.objects.filter(branch__in=scope.branch_ids)


def figures_of(user: User, segments: Iterable[Segment], day: date) -> dict[int, Figures]:
    """By segment id; two statements."""
    ids = [one.pk for one in segments]
    if user.reach == Reach.OWN:
        return own_figures(user, ids, day)
    rows = days_in_scope(user).filter(segment__in=ids, as_of=day).values("segment").order_by()
    sums = rows.annotate(m=Sum("members"), i=Sum("joined"), o=Sum("left"), a=Sum("aum"))
    found = {row["segment"]: Figures(row["m"], row["i"], row["o"], row["a"]) for row in sums}
    for pk, (members, aum) in since_counted(user, ids, day).items():
        counted = found.get(pk, NOTHING)
        found[pk] = replace(counted, members=counted.members + members, aum=counted.aum + aum)
    return found


def since_counted(user: User, ids: list[int], day: date) -> dict[int, tuple[int, Decimal]]:
    """What people's changes since the published day add to its members and their AUM, by segment."""
    later = SegmentChange.objects.visible_to(user).filter(segment__in=ids, as_of__gt=day).values("segment").order_by()
    sign = Case(When(is_in=True, then=Value(1)), default=Value(-1), output_field=IntegerField())
    aum = Coalesce(F("customer__metrics__aum"), Decimal(0))
    rows = later.annotate(m=Sum(sign), a=Sum(sign * aum, output_field=DecimalField()))
    return {row["segment"]: (row["m"], row["a"]) for row in rows}


def own_figures(user: User, ids: list[int], day: date) -> dict[int, Figures]:
    """Counted over the user's own customers."""
    mine = SegmentMember.objects.visible_to(user).filter(segment__in=ids).values("segment").order_by()
    held = {
        row["segment"]: (row["m"], row["a"])
        for row in mine.annotate(m=Count("pk"), a=Coalesce(Sum("customer__metrics__aum"), Decimal(0)))
    }
    came = SegmentChange.objects.visible_to(user).filter(segment__in=ids, as_of=day).values("segment").order_by()
    moves = {
        row["segment"]: (row["i"], row["o"])
        for row in came.annotate(i=Count("pk", filter=Q(is_in=True)), o=Count("pk", filter=Q(is_in=False)))
    }
    return {
        pk: Figures(held.get(pk, (0, Decimal(0)))[0], *moves.get(pk, (0, 0)), held.get(pk, (0, Decimal(0)))[1])
        for pk in ids
    }


@dataclass(frozen=True)
class Reason:
    """How many came, or went, for the same reason."""

    text: str
    number: int


@dataclass
class Day:
    """A day of the drift: bars of the chart in its own units, and the reasons of the recent ones."""

    as_of: date
    members: int = 0
    joined: int = 0
    left: int = 0
    came: list[Reason] = field(default_factory=list)
    went: list[Reason] = field(default_factory=list)


def phrases_of(segment: Segment) -> list[str]:
    """The conditions of the rule in force, in the order of the bits of a reason."""
    try:
        return words.phrases(parse(segment.rule)) if segment.rule else []
    except BadRule:
        return []


def reason_text(row: SegmentChange, phrases: Sequence[str], version: int) -> str:
    """Why somebody came, or which conditions no longer hold, where the rule is still the one that they were of."""
    if row.cause == MemberCause.CONDITIONS and row.version == version:
        named = words.joined(words.reasons(list(phrases), row.conditions))
        if named:
            return named if row.is_in else _("no longer: %(conditions)s") % {"conditions": named}
    return str(MemberCause(row.cause).label)


def drift(user: User, segment: Segment, day: date, members: int) -> list[Day]:
    """The last days, oldest first, with the reasons of the newest ones; two statements. `members` are those of now."""
    since = day - timedelta(days=DRIFT_DAYS)
    if user.reach == Reach.OWN:
        days = own_drift(user, segment, since, members)
    else:
        rows = days_in_scope(user).filter(segment=segment, as_of__gt=since).values("as_of").order_by("as_of")
        sums = rows.annotate(m=Sum("members"), i=Sum("joined"), o=Sum("left"))
        days = [Day(row["as_of"], row["m"], row["i"], row["o"]) for row in sums]
    add_reasons(user, segment, days, day)
    return days


def own_drift(user: User, segment: Segment, since: date, members: int) -> list[Day]:
    """Of the user's own customers, on the days on which anything changed."""
    rows = SegmentChange.objects.visible_to(user).filter(segment=segment, as_of__gt=since).values("as_of")
    sums = rows.order_by("-as_of").annotate(i=Count("pk", filter=Q(is_in=True)), o=Count("pk", filter=Q(is_in=False)))
    days = []
    for row in sums:
        days.append(Day(row["as_of"], members, row["i"], row["o"]))
        members += row["o"] - row["i"]
    return days[::-1]


def add_reasons(user: User, segment: Segment, days: list[Day], day: date) -> None:
    phrases = phrases_of(segment)
    recent = SegmentChange.objects.visible_to(user).filter(segment=segment, as_of__gt=day - timedelta(days=REASON_DAYS))
    groups = recent.values("as_of", "is_in", "cause", "conditions", "version").order_by().annotate(number=Count("pk"))
    by_day: dict[tuple[date, bool], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in groups:
        change = SegmentChange(
            cause=row["cause"], conditions=row["conditions"], version=row["version"], is_in=row["is_in"]
        )
        by_day[row["as_of"], row["is_in"]][reason_text(change, phrases, segment.version)] += row["number"]
    for one in days:
        one.came, one.went = (
            [Reason(text, number) for text, number in most_first(by_day[one.as_of, is_in])] for is_in in (True, False)
        )


def most_first(reasons: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda pair: -pair[1])[:MOST_REASONS]


def arrivals(user: User, segment: Segment) -> list[Any]:
    """Who came and went last, each with `why`."""
    rows = SegmentChange.objects.visible_to(user).filter(segment=segment)
    found = list(rows.select_related("customer__metrics").order_by("-as_of", "-pk")[:MOST_ARRIVALS])
    phrases = phrases_of(segment)
    for row in found:
        row.why = reason_text(row, phrases, segment.version)  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True)
class Profile:
    """What a sample of customers looks like; shares are of its members."""

    size: int
    aum: Decimal
    products: Decimal
    high: Decimal
    held: dict[str, Decimal]


@dataclass(frozen=True)
class Line:
    """One property of the segment beside everybody: `times` is the ratio."""

    label: str
    own: Decimal
    all: Decimal
    is_money: bool = False
    is_share: bool = False

    @property
    def times(self) -> Decimal | None:
        return (self.own / self.all).quantize(Decimal("0.1")) if self.all else None


def sample_of(members: QuerySet[Any], key: str, size: int) -> QuerySet[Any]:
    """About SAMPLE of so many rows, spread evenly over the customers' ids."""
    step = max(1, size // SAMPLE)
    spread: QuerySet[Any] = members.annotate(slot=Mod(F(key), Value(step))).filter(slot=0)
    return spread.order_by().values(key)[: SAMPLE * 2]


def profile(sample: QuerySet[Any]) -> Profile:
    """Two statements over a sample of customer ids."""
    people = Customer.objects.filter(pk__in=sample)
    seen = people.aggregate(
        size=Count("pk"), aum=Avg("metrics__aum"), products=Avg("metrics__product_count"),
        high=Count("pk", filter=Q(metrics__tier__gte=HIGH_TIER)),
    )  # fmt: skip
    size = seen["size"] or 1
    held = (
        Holding.objects.filter(customer__in=sample, status=HoldingStatus.OPEN).values("product__counted_class")
        .order_by().annotate(number=Count("customer", distinct=True))
    )  # fmt: skip
    return Profile(
        size=seen["size"],
        aum=Decimal(seen["aum"] or 0),
        products=Decimal(seen["products"] or 0),
        high=Decimal(100 * seen["high"]) / size,
        held={row["product__counted_class"]: Decimal(100 * row["number"]) / size for row in held},
    )


def compared(user: User, segment: Segment, members: int) -> tuple[Profile, list[Line]]:
    """The segment beside all customers in the user's scope, from samples of both; five statements."""
    everybody = Customer.objects.visible_to(user).filter(status=CustomerStatus.ACTIVE, metrics__isnull=False)
    inside = SegmentMember.objects.visible_to(user).filter(segment=segment)
    own = profile(sample_of(inside, "customer_id", members))
    whole = profile(sample_of(everybody, "pk", everybody.count()))
    lines = [
        Line(_("Average AUM"), own.aum, whole.aum, is_money=True),
        Line(_("Products per customer"), own.products, whole.products),
        Line(_("High tiers"), own.high, whole.high, is_share=True),
    ]
    lines += [
        Line(str(kind.label), own.held.get(kind, Decimal(0)), whole.held.get(kind, Decimal(0)), is_share=True)
        for kind in ProductClass
        if kind in own.held or kind in whole.held
    ]
    return own, lines


@dataclass(frozen=True)
class Part:
    """The customers who are in exactly these of the compared segments; `query` finds them in the customer list."""

    inside: list[Segment]
    outside: list[Segment]
    members: int
    aum: Decimal

    @property
    def query(self) -> str:
        return ",".join([*(str(one.pk) for one in self.inside), *(f"-{one.pk}" for one in self.outside)])


def overlap(user: User, segments: Sequence[Segment]) -> list[Part]:
    """Every part of up to three segments with its customers and AUM; one statement."""
    bits = [When(segment=one.pk, then=Value(1 << number)) for number, one in enumerate(segments)]
    rows = SegmentMember.objects.visible_to(user).filter(segment__in=[one.pk for one in segments]).order_by()
    masks = rows.values("customer").annotate(mask=Sum(Case(*bits, output_field=IntegerField())))
    inner, values = placed(masks.values_list("customer", "mask"))
    text = db.sql_text(PACKAGE, "overlap").replace("{masks}", inner)
    found = {row["mask"]: row for row in db.fetch_all(text, values, using="default")}
    return [
        Part(
            [one for number, one in enumerate(segments) if mask >> number & 1],
            [one for number, one in enumerate(segments) if not mask >> number & 1],
            found[mask]["members"] if mask in found else 0,
            found[mask]["aum"] if mask in found else Decimal(0),
        )
        for mask in sorted(range(1, 1 << len(segments)), key=lambda mask: (-mask.bit_count(), mask))
    ]
