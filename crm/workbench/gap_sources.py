"""What could fill a customer's gap to the next tier: money that is not in the balance yet, each sum offered once.

A further kind of source is a function in SOURCES and nothing else. A maturing deposit of our own is none: it is in the
balance already, and an occasion to call at most (`maturing`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Min, QuerySet, Subquery, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.models import ArchiveValue
from crm.organization.models import User
from crm.workbench.family import Family, Member, free_money, sources_for
from customers.choices import CustomerStatus, HoldingStatus, ProductClass
from customers.models import Customer, Holding
from customers.models.customer import hidden
from segments.gap import Gap, gap_to_next
from segments.models import Tier

MATURITY_DAYS = 30
MOST_MEMBERS = 500  # of all households on a page


@dataclass(frozen=True)
class Fill:
    """A source of money for a gap: how much of it could come (None: nobody knows how much), by when, and whose."""

    kind: str
    label: str | Promise
    amount: Decimal | None = None
    when: date | None = None
    whose: str = ""


@dataclass(frozen=True)
class Wanted:
    """Whose gaps are to be filled, on the data of `as_of`: all customers of one page, each with the gap."""

    user: User
    tiers: Mapping[int, Tier]
    as_of: date
    gaps: Sequence[tuple[Customer, Gap]]


Fills = dict[int, list[Fill]]


def of_household(wanted: Wanted) -> Fills:
    """Free money of the members whom the user may see, as far as it leaves each in their own tier; one statement.

    It is offered to one member of a household alone, the one with the smallest gap: else one sum would stand behind
    the gaps of two, or two members behind each other's.
    """
    homes = {one.household_id for one, _gap in wanted.gaps if one.household_id is not None}
    if not homes:
        return {}
    members: dict[int, list[Any]] = defaultdict(list)
    free = Subquery(free_money(wanted.user), output_field=DecimalField())
    seen = Customer.objects.visible_to(wanted.user).filter(household__in=homes, status=CustomerStatus.ACTIVE)
    seen = seen.filter(metrics__isnull=False, profiling_opt_out=False).select_related("metrics").defer(*hidden())
    for one in seen.annotate(free=free).order_by("pk")[:MOST_MEMBERS]:
        members[one.household_id or 0].append(one)
    found: Fills = {}
    for customer, gap in wanted.gaps:
        people = members.get(customer.household_id or 0, [])
        if not people or receiver(people, wanted) != customer.pk:
            continue
        others = [Member(one, None, one.free or Decimal(0)) for one in people if one.pk != customer.pk]
        family = Family(others, len(others), Decimal(0))
        found[customer.pk] = [
            Fill("household", _("Household"), source.amount, None, source.member.customer.name_mask)
            for source in sources_for(gap, family, dict(wanted.tiers))
        ]
    return found


def receiver(members: Sequence[Any], wanted: Wanted) -> int | None:
    """Who of a household gets the others' money: the smallest gap, of equal ones the older customer."""
    missing: list[tuple[Decimal, int]] = []
    for one in members:
        gap = gap_to_next(dict(wanted.tiers), one.metrics, wanted.as_of)
        if gap is not None and not gap.is_reached:
            missing.append((gap.missing, one.pk))
    return min(missing)[1] if missing else None


def of_payroll(wanted: Wanted) -> Fills:
    """Wages that come in each month; how much is not in the files."""
    return {one.pk: [Fill("payroll", _("Payroll"))] for one, _gap in wanted.gaps if one.has_payroll}


def told_of_other_banks(user: User) -> QuerySet[ArchiveValue]:
    """What customers have told of their money elsewhere: at which bank, and when it falls due."""
    told = ArchiveValue.objects.visible_to(user).filter(replaced_at__isnull=True, is_filled=True)
    return told.filter(field__key__in=("other_bank", "other_maturity"), customer__profiling_opt_out=False)


def of_other_banks(wanted: Wanted) -> Fills:
    """Money that the customer told us is at another bank, with the day on which it falls due; one statement.

    How much is kept encrypted in the archive: a list shows that there is some, the archive how much to who may look.
    """
    told: dict[tuple[int, int], dict[str, ArchiveValue]] = defaultdict(dict)
    values = told_of_other_banks(wanted.user).filter(customer__in=[one.pk for one, _gap in wanted.gaps])
    for value in values.select_related("field").order_by("customer", "row"):
        told[value.customer_id, value.row][value.field.key] = value
    found: Fills = defaultdict(list)
    for (customer, _row), parts in told.items():
        due = parts["other_maturity"].day if "other_maturity" in parts else None
        name = parts["other_bank"].text if "other_bank" in parts else ""
        if due is None or due >= wanted.as_of:  # what fell due before has gone somewhere, nobody knows where
            found[customer].append(Fill("other_bank", _("Other bank"), None, due, name))
    return found


SOURCES: tuple[Callable[[Wanted], Fills], ...] = (of_household, of_other_banks, of_payroll)


def sources_of(wanted: Wanted) -> Fills:
    """By customer, from every kind of source, the surest first."""
    found: Fills = defaultdict(list)
    for source in SOURCES:
        for pk, fills in source(wanted).items():
            found[pk] += fills
    return dict(found)


@dataclass(frozen=True)
class Maturing:
    """Own deposits and investments that fall due: in the balance already, so only a reason to call."""

    amount: Decimal
    first: date


def maturing(user: User, customers: Iterable[Customer], day: date) -> dict[int, Maturing]:
    """By customer, what matures within the next days; one statement."""
    due = Holding.objects.visible_to(user).filter(
        customer__in=[one.pk for one in customers],
        status=HoldingStatus.OPEN,
        balance__gt=0,
        maturity_date__range=(day, day + timedelta(days=MATURITY_DAYS)),
    )
    sums = due.exclude(product__counted_class=ProductClass.LOAN).values("customer").order_by()
    rows = sums.annotate(total=Sum("balance"), first=Min("maturity_date"))
    return {row["customer"]: Maturing(row["total"], row["first"]) for row in rows}
