"""What else stood on a past day beside the archive: who answered for the customer, tier, money, risk level, what was
held and to be done, and how complete the archive was.

What people write counts as of the end of the day, what the night makes as of the night of that business date: the page
of a day is what its report said, whatever came later.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from archives.models import ArchiveMeasure, ContactLog, MaintenancePlan, RiskAssessment
from archives.records import end_of
from crm.jobs.models import JobRun
from crm.organization.models import User
from customers.choices import HoldingStatus, OwnershipRole
from customers.models import Alert, BalanceChange, Customer, Holding, Ownership

MOST_HOLDINGS = 20
MOST_CONTACTS = 5
MOST_OPEN = 20


@dataclass(frozen=True)
class Then:
    """`tier` and `aum` are None, and nothing is held, before the first night; `level` is "" without a valid one, and
    `completeness` None before it was first measured. Of holdings `then` is the balance."""

    owner: User | None
    tier: int | None
    aum: Decimal | None
    level: str
    completeness: int | None
    holdings: list[Holding] = field(default_factory=list)
    contacts: list[ContactLog] = field(default_factory=list)
    contact_count: int = 0
    plans: list[MaintenancePlan] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)


def then_of(user: User, customer: Customer, day: date) -> Then:
    """At most twelve statements."""
    night = JobRun.objects.filter(job="nightly", published_at__isnull=False, business_date__lte=day)
    newest = night.order_by("-business_date").first()
    assessed = RiskAssessment.objects.visible_to(user).filter(
        customer=customer, assessed_on__lte=day, recorded_at__lt=end_of(day)
    )
    level = assessed.order_by("-assessed_on", "-pk").first()
    measured = ArchiveMeasure.objects.visible_to(user).filter(customer=customer, measured_on__lte=day)
    contacts = contacts_on(user, customer, end_of(day))
    return Then(
        owner=main_owner_on(user, customer, day),
        tier=tier_on(user, customer, day),
        aum=aum_on(user, customer, day) if newest else None,
        level=level.get_level_display() if level and level.is_valid(day) else "",
        completeness=measured.order_by("-measured_on", "-pk").values_list("completeness", flat=True).first(),
        holdings=holdings_on(user, customer, day) if newest else [],
        contacts=list(contacts.order_by("-contacted_at", "-pk")[:MOST_CONTACTS]),
        contact_count=contacts.count(),
        plans=plans_on(user, customer, day, newest),
        alerts=alerts_on(user, customer, day),
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
    """Today's less what has changed since."""
    metrics = getattr(customer, "metrics", None)
    if metrics is None:
        return None
    since = BalanceChange.objects.visible_to(user).filter(customer=customer, as_of__gt=day)
    moved: Decimal | None = since.aggregate(moved=Sum(F("new_counted") - F("old_counted")))["moved"]
    return Decimal(metrics.aum - (moved or 0))


def holdings_on(user: User, customer: Customer, day: date) -> list[Holding]:
    """What was held, largest first: the balance is what the first later change found, today's where there is none."""
    later = BalanceChange.objects.visible_to(user).filter(customer=customer, holding=OuterRef("pk"), as_of__gt=day)
    balance = Coalesce(Subquery(later.order_by("as_of").values("old_balance")[:1]), F("balance"))
    known = Holding.objects.visible_to(user).filter(customer=customer).annotate(then=balance)
    # Of one without a balance, a card say, only the days tell whether it was there.
    begun = Q(first_on__lte=day) | Q(first_on=None) & (Q(start_date=None) | Q(start_date__lte=day))
    is_there = Q(status=HoldingStatus.OPEN) | Q(closed_on__gt=day)
    held = known.filter(~Q(then=0) | begun & is_there)
    return list(held.select_related("product").order_by("-then", "pk")[:MOST_HOLDINGS])


def contacts_on(user: User, customer: Customer, end: datetime) -> QuerySet[ContactLog]:
    """The contacts that were written down by then, as they were worded then: corrections of later days are not in."""
    made = ContactLog.objects.visible_to(user).filter(customer=customer, contacted_at__lt=end, recorded_at__lt=end)
    return made.filter(Q(replaced_at=None) | Q(replaced_at__gte=end)).select_related("staff")


def plans_on(user: User, customer: Customer, day: date, night: JobRun | None) -> list[MaintenancePlan]:
    """What was planned and not closed. The plans of the night of that day were made in the morning after it."""
    made = Q(created_at__lt=end_of(day))
    if night is not None and night.published_at is not None:
        made |= Q(created_by=None, created_at__lte=night.published_at)
    known = MaintenancePlan.objects.visible_to(user).filter(made, customer=customer)
    still = known.filter(Q(closed_on=None) | Q(closed_on__gt=day))
    return list(still.select_related("step").order_by("created_at", "pk")[:MOST_OPEN])


def alerts_on(user: User, customer: Customer, day: date) -> list[Alert]:
    """The alerts that had been raised and not closed."""
    raised = Alert.objects.visible_to(user).filter(customer=customer, raised_on__lte=day)
    return list(raised.filter(Q(closed_on=None) | Q(closed_on__gt=day)).order_by("raised_on", "pk")[:MOST_OPEN])
