"""The gap ladder: nobody without a gap, no money twice, nobody of others, the nearest first on any page."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.models import ArchiveField, ArchiveValue, MaintenancePlan
from crm import db
from crm.organization.models import User
from crm.workbench.gap_ladder import LadderFilter
from customers.averages import deposit_needed
from customers.lists.shape import beyond
from customers.models import Customer, Household, Metrics
from segments.gap import balances_of, gap_to
from segments.tiers import primary_tiers
from tests.pages.morning import Morning
from tests.world import Bank

ClientOf = Callable[[User], Client]
EDGE = 50_000


def near(bank: Bank, number: str, aum: Decimal | int, **fields: Any) -> Customer:
    """A customer of the second tier, 5万 away from nothing but the rest."""
    fields.setdefault("owner", bank.wang)
    customer = bank.customer(number, **fields)
    bank.metrics(customer, aum, tier=2)
    return customer


def ladder(client: Client, query: str = "") -> Any:
    answer = client.get(f"/tiers/gaps/?{query}")
    assert answer.status_code == 200
    return answer.context["ladder"]


def people(found: Any) -> list[str]:
    return [rung.customer.customer_no for rung in found.rungs]


@pytest.fixture
def town(bank: Bank, day: Morning) -> Bank:
    near(bank, "N1", 48_000)
    near(bank, "N2", 42_000, has_payroll=True)
    near(bank, "N3", 26_000)
    near(bank, "FAR", 20_000)  # less than half of the way
    near(bank, "THERE", 50_000)  # nothing missing in the balance
    near(bank, "OUT", 47_000, profiling_opt_out=True)
    near(bank, "LI", 45_000, owner=bank.li)
    near(bank, "QIAN", 44_000, branch=bank.north, owner=bank.qian)
    return bank


@pytest.mark.parametrize(
    ("who", "seen"),
    [("wang", ["N1", "N2", "N3"]), ("li", ["LI"]), ("he", ["N1", "LI", "N2", "N3"]), ("qian", ["QIAN"]),
     ("sun", ["N1", "LI", "QIAN", "N2", "N3"]), ("feng", [])],
)  # fmt: skip
def test_the_nearest_first_in_the_scope_of_the_reader(
    town: Bank, client_of: ClientOf, who: str, seen: list[str]
) -> None:
    assert people(ladder(client_of(getattr(town, who)))) == seen


def test_no_row_without_a_gap_and_the_deposit_is_exact(town: Bank, client_of: ClientOf) -> None:
    """One whose balance stood so high before that the month's average is reached has no gap."""
    as_of = timezone.localdate() - timedelta(days=1)
    high = near(town, "HIGH", 49_000)
    Metrics.objects.using("batch").filter(pk=high.pk).update(since_date=as_of, month_days=Decimal(10**8))
    late = near(town, "LATE", 49_500)
    Metrics.objects.using("batch").filter(pk=late.pk).update(since_date=as_of, month_days=Decimal(0))
    found = ladder(client_of(town.he))
    assert people(found)[0] == "LATE"
    assert "HIGH" not in people(found)
    for rung in found.rungs:
        assert rung.gap.missing > 0
        assert rung.gap.tier.lower == EDGE
        assert rung.gap.deposit_today == deposit_needed(balances_of(rung.customer.metrics), as_of, Decimal(EDGE))


def home(*people: Customer) -> None:
    made = Household.objects.using("batch").create(branch_id=people[0].branch_id)
    for one in people:
        Customer.objects.using("batch").filter(pk=one.pk).update(household_id=made.pk)


def told(customer: Customer, key: str, row: int = 1, **value: Any) -> None:
    """What a customer said of money at another bank."""
    field = ArchiveField.objects.using("batch").get(key=key)
    ArchiveValue.objects.using("batch").create(
        customer=customer, branch_id=customer.branch_id, field=field, row=row, is_filled=True,
        source="said", known_on=timezone.localdate(), recorded_at=timezone.now(), **value,
    )  # fmt: skip


