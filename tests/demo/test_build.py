"""The made-up bank is consistent: money adds up, balance-days follow from the changes, and no number is anybody's."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm import db
from crm.audit import pii
from crm.demo import names
from crm.demo.build import Built, DemoRefused, Plan, build
from crm.demo.people import ID_CHECKS, ID_WEIGHTS, People
from crm.jobs import ledger
from crm.organization.choices import Role
from crm.organization.models import User
from customers import averages
from customers.models import Account, Customer, Metrics
from tests.demo.plans import AS_OF, SMALL

Demo = tuple[Plan, Built]


def value(statement: str, *params: Any) -> Any:
    return db.fetch_value(statement, list(params))


def daily_aum(customer_id: int, first: date, last: date) -> dict[date, Decimal]:
    """The oracle: today's holdings, taken back day by day through the changes."""
    total = value(
        "SELECT sum(h.balance) FROM customers_holding h JOIN customers_product p ON p.id = h.product_id "
        "WHERE h.customer_id = %s AND p.counts_in_aum",
        customer_id,
    )
    deltas: dict[date, Decimal] = defaultdict(Decimal)
    for row in db.fetch_all(
        "SELECT as_of, new_counted - old_counted AS delta FROM customers_balancechange WHERE customer_id = %s",
        [customer_id],
    ):
        deltas[row["as_of"]] += row["delta"]
    days, day = {}, last
    while day >= first:
        days[day] = total
        total -= deltas[day]
        day -= timedelta(days=1)
    return days


def test_money_adds_up(demo: Demo) -> None:
    held = value(
        "SELECT sum(h.balance) FROM customers_holding h JOIN customers_product p ON p.id = h.product_id "
        "WHERE p.counts_in_aum"
    )
    assert held > 0
    assert held == value("SELECT sum(aum) FROM customers_metrics")
    for scheme in db.fetch_all("SELECT id FROM segments_tierscheme WHERE is_active"):
        assert held == value(
            "SELECT sum(aum) FROM segments_dayfigure WHERE as_of = %s AND scheme_id = %s", AS_OF, scheme["id"]
        )
    assert not value("SELECT count(*) FROM customers_metrics WHERE aum < 0 OR deposit > aum")


def test_balance_days_equal_a_count_day_by_day(demo: Demo) -> None:
    sample = list(
        Metrics.objects.using("batch").filter(since_date__gte=AS_OF - timedelta(days=120)).order_by("pk")[:60]
    )
    quiet = list(
        Metrics.objects.using("batch").filter(since_date__lt=AS_OF - timedelta(days=120)).order_by("-aum")[:20]
    )
    newest = list(Metrics.objects.using("batch").order_by("-customer__open_date")[:20])
    opened = dict(Customer.objects.using("batch").values_list("pk", "open_date"))
    for row in (*sample, *quiet, *newest):
        since = row.since_date
        month, quarter = averages.month_start(since), averages.quarter_start(since)
        before = averages.month_start(month - timedelta(days=1))
        days = daily_aum(row.pk, min(before, quarter), AS_OF)
        came = opened[row.pk]
        balance = {day: amount if came is not None and day >= came else Decimal(0) for day, amount in days.items()}
        assert days[AS_OF] == days[since] == row.aum
        assert row.month_days == sum(balance[day] for day in balance if month <= day < since)
        assert row.quarter_days == sum(balance[day] for day in balance if quarter <= day < since)
        assert row.last_month_days == sum(balance[day] for day in balance if before <= day < month)


def test_nobody_held_money_before_coming(demo: Demo) -> None:
    for customer in Customer.objects.using("batch").filter(open_date__gt=SMALL.start)[:80]:
        came = customer.open_date
        assert came is not None
        assert daily_aum(customer.pk, came - timedelta(days=1), AS_OF)[came - timedelta(days=1)] == 0


