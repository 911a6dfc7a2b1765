"""A bank whose customers answer by what is known of them, so that there is something to learn; by a seed."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from archives.models import ContactLog
from campaigns.models import PropensityModel
from campaigns.propensity import features, scoring, switch, training
from crm import db
from crm.jobs.models import JobRun
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import Alert, Customer, Metrics, Ownership
from tests.world import Bank

DAY = date(2026, 3, 10)


def publish(day: date) -> JobRun:
    """A published night of this day."""
    now = timezone.now()
    values = {"state": "published", "started_at": now, "finished_at": now, "published_at": now}
    return JobRun.objects.using("batch").update_or_create(job="nightly", business_date=day, defaults=values)[0]


def contact(customer: Customer, staff: User, day: date, outcome: str, **fields: Any) -> ContactLog:
    """A contact at ten in the morning in Shanghai."""
    at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    values = {"channel": "phone", "purpose": "maturity", **fields}
    return ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, staff_id=staff.pk, contacted_at=at, outcome=outcome, **values
    )


def answers(bank: Bank, number: int = 400, contacts: int = 3, seed: int = 7) -> list[Customer]:
    """Customers with balances of three sizes, asked over a year: those of much money say yes three times in four, those
    of little once in four."""
    chance, south, logs = random.Random(seed), bank.south.pk, []
    made = Customer.objects.using("batch").bulk_create(
        Customer(
            customer_no=f"8{n:05}", branch_id=south, name=f"客户{n}", name_mask=f"客*{n % 10}",
            open_date=date(2020, 1, 1), birth_date=date(1950 + n % 50, 5, 5),
        )
        for n in range(number)
    )  # fmt: skip
    Ownership.objects.using("batch").bulk_create(
        Ownership(customer=one, branch_id=south, owner_id=bank.wang.pk, since=date(2020, 1, 1), reason="test")
        for one in made
    )
    balances = [900_000 + n if n % 2 == 0 else 9_000 + n for n in range(number)]
    Metrics.objects.using("batch").bulk_create(
        Metrics(
            customer=one,
            branch_id=south,
            aum=aum,
            deposit=aum,
            since_date=date(2024, 1, 1),
            tier=4 if n % 2 == 0 else 1,
        )
        for n, (one, aum) in enumerate(zip(made, balances, strict=True))
    )
    for n, customer in enumerate(made):
        for _contact in range(contacts):
            day = DAY - timedelta(days=chance.randrange(1, 360))
            says = chance.random() < (0.75 if n % 2 == 0 else 0.25)
            logs.append(
                ContactLog(
                    branch_id=south, customer=customer, staff_id=bank.wang.pk, channel="phone",
                    purpose="maturity", outcome="sold" if says else "not_interested",
                    contacted_at=datetime(day.year, day.month, day.day, 2, tzinfo=UTC),
                )
            )  # fmt: skip
    ContactLog.objects.using("batch").bulk_create(logs)
    # Of every third a deposit has been about to mature all the time.
    Alert.objects.using("batch").bulk_create(
        Alert(
            customer=one, branch_id=one.branch_id, kind="maturity", episode="old", severity=2, rule_version=1,
            raised_on=date(2025, 1, 1), updated_on=date(2025, 1, 1), due_date=date(2027, 1, 1),
        )
        for one in made[::3]
    )  # fmt: skip
    return made


def learned(bank: Bank) -> PropensityModel:
    """As the page and its worker do it."""
    with scoped(bank.zhou):
        one = switch.start(bank.zhou)
    training.run(one.pk)
    return PropensityModel.objects.using("batch").get(pk=one.pk)


def switched_on(bank: Bank) -> PropensityModel:
    """A model that two people have switched on, and every score written."""
    one = learned(bank)
    with scoped(bank.zhou):
        switch.submit(bank.zhou, one)
    with scoped(bank.lu):
        switch.approve(bank.lu, one)
    scoring.run()
    return PropensityModel.objects.using("batch").get(pk=one.pk)


def known(customer: Customer, day: date, channel: str = "phone") -> dict[str, float]:
    """What features.sql says of one customer in the evening before a day; {} for whom it leaves out."""
    asked = "SELECT %(id)s::bigint AS key, %(id)s::bigint AS customer_id, %(day)s::date AS day, %(channel)s AS channel"
    params = features.parameters(day) | {"id": customer.pk, "day": day, "channel": channel}
    rows = db.fetch_all(features.statement(asked), params)
    return dict(zip(features.NAMES, rows[0]["x"], strict=True)) if rows else {}