def test_money_elsewhere_is_a_source_until_it_has_fallen_due(town: Bank, client_of: ClientOf) -> None:
    one, other = (Customer.objects.using("batch").get(customer_no=number) for number in ("N1", "N3"))
    due = timezone.localdate() + timedelta(days=20)
    told(one, "other_bank", text="工商银行")
    told(one, "other_maturity", day=due, text=due.isoformat())
    told(other, "other_bank", text="农业银行")
    told(other, "other_maturity", day=timezone.localdate() - timedelta(days=9), text="2020-01-01")
    client = client_of(town.wang)
    rungs = {rung.customer.customer_no: rung for rung in ladder(client).rungs}
    [fill] = rungs["N1"].fills
    assert (fill.kind, fill.amount, fill.when, fill.whose) == ("other_bank", None, due, "工商银行")
    assert rungs["N3"].fills == []
    assert "N1" in people(ladder(client, "source=other_bank"))
    assert "N2" not in people(ladder(client, "source=other_bank"))


def test_the_money_of_a_household_is_offered_once(town: Bank, client_of: ClientOf) -> None:
    """To the member with the smallest gap; what would cost the giver their own tier stays with them."""
    first, second = (Customer.objects.using("batch").get(customer_no=number) for number in ("N1", "N2"))
    rich = near(town, "RICH", 300_000)
    Metrics.objects.using("batch").filter(pk=rich.pk).update(tier=3)
    town.holding(rich, 280_000)
    home(first, second, rich)
    town.holding(first, 48_000)
    town.holding(second, 42_000)
    rungs = {rung.customer.customer_no: rung for rung in ladder(client_of(town.wang)).rungs}
    given = [fill for rung in rungs.values() for fill in rung.fills if fill.kind == "household"]
    assert {fill.whose for fill in rungs["N1"].fills} >= {rich.name_mask}
    assert [fill for fill in rungs["N2"].fills if fill.kind == "household"] == []
    assert sum(fill.amount for fill in given if fill.whose == rich.name_mask) == 250_000
    assert rungs["N1"].is_fillable


def test_a_member_whom_the_reader_may_not_see_is_no_source(town: Bank, client_of: ClientOf) -> None:
    first = Customer.objects.using("batch").get(customer_no="N1")
    others = near(town, "OTHERS", 300_000, owner=town.li)
    town.holding(others, 250_000)
    Metrics.objects.using("batch").filter(pk=others.pk).update(tier=3)
    home(first, others)
    assert ladder(client_of(town.wang)).rungs[0].fills == []
    assert [fill.whose for fill in ladder(client_of(town.he)).rungs[0].fills] == [others.name_mask]


def test_what_matures_is_an_occasion_and_no_source(town: Bank, client_of: ClientOf) -> None:
    first = Customer.objects.using("batch").get(customer_no="N1")
    due = timezone.localdate() + timedelta(days=5)
    town.holding(first, 30_000, product="TIME1Y", maturity_date=due)
    town.holding(first, 9_000, product="LOAN", maturity_date=due)
    rung = ladder(client_of(town.wang)).rungs[0]
    assert (rung.fills, rung.known, rung.is_fillable) == ([], 0, False)
    assert (rung.due.amount, rung.due.first) == (30_000, due)


def test_filters(town: Bank, client_of: ClientOf) -> None:
    client = client_of(town.he)
    assert people(ladder(client, "most=1")) == ["N1", "LI", "N2"]
    assert people(ladder(client, "source=payroll")) == ["N2"]
    assert people(ladder(client, f"manager={town.li.pk}")) == ["LI"]
    assert people(ladder(client_of(town.sun), f"branch={town.north.pk}")) == ["QIAN"]
    assert people(ladder(client, f"branch={town.far.pk}")) == []
    high = ladder(client, "target=4")
    assert [rung.customer.name_mask for rung in high.rungs] == ["林*峰", "周*兰"]
    for odd in ("target=9", "target=x", "most=7", "source=x", "after=1~2~3", "before=x"):
        ladder(client, odd)


