"""History and figures add up also when a day is judged more than once: by a night, an approval and a correction."""

from datetime import timedelta

import pytest

from crm.organization.access import scoped
from segments import refresh
from segments.membership import set_opt_out
from segments.models import Segment, SegmentDay
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
