"""The registry of fields that a rule may ask for, each with its type and the set operation behind it.

`moves` says what can change the answer for a customer whom the night's files do not touch: nothing (NIGHT), the passing
of days (TIME), or what people do in the daytime (PEOPLE). A rule without PEOPLE fields is judged again only for the
customers of the changed set, and for those for whom the passing of days turns a condition over.
"""

from calendar import isleap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.db.models.expressions import Combinable
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.choices import REACHED, Channel, PlanState
from archives.models import ContactLog, MaintenancePlan
from crm.organization.models import User
from customers.choices import (
    AlertKind,
    CompanySize,
    CustomerType,
    HoldingStatus,
    OwnershipRole,
    ProductClass,
    RelationType,
    Sex,
)
from customers.filters import MOST_TIERS
from customers.models import Alert, Holding, Ownership, Relation
from segments.models import Segment, SegmentMember, TierState
from segments.rules import averages
from segments.rules.kinds import AT_LEAST, Choice, Days, Flag, Kind, Money, Whole, Words
from segments.tiers import primary_tiers

NIGHT, TIME, PEOPLE = "night", "time", "people"
MOST_SEGMENTS = 500
# Held although no balance stands behind it.
WITHOUT_BALANCE = (ProductClass.CARD, ProductClass.E_BANKING)

READER: ContextVar[User | None] = ContextVar("segments_seen_by", default=None)

Test = Callable[[str, Any, date], Q]


@dataclass(frozen=True)
class Field:
    """`test` makes a Q of Customer from an op, a value and the data date; it is true or false, never unknown.

    `label` names the field, and where it `is_verb` the value follows it as its object; a flag has the two sentences
    `yes` and `no` instead. `unit` follows a number.
    """

    key: str
    group: str | Promise
    label: str | Promise
    kind: Kind
    moves: str
    test: Test
    unit: str | Promise = ""
    yes: str | Promise = ""
    no: str | Promise = ""
    is_verb: bool = False


def column(path: str) -> Test:
    """A column that may be empty, compared with a number."""

    def test(op: str, value: Any, day: date) -> Q:
        return Q(**{f"{path}__isnull": False}) & Q(**{f"{path}__{'gte' if op == AT_LEAST else 'lt'}": value})

    return test


def one_of(path: str) -> Test:
    return lambda op, value, day: Q(**{f"{path}__in": value})


def flag(path: str) -> Test:
    return lambda op, value, day: Q(**{path: value})


def words_in(path: str) -> Test:
    def test(op: str, value: Any, day: date) -> Q:
        found = Q()
        for word in value:
            found |= Q(**{f"{path}__contains": word})
        return found

    return test


def is_there(rows: QuerySet[Any]) -> Test:
    """A flag: is there such a row of the customer?"""

    def test(op: str, value: Any, day: date) -> Q:
        found = Q(Exists(rows.filter(customer=OuterRef("pk"))))
        return found if value else ~found

    return test


def has_one_of(rows: QuerySet[Any], path: str) -> Test:
    return lambda op, value, day: Q(Exists(rows.filter(**{"customer": OuterRef("pk"), f"{path}__in": value})))


def years_before(day: date, years: int) -> date:
    """The last birth date of those who are at least this old on a day."""
    year = max(1, day.year - years)
    return date(year, 2, 28) if (day.month, day.day) == (2, 29) and not isleap(year) else day.replace(year=year)


def aged(op: str, value: Any, day: date) -> Q:
    way = "lte" if op == AT_LEAST else "gt"
    return Q(birth_date__isnull=False) & Q(**{f"birth_date__{way}": years_before(day, value)})


def days_since(path: str) -> Test:
    """How many days ago the date in a column was, on the data date."""

    def test(op: str, value: Any, day: date) -> Q:
        edge = day - timedelta(days=value)
        return Q(**{f"{path}__isnull": False}) & Q(**{f"{path}__{'lte' if op == AT_LEAST else 'gt'}": edge})

    return test


def average(of: Callable[[date], Any]) -> Test:
    """An average of the data date, exact to the fen (migration customers 0004)."""

    def test(op: str, value: Any, day: date) -> Q:
        compare = GreaterThanOrEqual if op == AT_LEAST else LessThan
        return Q(metrics__since_date__isnull=False) & Q(compare(of(day), value))

    return test


def rising(op: str, value: Any, day: date) -> Q:
    """The month to date stands above the month before."""
    is_up = Q(metrics__since_date__isnull=False) & Q(GreaterThan(averages.month(day), averages.last_month(day)))
    return is_up if value else ~is_up


