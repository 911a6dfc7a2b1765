"""Whom a rule would find, in the scope of whoever asks: at once for the builder, exactly for a proposal."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from crm.organization.models import User
from customers.lists.shape import COUNT_CAP, capped_count
from customers.models import Customer
from customers.models.customer import hidden
from segments.membership import eligible
from segments.models import Segment, SegmentMember
from segments.rules.compile import compiled
from segments.rules.tree import Rule

SAMPLE = 6


@dataclass(frozen=True)
class Preview:
    """`count` stops at COUNT_CAP; the sample are the newest customers among them."""

    count: int
    is_capped: bool
    sample: list[Any]


def found_by(user: User, segment: Segment, rule: Rule, day: date) -> QuerySet[Customer]:
    """The user's customers whom the rule means."""
    return Customer.objects.visible_to(user).filter(eligible(segment), compiled(rule, day), metrics__isnull=False)


def preview(user: User, segment: Segment, rule: Rule, day: date) -> Preview:
    """One statement."""
    rows = found_by(user, segment, rule, day)
    shown = rows.select_related("metrics").defer(*hidden()).annotate(total=capped_count(rows))
    sample = list(shown.order_by("-pk")[:SAMPLE])
    count = sample[0].total if sample else 0
    return Preview(min(count, COUNT_CAP), count > COUNT_CAP, sample)


def figures(user: User, segment: Segment, rule: Rule, day: date) -> dict[str, Any]:
    """Members by the rule, who would come and who would go, and the AUM then; one statement, exact."""
    member = Exists(SegmentMember.objects.filter(segment=segment, customer=OuterRef("pk")))
    asked = Case(When(eligible(segment) & compiled(rule, day), then=True), default=False, output_field=BooleanField())
    rows = Customer.objects.visible_to(user).annotate(is_member=member, is_asked=asked, aum=F("metrics__aum"))
    counted = rows.aggregate(
        members=Count("pk", filter=Q(is_asked=True)),
        joining=Count("pk", filter=Q(is_asked=True, is_member=False)),
        leaving=Count("pk", filter=Q(is_asked=False, is_member=True)),
        money=Coalesce(Sum("aum", filter=Q(is_asked=True)), Decimal(0)),
    )
    money = counted.pop("money")
    return {**counted, "aum": str(money), "day": day.isoformat()}
