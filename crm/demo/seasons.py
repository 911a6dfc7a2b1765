"""Targets of the made-up bank: this quarter's, from the region down to the managers of the main outlet, and the levels
of the days since its eve, from which their progress is read."""

from datetime import date, timedelta
from decimal import Decimal

from campaigns.seasons.choices import Measure
from campaigns.seasons.models import SeasonLevel, SeasonTarget
from crm import db
from crm.organization.choices import Role
from crm.organization.models import Branch, User
from customers.averages import quarter_start
from customers.choices import ProductClass
from segments.models import TierScheme

REGION, SUB, MAIN, BESIDE = "100", "110", "111", "112"
DEPOSITS = (ProductClass.DEMAND, ProductClass.TIME, ProductClass.LARGE_CD, ProductClass.NOTICE)
TIER_CODE = "mid"
UNIT = Decimal(10_000)
# How much each part asks for of what its place holds: deposits and AUM in percent, customers of the tier.
SHARES = {Measure.DEPOSIT_AVERAGE: Decimal("2.5"), Measure.AUM_AVERAGE: Decimal(2), Measure.CUSTOMERS: Decimal(3)}


def write_targets(as_of: date) -> None:
    """Draw the levels back to the eve of the quarter, then ask for growth."""
    first = quarter_start(as_of)
    last = quarter_start(first + timedelta(days=100)) - timedelta(days=1)
    db.run_sql(
        __package__, "season_levels", since=first - timedelta(days=1), as_of=as_of,
        deposits=[str(one) for one in DEPOSITS],
    )  # fmt: skip
    people = {one.staff_no: one for one in User.objects.using("batch").all()}
    places = {one.code: one for one in Branch.objects.using("batch").all()}
    levels = {
        (one.branch_id, one.owner_id): one
        for one in SeasonLevel.objects.using("batch").filter(as_of=first - timedelta(days=1))
    }
    scheme = TierScheme.objects.using("batch").get(is_primary=True)
    rank = scheme.tiers.using("batch").get(code=TIER_CODE).rank
    setters = {REGION: people["0001"], SUB: people["0100"], MAIN: people["0110"], BESIDE: people["0110"]}

    def add(measure: Measure, place: Branch, owner: User | None, by: User) -> None:
        level = levels.get((place.pk, owner.pk if owner else None))
        amount = wanted(measure, level, rank) if level else Decimal(0)
        if amount > 0:
            is_people = measure == Measure.CUSTOMERS
            SeasonTarget.objects.using("batch").create(
                branch_id=place.pk, owner_id=owner.pk if owner else None, measure=measure,
                scheme=scheme.code if is_people else "", rank=rank if is_people else None, first_day=first,
                last_day=last, amount=amount, set_by_id=by.pk, set_from_id=by.branch_id,
            )  # fmt: skip

    here = (one for one in people.values() if one.branch_id == places[MAIN].pk)
    managers = [one for one in here if one.role == Role.RELATIONSHIP_MANAGER]
    for measure in SHARES:
        for code, by in setters.items():
            add(measure, places[code], None, by)
        for owner in managers:
            add(measure, places[MAIN], owner, people["1100"])


def wanted(measure: Measure, level: SeasonLevel, rank: int) -> Decimal:
    """A round share of what is there; money in whole 万."""
    if measure == Measure.CUSTOMERS:
        there = sum(number for tier, number in level.customers.items() if int(tier) >= rank)
        heads: Decimal = (there * SHARES[measure] / 100).quantize(Decimal(1))
        return max(Decimal(1), heads)
    there = level.deposit if measure == Measure.DEPOSIT_AVERAGE else level.aum
    units: Decimal = (there * SHARES[measure] / 100 / UNIT).quantize(Decimal(1))
    return units * UNIT