def share_of(part: Combinable, whole: Combinable) -> Test:
    """A part of the contribution in percent; nobody without a contribution has one."""

    def test(op: str, value: Any, day: date) -> Q:
        compare = GreaterThanOrEqual if op == AT_LEAST else LessThan
        return Q(metrics__isnull=False) & Q(GreaterThan(whole, 0)) & Q(compare(part * 100, whole * value))

    return test


def overdue(op: str, value: Any, day: date) -> Q:
    """An open loan that should have been paid back this many days ago."""
    owed = Holding.objects.filter(status=HoldingStatus.OPEN, product__counted_class=ProductClass.LOAN)
    late = owed.exclude(balance=0).filter(customer=OuterRef("pk"), maturity_date__lte=day - timedelta(days=value))
    return Q(Exists(late)) if op == AT_LEAST else ~Q(Exists(late))


def holds(op: str, value: Any, day: date) -> Q:
    """An open holding of one of these classes, as the published numbers count them."""
    held = Holding.objects.filter(customer=OuterRef("pk"), status=HoldingStatus.OPEN, product__counted_class__in=value)
    return Q(Exists(held.filter(Q(balance__gt=0) | Q(product__counted_class__in=WITHOUT_BALANCE))))


def matures(op: str, value: Any, day: date) -> Q:
    span = (day + timedelta(days=1), day + timedelta(days=value))
    due = Holding.objects.filter(status=HoldingStatus.OPEN, balance__gt=0, maturity_date__range=span)
    return Q(Exists(due.filter(customer=OuterRef("pk"))))


def contacted(op: str, value: Any, day: date) -> Q:
    """An effective contact in the days up to the end of the data date, or since."""
    morning = datetime.combine(day + timedelta(days=1), time.min, timezone.get_default_timezone())
    reached = ContactLog.objects.filter(
        replaced_at=None, outcome__in=REACHED, contacted_at__gte=morning - timedelta(days=value)
    )
    return Q(Exists(reached.exclude(channel=Channel.SMS).filter(customer=OuterRef("pk"))))


def in_segments(op: str, value: Any, day: date) -> Q:
    return Q(Exists(SegmentMember.objects.filter(customer=OuterRef("pk"), segment__code__in=value)))


def in_household(op: str, value: Any, day: date) -> Q:
    return Q(household__isnull=not value)


@contextmanager
def segments_seen_by(user: User) -> Iterator[None]:
    """Meanwhile rules may ask only for segments that the user may see: for what people write, not for the night."""
    token = READER.set(user)
    try:
        yield
    finally:
        READER.reset(token)


def segment_choices() -> Iterable[tuple[str, str]]:
    """Withdrawn ones too, which have no members: a rule that asks for one can still be read."""
    reader = READER.get()
    rows = Segment.objects.all() if reader is None else Segment.objects.visible_to(reader)
    return [(one.code, one.name) for one in rows.order_by("pk")[:MOST_SEGMENTS]]


def tier_choices() -> Iterable[tuple[str, str]]:
    """All ranks that a scheme may have: a rule outlives the scheme that it was written under."""
    names = {rank: tier.name for rank, tier in primary_tiers().items()}
    return [(str(rank), names.get(rank, str(rank))) for rank in range(1, MOST_TIERS + 1)]


def in_tiers(op: str, value: Any, day: date) -> Q:
    return Q(metrics__tier__isnull=False) & Q(metrics__tier__in=[int(rank) for rank in value])


PERSON, MONEY, HOLDINGS = _("The customer"), _("Money"), _("Holdings")
CARE, OTHERS = _("Care"), _("Relations and groups")
DAYS, SPAN, PERCENT = _("days"), Whole(most=40_000), Whole(most=100)
ALERTS, RELATIONS = Alert.objects.live(), Relation.objects.all()
OWNED = Ownership.objects.filter(role=OwnershipRole.MAIN, until__isnull=True)
PLANNED = MaintenancePlan.objects.filter(state=PlanState.PLANNED)
WATCHED = TierState.objects.filter(scheme__is_primary=True, is_watched=True)


def choice(of: type[TextChoices]) -> Choice:
    return Choice(choices=lambda: of.choices)


def yes_no(key: str, group: Promise, label: Promise, moves: str, test: Test, yes: Promise, no: Promise) -> Field:
    return Field(key, group, label, Flag(), moves, test, yes=yes, no=no)


