"""Parts of the customer 360: whose money could close a gap, what the archive knows, banners and contacts in number."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.organization.access import scoped
from crm.organization.models import User
from crm.workbench.family import Source, household_of, relatives_of, sources_for
from customers.models import Customer, Household, Ownership, Product, Relation
from segments.gap import Gap
from segments.tiers import primary_tiers
from tests.pages.morning import Morning
from tests.pages.test_customer_page import ClientOf
from tests.pages.test_timeline import at, contact
from tests.world import Bank

DAY = date(2026, 3, 10)


def gap(needed: int | None) -> Gap:
    tier = primary_tiers()[4]
    amount = None if needed is None else Decimal(needed)
    return Gap(tier, Decimal(0), tier.lower, amount, Decimal(0), DAY, True)


@pytest.fixture
def home(bank: Bank) -> list[Customer]:
    """A couple of wang's: she holds money of every sort, he stands at 140,000 in the tier from 50,000."""
    hers, his = (bank.customer(number, owner=bank.wang) for number in ("C1", "C2"))
    place = Household.objects.using("batch").create(branch=bank.south)
    Customer.objects.using("batch").filter(pk__in=[hers.pk, his.pk]).update(household=place)
    bank.metrics(hers, 400_000, tier=3)
    bank.metrics(his, 140_000, tier=3)
    for one, kind, other in ((hers, "spouse", his), (his, "spouse", hers)):
        Relation.objects.using("batch").create(
            branch_id=bank.south.pk, customer_id=one.pk, relation_type=kind, related_customer_id=other.pk
        )
    return [hers, his]


def sources(user: User, customer: Customer, needed: int | None) -> list[Source]:
    with scoped(user):
        seen = Customer.objects.get(pk=customer.pk)
        household = household_of(user, seen, relatives_of(user, seen))
        return sources_for(gap(needed), household, primary_tiers())


def test_a_relatives_free_money_may_fill_a_gap_as_far_as_it_keeps_their_tier(bank: Bank, home: list[Customer]) -> None:
    hers, his = home
    bank.holding(his, 120_000)
    (found,) = sources(bank.wang, hers, 60_000)
    assert (found.amount, found.left, found.is_enough) == (Decimal(90_000), Decimal(80_000), True)
    assert found.member.relation is not None
    assert found.member.relation.relation_type == "spouse"
    (partly,) = sources(bank.wang, hers, 90_001)
    assert (partly.amount, partly.left, partly.is_enough) == (Decimal(90_000), Decimal(50_000), False)
    assert sources(bank.wang, hers, 900_001) == []  # less than a tenth of it
    assert sources(bank.wang, hers, None) == sources(bank.wang, hers, 0) == []


@pytest.mark.parametrize(
    ("product", "fields"),
    [
        ("TIME1Y", {}),
        ("WEALTH", {}),
        ("LOAN", {}),
        ("DEMAND", {"status": "closed"}),
        ("DEMAND", {"funding_source": "loan"}),
    ],
)
def test_money_that_does_not_move_freely_is_no_source(
    bank: Bank, home: list[Customer], product: str, fields: dict[str, str]
) -> None:
    bank.holding(home[1], 120_000, product=product, **fields)
    assert sources(bank.wang, home[0], 60_000) == []


def test_a_notice_deposit_is_free_money(bank: Bank, home: list[Customer]) -> None:
    bank.products["NOTICE"] = Product.objects.using("batch").create(
        code="NOTICE", name="通知存款", product_class="notice", counts_in_aum=True
    )
    bank.holding(home[1], 70_000, product="NOTICE")
    assert [one.amount for one in sources(bank.wang, home[0], 60_000)] == [Decimal(70_000)]


def test_money_of_a_member_in_other_hands_is_not_told(bank: Bank, home: list[Customer]) -> None:
    hers, his = home
    bank.holding(his, 120_000)
    Ownership.objects.using("batch").filter(customer=his).update(owner=bank.li)
    assert sources(bank.wang, hers, 60_000) == []
    assert len(sources(bank.he, hers, 60_000)) == 1


def test_the_page_names_the_source_and_never_our_own_maturing_deposit(
    bank: Bank, day: Morning, client_of: ClientOf
) -> None:
    place = Household.objects.using("batch").create(branch=bank.south)
    Customer.objects.using("batch").filter(pk__in=[day.zhou.pk, day.lin.pk]).update(household=place)
    bank.holding(day.lin, 300_000)
    page = client_of(bank.wang).get(f"/customers/{day.zhou.pk}/").context["page"]
    needed = page.gap.deposit_today  # None on the last day of a month, and much in its last days
    expected = [(day.lin.pk, Decimal(300_000))] if needed and needed <= 3_000_000 else []
    assert [(one.member.customer.pk, one.amount) for one in page.sources] == expected
    assert page.maturing_sum == Decimal(80_000)


@pytest.mark.parametrize(("days", "expected"), [(-1, "expired"), (0, "expires"), (90, "expires"), (91, "")])
def test_the_document_warns_before_it_runs_out(
    bank: Bank, day: Morning, client_of: ClientOf, days: int, expected: str
) -> None:
    expiry = day.day + timedelta(days)
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(id_expiry_date=expiry)
    page = client_of(bank.wang).get(f"/customers/{day.zhou.pk}/").context["page"]
    assert (page.document_expired, page.document_expires) == (expected == "expired", expected == "expires")


def test_banners_stand_worst_first(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    client, address = client_of(bank.wang), f"/customers/{day.zhou.pk}/"
    assert 'class="banner flat' not in client.get(address).content.decode()
    Customer.objects.using("batch").filter(pk=day.zhou.pk).update(
        status="closed", do_not_contact=True, id_expiry_date=day.day - timedelta(1)
    )
    text = client.get(address).content.decode()
    levels = [part.split('"')[0].strip() for part in text.split('class="banner flat')[1:]]
    assert levels == ["crit", "warn", "warn"]
    assert text.index("#ban") < text.index("#phone-off") < text.rindex("#id")


def test_contacts_of_the_past_thirty_days_are_counted(bank: Bank, day: Morning, client_of: ClientOf) -> None:
    for days in (1, 29, 30, 31):
        contact(day.zhou, bank.wang, at(timezone.localdate() - timedelta(days)), channel="wecom")
    touches = client_of(bank.wang).get(f"/customers/{day.zhou.pk}/").context["page"].touches
    assert touches.number == 2
    assert touches.last is not None
    assert touches.last.day == timezone.localdate() - timedelta(1)


def test_a_relative_in_the_household_stands_once(bank: Bank, home: list[Customer], client_of: ClientOf) -> None:
    text = client_of(bank.wang).get(f"/customers/{home[0].pk}/").content.decode()
    block = text.split('id="relations"')[1].split('id="archive"')[0]
    assert block.count(f'href="/customers/{home[1].pk}/"') == 1
    assert block.count("/remove/") == 1
