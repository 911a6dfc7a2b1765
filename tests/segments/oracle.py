"""A small bank of which Python knows everything that a rule can ask, and the plain evaluation of rules over it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.utils import timezone

from archives.models import ContactLog, MaintenancePlan
from customers.averages import Balances, last_month_average, month_average
from customers.models import Alert, Customer, Household, Metrics, Relation
from segments.models import Segment, SegmentMember, TierScheme, TierState
from tests.world import Bank

DAY = date(2026, 3, 10)


@dataclass
class Facts:
    """A customer as the core system would describe it."""

    type: str = "person"
    company_size: str = ""
    sex: str = ""
    born: date | None = None
    occupation: str = ""
    opened: date | None = date(2020, 1, 1)
    flags: set[str] = field(default_factory=set)
    balance: Balances | None = None
    deposit: Decimal = Decimal(0)
    loan: Decimal = Decimal(0)
    products: int = 0
    tier: int = 0
    holds: dict[str, date | None] = field(default_factory=dict)
    reached_days: int | None = None
    alerts: set[str] = field(default_factory=set)
    relations: set[str] = field(default_factory=set)
    segments: set[str] = field(default_factory=set)
    pk: int = 0


def people() -> list[Facts]:
    def money(aum: int, since: date, **days: int) -> Balances:
        return Balances(Decimal(aum), since, *(Decimal(days.get(one, 0)) for one in ("month", "quarter", "last")))

    return [
        Facts(sex="F", born=date(1990, 3, 10), occupation="教师", flags={"payroll", "owned"}, tier=2,
              balance=money(50_000, date(2026, 3, 4), month=90_000, last=1_400_000), products=2,
              deposit=Decimal(50_000),
              holds={"demand": None, "time": date(2026, 3, 17)}, reached_days=5, relations={"spouse"}),
        Facts(sex="M", born=date(1966, 3, 11), occupation="个体工商户", flags={"merchant", "household"}, tier=3,
              balance=money(300_000, date(2026, 1, 1)), deposit=Decimal(100_000), loan=Decimal(200_000), products=3,
              holds={"demand": None, "loan": date(2026, 1, 1), "fund": None}, alerts={"maturity"}),
        Facts(sex="F", born=date(1966, 3, 10), occupation="退休", flags={"pension", "planned"}, tier=1,
              balance=money(9_999, date(2026, 3, 10)), deposit=Decimal("9999.00"), products=1, holds={"demand": None},
              reached_days=40, segments={"old"}),
        Facts(type="company", company_size="small", occupation="", balance=money(0, date(2025, 11, 1)), opened=None,
              flags={"merchant", "barred"}, relations={"shareholder"}),
        Facts(sex="M", born=None, opened=date(2026, 3, 1), balance=None),
        Facts(sex="", born=date(2008, 3, 11), opened=date(2026, 1, 10), tier=1, flags={"watched", "owned"},
              balance=money(1_000, date(2026, 2, 27), month=27_000, last=10_000), products=1, holds={"card": None},
              alerts={"large_out", "maturity"}, segments={"old", "other"}),
        Facts(sex="F", born=date(2000, 2, 29), occupation="种植 大户", opened=date(2025, 12, 10), tier=2,
              balance=money(80_000, date(2026, 3, 9), month=0, last=0), loan=Decimal(30_000), products=2,
              holds={"wealth": date(2026, 6, 1), "loan": date(2026, 3, 11)}, reached_days=89),
    ]  # fmt: skip


def build(bank: Bank) -> list[Facts]:
    """Write these people to the database, each with a pk."""
    for code in ("insurance", "card", "fund"):
        if code not in bank.products:
            model = type(bank.products["LOAN"])
            bank.products[code] = model.objects.using("batch").create(
                code=code, name=code, product_class=code, counts_in_aum=code != "card"
            )
    segments = {
        code: Segment.objects.using("batch").create(code=code, kind="static", name_zh_hans=code)
        for code in ("old", "other")
    }
    everybody = people()
    for number, facts in enumerate(everybody):
        write(bank, facts, number, segments)
    return everybody


def write(bank: Bank, facts: Facts, number: int, segments: dict[str, Segment]) -> None:
    household = Household.objects.using("batch").create(branch_id=bank.south.pk) if "household" in facts.flags else None
    customer = bank.customer(
        f"O{number}", owner=bank.wang if "owned" in facts.flags else None, customer_type=facts.type,
        company_size=facts.company_size, sex=facts.sex, birth_date=facts.born, occupation=facts.occupation,
        open_date=facts.opened, has_payroll="payroll" in facts.flags, has_pension="pension" in facts.flags,
        is_merchant="merchant" in facts.flags, do_not_contact="barred" in facts.flags, household=household,
    )  # fmt: skip
    facts.pk = customer.pk
    if facts.balance is not None:
        Metrics.objects.using("batch").create(
            customer=customer, branch_id=bank.south.pk, aum=facts.balance.aum, since_date=facts.balance.since_date,
            month_days=facts.balance.month_days, quarter_days=facts.balance.quarter_days,
            last_month_days=facts.balance.last_month_days, deposit=facts.deposit, loan=facts.loan,
            product_count=facts.products, tier=facts.tier,
        )  # fmt: skip
    names = {"demand": "DEMAND", "time": "TIME1Y", "wealth": "WEALTH", "loan": "LOAN"}
    for kind, maturity in facts.holds.items():
        balance = 0 if kind == "card" else 1_000
        bank.holding(customer, balance, product=names.get(kind, kind), maturity_date=maturity)
    write_around(bank, facts, customer, segments)


def write_around(bank: Bank, facts: Facts, customer: Customer, segments: dict[str, Segment]) -> None:
    mine: dict[str, Any] = {"customer": customer, "branch_id": bank.south.pk}
    morning = datetime.combine(DAY + timedelta(days=1), time.min, timezone.get_default_timezone())
    if facts.reached_days is not None:
        when = morning - timedelta(days=facts.reached_days) + timedelta(hours=1)
        ContactLog.objects.using("batch").create(
            **mine, staff_id=bank.wang.pk, contacted_at=when, channel="phone", purpose="care", outcome="interested"
        )
    ContactLog.objects.using("batch").create(
        **mine, staff_id=bank.wang.pk, contacted_at=morning, channel="phone", purpose="care", outcome="not_reached"
    )
    if "planned" in facts.flags:
        MaintenancePlan.objects.using("batch").create(
            **mine, owner_id=bank.wang.pk, created_by_id=bank.wang.pk, due_date=DAY, submission=uuid4()
        )
    if "watched" in facts.flags:
        scheme = TierScheme.objects.using("batch").get(is_primary=True)
        TierState.objects.using("batch").create(**mine, scheme=scheme, rank=1, since=DAY, is_watched=True)
    for kind in facts.alerts:
        Alert.objects.using("batch").create(
            **mine, kind=kind, episode="x", severity=2, raised_on=DAY, updated_on=DAY, rule_version=1, evidence={},
            clears_when={},
        )  # fmt: skip
    for kind in facts.relations:
        Relation.objects.using("batch").create(**mine, relation_type=kind, name="某人")
    for code in facts.segments:
        SegmentMember.objects.using("batch").create(**mine, segment=segments[code], since=DAY, cause="chosen")


def age(facts: Facts) -> int | None:
    born = facts.born
    return None if born is None else DAY.year - born.year - ((DAY.month, DAY.day) < (born.month, born.day))


def number_of(facts: Facts, key: str) -> Decimal | int | None:
    balance = facts.balance
    if key == "age":
        return age(facts)
    if key == "customer_days":
        return None if facts.opened is None else (DAY - facts.opened).days
    if key == "overdue":
        due = facts.holds.get("loan")
        return max(0, (DAY - due).days) if due else 0
    if balance is None:
        return None
    if key in ("deposit_share", "loan_share"):
        parts = {"deposit_share": facts.deposit * 8, "loan_share": facts.loan * 20}
        return parts[key] * 100 / sum(parts.values()) if any(parts.values()) else None
    numbers: dict[str, Decimal | int] = {
        "aum": balance.aum,
        "deposit": facts.deposit,
        "loan": facts.loan,
        "products": facts.products,
        "month_average": month_average(balance, DAY),
        "last_month_average": last_month_average(balance, DAY),
        "quiet_days": (DAY - balance.since_date).days,
    }
    return numbers[key]


def chosen(facts: Facts, key: str) -> set[str]:
    """What the customer has of a field with choices."""
    return {
        "type": {facts.type},
        "company_size": {facts.company_size},
        "sex": {facts.sex},
        "tier": {str(facts.tier)} if facts.balance is not None else set(),
        "holds": set(facts.holds),
        "alert": facts.alerts,
        "relation": facts.relations,
        "segment": facts.segments,
    }[key]


def applies(rule: dict[str, Any], facts: Facts) -> bool:
    """The rule, evaluated the plain way."""
    if "all" in rule:
        return all(applies(part, facts) for part in rule["all"])
    if "any" in rule:
        return any(applies(part, facts) for part in rule["any"])
    if "not" in rule:
        return not applies(rule["not"], facts)
    key, op, value = rule["field"], rule["op"], rule["value"]
    if key == "rising":
        up = facts.balance is not None and month_average(facts.balance, DAY) > last_month_average(facts.balance, DAY)
        return up is value
    if op == "is":
        return (key in facts.flags) is value
    if op == "in":
        return bool(chosen(facts, key) & set(value))
    if op == "contains":
        return any(word in facts.occupation for word in value)
    if op == "within":
        if key == "contacted":
            return facts.reached_days is not None and facts.reached_days <= value
        due = [day for kind, day in facts.holds.items() if day and kind != "card"]
        return any(DAY < day <= DAY + timedelta(days=value) for day in due)
    number = number_of(facts, key)
    if number is None:
        return False
    return number >= Decimal(value) if op == "ge" else number < Decimal(value)
