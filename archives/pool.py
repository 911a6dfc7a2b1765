"""The public pool 公海: who is in it, and whom a rule would take back; by holdings and service (CordysCRM #2327)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from archives.choices import REACHED
from crm import db
from crm.organization.access import BALANCE_ROLES, scope_of
from crm.organization.models import User
from customers.choices import CustomerStatus, OwnershipRole
from customers.models import Customer, Ownership, PoolRule

# What a branch that has no rule yet is offered (DOMAIN §4, "recycle at 180 days untouched").
DEFAULTS = {"quiet_days": 180, "maturity_days": 180, "growth": Decimal(0)}
MOST_OWNERS = 50
# A second person puts a rule in force within so many days, as long as it means about as many as were simulated.
SIMULATION_DAYS = 7
LARGEST_CHANGE = 0.1
NUMBER = "SELECT count(*) FROM ({quiet}) q"
BY_OWNER = """
SELECT q.owner_id, u.name, u.staff_no, count(*) AS customers, sum(q.aum) AS aum, sum(count(*)) OVER () AS total
FROM ({quiet}) q JOIN organization_user u ON u.id = q.owner_id
GROUP BY q.owner_id, u.name, u.staff_no ORDER BY count(*) DESC, u.staff_no LIMIT {most}
"""
PAGE = "SELECT * FROM ({quiet}) q WHERE q.customer_id > %(after)s ORDER BY q.customer_id LIMIT %(most)s"
IDS = "SELECT q.customer_id FROM ({quiet}) q"


@dataclass(frozen=True)
class Goes:
    """Somebody whom a rule would take back."""

    customer_id: int
    owner_id: int
    aum: Decimal
    tier: int


def pool_of(user: User) -> QuerySet[Customer]:
    """Customers of the user's branches for whom nobody answers; the one place where a manager sees beyond the own.

    Nothing for roles that answer for nobody. Row-level security keeps to the branches as well.
    """
    scope = scope_of(user)
    if scope is None or user.role not in BALANCE_ROLES:
        return Customer.objects.none()
    found = Customer.objects.filter(status=CustomerStatus.ACTIVE)
    if not scope.is_head_office:
        found = found.filter(branch_id__in=scope.branch_ids)
    return found.filter(~Exists(open_main(OuterRef("pk"))))


def open_main(customer: Any) -> QuerySet[Ownership]:
    """The open main ownership of a customer, or of an outer query's."""
    return Ownership.objects.filter(customer=customer, role=OwnershipRole.MAIN, until__isnull=True)


def about(rule: PoolRule, day: date, ids: Sequence[int] | None = None) -> dict[str, Any]:
    """The parameters of `pool_quiet.sql`; with `ids` it asks of these customers alone."""
    since = day - timedelta(days=rule.quiet_days)
    return {
        "branch": rule.branch_id,
        "day": day,
        "since": since,
        "since_moment": timezone.make_aware(datetime.combine(since, time.min)),
        "ahead": day + timedelta(days=rule.maturity_days),
        "growth": rule.growth,
        "reached": [one.value for one in REACHED],
        "ids": None if ids is None else list(ids),
    }


def quiet(statement: str) -> str:
    """A statement with the customers whom a rule would take back in the place of `{quiet}`."""
    return statement.replace("{quiet}", db.sql_text(__package__, "pool_quiet"))


def simulate(rule: PoolRule, day: date) -> dict[str, Any]:
    """Who would go, as JSON: `total`, and by manager, most first: name, staff_no, customers and aum."""
    statement = quiet(BY_OWNER).replace("{most}", str(MOST_OWNERS))
    rows = db.fetch_all(statement, about(rule, day), using="default")
    owners = [{key: row[key] for key in ("name", "staff_no", "customers")} | {"aum": str(row["aum"])} for row in rows]
    return {"total": int(rows[0]["total"]) if rows else 0, "owners": owners}


def is_recent(rule: PoolRule, day: date) -> bool:
    """Was the rule simulated so lately that it can still be put in force?"""
    simulated: date | None = rule.simulated_on
    return simulated is not None and 0 <= (day - simulated).days <= SIMULATION_DAYS


def number_today(rule: PoolRule, day: date) -> int:
    """How many a rule would take back on this day."""
    return int(db.fetch_value(quiet(NUMBER), about(rule, day), using="default"))


def still_holds(rule: PoolRule, number: int) -> bool:
    """Does a number of customers agree with what was simulated? A tenth more or less is the passing of days."""
    assert rule.simulated is not None  # a simulation made it
    simulated = int(rule.simulated["total"])
    return abs(number - simulated) <= max(1, simulated * LARGEST_CHANGE)


def page(rule: PoolRule, day: date, after: int, most: int) -> list[Goes]:
    """The next of them by id."""
    rows = db.fetch_all(quiet(PAGE), {**about(rule, day), "after": after, "most": most}, using="default")
    return [Goes(row["customer_id"], row["owner_id"], row["aum"], row["tier"]) for row in rows]


def still_quiet(rule: PoolRule, day: date, ids: Sequence[int]) -> list[int]:
    """Of these customers, those whom the rule would still take back."""
    return [row["customer_id"] for row in db.fetch_all(quiet(IDS), about(rule, day, ids), using="default")]


def in_force(branch_id: int) -> PoolRule | None:
    """The rule that a branch recycles by."""
    active = PoolRule.objects.filter(branch_id=branch_id, activated_at__isnull=False)
    found: PoolRule | None = active.order_by("-activated_at", "-pk").first()
    return found
