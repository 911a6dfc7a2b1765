"""What the customer 360 shows, gathered in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F

from archives import care, plans
from archives.care import CareDay
from archives.contactable import Pressure, pressure_of
from archives.models import MaintenancePlan
from archives.suitability import Suitability, suitability_of
from campaigns.entitlements.standing import Left
from campaigns.entitlements.standing import standings as what_is_left
from campaigns.propensity.likelihood import Likelihood, told
from campaigns.standing import Standing, standings
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.curve import Curve, aum_curve
from crm.workbench.family import Family, Relative, Source, household_of, relatives_of, sources_for
from crm.workbench.handover.tracker import Note, note_of
from crm.workbench.known_facts import Glance, glance
from crm.workbench.tier_story import Story, story_of
from crm.workbench.timeline import Event, Timeline, first_page, timeline
from crm.workbench.why_now import Deadline, Reason, Today, deadline, reason
from customers.averages import last_month_average, month_average, projected_month_average, quarter_average
from customers.choices import CustomerType, HoldingStatus, ProductClass
from customers.models import Alert, Customer, Holding, Metrics, Ownership
from segments.gap import Gap, balances_of, gap_to_keep, gap_to_next
from segments.suggestions import Groups, groups_of

MATURITY_DAYS = 30
CONTACT_DAYS = 30
DOCUMENT_DAYS = 90
MOST_HOLDINGS = 50
MOST_PLANS = 10
# What the page reads of the past at once: the first page of the timeline, and what the curve marks of a year.
RECENT_EVENTS = 120
FIRST_EVENTS = 15


@dataclass(frozen=True)
class AlertCard:
    alert: Alert
    reason: Reason
    deadline: Deadline


@dataclass(frozen=True)
class HoldingRow:
    """`share` is of the positive balances that count in AUM; `days` until maturity; `is_above` what is suitable."""

    holding: Holding
    share: Decimal | None
    days: int | None
    is_soon: bool
    is_above: bool = False


@dataclass(frozen=True)
class Figures:
    """Balance and averages on the data date."""

    month_average: Decimal
    projected: Decimal
    last_month: Decimal
    quarter: Decimal


@dataclass(frozen=True)
class Touches:
    """Contacts of the past 30 days, and the last one at all, as far as the events of the page go back."""

    number: int
    last: Event | None


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
    sources: list[Source]
    holdings: list[HoldingRow]
    maturing: list[HoldingRow]
    maturing_sum: Decimal
    alerts: list[AlertCard]
    touches: Touches
    timeline: Timeline
    relatives: list[Relative]
    household: Family | None
    archive: Glance
    care_days: list[CareDay]
    plans: list[MaintenancePlan]
    groups: Groups
    story: Story
    suitability: Suitability
    likelihood: Likelihood | None
    continuity: Note | None
    pressure: Pressure | None
    campaigns: list[Standing]
    entitlements: list[Left]
    day: date
    may_move: bool

    @property
    def document_expired(self) -> bool:
        return self.customer.id_expiry_date is not None and self.customer.id_expiry_date < self.day

    @property
    def document_expires(self) -> bool:
        """Within the days in which DOMAIN §4 begins to warn."""
        expiry = self.customer.id_expiry_date
        return expiry is not None and self.day <= expiry <= self.day + timedelta(days=DOCUMENT_DAYS)

    @property
    def above(self) -> list[HoldingRow]:
        """What is held of a risk above what the customer can bear."""
        return [row for row in self.holdings if row.is_above]

    @property
    def dated_plans(self) -> list[tuple[MaintenancePlan, bool]]:
        """Open plans, each with whether its day has passed."""
        return [(plan, plan.is_overdue(self.day)) for plan in self.plans]

    @property
    def other_relatives(self) -> list[Relative]:
        """Related parties who are not among the members of the household that the page names."""
        named = {member.customer.pk for member in self.household.members} if self.household else set()
        return [one for one in self.relatives if one.customer is None or one.customer.pk not in named]


def gather(user: User, customer: Customer, today: Today, now: datetime) -> Page:
    """Everything the page shows of a customer that the user may see; `customer` comes from `customers_for_page`."""
    metrics: Metrics | None = getattr(customer, "metrics", None)
    age = age_on(customer, today.day)
    suitability = suitability_of(user, customer, age, today.day)
    rows = holding_rows(user, customer, today.day, suitability)
    maturing = [row for row in rows if row.is_soon]
    held = {row.holding.product.counted_class for row in rows}
    recent = timeline(user, customer, number=RECENT_EVENTS)
    relatives = relatives_of(user, customer)
    household = household_of(user, customer, relatives)
    keep = gap_to_keep(today.tiers, metrics, today.as_of) if metrics else None
    gap = gap_to_next(today.tiers, metrics, today.as_of) if metrics else None
    tiers = list(today.tiers.values())
    return Page(
        customer=customer,
        metrics=metrics,
        age=age,
        owner=getattr(customer, "main", None),
        figures=figures_on(metrics, today.as_of) if metrics else None,
        curve=aum_curve(user, customer, metrics.aum, today.as_of, tiers, recent.events) if metrics else None,
        keep=keep,
        gap=gap,
        sources=sources_for(keep or gap, household, today.tiers),
        holdings=rows,
        maturing=maturing,
        maturing_sum=sum((row.holding.balance for row in maturing), Decimal(0)),
        alerts=alert_cards(user, customer, today, now),
        touches=touches_of(recent.events, today.day),
        timeline=first_page(recent, FIRST_EVENTS),
        relatives=relatives,
        household=household,
        archive=glance(user, customer, today.day),
        care_days=care.upcoming(customer, today.day)[: care.MOST_SHOWN],
        plans=plans.of_customer(user, customer, MOST_PLANS),
        groups=groups_of(
            user, customer, held, suitability.highest, sells=not getattr(customer, "open_complaint", None)
        ),
        story=story_of(user, customer, metrics, today.as_of, today.tiers, keep, gap),
        suitability=suitability,
        likelihood=told(getattr(customer, "likelihood", None)),
        continuity=note_of(user, customer),
        pressure=pressure_of(getattr(customer, "pressure", None), today.day),
        campaigns=standings(getattr(customer, "campaigns_now", None)),
        entitlements=what_is_left(getattr(customer, "entitlements_left", None)),
        day=today.day,
        may_move=user.role == Role.BRANCH_MANAGER,
    )


def touches_of(events: Sequence[Event], day: date) -> Touches:
    contacts = [event for event in events if event.name == "contact" and not event.detail.get("replaced")]
    since = day - timedelta(days=CONTACT_DAYS)
    return Touches(sum(event.day > since for event in contacts), contacts[0] if contacts else None)


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


def holding_rows(user: User, customer: Customer, day: date, suitability: Suitability) -> list[HoldingRow]:
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
            is_above=suitability.forbids(one.product.risk),
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
