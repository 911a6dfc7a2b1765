"""People who act at the same moment: refusing while somebody adds or a night judges, freezing while somebody adds."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from crm import db
from crm.organization.access import scoped
from customers.models import Customer
from segments import refresh
from segments.membership import add_to_static, freeze, set_opt_out
from segments.models import Segment, SegmentChange
from tests.nightly.night_world import FIRST, Book
from tests.segments.test_refresh import RICH, assert_adds_up, by_rule, members
from tests.world import Bank

SECOND = FIRST + timedelta(days=1)


@pytest.fixture(autouse=True)
def only_these_segments(bank: Bank) -> None:
    Segment.objects.using("batch").exclude(preset="").delete()


class Beside:
    """Something that happens on a connection of its own."""

    def __init__(self, what: Callable[[], Any]) -> None:
        self.fault: Exception | None = None
        self.what = what
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        try:
            self.what()
        except Exception as fault:  # told to the test
            self.fault = fault
        finally:
            connections.close_all()

    def waits(self) -> bool:
        """Whether it still waits for somebody after a moment."""
        self.thread.join(2)
        return self.thread.is_alive()

    def end(self) -> None:
        self.thread.join(20)
        assert not self.thread.is_alive()
        assert self.fault is None, self.fault


def refuse(bank: Bank, customer: Customer) -> Callable[[], None]:
    def act() -> None:
        with scoped(bank.wang):
            set_opt_out(customer, bank.wang, refuses=True)

    return act


def listed() -> Segment:
    return Segment.objects.using("batch").create(code="list", kind="static", name_zh_hans="名单")


def test_who_refuses_while_somebody_adds_is_not_in_it(bank: Bank) -> None:
    book, segment = Book(bank), listed()
    one = book.open("6100000001", 60_000)
    book.night(FIRST)
    with scoped(bank.wang):
        assert add_to_static(segment, Customer.objects.visible_to(bank.wang), bank.wang) == [one.pk]
        other = Beside(refuse(bank, one))
        other.waits()
    other.end()
    assert members(segment) == set()
    assert Customer.objects.using("batch").get(pk=one.pk).profiling_opt_out


def test_who_is_refusing_is_not_added(bank: Bank) -> None:
    book, segment = Book(bank), listed()
    one, stays = book.open("6100000001", 60_000), book.open("6100000002", 60_000)
    book.night(FIRST)

    def add() -> None:
        with scoped(bank.wang):
            add_to_static(segment, Customer.objects.visible_to(bank.wang), bank.wang)

    with scoped(bank.wang):
        set_opt_out(one, bank.wang, refuses=True)
        other = Beside(add)
        assert other.waits()
    other.end()
    assert members(segment) == {stays.pk}


def test_refusing_waits_for_no_judgement(bank: Bank) -> None:
    book, rich, late = Book(bank), by_rule("rich", RICH), by_rule("late", {"not": RICH})
    one, stays = book.open("6100000001", 60_000), book.open("6100000002", 60_000)
    book.night(FIRST)
    Segment.objects.using("batch").filter(pk=late.pk).update(rule=RICH, version=2)
    with transaction.atomic(using="batch"):
        refresh.refresh_now(late)  # lets both in, and is not committed yet
        other = Beside(refuse(bank, one))
        assert not other.waits()
        assert Customer.objects.using("batch").get(pk=one.pk).profiling_opt_out
    other.end()
    assert members(rich) == members(late) == {stays.pk}
    book.night(SECOND)
    assert_adds_up()


def test_who_refuses_while_a_night_counts_leaves_on_the_next_day(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    book, rich, segment = Book(bank), by_rule("rich", RICH), listed()
    one, joins = book.open("6100000001", 60_000), book.open("6100000002", 10_000)
    book.night(FIRST)
    book.change(book.holdings[joins.pk][0], 90_000)
    count = refresh.count

    def meanwhile(*args: Any, **options: Any) -> None:
        count(*args, **options)
        with scoped(bank.wang):
            chosen = Customer.objects.visible_to(bank.wang).filter(pk=one.pk)
        for act in (
            lambda: add_in_scope(bank, segment, chosen), refuse(bank, one),
        ):  # fmt: skip
            other = Beside(act)
            assert not other.waits()
            other.end()

    monkeypatch.setattr(refresh, "count", meanwhile)
    assert book.night(SECOND).published_at
    monkeypatch.setattr(refresh, "count", count)
    assert members(rich) == {joins.pk}
    assert members(segment) == set()
    left = SegmentChange.objects.using("batch").filter(customer_id=one.pk, is_in=False)
    assert {row.as_of for row in left} == {SECOND + timedelta(days=1)}
    book.night(SECOND + timedelta(days=1))
    assert_adds_up()


def add_in_scope(bank: Bank, segment: Segment, customers: Any) -> None:
    with scoped(bank.wang):
        add_to_static(segment, customers, bank.wang)


def test_freezing_and_adding_take_turns(bank: Bank) -> None:
    book, segment = Book(bank), listed()
    one, two = book.open("6100000001", 60_000), book.open("6100000002", 60_000)
    book.night(FIRST)

    def close() -> None:
        with scoped(bank.zhou):
            freeze(segment, bank.zhou)

    with scoped(bank.wang):
        add_to_static(segment, Customer.objects.visible_to(bank.wang), bank.wang)
        other = Beside(close)
        assert other.waits()
    other.end()
    segment.refresh_from_db(using="batch")
    assert members(segment) == {one.pk, two.pk}
    assert segment.audience_count == 2


def test_a_lock_held_by_the_night_keeps_nobody(bank: Bank) -> None:
    book = Book(bank)
    one = book.open("6100000001", 60_000)
    book.night(FIRST)
    with transaction.atomic(using="batch"):
        db.hold_lock("segments")
        other = Beside(refuse(bank, one))
        assert not other.waits()
    other.end()
