"""The page as it stood on a day: beside the archive who answered for the customer, tier, money and risk level."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import F, Sum
from django.test import Client
from django.utils import timezone

from archives.models import Archive, ArchiveField, ContactLog, MaintenancePlan, RiskAssessment
from archives.word.content import content_of
from crm.jobs.models import JobRun
from crm.organization.access import scoped
from crm.organization.models import User
from customers.choices import HoldingStatus
from customers.models import Alert, BalanceChange, Customer, Holding, Metrics, Ownership
from segments.models import DayFigure, TierChange, TierScheme, TierState
from tests.archives.saying import say
from tests.nightly.night_world import FIRST, Book
from tests.world import Bank, rewrite_contacts

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
    RiskAssessment.objects.using("batch").update(recorded_at=F("assessed_on"))
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
    with scoped(bank.wang):
        for past, is_in in ((day, True), (None, False)):
            content = content_of(bank.wang, Customer.objects.get(pk=customer.pk), timezone.now(), past)
            assert ("开面馆" in str(content["sections"])) is is_in


def at(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(15)))


def reported(customer: Customer, day: date) -> dict[str, Any]:
    """What stands as published by the night of this day: in the tables that pages read, and in the day figures."""
    of = {"customer": customer}
    held = Holding.objects.using("batch").filter(**of, status=HoldingStatus.OPEN)
    archive = Archive.objects.using("batch").filter(**of).first()
    metrics = Metrics.objects.using("batch").get(**of)
    figures = DayFigure.objects.using("batch").filter(as_of=day, scheme__is_primary=True, rank=metrics.tier)
    assert figures.aggregate(aum=Sum("aum"))["aum"] == metrics.aum  # nobody else is in this bank
    return {
        "owner": Ownership.objects.using("batch").get(**of, until=None).owner_id,
        "tier": metrics.tier,
        "aum": metrics.aum,
        "completeness": archive.completeness if archive else None,
        "holdings": {one.pk: one.balance for one in held},
        "alerts": set(Alert.objects.using("batch").live().filter(**of).values_list("pk", flat=True)),
        "plans": set(MaintenancePlan.objects.using("batch").live().filter(**of).values_list("pk", flat=True)),
        "contacts": ContactLog.objects.using("batch").filter(**of, replaced_at=None).count(),
    }


def shown(client: Client, customer: Customer, day: date) -> dict[str, Any]:
    """The same figures as the page of a past day has them."""
    then = client.get(f"/customers/{customer.pk}/archive/?as_of={day}&today=1").context["then"]
    return {
        "owner": then.owner.pk, "tier": then.tier, "aum": then.aum, "completeness": then.completeness,
        "holdings": {one.pk: one.then for one in then.holdings}, "alerts": {one.pk for one in then.alerts},
        "plans": {one.pk for one in then.plans}, "contacts": then.contact_count,
    }  # fmt: skip


def contacted(bank: Bank, customer: Customer, day: date) -> None:
    made = ContactLog.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, staff_id=bank.wang.pk, channel="phone", purpose="care",
        outcome="interested", contacted_at=at(day),
    )  # fmt: skip
    rewrite_contacts(ContactLog.objects.filter(pk=made.pk), recorded_at=at(day))


def test_the_page_of_a_past_day_equals_that_nights_report(bank: Bank, client_of: ClientOf) -> None:
    """IDEAS I-12: whatever changes later, each figure of the page of a day is what its night published."""
    book, days = Book(bank), [FIRST + timedelta(days=number) for number in range(4)]
    customer = book.open("A", 52_000)
    card = book.add(customer, 0)
    grows = book.add(customer, 30_000, product="TIME1Y", maturity_date=days[0] + timedelta(days=20))
    base = say(bank.wang, customer, "pay_day", "15", at=at(days[0])).written[0].pk
    contacted(bank, customer, days[0])
    reports = {}
    for number, day in enumerate(days):
        if number == 1:  # money goes, a word and a phone number come
            book.change(book.holdings[customer.pk][0], 1_000)
            say(bank.wang, customer, "business_note", "开面馆", at=at(day))
            book.set_status(customer, "active", mobile_mask="138****0001")
        if number == 2:  # the card is closed, something new is opened, another manager takes over
            book.change(card, 0, status="closed")
            book.add(customer, 700_000, product="WEALTH", first_on=day)
            Ownership.objects.using("batch").filter(customer=customer).update(until=day)
            Ownership.objects.using("batch").create(
                customer=customer, branch_id=customer.branch_id, owner_id=bank.li.pk, since=day, reason="test"
            )
            contacted(bank, customer, day)
        if number == 3:  # the deposit is paid out, what was known is taken out
            book.change(grows, 0, status="closed")
            say(bank.li, customer, "pay_day", "", base=base, at=at(day))
        assert book.night(day).published_at is not None
        reports[day] = reported(customer, day)
    assert len({str(report) for report in reports.values()}) == len(days)
    assert {card.pk, grows.pk} <= reports[days[1]]["holdings"].keys() and card.pk not in reports[days[2]]["holdings"]
    client = client_of(bank.he)
    for day, report in reports.items():
        assert shown(client, customer, day) == report, day
    assert shown(client, customer, days[0] - timedelta(days=1))["holdings"] == {}
