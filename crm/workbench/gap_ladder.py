"""临界差额榜: who is nearest to the next tier, what is missing, and what could fill it.

Nearest is who has the largest part of the threshold in the balance: that order stands in the index of a branch's (or
the bank's) customers by tier and AUM, so that any page of ten million customers is read from where it begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import DecimalField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from crm.organization.models import User
from crm.workbench.gap_sources import Fill, Maturing, Wanted, maturing, sources_of, told_of_other_banks
from customers.choices import CustomerStatus
from customers.customer_list import CUSTOMERS, last_contact, main_owner, slim
from customers.filters import UNIT, ListFilter
from customers.lists.shape import Page, page_of
from customers.models import Customer
from segments.choices import TierMetric
from segments.gap import Gap, gap_to
from segments.models import Tier

# Half of the threshold in the balance is where it becomes worth talking about (segments.gap: is_near).
NEAR = Decimal("0.5")
GAPS = (1, 5, 20, 100)
USUAL_RANK = 3  # 5万达标: the threshold that branches are measured by


class LadderFilter(ListFilter):
    """Customers below a tier whose balance, if it stays, does not bring them there."""

    customer = ""

    most = django_filters.ChoiceFilter(label=_("Missing at most"), method="at_most", choices=[(n, n) for n in GAPS])
    source = django_filters.ChoiceFilter(
        label=_("Source"),
        method="with_source",
        choices=[("household", _("Household")), ("other_bank", _("Other bank")), ("payroll", _("Payroll"))],
    )

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def __init__(self, data: Mapping[str, str], *, user: User, day: date, as_of: date, target: Tier) -> None:
        self.as_of, self.target = as_of, target
        super().__init__(data, user=user, day=day)

    def visible(self, user: User) -> QuerySet[Customer]:
        """The branch stands on both rows; named of both, it leads into the index of a branch and tier by AUM."""
        edge = self.target.lower
        near = Customer.objects.visible_to(user).filter(
            status=CustomerStatus.ACTIVE,
            profiling_opt_out=False,
            metrics__branch=F("branch"),
            metrics__tier=self.target.rank - 1,
            metrics__aum__gte=edge * NEAR,
            metrics__aum__lt=edge,
        )
        if self.target.scheme.metric == TierMetric.POINT:
            return near
        balances = (F("metrics__aum"), F("metrics__since_date"), F("metrics__month_days"))
        average = Func(*balances, Value(self.as_of), function="projected_month_average", output_field=DecimalField())
        return near.alias(forecast=average).filter(forecast__lt=edge)

    def at_most(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        return rows.filter(metrics__aum__gte=self.target.lower - int(value) * UNIT)

    def with_source(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        if value == "other_bank":
            return rows.filter(Exists(told_of_other_banks(self.user).filter(customer=OuterRef("pk"))))
        return rows.filter(Q(household__isnull=False) if value == "household" else Q(has_payroll=True))


@dataclass(frozen=True)
class Rung:
    """A customer with the gap, what could fill it, and what matures meanwhile."""

    customer: Any
    gap: Gap
    fills: Sequence[Fill]
    due: Maturing | None

    @property
    def known(self) -> Decimal:
        """The sum of the sources of which anybody knows how much they are."""
        return sum((one.amount for one in self.fills if one.amount is not None), Decimal(0))

    @property
    def is_fillable(self) -> bool:
        return self.known >= self.gap.deposit


@dataclass(frozen=True)
class Ladder:
    filters: LadderFilter
    page: Page
    target: Tier
    targets: Sequence[Tier]
    rungs: Sequence[Rung]


def load(customers: QuerySet[Any], shown: frozenset[str], day: date) -> QuerySet[Any]:
    return slim(customers).annotate(owner_name=main_owner(), contacted_at=last_contact())


LADDER = replace(CUSTOMERS, load=load, rows=lambda customers, shown, day: list(customers))


def ladder(user: User, data: Mapping[str, str], tiers: dict[int, Tier], as_of: date, day: date) -> Ladder | None:
    """One page of the ladder to the tier that the address names; None where there is none to climb to.

    Four statements: the page, the households of its customers, what they told of other banks, what matures.
    """
    targets = [tier for rank, tier in tiers.items() if rank - 1 in tiers]
    if not targets:
        return None
    asked = data.get("target", "")
    usual = next((tier for tier in targets if tier.rank == USUAL_RANK), targets[0])
    target = next((tier for tier in targets if str(tier.rank) == asked), usual)
    filters = LadderFilter(data, user=user, day=day, as_of=as_of, target=target)
    sort = LADDER.sort_of["-aum"]
    page = page_of(LADDER, filters, sort, frozenset(), data.get("after", ""), data.get("before", ""))
    gaps = [(one, gap_to(target, one.metrics, as_of)) for one in page.rows]
    fills = sources_of(Wanted(user, tiers, as_of, gaps))
    due = maturing(user, page.rows, day) if page.rows else {}
    rungs = [Rung(one, gap, fills.get(one.pk, []), due.get(one.pk)) for one, gap in gaps]
    return Ladder(filters, page, target, targets, rungs)
