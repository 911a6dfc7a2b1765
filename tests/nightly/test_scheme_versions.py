"""A new version of a tier scheme takes over in the night of its first day, and the days before stay as they were."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm import nightly
from crm.jobs.models import JobRun
from customers.models import Alert, Metrics
from segments import schemes
from segments.models import DayFigure, TierChange, TierScheme, TierState
from segments.tiering import versions
from segments.tiers import primary_tiers
from tests.nightly.night_world import Book
from tests.nightly.test_averages_of_nights import assert_figures_counted, fingerprint
from tests.nightly.test_reports import report
from tests.nightly.test_tier_rules import history, state
from tests.world import Bank

DAY = date(2026, 3, 10)
FIRST = DAY + timedelta(days=2)


def version_two(code: str, first: date, lower: dict[int, int] | None = None, **rules: Any) -> TierScheme:
    """A released copy of the running version with other edges and rules."""
    copy = schemes.new_version(TierScheme.objects.get(code=code, is_active=True), first - timedelta(days=1))
    for rank, edge in (lower or {}).items():
        copy.tiers.filter(rank=rank).update(lower=edge)
        copy.tiers.filter(rank=rank - 1).update(upper=edge)
    TierScheme.objects.filter(pk=copy.pk).update(effective_from=first, **rules)
    copy.refresh_from_db()
    schemes.activate(copy)
    copy.refresh_from_db()
    return copy


@pytest.fixture
def book(bank: Bank) -> Book:
    book = Book(bank)
    for number, balance in (("A", 60_000), ("B", 200_000), ("C", 9_000), ("D", 20_000)):
        book.open(number, balance)
    book.night(DAY)
    return book


def figures(run: JobRun) -> tuple[int, str]:
    return run.counts["customers"], run.counts["aum"]


def without_products(facts: dict[str, Any]) -> dict[str, Any]:
    """A report of tiers without the products held, which are counted for the newest day alone."""
    tiers = [{key: value for key, value in row.items() if key != "products"} for row in facts["tiers"]]
    return {key: value for key, value in facts.items() if key != "products"} | {"tiers": tiers}


def test_everybody_is_judged_once_on_the_first_day(book: Book) -> None:
    a, b, *_rest = book.customers
    copy = version_two("five_point", FIRST, {3: 100_000})
    before = report("tiers", DAY)
    book.night(DAY + timedelta(days=1))
    assert (state(a, "five_point").rank, state(a, "five_point").scheme.version) == (3, 1)
    run = book.night(FIRST)
    assert run.state == "published", run.message
    assert run.counts["moves"] == {"five_point": {"3>2": 1}}
    change = TierChange.objects.using("batch").get(customer=a, as_of=FIRST)
    assert (change.old_rank, change.new_rank, change.cause, change.scheme_version) == (3, 2, "scheme_changed", 2)
    assert set(TierState.objects.using("batch").values_list("scheme__code", "scheme__version")) == {
        ("five", 1), ("five_point", 2),
    }  # fmt: skip
    assert (state(b, "five_point").rank, state(b, "five_point").since) == (3, DAY)
    assert [one.version for one in TierScheme.objects.filter(code="five_point", is_active=True)] == [2]
    assert_figures_counted(FIRST)
    assert without_products(report("tiers", DAY)) == without_products(before)
    assert [row["customers"] for row in report("tiers", FIRST)["tiers"]] == [1, 2, 1, 0, 0]
    moves = report("moves", FIRST, "--since", DAY.isoformat())
    assert {kind: moves[kind] for kind in ("up", "down", "same", "new", "gone")} == {
        "up": 0, "down": 1, "same": 3, "new": 0, "gone": 0,
    }  # fmt: skip
    run = book.night(FIRST + timedelta(days=1))
    assert run.counts["moves"] == {}
    assert_figures_counted(FIRST + timedelta(days=1))
    days = DayFigure.objects.using("batch").filter(scheme__code="five_point").order_by("as_of")
    assert {one.as_of: one.scheme_id == copy.pk for one in days} == {
        DAY: False, DAY + timedelta(days=1): False, FIRST: True, FIRST + timedelta(days=1): True,
    }  # fmt: skip


def test_the_scheme_that_pages_show_keeps_its_figures_and_its_alerts(book: Book) -> None:
    """Every night of the change says how many customers there are, and critical customers are judged by new edges."""
    told = [figures(book.night(DAY + timedelta(days=1)))]
    version_two("five", FIRST, {2: 9_500})
    told += [figures(book.night(FIRST)), figures(book.night(FIRST + timedelta(days=1)))]
    assert told == [(4, "289000.00")] * 3
    assert {tier.scheme.version for tier in primary_tiers().values()} == {2}
    alert = Alert.objects.using("batch").get(customer=book.customers[2], kind="upgrade_critical")
    assert (alert.evidence["threshold"], alert.evidence["scheme_version"]) == ("9500.00", 2)
    assert report("tiers", FIRST, "--scheme", "five")["customers"] == 4
    assert report("tiers", DAY, "--scheme", "five")["customers"] == 4


def test_months_below_the_band_go_on_counting(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 100_000)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    book.change(book.holdings[customer.pk][0], 1_000)
    book.night(date(2026, 3, 2))
    book.night(date(2026, 4, 1))
    version_two("five", date(2026, 4, 10), {4: 600_000})
    seen = []
    for day in (date(2026, 4, 10), date(2026, 5, 1), date(2026, 6, 1)):
        book.night(day)
        seen.append((state(customer).rank, state(customer).months_below, state(customer).is_watched))
        assert Metrics.objects.using("batch").get(pk=customer.pk).tier == state(customer).rank
    assert seen == [(3, 1, True), (3, 2, True), (1, 0, False)]
    assert history(customer)[-1] == (3, 1, "downgraded")


def test_what_the_new_edges_take_away_is_not_waited_for(bank: Bank) -> None:
    book = Book(bank)
    customer = book.open("C1", 60_000)
    for day in (date(2026, 1, 20), date(2026, 2, 1), date(2026, 3, 1)):
        book.night(day)
    assert state(customer).rank == 3
    version_two("five", FIRST, {3: 100_000})
    book.night(FIRST)
    assert (state(customer).rank, state(customer).since) == (2, FIRST)
    assert history(customer)[-1] == (3, 2, "scheme_changed")


def test_a_scheme_for_other_customers_lets_go_of_these(book: Book) -> None:
    version_two("five_point", FIRST, applies_to="company")
    book.night(FIRST)
    assert not TierState.objects.using("batch").filter(scheme__code="five_point").exists()
    assert history(book.customers[0], "five_point")[-1] == (3, None, "scheme_changed")
    assert report("moves", FIRST, "--since", DAY.isoformat())["gone"] == 4
    assert_figures_counted(FIRST)


def test_a_new_scheme_judges_everybody_in_its_first_night(book: Book) -> None:
    draft = schemes.new_version(TierScheme.objects.get(code="five_point"), DAY)
    TierScheme.objects.filter(pk=draft.pk).update(code="other", version=1, effective_from=FIRST)
    draft.refresh_from_db()
    schemes.activate(draft)
    book.night(FIRST)
    assert [history(one, "other") for one in book.customers] == [
        [(None, rank, "opened")] for rank in (3, 3, 1, 2)
    ]  # fmt: skip
    assert_figures_counted(FIRST)


def test_the_night_of_the_change_run_again_changes_nothing(book: Book) -> None:
    version_two("five_point", FIRST, {3: 100_000})
    version_two("five", FIRST, {2: 9_500})
    book.night(FIRST)
    before = fingerprint()
    book.night(FIRST, rerun=True)
    assert fingerprint() == before
    book.night(FIRST, full=True)
    assert fingerprint() == before
    book.change(book.holdings[book.customers[0].pk][0], 150_000)
    book.night(FIRST, rerun=True)
    assert history(book.customers[0], "five_point") == [(None, 3, "opened")]
    assert state(book.customers[0], "five_point").since == DAY


def test_a_published_day_is_never_judged_again_by_a_later_version(book: Book) -> None:
    draft = schemes.new_version(TierScheme.objects.get(code="five_point"), date(2026, 3, 1))
    assert draft.effective_from < DAY
    assert schemes.activate(draft) == DAY + timedelta(days=1)
    assert {one.version for one in versions.in_force(DAY)} == {1}
    with pytest.raises(schemes.BadVersion):
        schemes.activate(TierScheme.objects.get(pk=draft.pk))


def test_a_scheme_that_has_ended_is_not_judged_by_its_earlier_version(book: Book) -> None:
    version_two("five_point", FIRST)
    book.night(FIRST)
    TierScheme.objects.using("batch").filter(code="five_point", version=2).update(effective_to=FIRST)
    run = book.night(FIRST + timedelta(days=1))
    assert run.state == "published", run.message
    assert not TierScheme.objects.filter(code="five_point", is_active=True).exists()
    assert not DayFigure.objects.using("batch").filter(as_of__gt=FIRST, scheme__code="five_point").exists()
    assert Decimal(run.counts["aum"]) == 289_000


def test_a_scheme_with_a_last_day_is_not_shown_and_what_is_shown_must_run(book: Book) -> None:
    """No night could say whose tiers pages show; it says so by name, and is never brought about by an action."""
    ends = TierScheme.objects.get(code="five_point")
    TierScheme.objects.filter(pk=ends.pk).update(effective_to=FIRST)
    with pytest.raises(schemes.NotInForce):
        schemes.make_primary(ends)
    assert TierScheme.objects.get(is_primary=True).code == "five"
    with pytest.raises(versions.NothingShown, match="five"):
        versions.primary([])


def shown_tiers() -> dict[int, int]:
    return dict(Metrics.objects.using("batch").values_list("customer_id", "tier"))


def tiers_in(code: str) -> dict[int, int]:
    return dict(TierState.objects.using("batch").filter(scheme__code=code).values_list("customer_id", "rank"))


def test_another_scheme_is_shown_with_its_own_tiers_from_the_next_night_on(book: Book) -> None:
    """Everybody's tier, the figures and the alerts change together, also of customers of whom nothing moved."""
    _a, b, c, d = book.customers
    book.change(book.holdings[b.pk][0], 9_100)
    book.add(d, 40_000, product="TIME1Y", maturity_date=FIRST + timedelta(days=20), auto_rollover=False)
    book.night(DAY + timedelta(days=1))
    assert shown_tiers() == tiers_in("five") != tiers_in("five_point")
    live = Alert.objects.using("batch").live()
    assert not live.filter(kind="maturity").exists()
    schemes.make_primary(TierScheme.objects.get(code="five_point"))
    assert shown_tiers() == tiers_in("five")
    assert {tier.scheme.code for tier in primary_tiers().values()} == {"five"}
    run = book.night(FIRST)
    assert shown_tiers() == tiers_in("five_point")
    assert {tier.scheme.code for tier in primary_tiers().values()} == {"five_point"}
    assert not TierScheme.objects.filter(becomes_primary=True).exists()
    assert (run.counts["tiers"], run.counts["moves"]) == ({"1": 2, "2": 0, "3": 2}, {})
    close = live.filter(kind="upgrade_critical").values_list("customer_id", "evidence__scheme")
    assert set(close) == {(b.pk, "five_point"), (c.pk, "five_point")}
    assert not live.filter(kind="downgrade_critical").exclude(evidence__scheme="five_point").exists()
    assert live.get(kind="maturity").customer_id == d.pk  # by its tier: the amount alone is announced later
    assert_figures_counted(FIRST)
    before = fingerprint()
    book.night(FIRST, rerun=True)
    assert fingerprint() == before


def test_the_scheme_to_be_shown_may_take_a_new_version_in_the_same_night(book: Book) -> None:
    schemes.make_primary(TierScheme.objects.get(code="five_point"))
    copy = version_two("five_point", FIRST, {3: 100_000})
    book.night(FIRST)
    assert TierScheme.objects.get(is_primary=True).pk == copy.pk
    assert shown_tiers() == tiers_in("five_point") != tiers_in("five")


def test_what_the_next_night_shows_is_taken_back_before_it_and_never_during_one(book: Book) -> None:
    five, point = TierScheme.objects.get(code="five"), TierScheme.objects.get(code="five_point")
    schemes.make_primary(point)
    schemes.make_primary(five)
    assert not TierScheme.objects.filter(becomes_primary=True).exists()
    nightly.open_night(DAY + timedelta(days=1))
    with pytest.raises(schemes.BadVersion):
        schemes.make_primary(point)
    assert not TierScheme.objects.filter(becomes_primary=True).exists()
