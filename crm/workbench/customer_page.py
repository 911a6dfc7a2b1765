"""What the customer 360 shows, gathered in a fixed number of queries."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Sum, Window

from archives.contacts import recent_contacts
from archives.models import ContactLog
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.curve import Curve, aum_curve
from crm.workbench.why_now import Deadline, Reason, Today, deadline, reason
from customers.averages import last_month_average, month_average, projected_month_average, quarter_average
from customers.choices import CustomerType, HoldingStatus, OwnershipRole, ProductClass
from customers.models import Alert, Customer, Holding, Metrics, Ownership, Relation
from customers.models.customer import CustomerQuerySet
from segments.gap import Gap, balances_of, gap_to_keep, gap_to_next
from segments.models import TierChange, TierScheme

MATURITY_DAYS = 30
MOST_HOLDINGS = 50
MOST_MEMBERS = 50


@dataclass(frozen=True)
class AlertCard:
    alert: Alert
    reason: Reason
    deadline: Deadline


@dataclass(frozen=True)
class HoldingRow:
    """`share` is of the positive balances that count in AUM; `days` until maturity."""

    holding: Holding
    share: Decimal | None
    days: int | None
    is_soon: bool


@dataclass(frozen=True)
class Figures:
    """Balance and averages on the data date."""

    month_average: Decimal
    projected: Decimal
    last_month: Decimal
    quarter: Decimal


@dataclass(frozen=True)
class Family:
    """The household of a customer: the members whom the user may see, and the sum of all of them (DOMAIN §3).

    `others` counts everybody but the customer, `in_other_hands` those of them who are not named here.
    """

    members: list[Customer]
    others: int
    aum: Decimal

    @property
    def in_other_hands(self) -> int:
        return self.others - len(self.members)


@dataclass(frozen=True)
class Page:
    customer: Customer
    metrics: Metrics | None
    age: int | None
    owner: Ownership | None
    figures: Figures | None
    curve: Curve | None
    keep: Gap | None
    gap: Gap | None
    holdings: list[HoldingRow]
    maturing: list[HoldingRow]
    maturing_sum: Decimal
    alerts: list[AlertCard]
    contacts: list[ContactLog]
    relations: list[Relation]
    household: Family | None
    changes: list[TierChange]
    may_move: bool


def customers_for_page() -> CustomerQuerySet:
    """Customers with what the page shows of them; encrypted columns stay in the database."""
    return Customer.objects.select_related("branch", "metrics").defer(
        "id_no_cipher", "mobile_cipher", "address_cipher", "name_bigrams"
    )


def gather(user: User, customer: Customer, today: Today, now: datetime) -> Page:
    """Everything the page shows of a customer that the user may see."""
    metrics: Metrics | None = getattr(customer, "metrics", None)
    rows = holding_rows(user, customer, today.day)
    maturing = [row for row in rows if row.is_soon]
    return Page(
        customer=customer,
        metrics=metrics,
        age=age_on(customer, today.day),
        owner=Ownership.objects.visible_to(user)
        .filter(customer=customer, role=OwnershipRole.MAIN, until__isnull=True)
        .select_related("owner")
        .first(),
        figures=figures_on(metrics, today.as_of) if metrics else None,
        curve=aum_curve(user, customer, metrics.aum, today.as_of, today.tiers.values()) if metrics else None,
        keep=gap_to_keep(today.tiers, metrics, today.as_of) if metrics else None,
        gap=gap_to_next(today.tiers, metrics, today.as_of) if metrics else None,
        holdings=rows,
        maturing=maturing,
        maturing_sum=sum((row.holding.balance for row in maturing), Decimal(0)),
        alerts=alert_cards(user, customer, today, now),
        contacts=recent_contacts(user, customer),
        relations=relations_of(user, customer),
        household=household_of(user, customer),
        changes=list(
            TierChange.objects.visible_to(user)
            .filter(customer=customer, scheme__code__in=TierScheme.objects.filter(is_primary=True).values("code"))
            .order_by("-as_of")[:5]
        ),
        may_move=user.role == Role.BRANCH_MANAGER,
    )


def age_on(customer: Customer, day: date) -> int | None:
    """Whole years; the birth date itself stays off the page (SECURITY §3.3)."""
    born = customer.birth_date
    if born is None or customer.customer_type != CustomerType.PERSON:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def figures_on(metrics: Metrics, as_of: date) -> Figures:
    row = balances_of(metrics)
    return Figures(
        month_average(row, as_of),
        projected_month_average(row, as_of),
        last_month_average(row, as_of),
        quarter_average(row, as_of),
    )


def holding_rows(user: User, customer: Customer, day: date) -> list[HoldingRow]:
    """Open holdings, next maturity first, then by balance."""
    holdings = list(
        Holding.objects.visible_to(user)
        .filter(customer=customer, status=HoldingStatus.OPEN)
        .select_related("product", "account")
        .defer("account__account_no_cipher")
        .order_by(F("maturity_date").asc(nulls_last=True), "-balance")[:MOST_HOLDINGS]
    )
    total = sum((one.balance for one in holdings if one.product.counted_in_aum and one.balance > 0), Decimal(0))
    return [
        HoldingRow(
            holding=one,
            share=one.balance / total * 100 if total and one.product.counted_in_aum else None,
            days=(one.maturity_date - day).days if one.maturity_date else None,
            is_soon=is_soon(one, day),
        )
        for one in holdings
    ]


def is_soon(holding: Holding, day: date) -> bool:
    """Does our customer's money fall due within the next days? A loan is the bank's money."""
    due = holding.maturity_date
    if due is None or holding.balance <= 0 or holding.product.product_class == ProductClass.LOAN:
        return False
    return day <= due <= day + timedelta(days=MATURITY_DAYS)


def alert_cards(user: User, customer: Customer, today: Today, now: datetime) -> list[AlertCard]:
    alerts = (
        Alert.objects.live()
        .visible_to(user)
        .filter(customer=customer)
        .select_related("customer__metrics")
        .order_by("severity", "due_date", "pk")[:20]
    )
    return [AlertCard(alert, reason(alert, today), deadline(alert, now)) for alert in alerts]


def relations_of(user: User, customer: Customer) -> list[Relation]:
    """Relations of a customer; a related customer outside the user's scope is not loaded, and so not shown."""
    visible = customers_for_page().visible_to(user)
    rows = Relation.objects.visible_to(user).filter(customer=customer).order_by("pk")
    return list(rows.prefetch_related(Prefetch("related_customer", visible))[:20])


def household_of(user: User, customer: Customer) -> Family | None:
    """The household as far as row-level security shows it; None where the customer lives in none, or alone.

    Whoever may see one member's balances may know the sum of all, though not who the others are: the sum and the
    number are of every row of the user's branches, names only of customers in the user's scope.
    """
    if customer.household_id is None:
        return None
    in_scope = Customer.objects.visible_to(user).filter(pk=OuterRef("pk"))
    rows: list[Any] = list(
        customers_for_page()
        .filter(household_id=customer.household_id)
        .annotate(is_in_scope=Exists(in_scope), people=Window(Count("pk")), wealth=Window(Sum("metrics__aum")))
        .order_by("-is_in_scope", "pk")[:MOST_MEMBERS]
    )
    if len(rows) < 2:
        return None
    known = [row for row in rows if row.is_in_scope and row.pk != customer.pk]
    return Family(known, rows[0].people - 1, rows[0].wealth or Decimal(0))
