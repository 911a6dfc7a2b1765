"""维护质量: a pasted batch is found, honest notes are not; thresholds at their edges; a night again changes nothing."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from archives.models import (
    ContactDay,
    ContactFinding,
    ContactLog,
    ContactMark,
    ContactQualityRule,
    MaintenancePlan,
)
from archives.quality import figures, judge
from archives.quality.compare import parts
from archives.quality.figures import Line
from crm import db
from crm.organization.access import scoped
from crm.organization.models import User
from customers.models import BalanceChange, Customer
from customers.nightly.night import Night
from tests.nightly.night_world import Book
from tests.world import Bank, rewrite_contacts

DAY = date(2026, 3, 9)
# 09:00 in Shanghai.
MORNING = datetime(2026, 3, 9, 1, tzinfo=UTC)
PASTED = "已电话联系客户{}，介绍三个月期产品，客户活期有{}万，表示考虑后再联系"
HONEST = (
    "儿子下月结婚，想留二十万做活期，其余到期后转三年", "问大额存单利率，约周四下午来网点看合同",
    "孙女开学要用钱，月底前不动；中秋后再谈养老金", "他行理财到期三十八万，约好带身份证来开户",
    "腿脚不便，约周三上门办社保卡激活", "经营户，旺季备货，收单流水走我行，约周五谈贷款额度",
    "老伴住院，先不谈产品，约出院后探望", "代发工资本月换卡，约午休时间来面签", "拆迁补偿款下周到账，约全家一起来谈",
    "定期八万到期已续存一年，问起国债发行日", "嫌理财净值波动大，赎回转存三个月", "要给女儿买年金，等她放假一起来",
)  # fmt: skip
SHORT = ("已接通", "已告知到期", "近期没钱", "再联系", "同意续存", "不需要")


def log(
    customer: Customer,
    staff: User,
    at: datetime,
    text: str,
    *,
    outcome: str = "interested",
    entered: int = 0,
    **fields: Any,
) -> ContactLog:
    """A contact, entered so many seconds after it was made."""
    values = {"channel": "phone", "purpose": "care", "next_action": "跟进", **fields}
    made = ContactLog.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, staff_id=staff.pk, contacted_at=at, outcome=outcome,
        summary=text, submission=uuid4(), **values,
    )  # fmt: skip
    rewrite_contacts(ContactLog.objects.filter(pk=made.pk), recorded_at=at + timedelta(seconds=entered))
    return made


def people(bank: Bank, number: int, owner: User, start: int = 0) -> list[Customer]:
    return [
        bank.customer(f"7{start + n:05}", owner=owner, branch=owner.branch, name=f"客户甲{n}") for n in range(number)
    ]


def enter(
    customers: Sequence[Customer], staff: User, texts: Sequence[str], *, every: int = 150, start: datetime = MORNING,
    **fields: Any,
) -> list[ContactLog]:  # fmt: skip
    """One contact after the other, so many seconds apart, each entered when it was made."""
    return [
        log(customer, staff, start + timedelta(seconds=every * n), text, **fields)
        for n, (customer, text) in enumerate(zip(customers, texts, strict=False))
    ]


def night(as_of: date = DAY, previous: date | None = None) -> dict[str, int]:
    return judge.publish(Night(as_of=as_of, previous=previous or as_of - timedelta(days=1), full=False))


def found(kind: str | None = None) -> list[ContactFinding]:
    rows = ContactFinding.objects.using("batch").order_by("pk")
    return list(rows.filter(kind=kind) if kind else rows)


def rule(**values: int) -> None:
    ContactQualityRule.objects.using("batch").update(**values)


@pytest.mark.parametrize("seed", range(4))
def test_a_pasted_batch_is_found_among_honest_notes_whatever_its_names_and_figures(bank: Bank, seed: int) -> None:
    chance = random.Random(seed)
    number = chance.randint(5, 23)
    customers = people(bank, number + len(HONEST), bank.wang)
    pasting = set(customers[:number])
    mixed = chance.sample(customers, len(customers))
    honest = iter(HONEST)
    texts = [
        PASTED.format(one.name if chance.random() < 0.5 else "李先生", chance.randint(1, 90)) if one in pasting
        else next(honest) for one in mixed
    ]  # fmt: skip
    logs = enter(mixed, bank.wang, texts, every=chance.randint(125, 290))
    night()
    one = found("alike")[0]
    assert len(found()) == 1 and (one.contacts, one.staff_id, one.branch_id) == (number, bank.wang.pk, bank.south.pk)
    pasted = {made.pk for made in logs if made.customer in pasting}
    assert set(ContactMark.objects.using("batch").filter(finding=one).values_list("log_id", flat=True)) == pasted
    assert one.leader_id == min(pasted) and (one.percent or 0) >= 90


@pytest.mark.parametrize(
    ("texts", "fields"),
    [
        (HONEST, {}),
        (SHORT * 2, {}),
        (("没人接",) * 12, {"outcome": "not_reached"}),
        (("关机未接通，稍后再打电话联系客户",) * 12, {"outcome": "not_reached"}),
        (("已群发短信提醒客户本月定期存款到期",) * 12, {"channel": "sms"}),
    ],
)
def test_honest_notes_are_not_found(bank: Bank, texts: Sequence[str], fields: dict[str, Any]) -> None:
    enter(people(bank, 12, bank.wang), bank.wang, texts, **fields)
    night()
    assert not found()


def test_a_template_used_when_the_contact_is_made_is_honest(bank: Bank) -> None:
    """The same words for different customers over the day, each entered when the contact was made."""
    texts = [PASTED.format("", n) for n in range(12)]
    enter(people(bank, 12, bank.wang), bank.wang, texts, every=25 * 60)
    enter(people(bank, 4, bank.li, start=50), bank.li, texts)  # few, and of somebody else
    night()
    assert not found()


def test_what_lobby_managers_note_and_corrections_do_not_count(bank: Bank) -> None:
    customers = people(bank, 8, bank.wang)
    enter(customers, bank.zhao, [PASTED.format("", 1)] * 8)
    for customer, first in zip(customers, enter(customers, bank.wang, HONEST), strict=False):
        log(customer, bank.wang, MORNING, PASTED.format("", 1), corrects=first)
    night()
    assert not found() and ContactDay.objects.using("batch").get().contacts == min(len(HONEST), 8)


def test_who_logs_not_reached_and_corrects_it_later_is_judged_all_the_same(bank: Bank) -> None:
    customers = people(bank, 5, bank.wang)
    tried = enter(customers, bank.wang, ["没人接"] * 5, outcome="not_reached")
    more: dict[str, Any] = {"next_action": "", "entered": 7_200}
    mended = [
        log(
            one.customer, bank.wang, one.contacted_at, PASTED.format("", 1), corrects=one, recorded_by_id=who.pk, **more
        )
        for one, who in zip(tried, [bank.wang] * 4 + [bank.he], strict=True)
    ]
    night()
    assert not found()  # four: what the manager has corrected are not the author's words
    rewrite_contacts(ContactLog.objects.filter(pk=mended[0].pk), replaced_at=MORNING)
    last = log(tried[4].customer, bank.wang, MORNING, PASTED.format("", 1), recorded_by_id=bank.wang.pk, **more)
    rewrite_contacts(ContactLog.objects.filter(pk=last.pk), corrects=tried[0])  # again: of one that counted before
    night()
    assert not found()
    rewrite_contacts(ContactLog.objects.filter(pk=last.pk), corrects=None)
    night()
    assert found("alike")[0].contacts == 5
    # A next step that a later correction names is there.
    log(tried[0].customer, bank.wang, MORNING, "", corrects=tried[0], recorded_by_id=bank.wang.pk, next_action="约周五")
    night(DAY + timedelta(days=3))
    lacking = ContactMark.objects.using("batch").filter(kind="no_next").values_list("log_id", flat=True)
    assert mended[0].pk not in lacking and mended[1].pk in lacking


@pytest.mark.parametrize(("contacts", "is_found"), [(4, False), (5, True)])
def test_as_many_as_the_rule_asks_for(bank: Bank, contacts: int, is_found: bool) -> None:
    enter(people(bank, contacts, bank.wang), bank.wang, [PASTED.format("", 1)] * contacts)
    night()
    assert bool(found("alike")) is is_found


@pytest.mark.parametrize(("every", "is_found"), [(300, True), (301, False)])
def test_a_sitting_ends_where_more_minutes_lie_between(bank: Bank, every: int, is_found: bool) -> None:
    enter(people(bank, 5, bank.wang), bank.wang, [PASTED.format("", 1)] * 5, every=every)
    night()
    assert bool(found("alike")) is is_found


@pytest.mark.parametrize(("length", "is_found"), [(10, True), (11, False)])
def test_texts_shorter_than_the_rule_says_are_not_compared(bank: Bank, length: int, is_found: bool) -> None:
    rule(least_length=length)
    enter(people(bank, 5, bank.wang), bank.wang, ["客户，表示还愿意再考虑 "] * 5)  # ten letters without signs
    night()
    assert bool(found("alike")) is is_found


def test_alike_from_the_percent_of_the_rule_on(bank: Bank) -> None:
    one, other = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未", "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午申"
    percent = float(db.fetch_value("SELECT similarity(%s, %s) * 100", [one, other]))
    assert 60 < percent < 95 and percent != int(percent)
    customers = people(bank, 5, bank.wang)
    enter(customers, bank.wang, [one, one, one, one, other])
    rule(percent_alike=int(percent) + 1)
    night()
    assert not found("alike")
    rule(percent_alike=int(percent))
    night()
    assert [(made.contacts, made.percent) for made in found("alike")] == [(5, int(percent))]


@pytest.mark.parametrize(("contacts", "is_found"), [(7, False), (8, True)])
def test_a_day_written_down_in_the_evening_is_a_burst(bank: Bank, contacts: int, is_found: bool) -> None:
    for n, customer in enumerate(people(bank, contacts, bank.wang)):
        at = MORNING + timedelta(minutes=40 * n)
        log(
            customer,
            bank.wang,
            at,
            HONEST[n],
            entered=int((MORNING + timedelta(hours=9, minutes=n) - at).total_seconds()),
        )
    night()
    assert bool(found("burst")) is is_found
    if is_found:
        one = found("burst")[0]
        assert (one.contacts, one.late, one.needed_minutes, one.had_minutes) == (8, 8, 14, 280)


@pytest.mark.parametrize(("every", "is_found"), [(119, True), (120, False)])
def test_more_calls_than_fit_are_a_burst(bank: Bank, every: int, is_found: bool) -> None:
    enter(people(bank, 9, bank.wang), bank.wang, HONEST, every=every)
    night()
    assert bool(found("burst")) is is_found


def test_texts_alike_are_no_burst_as_well(bank: Bank) -> None:
    enter(people(bank, 12, bank.wang), bank.wang, [PASTED.format("", 1)] * 12, every=20)
    night()
    assert [(one.kind, one.contacts) for one in found()] == [("alike", 12)]


def test_the_same_night_again_and_the_next_one_find_nothing_twice(bank: Bank) -> None:
    enter(people(bank, 9, bank.wang), bank.wang, [PASTED.format("", 1)] * 9)
    night()
    tables = ("archives_contactfinding", "archives_contactmark", "archives_contactday")
    before = [db.fetch_all(f"SELECT * FROM {table} ORDER BY id") for table in tables]
    night(previous=DAY)  # corrected
    night(DAY + timedelta(days=1))
    night(DAY + timedelta(days=2), DAY - timedelta(days=1))
    assert [db.fetch_all(f"SELECT * FROM {table} ORDER BY id") for table in tables] == before


def test_a_night_looks_at_no_day_that_is_not_over(bank: Bank) -> None:
    now = datetime.now(UTC)
    enter(people(bank, 9, bank.wang), bank.wang, [PASTED.format("", 1)] * 9, start=now - timedelta(seconds=9), every=1)
    today = now.date() + timedelta(days=1)  # the bank's day may be ahead of UTC's
    night(today, today - timedelta(days=3))
    assert not found() and not ContactDay.objects.using("batch").exists()


def test_the_night_of_the_bank_judges_contacts(bank: Bank) -> None:
    """Through crm.nightly, as the command and Celery run it."""
    book = Book(bank)
    book.open("A", 9_000)
    book.night(DAY - timedelta(days=1))
    enter(people(bank, 9, bank.wang), bank.wang, [PASTED.format("", 1)] * 9)
    run = book.night(DAY)
    assert run.counts["contact_quality"] == {"findings": 1, "in_sittings": 9, "no_next": 0, "no_change": 0}


MENDED: dict[str, Callable[[ContactLog, User], Any]] = {
    "nothing": lambda made, staff: None,
    "plan": lambda made, staff: MaintenancePlan.objects.using("batch").create(
        branch_id=made.branch_id, customer_id=made.customer_id, owner_id=staff.pk, created_by_id=staff.pk,
        due_date=DAY + timedelta(days=9), submission=uuid4(),
    ),
    "plan of the night": lambda made, staff: MaintenancePlan.objects.using("batch").create(
        branch_id=made.branch_id, customer_id=made.customer_id, owner_id=staff.pk, origin="tier", episode="x",
        due_date=DAY + timedelta(days=9), submission=uuid4(),
    ),
    "contact": lambda made, staff: log(
        Customer.objects.using("batch").get(pk=made.customer_id), staff, MORNING + timedelta(days=1), "又谈过"
    ),
    "correction": lambda made, staff: log(
        Customer.objects.using("batch").get(pk=made.customer_id), staff, MORNING, "补记", corrects=made
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("mended", "is_missing"),
    [("nothing", True), ("plan of the night", True), ("plan", False), ("contact", False), ("correction", False)],
)
def test_a_next_step_is_missing_after_three_days(bank: Bank, mended: str, is_missing: bool) -> None:
    made = log(bank.customer("A1", owner=bank.wang), bank.wang, MORNING, HONEST[0], next_action="")
    MENDED[mended](made, bank.wang)
    night(DAY + timedelta(days=2))
    marks = ContactMark.objects.using("batch").filter(log=made, kind="no_next")
    assert not marks.exists()
    night(DAY + timedelta(days=3))
    assert marks.exists() is is_missing


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        ("interested", {"next_action": "电话"}), ("booked", {"next_date": DAY}), ("not_interested", {}), ("sold", {}),
        ("refused", {}),
    ],
)  # fmt: skip
def test_no_next_step_is_asked_for(bank: Bank, outcome: str, fields: dict[str, Any]) -> None:
    values = {"next_action": "", **fields}
    log(bank.customer("A1", owner=bank.wang), bank.wang, MORNING, HONEST[0], outcome=outcome, **values)
    night(DAY + timedelta(days=3))
    assert not ContactMark.objects.using("batch").filter(kind="no_next").exists()


@pytest.mark.parametrize("is_moved", [False, True])
def test_nothing_followed_in_thirty_days(bank: Bank, is_moved: bool) -> None:
    customer = bank.customer("A1", owner=bank.wang)
    made = log(customer, bank.wang, MORNING, HONEST[0])
    if is_moved:
        BalanceChange.objects.using("batch").create(
            branch_id=customer.branch_id, customer=customer, holding=bank.holding(customer, 5), old_balance=0,
            new_balance=5, old_counted=0, new_counted=5, as_of=DAY + timedelta(days=8),
        )  # fmt: skip
    night(DAY + timedelta(days=29))
    marks = ContactMark.objects.using("batch").filter(log=made, kind="no_change")
    assert not marks.exists()
    night(DAY + timedelta(days=30))
    assert marks.exists() is not is_moved


def test_the_score_is_what_the_flaws_leave(bank: Bank) -> None:
    """Counted a second way, contact by contact: nine pasted ones of twenty, one of them without a next step too."""
    customers = people(bank, 20, bank.wang)
    texts = [PASTED.format("", 1)] * 9
    enter(customers[:9], bank.wang, texts)
    enter(customers[9:], bank.wang, HONEST, every=1500, start=MORNING + timedelta(hours=2))
    no_next = [ContactLog.objects.using("batch").get(customer=customers[at]) for at in (3, 9, 10)]
    rewrite_contacts(ContactLog.objects.filter(pk__in=[one.pk for one in no_next]), next_action="")
    night()
    night(DAY + timedelta(days=3))
    with scoped(bank.he):
        lines = figures.of_branch(bank.south.pk, DAY.replace(day=1), judge.rule_on(DAY))
    one = lines[0]
    assert len(lines) == 1 and (one.contacts, one.alike, one.burst, one.no_next, one.no_change) == (20, 9, 0, 3, 0)
    assert one.off == 9 * 100 + 2 * 50 and one.score == 50 and one.lost == 10


def test_fractions_of_a_score_are_cut_and_it_does_not_fall_below_nothing() -> None:
    def line(contacts: int, off: int) -> Line:
        return Line(1, "", "", DAY, contacts, 0, 0, 0, 0, off)

    assert [line(3, 0).score, line(3, 100).score, line(3, 50).score, line(1, 100).score] == [100, 66, 83, 0]


def test_parts_make_up_the_text() -> None:
    text, other = "客户活期有12万，下周来", "客户活期有3万，下周再来"
    found_parts = parts(text, other)
    assert "".join(part.text for part in found_parts) == text
    assert [part.text for part in found_parts if part.is_own] == ["12"]
    assert parts(text, text) == parts(text, text)[:1]
