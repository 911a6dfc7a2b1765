"""What nobody types in the archive says where it comes from, who recorded it and on which day."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from archives import suitability
from archives.models import RiskAssessment
from crm.jobs.models import JobRun
from crm.organization.access import scoped
from crm.organization.models import User
from customers import relations
from customers.models import Customer
from tests.world import Bank

ClientOf = Callable[[User], Client]
DELIVERED, CLOSED = date(2026, 3, 9), date(2026, 3, 10)


def origins(client: Client, customer: Customer) -> dict[str, tuple[Any, ...]]:
    """Of each section that the system fills, what its lines say of their origin."""
    answer = client.get(f"/customers/{customer.pk}/archive/")
    assert answer.content.decode().count("data-source") == 8
    cards = answer.context["cards"]
    return {one.key: tuple((line.origin.recorder, line.origin.day) for line in one.system) for one in cards}


def test_each_fact_has_its_source_recorder_and_day(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer(
        "A1", owner=bank.wang, mobile_mask="138****0001", occupation="教师", delivered_on=DELIVERED
    )
    bank.holding(customer, 5_000)
    JobRun.objects.using("batch").create(
        job="nightly", business_date=CLOSED, started_at=timezone.now(), published_at=timezone.now()
    )
    client, today = client_of(bank.wang), timezone.localdate()
    found = origins(client, customer)
    assert set(found["basic"]) == {(None, DELIVERED)}  # by the bank's system
    assert found["family"] == found["holdings"] == (("", None),)  # of nothing nobody is the source
    with scoped(bank.wang):
        mine = Customer.objects.get(pk=customer.pk)
        relations.link(bank.wang, mine, "spouse", name="某人")
        result = RiskAssessment(
            level=2, assessed_on=today - timedelta(days=1), valid_to=today + timedelta(days=300), through="counter",
            questionnaire="2026",
        )  # fmt: skip
        suitability.record(mine, bank.wang, result)
    found = origins(client, customer)
    assert found["family"] == ((bank.wang.name, today),)
    assert found["holdings"] == ((bank.wang.name, today - timedelta(days=1)),)
    page = client.get(f"/customers/{customer.pk}/archive/").content.decode()
    assert (
        DELIVERED.isoformat() in page and CLOSED.isoformat() in page.partition("data-held-on")[2].partition("</p>")[0]
    )
