"""The sentence about a tier, other gradings with their parts, and the pages of tier schemes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from crm.organization.models import User
from customers.models import Customer
from segments import schemes
from segments.models import Tier, TierChange, TierScheme
from tests.nightly.night_world import Book
from tests.world import Bank

ClientOf = Callable[[User], Client]


def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def story(client: Client, customer: Customer) -> str:
    return str(client.get(f"/customers/{customer.pk}/").context["page"].story.sentence)


def test_the_sentence_says_why_how_far_and_when_it_would_fall(bank: Bank, client_of: ClientOf) -> None:
    book = Book(bank)
    customer = book.open("C1", 100_000)
    holding = book.holdings[customer.pk][0]
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    wang = english(client_of(bank.wang))
    told = story(wang, customer)
    assert told.startswith("Mid since ")
    for words in ("Metric reached a higher band", "Last month's average", "Five tiers, monthly average, version 1",
                  "short of High", "after 3 months below 50k"):  # fmt: skip
        assert words in told, told
    assert "6/01 at the earliest" in told
    book.change(holding, 1_000)
    book.night(date(2026, 3, 2))
    assert "if it stays below" in story(wang, customer)
    book.night(date(2026, 4, 1))
    watched = story(wang, customer)
    assert "for 1 month, it falls on 6/01" in watched
    for month in (5, 6):
        book.night(date(2026, month, 1))
    fallen = story(wang, customer)
    assert fallen.startswith("Potential since ")
    assert "Metric stayed below the band" in fallen
    assert "cannot fall" in fallen
    # The day that the sentence of April named is the day on which it fell.
    fell = TierChange.objects.using("batch").get(customer=customer, scheme__code="five", cause="downgraded")
    assert fell.as_of == date(2026, 6, 1)
    assert fell.scheme_version == 1


def test_the_top_has_nothing_above_and_the_balance_of_the_day_falls_at_once(bank: Bank, client_of: ClientOf) -> None:
    book = Book(bank)
    customer = book.open("C1", 9_000_000)
    book.night(date(2026, 3, 1))
    schemes.make_primary(TierScheme.objects.get(code="five_point"))
    book.night(date(2026, 3, 2))
    told = story(english(client_of(bank.wang)), customer)
    assert "there is no tier above" in told
    assert "it falls in the night in which the metric is below" in told


def test_the_savings_grade_explains_its_parts_and_is_advice(bank: Bank, client_of: ClientOf) -> None:
    schemes.activate(TierScheme.objects.get(code="savings_grade"))
    book = Book(bank)
    customer = book.open("C1", 250_000)
    late = book.open("C2", 400_000)
    book.add(late, 20_000, product="LOAN", maturity_date=date(2025, 11, 1))
    book.night(date(2026, 3, 1))
    client = english(client_of(bank.wang))
    page = client.get(f"/customers/{customer.pk}/")
    other = next(one for one in page.context["page"].story.others if one.state.scheme.code == "savings_grade")
    assert [(part.factor.measure, part.points) for part in other.parts] == [
        ("deposit", Decimal("20.00")), ("term_days", Decimal(0)), ("overdue_days", Decimal("20.00")),
        ("spending", Decimal(0)),
    ]  # fmt: skip
    assert (other.total, other.tier, other.value) == (Decimal(40), "Ordinary", "40")
    text = page.content.decode()
    assert "Advice only" in text
    assert "20 / 40" in text
    risky = client.get(f"/customers/{late.pk}/")
    assert "forbids a score" in risky.content.decode()
    other = next(one for one in risky.context["page"].story.others if one.state.scheme.code == "savings_grade")
    assert (other.tier, other.total) == ("Risky", Decimal(0))


@pytest.mark.parametrize(
    ("who", "status"), [("wang", 200), ("he", 200), ("zhou", 200), ("lu", 200), ("wu", 200), ("zhao", 403)]
)
def test_who_reads_the_schemes(bank: Bank, client_of: ClientOf, who: str, status: int) -> None:
    assert client_of(getattr(bank, who)).get("/tiers/schemes/").status_code == status


def test_the_list_says_what_is_in_force_and_what_is_not_known(bank: Bank, client_of: ClientOf) -> None:
    page = english(client_of(bank.lu)).get("/tiers/schemes/")
    states = {line.scheme.code: line.state.text for line in page.context["lines"]}
    assert states["five"] == "in force, shown on pages"
    assert states["icbc_2021"] == states["ccb_ocrm"] == states["cib"] == "inactive: thresholds unknown"
    assert states["icbc_points"] == "inactive: ended on 2021-04-30"
    assert states["cmb"] == "inactive"
    assert page.context["lines"][0].scheme.code == "five"
    text = page.content.decode()
    assert "Seven stars from 80000" in text
    for line in page.context["lines"]:
        one = english(client_of(bank.he)).get(f"/tiers/schemes/{line.scheme.pk}/")
        assert one.status_code == 200
        assert line.scheme.source in one.content.decode()
    assert english(client_of(bank.he)).get("/tiers/schemes/999999/").status_code == 404


def test_an_unknown_edge_is_said_and_entered_edges_are_taken(bank: Bank, client_of: ClientOf) -> None:
    scheme = TierScheme.objects.get(code="icbc_2021")
    assert "unknown" in english(client_of(bank.he)).get(f"/tiers/schemes/{scheme.pk}/").content.decode()
    bands = list(scheme.tiers.order_by("rank"))
    for place, band in enumerate(bands):
        upper = None if band is bands[-1] else (place + 1) * 10_000
        Tier.objects.filter(pk=band.pk).update(lower=place * 10_000, upper=upper)
    schemes.activate(TierScheme.objects.get(pk=scheme.pk))
    assert "thresholds unknown" not in english(client_of(bank.he)).get(f"/tiers/schemes/{scheme.pk}/").content.decode()