def test_tiers_follow_the_rules_of_their_scheme(demo: Demo) -> None:
    wrong = value(
        "SELECT count(*) FROM segments_tierstate t JOIN segments_tierscheme s ON s.id = t.scheme_id "
        "JOIN customers_metrics m USING (customer_id) JOIN segments_tier b ON b.scheme_id = s.id AND b.rank = t.rank "
        "WHERE s.metric = 'point' AND (m.aum < b.lower OR m.aum >= b.upper)"
    )
    assert wrong == 0
    # Last month's average decides: above the band is promoted at once, below it is only after patience.
    rows = db.fetch_all(
        "SELECT t.rank, t.months_below, t.is_watched, b.lower, b.upper, b.downgrade_after_months AS patience, "
        "last_month_average(m.aum, m.since_date, m.month_days, m.last_month_days, %s) AS value "
        "FROM segments_tierstate t JOIN segments_tierscheme s ON s.id = t.scheme_id AND s.is_primary "
        "JOIN customers_metrics m USING (customer_id) "
        "JOIN segments_tier b ON b.scheme_id = s.id AND b.rank = t.rank "
        "JOIN customers_customer c ON c.id = m.customer_id WHERE c.open_date < date_trunc('month', %s::date)",
        [AS_OF, AS_OF],
    )
    assert len(rows) > 1000
    for row in rows:
        assert row["upper"] is None or row["value"] < row["upper"]
        assert (row["value"] < row["lower"]) == (row["months_below"] > 0)
        assert row["months_below"] < (row["patience"] or 3)
        assert row["is_watched"] == (row["months_below"] > 0)
    assert not value(
        "SELECT count(*) FROM customers_metrics m JOIN segments_tierstate t USING (customer_id) "
        "JOIN segments_tierscheme s ON s.id = t.scheme_id AND s.is_primary WHERE m.tier <> t.rank"
    )


def test_figures_of_a_past_day_are_those_of_the_history(demo: Demo) -> None:
    day = AS_OF - timedelta(days=100)
    found = db.fetch_all(
        "SELECT scheme_id, rank, sum(customers)::int AS customers FROM segments_dayfigure "
        "WHERE as_of = %s GROUP BY 1, 2 HAVING sum(customers) > 0 ORDER BY 1, 2",
        [day],
    )
    counted = db.fetch_all(
        "SELECT scheme_id, new_rank AS rank, count(*)::int AS customers FROM ("
        "SELECT DISTINCT ON (scheme_id, customer_id) scheme_id, new_rank FROM segments_tierchange WHERE as_of <= %s "
        "ORDER BY scheme_id, customer_id, as_of DESC) last GROUP BY 1, 2 ORDER BY 1, 2",
        [day],
    )
    assert found == counted


def test_shares_of_tiers_are_those_of_a_real_branch(demo: Demo) -> None:
    shares = {
        row["tier"]: row["share"]
        for row in db.fetch_all(
            "SELECT tier, count(*)::float / sum(count(*)) OVER () AS share FROM customers_metrics GROUP BY tier"
        )
    }  # fmt: skip
    assert 0.65 < shares[1] < 0.85
    assert 0.02 < shares[4] < 0.10
    assert all(shares[rank] > 0 for rank in (2, 3, 5))


def test_numbers_are_nobodys_and_nobodys_twice(demo: Demo) -> None:
    people = Customer.objects.using("batch").filter(customer_type="person").order_by("pk")
    numbers = [pii.decrypt(pii.ID_NO, one.pk, one.id_no_cipher) for one in people]
    assert len(set(numbers)) == len(numbers)
    for number, person in zip(numbers, people, strict=True):
        assert number.startswith(names.REGION)
        assert number[6:14] == f"{person.birth_date:%Y%m%d}"
        assert ID_CHECKS[sum(int(c) * w for c, w in zip(number, ID_WEIGHTS, strict=False)) % 11] == number[-1]
        assert int(number[16]) % 2 == (person.sex == "M")
    mobiles = [pii.decrypt(pii.MOBILE, one.pk, one.mobile_cipher) for one in people if one.mobile_cipher]
    assert len(set(mobiles)) == len(mobiles)
    assert all(mobile[:3] in names.MOBILE_PREFIXES and len(mobile) == 11 for mobile in mobiles)
    accounts = Account.objects.using("batch").all()[:50]
    assert all(pii.decrypt(pii.ACCOUNT_NO, one.pk, one.account_no_cipher).startswith("0099") for one in accounts)


def test_every_customer_of_means_has_an_owner_in_the_branch(demo: Demo) -> None:
    assert not value(
        "SELECT count(*) FROM customers_ownership o JOIN organization_user u ON u.id = o.owner_id "
        "WHERE o.until IS NULL AND (u.branch_id <> o.branch_id OR u.role <> 'relationship_manager')"
    )
    assert not value(
        "SELECT count(*) FROM customers_metrics m WHERE aum >= 100000 AND NOT EXISTS "
        "(SELECT FROM customers_ownership o WHERE o.customer_id = m.customer_id AND o.until IS NULL)"
    )


