"""Who belongs to a customer: the household with its sum, related parties, and whose money could close a gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Exists, F, FilteredRelation, OuterRef, Q, Subquery, Sum, Window
from django.db.models.functions import JSONObject
from django.utils import timezone

from archives.contactable import PressureOf
from archives.models import Complaint
from campaigns.entitlements.standing import left_on
from campaigns.propensity import likelihood
from campaigns.standing import running_for
from crm.organization.access import ScopedQuerySet
from crm.organization.models import User
from customers.choices import FundingSource, HoldingStatus, OwnershipRole, ProductClass
from customers.models import Customer, Holding, Relation, Star
from customers.models.customer import hidden
from segments.gap import Gap
from segments.models import Tier

MOST_MEMBERS = 50
MOST_RELATIONS = 20
# What moves within the day without a loss; a time deposit of a relative would lose its interest.
FREE_CLASSES = (ProductClass.DEMAND, ProductClass.NOTICE)
# Less than a tenth of what is missing is not worth a question.
LEAST_SHARE = Decimal("0.1")


@dataclass(frozen=True)
class Relative:
    """A related party; `customer` only where the user may see them, `is_customer` also where not."""

    relation: Relation
    customer: Customer | None
    is_customer: bool


@dataclass(frozen=True)
class Member:
    """A customer of the same household whom the user may see; `free` is money that could move today."""

    customer: Customer
    relation: Relation | None
    free: Decimal


@dataclass(frozen=True)
class Family:
    """The household of a customer: the members whom the user may see, and the sum of all of them (DOMAIN §3).

    `others` counts everybody but the customer, `in_other_hands` those of them who are not named here.
    """

    members: list[Member]
    others: int
    aum: Decimal

    @property
    def in_other_hands(self) -> int:
        return self.others - len(self.members)


@dataclass(frozen=True)
class Source:
    """Money of a member that could close a gap: `amount` of it keeps the member's own tier, `left` is what stays."""

    member: Member
    amount: Decimal
    left: Decimal
    is_enough: bool


def customers_for_page(user: User) -> ScopedQuerySet[Any]:
    """The user's customers with what the page shows of them: their main owner as `main`, whether the user starred
    them, the open complaint that is due first, how likely they say yes, and what is left of entitlements and points.
    Encrypted columns stay away."""
    complaints = Complaint.objects.open().visible_to(user).filter(customer=OuterRef("pk")).order_by("due_date", "pk")
    told = JSONObject(pk="pk", due="due_date", state="state", handler="handler__name")
    starred = Star.objects.filter(user=user, customer=OuterRef("pk"))
    owned = Q(ownerships__role=OwnershipRole.MAIN, ownerships__until__isnull=True)
    return (
        Customer.objects.visible_to(user)
        .annotate(main=FilteredRelation("ownerships", condition=owned), is_starred=Exists(starred))
        .annotate(open_complaint=Subquery(complaints.values(json=told)[:1]))
        .annotate(pressure=PressureOf("pk", timezone.localdate()), campaigns_now=running_for(user))
        .annotate(likelihood=likelihood.score_of(user), entitlements_left=left_on(timezone.localdate()))
        .select_related("branch", "metrics", "main__owner")  # type: ignore[misc]
        .defer(*hidden())
    )


def relatives_of(user: User, customer: Customer) -> list[Relative]:
    """Related parties; a customer outside the user's scope is told as one, without a name. One statement."""
    in_scope = Customer.objects.visible_to(user).filter(pk=OuterRef("related_customer_id"))
    rows: list[Any] = list(
        Relation.objects.visible_to(user)
        .filter(customer=customer)
        .annotate(is_in_scope=Exists(in_scope))
        .select_related("related_customer__metrics")
        .defer(*hidden("related_customer"))
        .order_by("pk")[:MOST_RELATIONS]
    )
    return [
        Relative(row, row.related_customer if row.is_in_scope else None, row.related_customer_id is not None)
        for row in rows
    ]


def household_of(user: User, customer: Customer, relatives: Sequence[Relative]) -> Family | None:
    """The household as far as row-level security shows it; None where the customer lives in none, or alone.

    Whoever may see one member's balances may know the sum of all, though not who the others are: the sum and the
    number are of every row of the user's branches, names only of customers in the user's scope.
    """
    if customer.household_id is None:
        return None
    in_scope = Customer.objects.visible_to(user).filter(pk=OuterRef("pk"))
    rows: list[Any] = list(
        Customer.objects.select_related("metrics")
        .defer(*hidden())
        .filter(household_id=customer.household_id)
        .annotate(
            is_in_scope=Exists(in_scope),
            people=Window(Count("pk")),
            wealth=Window(Sum("metrics__aum")),
            free=Subquery(free_money(user), output_field=DecimalField()),
        )
        .order_by("-is_in_scope", "pk")[:MOST_MEMBERS]
    )
    if len(rows) < 2:
        return None
    ties = {one.customer.pk: one.relation for one in relatives if one.customer}
    known = [row for row in rows if row.is_in_scope and row.pk != customer.pk]
    members = [Member(row, ties.get(row.pk), row.free or Decimal(0)) for row in known]
    return Family(members, rows[0].people - 1, rows[0].wealth or Decimal(0))


def free_money(user: User) -> Any:
    """What a customer holds in demand and notice deposits of their own money, as far as the user may see it."""
    return (
        Holding.objects.visible_to(user)
        .filter(
            customer=OuterRef("pk"),
            status=HoldingStatus.OPEN,
            funding_source=FundingSource.OWN,
            product__product_class__in=FREE_CLASSES,
        )
        .values("customer")
        .annotate(total=Sum(F("balance")))
        .values("total")
    )


def sources_for(gap: Gap | None, household: Family | None, tiers: dict[int, Tier]) -> list[Source]:
    """Whose money in the household could close the gap today, and still leave each in their own tier; most first.

    A maturing deposit of ours is none: it is in the balance already.
    """
    if gap is None or household is None or not gap.deposit:
        return []
    found = []
    for member in household.members:
        metrics = getattr(member.customer, "metrics", None)
        tier = tiers.get(metrics.tier) if metrics else None
        amount = min(member.free, metrics.aum - tier.lower) if metrics and tier else Decimal(0)
        if metrics and amount >= gap.deposit * LEAST_SHARE:
            moved = min(amount, gap.deposit)
            found.append(Source(member, amount, metrics.aum - moved, amount >= gap.deposit))
    return sorted(found, key=lambda source: -source.amount)
