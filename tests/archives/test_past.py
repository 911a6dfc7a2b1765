"""The page as it stood on a day: beside the archive who answered for the customer, tier, money and risk level."""

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from archives.models import ArchiveField, RiskAssessment
from archives.word.content import content_of
from crm.jobs.models import JobRun
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import BalanceChange, Customer, Ownership
from segments.models import TierChange, TierScheme, TierState
from tests.archives.saying import say
from tests.world import Bank

ClientOf = Callable[[User], Client]


def test_a_past_day_has_the_manager_tier_money_and_risk_of_that_day(bank: Bank, client_of: ClientOf) -> None:
    today = timezone.localdate()
    change, seen = today - timedelta(days=5), today - timedelta(days=6)
    customer = bank.customer("A1", owner=bank.wang)
    bank.metrics(customer, 80_000, tier=3)
    Ownership.objects.using("batch").filter(customer=customer).update(until=change)
    shared = {"customer_id": customer.pk, "branch_id": customer.branch_id}
    Ownership.objects.using("batch").create(**shared, owner_id=bank.li.pk, since=change)
    scheme = TierScheme.objects.using("batch").get(is_primary=True)
    TierState.objects.using("batch").create(**shared, scheme=scheme, rank=3, since=change)
    for day, old, new in ((today - timedelta(days=90), None, 2), (change, 2, 3)):
        TierChange.objects.using("batch").create(
            **shared, scheme=scheme, scheme_version=1, as_of=day, old_rank=old, new_rank=new, metric_value=1,
            cause="promoted",
        )  # fmt: skip
    holding = bank.holding(customer, 80_000)
    BalanceChange.objects.using("batch").create(
        **shared, holding=holding, as_of=change, old_balance=20_000, new_balance=80_000, old_counted=20_000,
        new_counted=80_000,
    )  # fmt: skip
    now = timezone.now()
    JobRun.objects.using("batch").create(job="nightly", business_date=seen, started_at=now, published_at=now)
    for day, level in ((today - timedelta(days=400), 2), (today - timedelta(days=30), 4), (today, 1)):
        RiskAssessment.objects.using("batch").create(
            **shared, level=level, assessed_on=day, valid_to=day + timedelta(days=364), through="counter",
            questionnaire="v1",
        )  # fmt: skip
    client, address = client_of(bank.he), f"/customers/{customer.pk}/archive/?as_of="
    then = client.get(f"{address}{seen}").context["then"]
    assert (then.owner, then.tier, then.aum, then.level[:2]) == (bank.wang, 2, 20_000, "C4")
    then = client.get(f"{address}{change}").context["then"]
    assert (then.owner, then.tier, then.aum) == (bank.li, 3, 80_000)
    then = client.get(f"{address}{today - timedelta(days=200)}").context["then"]
    assert (then.owner, then.tier, then.aum, then.level[:2]) == (bank.wang, None, None, "C2")
    page = client.get(f"{address}{seen}").content.decode()
    assert bank.wang.name in page.partition("data-then")[2].partition("</dl>")[0]
    with scoped(bank.he):
        for past, manager in ((seen, bank.wang), (change, bank.li), (None, bank.li)):
            content = content_of(bank.he, Customer.objects.get(pk=customer.pk), timezone.now(), past)
            assert content["customer"]["manager"] == f"{manager.name} {manager.staff_no}"


def test_a_field_that_was_retired_stays_in_the_past(bank: Bank, client_of: ClientOf) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    say(bank.wang, customer, "business_note", "开面馆", at=timezone.now() - timedelta(days=10))
    ArchiveField.objects.using("batch").filter(key="business_note").update(is_active=False)
    client, day = client_of(bank.wang), timezone.localdate() - timedelta(days=5)
    assert "开面馆" in client.get(f"/customers/{customer.pk}/archive/?as_of={day}").content.decode()
    assert "开面馆" not in client.get(f"/customers/{customer.pk}/archive/").content.decode()
