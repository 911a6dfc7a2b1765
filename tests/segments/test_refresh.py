"""Members follow their rule night by night; what came and went adds up, branch by branch."""

import random
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import db
from crm.organization.access import scoped
from customers.models import Customer
from segments import refresh
from segments.membership import add_to_static, eligible, remove_from_static, set_opt_out
from segments.models import Segment, SegmentChange, SegmentDay, SegmentMember
from segments.rules.compile import compiled
from tests.nightly.night_world import FIRST, Book
from tests.world import Bank

RICH = {"field": "aum", "op": "ge", "value": "50000"}
OLD = {"all": [RICH, {"field": "age", "op": "ge", "value": 60}]}


@pytest.fixture(autouse=True)
def figures_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bank this small would be counted anew each night; here its figures are carried on, as those of a large one."""
    monkeypatch.setattr(refresh, "is_small", lambda: True)


@pytest.fixture(autouse=True)
def no_presets(bank: Bank) -> None:
    """Only the segments of the test."""
    Segment.objects.using("batch").exclude(preset="").delete()


def by_rule(code: str, rule: Any, **fields: Any) -> Segment:
    return Segment.objects.using("batch").create(
        code=code, kind="rule", name_zh_hans=code, rule=rule, version=1, **fields
    )


def members(segment: Segment) -> set[int]:
    return set(SegmentMember.objects.using("batch").filter(segment=segment.pk).values_list("customer_id", flat=True))


def ids(customers: Iterable[Customer]) -> set[int]:
    return {one.pk for one in customers}


def changes(segment: Segment, day: date) -> set[tuple[int, bool, str, int]]:
    rows = SegmentChange.objects.using("batch").filter(segment=segment.pk, as_of=day)
    return set(rows.values_list("customer_id", "is_in", "cause", "conditions"))


def assert_adds_up() -> None:
    """Yesterday + in − out ± moved = today, for every segment, branch and day; and the newest day is what is there."""
    rows = list(SegmentDay.objects.using("batch").order_by("as_of"))
    days = sorted({row.as_of for row in rows})
    places = {(row.segment_id, row.branch_id) for row in rows}
    held = {(row.segment_id, row.branch_id, row.as_of): row for row in rows}
    for segment, branch in places:
        before = 0
        for day in days:
            row = held.get((segment, branch, day))
            joined, left, moved = (row.joined, row.left, row.moved) if row else (0, 0, 0)
            now = row.members if row else 0
            assert before + joined - left + moved == now, (segment, branch, day)
            before = now
    later = SegmentChange.objects.using("batch").filter(as_of__gt=days[-1]).exists()
    if not later:
        counted = db.fetch_all(
            "SELECT segment_id, m.branch_id, count(*) AS members, sum(k.aum) AS aum FROM segments_segmentmember m "
            "JOIN customers_metrics k USING (customer_id) GROUP BY 1, 2"
        )
        newest = {place: held[(*place, days[-1])] for place in places if (*place, days[-1]) in held}
        told = {place: (row.members, row.aum) for place, row in newest.items() if row.members}
        assert told == {(row["segment_id"], row["branch_id"]): (row["members"], row["aum"]) for row in counted}


def test_members_follow_the_balance(bank: Bank) -> None:
    book, rich = Book(bank), by_rule("rich", RICH)
    up, down, poor = (book.open(f"610000000{n}", aum) for n, aum in ((1, 10_000), (2, 90_000), (3, 5_000)))
    book.night(FIRST)
    assert members(rich) == {down.pk}
    assert changes(rich, FIRST) == {(down.pk, True, "rule", 1)}
    book.change(book.holdings[up.pk][0], 60_000)
    book.change(book.holdings[down.pk][0], 20_000)
    new = book.open("6100000004", 70_000)
    Customer.objects.using("batch").filter(pk=new.pk).update(open_date=FIRST + timedelta(days=1))
    book.set_status(new, "active", open_date=FIRST + timedelta(days=1))
    run = book.night(FIRST + timedelta(days=1))
    assert {key: run.counts["segments"][key] for key in ("joined", "left")} == {"joined": 2, "left": 1}
    assert members(rich) == {up.pk, new.pk}
    assert changes(rich, FIRST + timedelta(days=1)) == {
        (up.pk, True, "conditions", 1), (down.pk, False, "conditions", 1), (new.pk, True, "opened", 1),
    }  # fmt: skip
    assert poor.pk not in members(rich)
    assert_adds_up()


def test_a_birthday_is_the_reason(bank: Bank) -> None:
    book, old = Book(bank), by_rule("old", OLD)
    day = FIRST + timedelta(days=1)
    turns = book.open("6100000001", 90_000)
    Customer.objects.using("batch").filter(pk=turns.pk).update(birth_date=day.replace(year=day.year - 60))
    book.set_status(turns, "active", birth_date=day.replace(year=day.year - 60))
    book.night(FIRST)
    assert members(old) == set()
    book.night(day)
    assert changes(old, day) == {(turns.pk, True, "conditions", 0b10)}
    assert_adds_up()


def test_a_rule_of_the_night_is_judged_for_whom_it_touches(bank: Bank) -> None:
    book, still = Book(bank), by_rule("rich", RICH)
    moved, untouched = book.open("6100000001", 10_000), book.open("6100000002", 10_000)
    book.night(FIRST)
    # Behind the night's back: only somebody who judges everybody can see this.
    db.execute("UPDATE customers_metrics SET aum = 80000 WHERE customer_id = %s", [untouched.pk])
    book.change(book.holdings[moved.pk][0], 60_000)
    book.night(FIRST + timedelta(days=1))
    assert members(still) == {moved.pk}
    refresh.refresh_now(still)
    assert members(still) == {moved.pk, untouched.pk}
    assert_adds_up()


def test_an_untouched_night_writes_nothing(bank: Bank) -> None:
    book = Book(bank)
    by_rule("rich", RICH)
    by_rule("old", {"not": OLD})
    book.open("6100000001", 60_000)
    book.night(FIRST)
    before = set(SegmentMember.objects.using("batch").values_list("pk", flat=True))
    book.night(FIRST + timedelta(days=1))
    assert set(SegmentMember.objects.using("batch").values_list("pk", flat=True)) == before
    assert not SegmentChange.objects.using("batch").filter(as_of__gt=FIRST).exists()
    assert_adds_up()


def test_a_rerun_changes_nothing_and_a_correction_leaves_no_trace(bank: Bank) -> None:
    book, rich = Book(bank), by_rule("rich", RICH)
    one = book.open("6100000001", 60_000)
    other = book.open("6100000002", 10_000)
    book.night(FIRST)
    day = FIRST + timedelta(days=1)
    book.change(book.holdings[one.pk][0], 20_000)
    book.change(book.holdings[other.pk][0], 90_000)
    book.night(day)
    assert members(rich) == {other.pk}
    history = changes(rich, day)
    book.night(day, rerun=True)
    assert changes(rich, day) == history
    book.change(book.holdings[one.pk][0], 70_000)
    book.night(day, rerun=True)
    assert members(rich) == {one.pk, other.pk}
    assert {row[0] for row in changes(rich, day)} == {other.pk}
    assert SegmentMember.objects.using("batch").get(segment=rich.pk, customer=one.pk).since == FIRST
    assert_adds_up()


def test_closed_and_opted_out_customers_leave(bank: Bank) -> None:
    book, rich = Book(bank), by_rule("rich", RICH)
    static = Segment.objects.using("batch").create(code="list", kind="static", name_zh_hans="名单")
    closes, refuses, stays = (book.open(f"610000000{n}", 60_000) for n in (1, 2, 3))
    book.night(FIRST)
    with scoped(bank.wang):
        add_to_static(static, Customer.objects.visible_to(bank.wang), bank.wang)
        set_opt_out(refuses, bank.wang, refuses=True)
    assert members(rich) == members(static) == {closes.pk, stays.pk}
    book.set_status(closes, "closed")
    book.change(book.holdings[closes.pk][0], 0, status="closed")
    day = FIRST + timedelta(days=1)
    book.night(day)
    assert members(rich) == members(static) == {stays.pk}
    assert {row[:3] for row in changes(rich, day)} == {
        (closes.pk, False, "closed"), (refuses.pk, False, "opted_out"),
    }  # fmt: skip
    assert_adds_up()
    with scoped(bank.wang):
        set_opt_out(refuses, bank.wang, refuses=False)
    Customer.objects.using("batch").filter(pk=refuses.pk).update(profiling_opt_out_at=timezone.now())
    book.night(day + timedelta(days=1))
    assert members(rich) == {refuses.pk, stays.pk}
    assert members(static) == {stays.pk}
    assert_adds_up()


def test_a_customer_who_moves_takes_the_membership_along(bank: Bank) -> None:
    book, rich = Book(bank), by_rule("rich", RICH)
    local = by_rule("south", RICH, owner_branch_id=bank.south.pk)
    moves, stays = book.open("6100000001", 60_000), book.open("6100000002", 60_000)
    book.night(FIRST)
    day = FIRST + timedelta(days=1)
    book.set_status(moves, "active", branch_id=bank.north.pk, old_branch_id=bank.south.pk)
    book.night(day)
    assert members(rich) == ids([moves, stays])
    assert members(local) == {stays.pk}
    assert changes(local, day) == {(moves.pk, False, "moved", 0)}
    north = SegmentDay.objects.using("batch").get(segment=rich.pk, branch=bank.north.pk, as_of=day)
    assert (north.members, north.joined, north.moved) == (1, 0, 1)
    assert_adds_up()


def test_a_segment_of_segments_comes_after_them(bank: Bank) -> None:
    book = Book(bank)
    both = by_rule(
        "a",
        {
            "all": [
                {"field": "segment", "op": "in", "value": ["b"]},
                {"not": {"field": "segment", "op": "in", "value": ["c"]}},
            ]
        },
    )
    by_rule("b", RICH)
    by_rule("c", {"field": "aum", "op": "ge", "value": "500000"})
    rich, very = book.open("6100000001", 60_000), book.open("6100000002", 600_000)
    book.night(FIRST)
    assert members(both) == {rich.pk}
    book.change(book.holdings[rich.pk][0], 700_000)
    book.change(book.holdings[very.pk][0], 90_000)
    book.night(FIRST + timedelta(days=1))
    assert members(both) == {very.pk}
    assert_adds_up()


def test_a_new_rule_and_a_withdrawn_segment(bank: Bank) -> None:
    book, rich = Book(bank), by_rule("rich", RICH)
    one, other = book.open("6100000001", 60_000), book.open("6100000002", 20_000)
    book.night(FIRST)
    Segment.objects.using("batch").filter(pk=rich.pk).update(
        rule={"field": "aum", "op": "lt", "value": "50000"}, version=2
    )
    refresh.refresh_now(rich)
    assert members(rich) == {other.pk}
    assert changes(rich, FIRST) == {(one.pk, True, "rule", 1), (one.pk, False, "rule", 1), (other.pk, True, "rule", 1)}
    assert_adds_up()
    Segment.objects.using("batch").filter(pk=rich.pk).update(is_active=False)
    day = FIRST + timedelta(days=1)
    book.night(day)
    assert members(rich) == set()
    assert changes(rich, day) == {(other.pk, False, "withdrawn", 0)}
    assert_adds_up()


def test_an_unreadable_rule_stops_no_night(bank: Bank) -> None:
    book = Book(bank)
    broken = by_rule("broken", {"field": "gone", "op": "ge", "value": 1})
    book.open("6100000001", 60_000)
    assert book.night(FIRST).published_at
    assert members(broken) == set()


@pytest.mark.parametrize("rule", [RICH, OLD])
def test_judging_is_a_handful_of_statements(bank: Bank, rule: Any) -> None:
    book, segment = Book(bank), by_rule("rich", rule)
    for number in range(5):
        book.open(f"610000000{number}", 60_000)
    book.night(FIRST)
    segment.refresh_from_db(using="batch")
    what = refresh.Judgement(segment, refresh.rule_of(segment), FIRST, None, touched_only=False)
    with CaptureQueriesContext(connections["batch"]) as queries:
        refresh.judge(what)
    assert len(queries) <= 3  # nobody moved: empty the working table, the difference, the mark


FEW = {"field": "products", "op": "lt", "value": 2}
WEEK = {
    "rich": RICH,
    "tier": {"field": "tier", "op": "in", "value": ["2", "3"]},
    "watched": {"field": "watched", "op": "is", "value": True},
    "saver": {"all": [{"field": "holds", "op": "in", "value": ["time"]}, {"not": RICH}]},
    "simple": {"any": [FEW, {"field": "deposit", "op": "ge", "value": "90000"}]},
    "named": {"field": "occupation", "op": "contains", "value": ["教师"]},
    "average": {"field": "month_average", "op": "ge", "value": "30000"},
    "newcomer": {"field": "customer_days", "op": "lt", "value": 3},
    "quiet": {"field": "quiet_days", "op": "ge", "value": 2},
    "both": {"all": [{"field": "segment", "op": "in", "value": ["rich", "named"]}, FEW]},
}  # fmt: skip


@pytest.mark.parametrize(("seed", "is_small"), [(1, True), (2, True), (3, False)])
def test_after_any_week_the_members_are_whom_the_rules_find(
    bank: Bank, seed: int, is_small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also across the change of a month, a correction, and for the rules that only look at whom the night touches."""
    monkeypatch.setattr(refresh, "is_small", lambda: is_small)
    chance, book = random.Random(seed), Book(bank)
    segments = [by_rule(code, rule) for code, rule in WEEK.items()]
    people = [book.open(f"61000000{number:02}", chance.randrange(0, 120_000)) for number in range(8)]
    start = date(2026, 1, 28)
    static = Segment.objects.using("batch").create(code="list", kind="static", name_zh_hans="名单")
    for offset in range(6):
        day = start + timedelta(days=offset)
        with scoped(bank.wang):  # in the daytime before this night
            some = Customer.objects.visible_to(bank.wang).filter(pk__in=[one.pk for one in chance.sample(people, 3)])
            chance.choice([add_to_static, remove_from_static])(static, some, bank.wang)
            set_opt_out(chance.choice(people), bank.wang, refuses=chance.random() < 0.5)
        for one in chance.sample(people, 3):
            match chance.randrange(4):
                case 0:
                    book.add(one, chance.randrange(0, 90_000), product="TIME1Y")
                case 1:
                    book.set_status(
                        one, "active", occupation=chance.choice(["教师", "司机"]), birth_date=date(1970, 1, 1)
                    )
                case _:
                    book.change(chance.choice(book.holdings[one.pk]), chance.randrange(0, 120_000))
        assert book.night(day).published_at
        if chance.random() < 0.4:
            book.change(book.holdings[people[0].pk][0], chance.randrange(0, 120_000))
            assert book.night(day, rerun=True).published_at
        for segment in segments:
            segment.refresh_from_db(using="batch")
            rule = refresh.rule_of(segment)
            assert rule is not None
            rows = Customer.objects.using("batch").filter(eligible(segment), compiled(rule, day))
            assert members(segment) == set(rows.values_list("pk", flat=True)), (segment.code, day)
        assert_adds_up()
