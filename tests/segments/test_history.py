"""History and figures add up also when a day is judged more than once: by a night, an approval and a correction."""

from datetime import date, timedelta
from typing import Any

import pytest

from crm import db
from crm.organization.access import scoped
from customers.models import Customer
from segments import refresh
from segments.membership import set_opt_out
from segments.models import Segment, SegmentDay
from segments.rules.compile import certain, compiled
from segments.rules.parse import parse
from tests.nightly.night_world import FIRST, Book
from tests.segments.test_refresh import RICH, assert_adds_up, by_rule, changes, members
from tests.world import Bank

NEVER = {"field": "aum", "op": "ge", "value": "900000"}
SECOND = FIRST + timedelta(days=1)


@pytest.fixture(autouse=True)
def only_these_segments(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the shipped ones, and figures carried on as those of a large bank."""
    Segment.objects.using("batch").exclude(preset="").delete()
    monkeypatch.setattr(refresh, "is_small", lambda: True)


def test_a_correction_after_an_approval_takes_only_pairs_back(bank: Bank) -> None:
    book, rich = Book(bank), by_rule("rich", RICH)
    one = book.open("6100000001", 10_000)
    book.night(FIRST)
    book.change(book.holdings[one.pk][0], 60_000)
    book.night(SECOND)
    Segment.objects.using("batch").filter(pk=rich.pk).update(rule=NEVER, version=2)
    refresh.refresh_now(rich)
    assert members(rich) == set()
    book.change(book.holdings[one.pk][0], 950_000)
    book.night(SECOND, rerun=True)
    assert members(rich) == {one.pk}
    assert {row[:2] for row in changes(rich, SECOND)} == {(one.pk, True)}
    assert_adds_up()


def test_who_allows_profiling_again_is_counted_once(bank: Bank) -> None:
    book, rich = Book(bank), by_rule("rich", RICH)
    one = book.open("6100000001", 60_000)
    book.night(FIRST)
    for refuses in (True, False):
        with scoped(bank.wang):
            set_opt_out(one, bank.wang, refuses=refuses)
    Segment.objects.using("batch").filter(pk=rich.pk).update(version=2)
    refresh.refresh_now(rich)
    assert members(rich) == {one.pk}
    assert {row[1] for row in changes(rich, SECOND)} == {True, False}
    day = SegmentDay.objects.using("batch").get(segment=rich.pk, as_of=FIRST)
    assert (day.members, day.joined) == (1, 1)
    book.night(SECOND)
    assert_adds_up()


def test_who_asks_for_a_segment_follows_it_at_once(bank: Bank) -> None:
    book, rich = Book(bank), by_rule("rich", RICH)
    asks = by_rule("asks", {"field": "segment", "op": "in", "value": ["rich"]})
    further = by_rule("further", {"not": {"field": "segment", "op": "in", "value": ["asks"]}})
    one = book.open("6100000001", 60_000)
    book.night(FIRST)
    assert (members(asks), members(further)) == ({one.pk}, set())
    Segment.objects.using("batch").filter(pk=rich.pk).update(rule=NEVER, version=2)
    refresh.refresh_now(rich)
    assert (members(asks), members(further)) == (set(), {one.pk})
    assert_adds_up()
    Segment.objects.using("batch").filter(pk=rich.pk).update(rule=RICH, version=3)
    refresh.refresh_now(rich)
    Segment.objects.using("batch").filter(pk=rich.pk).update(is_active=False)
    refresh.refresh_now(rich)
    assert (members(rich), members(asks), members(further)) == (set(), set(), {one.pk})
    assert_adds_up()


def test_reasons_name_what_changed(bank: Bank) -> None:
    book, old = Book(bank), {"field": "age", "op": "ge", "value": 60}
    either, both = by_rule("either", {"any": [RICH, old]}), by_rule("both", {"all": [RICH, old]})
    young, senior = book.open("6100000001", 60_000), book.open("6100000002", 10_000)
    for one, year in ((young, 1996), (senior, 1950)):
        born = FIRST.replace(year=year)
        Customer.objects.using("batch").filter(pk=one.pk).update(birth_date=born)
        book.set_status(one, "active", birth_date=born)
    book.night(FIRST)
    book.change(book.holdings[young.pk][0], 20_000)
    book.change(book.holdings[senior.pk][0], 80_000)
    book.night(SECOND)
    assert changes(either, SECOND) == {(young.pk, False, "conditions", 0b01)}  # never was sixty
    assert changes(both, SECOND) == {(senior.pk, True, "conditions", 0b01)}  # has long been sixty
    third = SECOND + timedelta(days=1)
    book.change(book.holdings[senior.pk][0], 10_000)
    book.night(third)
    assert changes(both, third) == {(senior.pk, False, "conditions", 0b01)}


@pytest.mark.parametrize(
    ("rule", "bits"),
    [
        (RICH, 0b1), ({"any": [RICH, NEVER]}, 0), ({"all": [RICH, {"any": [NEVER]}]}, 0b11),
        ({"not": {"any": [RICH, NEVER]}}, 0b11), ({"not": {"all": [RICH, NEVER]}}, 0),
        ({"all": [{"any": [RICH, NEVER]}, {"not": RICH}]}, 0b100),
    ],
)  # fmt: skip
def test_some_conditions_hold_in_every_member(rule: Any, bits: int) -> None:
    assert certain(parse(rule)) == bits


@pytest.mark.parametrize("years", [1, 4, 128, 130])
def test_an_age_can_be_asked_on_the_leap_day(years: int) -> None:
    compiled(parse({"field": "age", "op": "ge", "value": years}), date(2028, 2, 29))


def test_one_broken_segment_stops_no_night(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    book, broken, rich = Book(bank), by_rule("broken", RICH), by_rule("rich", RICH)
    one = book.open("6100000001", 60_000)
    book.night(FIRST)
    judge = refresh.judge

    def fails(what: refresh.Judgement) -> dict[str, int]:
        moved = judge(what)
        if what.segment.code == "broken":
            db.execute("SELECT 1 / 0")
        return moved

    monkeypatch.setattr(refresh, "judge", fails)
    book.change(book.holdings[one.pk][0], 20_000)
    run = book.night(SECOND)
    assert run.published_at
    assert run.counts["segments"]["broken"] == ["broken"]
    assert (members(rich), members(broken)) == (set(), {one.pk})
    monkeypatch.setattr(refresh, "judge", judge)
    book.night(SECOND + timedelta(days=1))
    assert members(broken) == set()
    assert_adds_up()