def test_the_demo_looks_published_and_has_live_alerts(demo: Demo) -> None:
    assert ledger.published_date(using="batch") == AS_OF
    kinds = {row["kind"] for row in db.fetch_all("SELECT DISTINCT kind FROM customers_alert WHERE state = 'new'")}
    assert kinds == {"maturity", "upgrade_critical", "downgrade_critical"}


def test_staff_of_every_role_can_sign_in(demo: Demo) -> None:
    logins = demo[1].logins
    assert {User.objects.using("batch").get(staff_no=one.staff_no).role for one in logins} == set(Role.values)
    someone = logins[0]
    assert len(someone.password) >= 12
    assert User.objects.using("batch").get(staff_no=someone.staff_no).check_password(someone.password)


def test_a_database_with_customers_is_left_alone(demo: Demo) -> None:
    before = value("SELECT count(*) FROM customers_customer")
    with pytest.raises(DemoRefused):
        build(SMALL)
    assert value("SELECT count(*) FROM customers_customer") == before


def test_the_same_seed_gives_the_same_people() -> None:
    def some(seed: int) -> list[tuple[Any, ...]]:
        people = People(300, seed, AS_OF, [0.9, 0.1])
        return [(one.id, one.name, one.id_no, one.mobile, one.address, one.open_date, one.place) for one in people]

    assert some(7) == some(7)
    assert some(7) != some(8)


def test_open_plans_are_the_last_contacts_next_dates(demo: Demo) -> None:
    wanted = """SELECT customer_id, next_date FROM (SELECT DISTINCT ON (customer_id) customer_id, next_date
        FROM archives_contactlog ORDER BY customer_id, contacted_at DESC) last WHERE next_date >= %s"""
    plans = (
        "SELECT customer_id, due_date FROM archives_maintenanceplan WHERE state IN ('planned', 'paused')"
        " AND source_id IS NOT NULL"
    )
    expected = db.fetch_all(wanted, [AS_OF - timedelta(days=3)])
    assert expected
    assert {tuple(row.values()) for row in db.fetch_all(plans)} == {tuple(row.values()) for row in expected}


def test_what_was_typed_in_haste_is_found_and_what_is_honest_is_not(demo: Demo) -> None:
    rows = db.fetch_all(
        "SELECT u.staff_no, f.kind, count(*) AS findings, min(f.contacts) AS contacts FROM archives_contactfinding f "
        "JOIN organization_user u ON u.id = f.staff_id GROUP BY 1, 2 ORDER BY 1"
    )
    found = {(row["staff_no"], row["kind"]): row["findings"] for row in rows}
    assert found == {("1005", "alike"): 2, ("1009", "burst"): 1}
    assert min(row["contacts"] for row in rows) >= 8
    assert value("SELECT count(*) FROM archives_contactverdict") == 1
    assert value("SELECT count(*) FROM archives_contactmark WHERE kind = 'no_next'") > 0
    tried = "SELECT count(*) FROM archives_contactlog l JOIN organization_user u ON u.id = l.staff_id "
    assert value(f"{tried} WHERE u.staff_no = '1003' AND l.summary = '没人接'") >= 8


def test_the_ledger_adds_up_and_much_of_it_is_alive(demo: Demo) -> None:
    kinds = {row["kind"] for row in db.fetch_all("SELECT DISTINCT kind FROM campaigns_ledgerentry")}
    assert {"earn", "spend", "expire"} <= kinds
    wrong = (
        "SELECT count(*) FROM campaigns_ledgerbalance b WHERE b.balance <> ("
        "SELECT sum(e.quantity) FROM campaigns_ledgerentry e "
        "WHERE e.customer_id = b.customer_id AND e.entitlement_id IS NOT DISTINCT FROM b.entitlement_id)"
    )
    assert value(wrong) == 0


def test_gifts_keep_to_their_limits_and_some_wait(demo: Demo) -> None:
    given = value("SELECT count(*) FROM archives_giftstep WHERE kind = 'given'")
    waits = value(
        "SELECT count(*) FROM archives_gift g WHERE NOT EXISTS (SELECT FROM archives_giftstep s WHERE s.gift_id = g.id)"
    )
    assert given > 0 and 0 < waits < given
    assert value(
        "SELECT max(given) FROM (SELECT sum(g.value) AS given FROM archives_gift g JOIN archives_giftstep s "
        "ON s.gift_id = g.id AND s.kind = 'given' GROUP BY g.staff_id, date_trunc('month', s.day)) m"
    ) <= value("SELECT amount FROM archives_giftlimit WHERE kind = 'staff_month'")
    assert value("SELECT count(*) FROM archives_consent WHERE is_given") > 0