LISTED = (
    Field("type", PERSON, _("Type of customer"), choice(CustomerType), NIGHT, one_of("customer_type")),
    Field("company_size", PERSON, _("Company size"), choice(CompanySize), NIGHT, one_of("company_size")),
    Field("sex", PERSON, _("Sex"), choice(Sex), NIGHT, one_of("sex")),
    Field("age", PERSON, _("Age"), Whole(most=130), TIME, aged, unit=_("years")),
    Field("occupation", PERSON, _("Occupation"), Words(), NIGHT, words_in("occupation")),
    Field("customer_days", PERSON, _("Days as a customer"), SPAN, TIME, days_since("open_date"), unit=DAYS),
    yes_no(
        "payroll", PERSON, _("Payroll"), NIGHT, flag("has_payroll"), _("wages come in"), _("no wages come in")
    ),
    yes_no(
        "pension", PERSON, _("Pension"), NIGHT, flag("has_pension"), _("a pension comes in"), _("no pension comes in")
    ),
    yes_no(
        "merchant", PERSON, _("Merchant"), NIGHT, flag("is_merchant"),
        _("takes card and code payments"), _("takes no card or code payments"),
    ),
    Field("aum", MONEY, _("AUM"), Money(), NIGHT, column("metrics__aum")),
    Field("deposit", MONEY, _("Deposits"), Money(), NIGHT, column("metrics__deposit")),
    Field("loan", MONEY, _("Loans"), Money(), NIGHT, column("metrics__loan")),
    Field("month_average", MONEY, _("Monthly average"), Money(), TIME, average(averages.month)),
    Field("last_month_average", MONEY, _("Last month's average"), Money(), TIME, average(averages.last_month)),
    Field("quiet_days", MONEY, _("Days without a change"), SPAN, TIME, days_since("metrics__since_date"), unit=DAYS),
    Field("tier", MONEY, _("Tier"), Choice(choices=tier_choices), NIGHT, in_tiers),
    yes_no(
        "rising", MONEY, _("Rising average"), TIME, rising,
        _("the monthly average rises"), _("the monthly average does not rise"),
    ),
    Field(
        "deposit_share", MONEY, _("Deposits' part of the contribution"), PERCENT, NIGHT,
        share_of(averages.OF_DEPOSITS, averages.CONTRIBUTION), unit="%",
    ),
    Field(
        "loan_share", MONEY, _("Loans' part of the contribution"), PERCENT, NIGHT,
        share_of(averages.OF_LOANS, averages.CONTRIBUTION), unit="%",
    ),
    yes_no(
        "watched", MONEY, _("Watched"), NIGHT, is_there(WATCHED),
        _("is watched for a lower tier"), _("is not watched for a lower tier"),
    ),
    Field("products", HOLDINGS, _("Number of products"), Whole(most=1000), NIGHT, column("metrics__product_count")),
    Field("holds", HOLDINGS, _("Holds"), choice(ProductClass), NIGHT, holds, is_verb=True),
    Field("overdue", HOLDINGS, _("Days of a loan overdue"), Whole(least=1, most=40_000), TIME, overdue, unit=DAYS),
    Field("matures", HOLDINGS, _("Something matures"), Days(), TIME, matures, unit=DAYS),
    Field("contacted", CARE, _("Reached by a contact"), Days(), PEOPLE, contacted, unit=DAYS),
    yes_no("planned", CARE, _("Plan"), PEOPLE, is_there(PLANNED), _("a plan is open"), _("no plan is open")),
    yes_no("owned", CARE, _("Manager"), PEOPLE, is_there(OWNED), _("has a manager"), _("has no manager")),
    Field("alert", CARE, _("Open alert"), choice(AlertKind), PEOPLE, has_one_of(ALERTS, "kind")),
    yes_no(
        "barred", CARE, _("Do not contact"), PEOPLE, flag("do_not_contact"),
        _("asked not to be called or texted"), _("may be called and texted"),
    ),
    yes_no(
        "household", OTHERS, _("Household"), PEOPLE, in_household,
        _("belongs to a household"), _("belongs to no household"),
    ),
    Field(
        "relation", OTHERS, _("Has among relations"), choice(RelationType), PEOPLE,
        has_one_of(RELATIONS, "relation_type"), is_verb=True,
    ),
    Field("segment", OTHERS, _("Is in segment"), Choice(choices=segment_choices), PEOPLE, in_segments, is_verb=True),
)  # fmt: skip
FIELDS: dict[str, Field] = {field.key: field for field in LISTED}