def test_pages_follow_one_another(town: Bank, client_of: ClientOf) -> None:
    for number in range(55):
        near(town, f"P{number:03}", 40_000 - (number // 2) * 10)
    client = client_of(town.he)
    first = ladder(client)
    second = ladder(client, f"after={first.page.next_place}")
    assert len(first.rungs) == 50
    assert (first.page.count, len(second.rungs)) == (59, 9)
    assert not set(people(first)) & set(people(second))
    back = ladder(client, f"before={second.page.previous_place}")
    assert people(back) == people(first)


def forget_statistics() -> None:
    """As of tables that were never looked at: what the server found in them while other tests ran says nothing here."""
    for table in ("customers_metrics", "customers_customer"):
        db.execute("SELECT pg_clear_relation_stats('public', %s)", [table], using="owner")
        columns = "SELECT pg_clear_attribute_stats('public', tablename, attname, inherited) FROM pg_stats"
        db.execute(f"{columns} WHERE tablename = %s", [table], using="owner")


@pytest.mark.parametrize("who", ["he", "zhou"])
def test_a_page_is_read_in_the_order_of_an_index(town: Bank, who: str) -> None:
    """From where it begins, without sorting what matches: what it costs does not grow with the bank."""
    as_of = timezone.localdate() - timedelta(days=1)
    user = User.objects.get(pk=getattr(town, who).pk)
    filters = LadderFilter({}, user=user, day=as_of, as_of=as_of, target=primary_tiers()[3])
    rows = (
        filters.matching.using("batch").annotate(sort_key=F("metrics__aum")).filter(beyond((Decimal(45_000), 1), True))
    )
    forget_statistics()
    with transaction.atomic(using="batch"):
        for way in ("seqscan", "bitmapscan", "sort"):
            db.execute(f"SET LOCAL enable_{way} = off")
        plan = rows.order_by("-sort_key", "-pk").values("pk")[:51].explain()
    # That of the branch or that of the bank; which is cheaper for some ten customers says nothing.
    assert "using metrics_branch_tier_aum on" in plan or "using metrics_aum on" in plan
    assert "Sort" not in plan


def test_one_click_makes_a_plan_and_ticked_rows_a_job(town: Bank, client_of: ClientOf) -> None:
    client = client_of(town.wang)
    shown = client.get("/tiers/gaps/").content.decode()
    first = Customer.objects.using("batch").get(customer_no="N1")
    assert f"/customers/{first.pk}/plans/new/?next=%2Ftiers%2Fgaps%2F" in shown
    form = client.get(f"/customers/{first.pk}/plans/new/?next=/tiers/gaps/").context["form"].initial
    due: date = form["due_date"]
    sent = client.post(
        f"/customers/{first.pk}/plans/new/",
        {**form, "due_date": due.isoformat(), "note": "", "next": "/tiers/gaps/"},
    )
    assert (sent.status_code, sent.headers["Location"]) == (303, "/tiers/gaps/")
    assert MaintenancePlan.objects.using("batch").filter(customer=first).count() == 1
    job = client.post("/bulk/new/", {"list": "customers", "query": "", "ids": [first.pk], "action": "plan"})
    assert client.get(job.headers["Location"]).context["preview"].count == 1


def test_the_page_costs_a_fixed_number_of_statements(town: Bank, client_of: ClientOf) -> None:
    client = client_of(town.he)
    ladder(client)
    with CaptureQueriesContext(connection) as seen:
        ladder(client)
    own = [one["sql"] for one in seen.captured_queries if "customers_" in one["sql"]]
    assert len(own) <= 4, own


def test_on_the_last_day_of_a_month_the_deposit_counts_for_the_next_one(town: Bank) -> None:
    """Whoever reads it stands in the next month: what is missing of the balance closes its gap to the fen."""
    row = Metrics.objects.using("batch").get(customer__customer_no="N1")
    Metrics.objects.using("batch").filter(pk=row.pk).update(since_date=date(2026, 11, 20), month_days=Decimal(90_000))
    row.refresh_from_db()
    gap = gap_to(primary_tiers()[3], row, date(2026, 11, 30))
    assert (gap.deposit_today, gap.deposit, gap.until) == (None, Decimal(2_000), date(2026, 12, 31))
    held = [row.aum + gap.deposit] * 31
    assert sum(held) / 31 == EDGE
    before = gap_to(primary_tiers()[3], row, date(2026, 11, 29))
    assert before.deposit == before.deposit_today == deposit_needed(balances_of(row), date(2026, 11, 29), Decimal(EDGE))
    assert before.until == date(2026, 11, 30)
