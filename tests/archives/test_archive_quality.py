"""档案完整度: the counters of the night against a plain count, the customers behind each figure, and whose they are."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives import records, suitability
from archives.models import Archive, RiskAssessment
from crm import db
from crm.organization.access import scoped
from crm.organization.models import User
from crm.workbench.archive_quality import Line
from customers.models import Customer, NightCustomer, Ownership
from segments import figures
from tests.archives.saying import say
from tests.pages.morning import Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]
STATEMENTS = 8
PAGE = "/archives/quality/"
FIGURES = ("customers", "archives", "empty", "incomplete", "stale")


@pytest.fixture
def town(bank: Bank) -> list[Customer]:
    """Archives of several managers and tiers, fresh, stale, and none at all; measured and counted as a night does."""
    today, made = timezone.localdate(), []
    owners = (bank.wang, bank.wang, bank.li, bank.li, None, bank.qian)
    for n in range(18):
        owner = owners[n % len(owners)]
        customer = bank.customer(f"91{n:04}", owner=owner, branch=owner.branch if owner else bank.south)
        bank.metrics(customer, 100_000 + n, tier=3 + n % 2)
        made.append(customer)
        if n % 3 == 0:
            continue
        actor = owner or bank.he
        age = timedelta(days=400 if n % 4 == 1 else 10)
        say(actor, customer, "pay_day", "15", at=timezone.now() - age)
        if n % 4 == 2:
            say(actor, customer, "need_kind", "car", row=1, at=timezone.now() - timedelta(days=500))
    # Some archives are almost full.
    db.execute("UPDATE archives_archive SET changes_on = %s", [today])
    records.remeasure(today, [])
    for archive in Archive.objects.using("batch").order_by("pk")[::3]:
        Archive.objects.using("batch").filter(pk=archive.pk).update(completeness=75)
    figures.count(today)
    return made


def plain(customers: list[Customer], owner_id: int | None, tier: int | None = None) -> dict[str, Any]:
    """The figures of a manager (None: of nobody) counted one customer after the other; sections by how often."""
    found: dict[str, Any] = dict.fromkeys((*FIGURES, "points"), 0)
    sections: Counter[str] = Counter()
    for customer in customers:
        main = Ownership.objects.using("batch").filter(customer=customer, role="main", until__isnull=True).first()
        if (main.owner_id if main else None) != owner_id:
            continue
        if tier is not None and customer.metrics.tier != tier:
            continue
        found["customers"] += 1
        archive = Archive.objects.using("batch").filter(customer=customer).first()
        if archive is None:
            found["empty"] += 1
            continue
        found["archives"] += 1
        found["points"] += archive.completeness
        found["incomplete"] += archive.completeness < 60
        with scoped(actor_of(customer)):
            fields = {one.pk: one for one in records.active_fields()}
            states = records.states_of(customer, timezone.localdate())
        stale = {fields[one.field_id].section for one in states if one.counts and one.state == "half"}
        found["stale"] += bool(stale)
        sections.update(stale)
    return {**found, "sections": dict(sections)}


def actor_of(customer: Customer) -> User:
    return User.objects.using("batch").get(staff_no="0001")


def shown(line: Line) -> dict[str, Any]:
    own = {name: getattr(line.figures, name) for name in (*FIGURES, "points")}
    return {**own, "sections": dict(line.figures.stale_in)}


def lines(client: Client, **asked: Any) -> dict[str, Line]:
    quality = client.get(PAGE, asked).context["quality"]
    return {line.key: line for line in quality.lines}


def test_every_figure_is_what_a_plain_count_finds(bank: Bank, client_of: ClientOf, town: list[Customer]) -> None:
    found = lines(client_of(bank.he))
    of_south = [one for one in town if one.branch_id == bank.south.pk]
    wanted = {str(bank.wang.pk): bank.wang.pk, str(bank.li.pk): bank.li.pk, "none": None}
    assert found.keys() == wanted.keys()
    for key, owner_id in wanted.items():
        assert shown(found[key]) == plain(of_south, owner_id), key
    assert any(line.figures.stale_in for line in found.values())
    upper = lines(client_of(bank.he), tier=4)
    for key, line in upper.items():
        assert shown(line) == plain(of_south, wanted[key], tier=4), key


def test_each_figure_opens_its_customers(bank: Bank, client_of: ClientOf, town: list[Customer]) -> None:
    client = client_of(bank.he)
    quality = client.get(PAGE).context["quality"]
    checked = 0
    for line in (*quality.lines, *quality.tiers, quality.total):
        for figure in (*FIGURES, *(key for key, _label in quality.sections)):
            number = getattr(line.figures, figure, None)
            number = line.figures.stale_in[figure] if number is None else number
            page = client.get(line.url(figure)).context["page"]
            assert page.count == number, (line.key, figure)
            checked += bool(number)
    assert checked > 20


def test_the_worst_line_comes_first(bank: Bank, client_of: ClientOf, town: list[Customer]) -> None:
    shares = [line.figures.share for line in client_of(bank.he).get(PAGE).context["quality"].lines]
    assert shares == sorted(shares, key=lambda one: -(one if one is not None else -1))


def test_a_manager_sees_the_own_line_and_a_region_its_branches(
    bank: Bank, client_of: ClientOf, town: list[Customer]
) -> None:
    own = lines(client_of(bank.wang))
    assert own.keys() == {str(bank.wang.pk)}
    total = client_of(bank.wang).get(PAGE).context["quality"].total
    assert client_of(bank.wang).get(total.url("customers")).context["page"].count == total.figures.customers == 6
    assert client_of(bank.wang).get(PAGE, {"branch": bank.north.pk}).status_code == 404
    below = lines(client_of(bank.sun), branch=bank.sub.pk)
    assert below.keys() == {str(bank.south.pk), str(bank.north.pk)}
    assert below[str(bank.north.pk)].figures.customers == 3
    assert below[str(bank.south.pk)].figures.customers == 15


def test_the_page_costs_the_same_for_any_number(
    day: Morning, bank: Bank, client_of: ClientOf, town: list[Customer]
) -> None:
    client = client_of(bank.he)
    client.get(PAGE)
    with CaptureQueriesContext(connections["default"]) as asked:
        client.get(PAGE)
    assert len(asked) <= STATEMENTS, [one["sql"][:90] for one in asked.captured_queries]


def test_a_night_finds_what_days_and_files_turned(bank: Bank) -> None:
    customer = bank.customer("A1", owner=bank.wang, id_no_mask="1**7", id_expiry_date=timezone.localdate())
    bank.metrics(customer, 600_000, tier=4)
    say(bank.wang, customer, "pay_day", "15")
    today = timezone.localdate()

    def stale() -> list[str]:
        return Archive.objects.using("batch").get(customer=customer).stale_in

    assert stale() == []
    records.remeasure(today + timedelta(days=1), [])
    assert stale() == ["basic"]  # the document has run out
    Customer.objects.using("batch").filter(pk=customer.pk).update(id_expiry_date=today + timedelta(days=3650))
    records.remeasure(today + timedelta(days=2), [])
    assert stale() == ["basic"]  # no file has told of it
    NightCustomer.objects.using("batch").create(
        customer_id=customer.pk, load_id=1, is_new=False, customer_no="A1", branch_id=customer.branch_id, name="A1",
        customer_type="person", open_date=customer.open_date, status="active", id_type="resident_id",
    )  # fmt: skip
    records.remeasure(today + timedelta(days=3), [])
    assert stale() == []


def test_a_new_assessment_of_risk_is_measured_at_once(bank: Bank) -> None:
    customer, today = bank.customer("A1", owner=bank.wang), timezone.localdate()
    bank.metrics(customer, 600_000, tier=4)
    say(bank.wang, customer, "pay_day", "15")

    def assessed(on: date) -> list[str]:
        result = RiskAssessment(
            level=2, assessed_on=on, valid_to=on + timedelta(days=364), through="counter", questionnaire="2026"
        )
        with scoped(bank.wang):
            suitability.record(Customer.objects.get(pk=customer.pk), bank.wang, result)
        return Archive.objects.using("batch").get(customer=customer).stale_in

    assert assessed(today - timedelta(days=500)) == ["holdings"]
    assert assessed(today) == []


def test_a_filter_without_sense_finds_nobody(bank: Bank, client_of: ClientOf, town: list[Customer]) -> None:
    client = client_of(bank.he)
    for asked in ({"stale": "nowhere"}, {"complete_below": "x"}, {"noted": "7"}):
        assert client.get("/customers/", asked).context["page"].count == 0
    below = client.get("/customers/", {"complete_below": "70"}).context["page"]
    known = Archive.objects.using("batch").filter(completeness__lt=70, branch=bank.south)
    assert {row.customer.pk for row in below.rows} == set(known.values_list("customer_id", flat=True))
