"""触达压力: one cap of each tier over everything that anybody does or plans."""

import random
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import pytest
from django.db import connections

from archives import contactable, plans
from archives.models import ContactCap, ContactLog, MaintenancePlan
from crm import db
from crm.organization.access import scoped
from customers.models import Customer, Metrics
from tests.world import Bank

DAY = date(2026, 3, 2)


def touch(customer: Customer, bank: Bank, day: date) -> None:
    ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer_id=customer.pk, staff_id=bank.wang.pk, channel="phone",
        purpose="campaign", outcome="interested", contacted_at=datetime.combine(day, time(4), UTC),
    )  # fmt: skip


def verdict(customer: Customer, day: date) -> tuple[str, date] | None:
    with connections["batch"].cursor() as cursor:
        cursor.execute(
            "SELECT bar, (free_at AT TIME ZONE 'Asia/Shanghai')::date FROM contact_bar(%s, 'campaign', 'phone', %s)",
            [customer.pk, datetime.combine(day, time(4), UTC)],
        )
        bar, free = cursor.fetchone()
    return (bar, free) if bar else None


def test_a_tier_has_a_cap_of_thirty_days_beside_that_of_the_week(bank: Bank) -> None:
    customer = bank.customer("C1", owner=bank.wang)
    bank.metrics(customer, 30_000, tier=2)
    for days in (0, 8, 16, 24):
        assert verdict(customer, DAY + timedelta(days)) is None
        touch(customer, bank, DAY + timedelta(days))
    assert verdict(customer, DAY + timedelta(days=28)) == ("cap", DAY + timedelta(days=30))
    assert verdict(customer, DAY + timedelta(days=30)) is None
    Metrics.objects.using("batch").filter(pk=customer.pk).update(tier=5)
    assert verdict(customer, DAY + timedelta(days=28)) is None
    # A newer row takes over on its day; the week of the purpose holds beside it.
    ContactCap.objects.using("batch").create(tier=5, effective_from=DAY + timedelta(days=28), most=2, days=20)
    assert verdict(customer, DAY + timedelta(days=28)) == ("cap", DAY + timedelta(days=36))
    ContactCap.objects.using("batch").all().delete()
    touch(customer, bank, DAY + timedelta(days=25))
    assert verdict(customer, DAY + timedelta(days=28)) == ("cap", DAY + timedelta(days=31))


@pytest.mark.parametrize("seed", range(4))
def test_no_thirty_days_have_more_than_the_cap(bank: Bank, seed: int) -> None:
    """Days in any order, calls and plans, against every window by brute force."""
    chance, customer = random.Random(seed), bank.customer("C1", owner=bank.wang)
    bank.metrics(customer, 30_000, tier=1 + seed % 4)
    cap = ContactCap.objects.using("batch").get(tier=1 + seed % 4)
    for _step in range(60):
        day = DAY + timedelta(days=chance.randrange(75))
        if chance.random() < 0.5:
            with scoped(bank.wang):
                seen = contactable.verdict_on_plan(customer.pk, "campaign", "phone", day)
            if seen is None:
                touch(customer, bank, day)
            continue
        try:
            with scoped(bank.wang):
                plans.create(
                    Customer.objects.get(pk=customer.pk), bank.wang, plans.Intent(day, purpose="campaign"), uuid4()
                )
        except plans.PlanRefused:
            continue
    made = [row["day"] for row in db.fetch_all("SELECT day FROM archives_touch WHERE customer_id = %s", [customer.pk])]
    assert len(made) >= cap.most
    assert MaintenancePlan.objects.using("batch").exists()
    for start in range(-30, 76):
        first = DAY + timedelta(days=start)
        assert sum(first <= day < first + timedelta(days=cap.days) for day in made) <= cap.most
        assert sum(first <= day < first + timedelta(days=7) for day in made) <= 2
