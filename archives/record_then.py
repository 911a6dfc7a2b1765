"""What else stood on a past day beside the archive: who answered for the customer, tier, money and risk level."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, Sum

from archives.models import RiskAssessment
from crm.jobs.models import JobRun
from crm.organization.models import User
from customers.choices import OwnershipRole
from customers.models import BalanceChange, Customer, Ownership


@dataclass(frozen=True)
class Then:
    """As at the end of the day. `tier` and `aum` are None before the first night, `level` "" without a valid one."""

    owner: User | None
    tier: int | None
    aum: Decimal | None
    level: str


def then_of(user: User, customer: Customer, day: date) -> Then:
    """Five statements."""
    assessed = RiskAssessment.objects.visible_to(user).filter(customer=customer, assessed_on__lte=day)
    newest = assessed.order_by("-assessed_on", "-pk").first()
    return Then(
        owner=main_owner_on(user, customer, day),
        tier=tier_on(user, customer, day),
        aum=aum_on(user, customer, day),
        level=newest.get_level_display() if newest and newest.is_valid(day) else "",
    )


def main_owner_on(user: User, customer: Customer, day: date) -> User | None:
    """Who answered for the customer at the end of the day; one statement."""
    owned = Ownership.objects.visible_to(user).filter(customer=customer, role=OwnershipRole.MAIN, since__lte=day)
    main = owned.filter(Q(until=None) | Q(until__gt=day)).select_related("owner").order_by("-since", "-pk").first()
    return main.owner if main else None


def tier_on(user: User, customer: Customer, day: date) -> int | None:
    """The tier in the scheme that pages show, by any version; by names of relations, since tiers are a layer above."""
    moves = Customer.objects.visible_to(user).filter(
        pk=customer.pk,
        tier_states__scheme__is_primary=True,
        tier_changes__scheme__code=F("tier_states__scheme__code"),
        tier_changes__as_of__lte=day,
    )
    newest = moves.order_by("-tier_changes__as_of", "-tier_changes__pk")
    rank: int | None = newest.values_list("tier_changes__new_rank", flat=True).first()
    return rank


def aum_on(user: User, customer: Customer, day: date) -> Decimal | None:
    """Today's less what has changed since; None before the first published night."""
    metrics = getattr(customer, "metrics", None)
    nights = JobRun.objects.filter(job="nightly", published_at__isnull=False, business_date__lte=day)
    if metrics is None or not nights.exists():
        return None
    since = BalanceChange.objects.visible_to(user).filter(customer=customer, as_of__gt=day)
    moved: Decimal | None = since.aggregate(moved=Sum(F("new_counted") - F("old_counted")))["moved"]
    return Decimal(metrics.aum - (moved or 0))
