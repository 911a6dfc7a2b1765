"""Entitlements and points: the ledger against plain reckoning, two at once, a second person, the night."""

import random
import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, ProgrammingError, connections
from django.db.models import Sum
from django.utils import timezone

from campaigns.choices import Arm
from campaigns.entitlements import ledger
from campaigns.entitlements.ledger import LedgerRefused, Moment
from campaigns.entitlements.models import (
    Entitlement,
    EntitlementTerm,
    LedgerBalance,
    LedgerEntry,
    PointsRequest,
    PointsRule,
)
from campaigns.models import CampaignMember, Prospect
from crm import db
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import User
from customers.feeds import load
from customers.models import Customer
from segments.models import TierScheme
from tests.campaigns.driving import campaign, enlist
from tests.nightly.night_world import Book
from tests.world import Bank

DAY = date(2026, 3, 10)
ONE_DAY = timedelta(days=1)


def when(day: date = DAY) -> Moment:
    return Moment(day, timezone.now())


@pytest.fixture
def customer(bank: Bank) -> Customer:
    found = bank.customer("A1", owner=bank.wang)
    bank.metrics(found, Decimal(60_000), tier=3)
    return found


def lounge(bank: Bank, **terms: Any) -> Entitlement:
    one = Entitlement.objects.using("batch").create(code=f"lounge{len(terms)}", name_zh_hans="贵宾厅")
    values = {"tier": 3, "period": "quarter", "quantity": 4, "unit_value": "80", "effective_from": date(2026, 1, 1)}
    EntitlementTerm.objects.using("batch").create(entitlement=one, **values | terms)
    return one


def lot(customer: Customer, quantity: int, last: date, entitlement: Entitlement | None = None) -> LedgerEntry:
    """What the night has issued."""
    return LedgerEntry.objects.using("batch").create(
        branch_id=customer.branch_id, customer=customer, entitlement=entitlement, kind="earn", quantity=quantity,
        day=DAY, expires_on=last, source="opening", reference=f"{uuid4()}", unit_value="0.01", at=timezone.now(),
    )  # fmt: skip


def use(actor: User, customer: Customer, quantity: int, day: date = DAY, **about: Any) -> LedgerEntry:
    """The first entry of it."""
    entitlement, submission = about.get("entitlement"), about.get("submission") or uuid4()
    with scoped(actor):
        return ledger.use(customer, actor, entitlement, quantity, "兑换", submission, when(day))[0]


def expire(customer: Customer, day: date) -> int:
    return int(db.fetch_value("SELECT campaigns_ledger_expire(%s, %s)", [[customer.pk], day]))


def balance(customer: Customer, entitlement: Entitlement | None = None) -> int:
    """As the database keeps it, which must be the sum of the entries."""
    rows = LedgerEntry.objects.using("batch").filter(customer=customer, entitlement=entitlement)
    kept = LedgerBalance.objects.using("batch").filter(customer=customer, entitlement=entitlement)
    found = sum(kept.values_list("balance", flat=True))
    assert found == (rows.aggregate(sum=Sum("quantity"))["sum"] or 0)
    return int(found)


class Plain:
    """The same in plain Python: lots as [last day, quantity, reference], used from the one that ends first."""

    def __init__(self) -> None:
        self.lots: list[list[Any]] = []

    def expire(self, day: date) -> int:
        gone: int = sum(quantity for last, quantity in self.lots if last < day)
        self.lots = [one for one in self.lots if one[0] >= day]
        return gone

    def use(self, quantity: int) -> bool:
        if quantity > sum(one[1] for one in self.lots):
            return False
        for one in sorted(self.lots, key=lambda known: known[0]):
            taken = min(quantity, one[1])
            one[1] -= taken
            quantity -= taken
        return True


@pytest.mark.parametrize("seed", range(3))
def test_any_course_of_things_agrees_with_plain_reckoning(bank: Bank, customer: Customer, seed: int) -> None:
    chance, plain, day, gone = random.Random(seed), Plain(), DAY, 0
    for _step in range(40):
        match chance.choice("eeuuud"):
            case "e":
                last, quantity = day + timedelta(days=chance.randint(0, 20)), chance.randint(1, 100)
                lot(customer, quantity, last)
                plain.lots.append([last, quantity])
            case "u":
                quantity = chance.randint(1, 80)
                gone += plain.expire(day)
                if plain.use(quantity):
                    use(bank.wang, customer, quantity, day)
                else:
                    with pytest.raises(LedgerRefused):
                        use(bank.wang, customer, quantity, day)
            case "d":
                day += timedelta(days=chance.randint(1, 6))
                if chance.random() < 0.7:  # else no night ran
                    expire(customer, day)
                    gone += plain.expire(day)
    expire(customer, day)
    gone += plain.expire(day)
    assert expire(customer, day) == 0
    assert balance(customer) == sum(one[1] for one in plain.lots)
    expired = LedgerEntry.objects.using("batch").filter(kind="expire").aggregate(sum=Sum("quantity"))["sum"] or 0
    assert gone == -expired


def test_two_who_use_points_at_once_cannot_use_the_same(bank: Bank, customer: Customer) -> None:
    lot(customer, 100, DAY)
    barrier, done, faults = threading.Barrier(2), [], []

    def spend(actor: User) -> None:
        try:
            barrier.wait(10)
            for _number in range(8):
                try:
                    done.append(use(actor, customer, 10).quantity)
                except LedgerRefused:
                    done.append(0)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=spend, args=[actor]) for actor in (bank.wang, bank.he)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert sorted(done) == [-10] * 10 + [0] * 6
    assert balance(customer) == 0


def test_the_database_itself_keeps_the_ledger(bank: Bank, customer: Customer) -> None:
    first = lot(customer, 10, DAY)

    def write(actor: User, **values: Any) -> None:
        base = {
            "branch_id": customer.branch_id, "customer_id": customer.pk, "day": DAY, "source": "manual", "reason": "x",
            "reference": f"{uuid4()}", "unit_value": "0.01", "at": timezone.now(), "staff_id": actor.pk,
        }  # fmt: skip
        if values["kind"] != "earn":
            base["lot_id"] = first.pk
        with scoped(actor):
            LedgerEntry.objects.create(**base | values)

    refused: list[dict[str, Any]] = [
        {"kind": "spend", "quantity": -11},
        {"kind": "spend", "quantity": 1},
        {"kind": "spend", "quantity": -1, "day": DAY + ONE_DAY},
        {"kind": "spend", "quantity": -1, "lot_id": None},
        {"kind": "spend", "quantity": -1, "staff_id": bank.he.pk},  # in another's name
        {"kind": "spend", "quantity": -1, "staff_id": None},
        {"kind": "earn", "quantity": 5, "source": "campaign", "expires_on": DAY},
        {"kind": "earn", "quantity": 1_001, "expires_on": DAY},
        {"kind": "expire", "quantity": -1},
        {"kind": "reverse", "quantity": -9, "reverses_id": first.pk},
        {"kind": "reverse", "quantity": -10, "reverses_id": first.pk, "reason": ""},
    ]
    for values in refused:
        with pytest.raises(Error):
            write(bank.wang, **values)
    write(bank.wang, kind="spend", quantity=-10)
    with pytest.raises(Error):  # it is used
        write(bank.he, kind="reverse", quantity=-10, reverses_id=first.pk)
    assert balance(customer) == 0
    for alias, fault in (("default", ProgrammingError), ("batch", Error)):
        for statement in ("UPDATE campaigns_ledgerentry SET quantity = 1", "DELETE FROM campaigns_ledgerentry"):
            with pytest.raises(fault), scoped(bank.he, using=alias):
                db.execute(statement, using=alias)
    with pytest.raises(ProgrammingError), scoped(bank.he):
        db.execute("UPDATE campaigns_ledgerbalance SET balance = 99", using="default")
    assert db.execute("UPDATE campaigns_ledgerentry SET branch_id = %s", [bank.north.pk]) == 2


def test_a_form_sent_twice_is_used_once_and_a_manager_takes_it_back(bank: Bank, customer: Customer) -> None:
    given = lot(customer, 3, DAY, lounge(bank))
    submission, visit = uuid4(), given.entitlement
    first = use(bank.zhao, customer, 2, entitlement=visit, submission=submission)
    assert use(bank.zhao, customer, 2, entitlement=visit, submission=submission).pk == first.pk
    assert (balance(customer, visit), first.unit_value) == (1, Decimal("0.01"))
    with scoped(bank.wang), pytest.raises(LedgerRefused):
        ledger.reverse(first, bank.wang, "客户未到", when())
    with scoped(bank.he), pytest.raises(LedgerRefused):  # some of it is used
        ledger.reverse(given, bank.he, "发错", when())
    with scoped(bank.he):
        ledger.reverse(first, bank.he, "客户未到", when())
    with scoped(bank.he), pytest.raises(LedgerRefused):
        ledger.reverse(first, bank.he, "客户未到", when())
    assert balance(customer, visit) == 3
    with scoped(bank.he):
        ledger.reverse(given, bank.he, "发错", when())
    assert balance(customer, visit) == 0
    actions = AuditEntry.objects.using("batch").filter(customer_id=customer.pk, action__startswith="ledger.")
    assert sorted(actions.values_list("action", flat=True)) == ["ledger.reverse", "ledger.reverse", "ledger.spend"]


def test_what_a_reversal_gives_back_to_a_lot_that_is_over_expires_again(bank: Bank, customer: Customer) -> None:
    lot(customer, 50, DAY)
    spent = use(bank.wang, customer, 30)
    assert expire(customer, DAY + ONE_DAY) == 1
    with scoped(bank.he):
        ledger.reverse(spent, bank.he, "未兑换", when(DAY + ONE_DAY))
    assert balance(customer) == 30
    with pytest.raises(LedgerRefused):
        use(bank.wang, customer, 1, DAY + ONE_DAY)
    assert expire(customer, DAY + 2 * ONE_DAY) == 1
    assert balance(customer) == 0


def test_points_by_hand_keep_to_the_month_and_beyond_it_to_a_second_person(bank: Bank, customer: Customer) -> None:
    def give(actor: User, points: int, submission: Any = None) -> LedgerEntry | PointsRequest:
        with scoped(actor):
            return ledger.give(customer, actor, points, "补偿", submission or uuid4(), when())

    first = give(bank.wang, 600)
    assert isinstance(first, LedgerEntry)
    assert first.expires_on == date(2028, 3, 31)
    submission = uuid4()
    asked = give(bank.he, 401, submission)  # whoever gives, the month is the customer's
    assert isinstance(asked, PointsRequest)
    assert give(bank.he, 401, submission) == asked
    assert balance(customer) == 600
    with scoped(bank.he), pytest.raises(LedgerRefused):
        ledger.decide(asked, bank.he, is_granted=True, when=when())
    with scoped(bank.sun):
        ledger.decide(asked, bank.sun, is_granted=True, when=when())
    with scoped(bank.zhou), pytest.raises(LedgerRefused):
        ledger.decide(asked, bank.zhou, is_granted=False, when=when())
    assert balance(customer) == 1_001
    assert isinstance(give(bank.wang, 400), LedgerEntry)  # what was granted does not count against it


def granted(customer: Customer) -> list[tuple[date, str, int, date | None]]:
    rows = LedgerEntry.objects.using("batch").filter(customer=customer, source="tier").order_by("pk")
    return list(rows.values_list("day", "kind", "quantity", "expires_on"))


def by_balance_of_the_day() -> None:
    """So that a tier moves on any day."""
    TierScheme.objects.using("batch").filter(is_primary=True).update(
        metric="point", promotion="immediate", watch_after_months=0, downgrade_after_months=0
    )


def test_tiers_are_given_at_the_start_of_a_period_and_when_they_rise(bank: Bank) -> None:
    """Tier 3 begins at 50,000, tier 2 at 10,000."""
    by_balance_of_the_day()
    visit = lounge(bank)
    EntitlementTerm.objects.using("batch").create(
        entitlement=visit, tier=2, period="quarter", quantity=1, unit_value=80, effective_from=date(2026, 1, 1)
    )
    book = Book(bank)
    low, rising = book.open("C1", 20_000), book.open("C2", 20_000)
    book.night(date(2026, 1, 31))
    start, end = date(2026, 2, 1), date(2026, 3, 31)
    assert granted(low) == granted(rising) == [(start, "earn", 1, end)]
    book.night(date(2026, 2, 1))
    assert len(granted(low)) == 1
    # Up: the difference. The day is corrected, so it was not so: what nobody used is taken back.
    [held] = book.holdings[rising.pk]
    book.change(held, 90_000)
    book.night(date(2026, 2, 10))
    up = (date(2026, 2, 11), "earn", 3, end)
    assert granted(rising) == [(start, "earn", 1, end), up]
    book.night(date(2026, 2, 10), rerun=True)
    assert granted(rising) == [(start, "earn", 1, end), up]
    book.change(held, 20_000)
    book.night(date(2026, 2, 10), rerun=True)
    assert granted(rising)[2:] == [(date(2026, 2, 11), "reverse", -3, None)]
    book.change(held, 90_000)
    book.night(date(2026, 2, 10), rerun=True)
    assert granted(rising)[3:] == [up]
    assert (balance(rising, visit), balance(low, visit)) == (4, 1)
    # A new quarter: what is left of the old one is over, and the night before found nothing to do.
    book.night(date(2026, 3, 30))
    assert (len(granted(rising)), balance(rising, visit)) == (4, 4)
    run = book.night(date(2026, 3, 31))
    assert granted(low)[1:] == [(end, "expire", -1, None), (date(2026, 4, 1), "earn", 1, date(2026, 6, 30))]
    assert (balance(rising, visit), balance(low, visit)) == (4, 1)
    run.refresh_from_db(using="batch")
    counts = run.counts["entitlements"]
    assert (counts["expired"], counts["granted"]) == (3, 2)  # the lot of one and that of three each


def test_a_term_that_somebody_changes_is_given_the_next_morning(bank: Bank) -> None:
    by_balance_of_the_day()
    book = Book(bank)
    low = book.open("C1", 20_000)
    book.night(date(2026, 2, 10))
    visit = lounge(bank, tier=2)
    book.night(date(2026, 2, 11))
    assert balance(low, visit) == 4
    Entitlement.objects.using("batch").get(pk=visit.pk).save(using="batch")
    book.night(date(2026, 2, 12))
    assert balance(low, visit) == 4


def test_who_reaches_the_goal_of_a_campaign_earns_its_points_once(bank: Bank) -> None:
    book = Book(bank)
    people = [book.open(f"C{number}", 20_000) for number in range(4)]
    book.night(date(2026, 1, 31))
    book.night(date(2026, 2, 28))
    of = campaign(
        bank, starts_on=date(2026, 3, 1), ends_on=date(2026, 4, 30), reward_points=500,
        baseline=(date(2026, 2, 1), date(2026, 2, 28)),
    )  # fmt: skip
    reached, other, control, _missed = people
    enlist(of, [(one, Arm.CONTROL if one == control else Arm.TREAT, 0, 20_000) for one in people])
    for one in (reached, other, control):
        book.change(book.holdings[one.pk][0], 90_000)
    book.night(date(2026, 3, 1))
    book.night(date(2026, 3, 31))
    points = [balance(one) for one in people]
    assert points == [500, 500, 0, 0]
    entry = LedgerEntry.objects.using("batch").get(customer=reached)
    assert (entry.day, entry.campaign_id, entry.unit_value) == (date(2026, 4, 1), of.pk, Decimal("0.01"))
    book.night(date(2026, 3, 31), rerun=True)
    assert LedgerEntry.objects.using("batch").count() == 2
    # The day is corrected: neither reached it. Who has used the points keeps them; what a person took back stays so.
    use(bank.wang, other, 100, date(2026, 4, 1))
    for one in (reached, other):
        book.change(book.holdings[one.pk][0], -3_000_000)
    book.night(date(2026, 3, 31), rerun=True)
    assert not CampaignMember.objects.using("batch").filter(customer=reached, qualified_on__isnull=False).exists()
    assert [balance(one) for one in people] == [0, 400, 0, 0]
    for one in (reached, other):
        book.change(book.holdings[one.pk][0], 90_000)
    book.night(date(2026, 3, 31), rerun=True)
    assert [balance(one) for one in people] == [500, 400, 0, 0]
    again = LedgerEntry.objects.using("batch").filter(customer=reached).latest("pk")
    with scoped(bank.he):
        ledger.reverse(again, bank.he, "不符合规则", when(date(2026, 4, 1)))
    book.night(date(2026, 3, 31), rerun=True)
    assert [balance(one) for one in people] == [0, 400, 0, 0]


def test_the_month_s_average_and_an_introduction_earn_by_the_rule(bank: Bank) -> None:
    PointsRule.objects.using("batch").update(average_is_on=True, referral_points=300)
    book = Book(bank)
    rich, poor = book.open("C1", Decimal("451249.99")), book.open("C2", 200_000)
    book.night(date(2026, 1, 20))
    book.night(date(2026, 2, 28))
    Prospect.objects.using("batch").create(
        branch_id=poor.branch_id, name="", name_mask="访*", mobile_mask="", needs=["loan"], source_layer=2,
        consent_at=timezone.now(), registered_by_id=bank.wang.pk, registered_at=timezone.now(), stage="opened",
        stage_at=timezone.now(), introduced_by=poor, opened_as=rich, converted_on=date(2026, 3, 1), submission=uuid4(),
    )  # fmt: skip
    book.night(date(2026, 3, 1))
    # floor((451,249.99 − 200,000) × 0.8‰): 201 − a fen
    assert [balance(rich), balance(poor)] == [200 + january(rich), 300]
    before = LedgerEntry.objects.using("batch").count()
    book.night(date(2026, 3, 1), rerun=True)
    book.night(date(2026, 3, 2))
    assert LedgerEntry.objects.using("batch").count() == before


def january(customer: Customer) -> int:
    """Points of the month in which the bank was first read, given when February opened."""
    found = LedgerEntry.objects.using("batch").filter(customer=customer, reference__startswith="average:2026-02")
    return int(found.aggregate(sum=Sum("quantity"))["sum"] or 0)


def test_opening_balances_come_in_once(bank: Bank, customer: Customer, settings: Any, tmp_path: Path) -> None:
    settings.CRM_HOME = tmp_path / "home"
    visit, last = lounge(bank), timezone.localdate() + ONE_DAY
    header = "来源系统,来源编号,客户号,权益,数量,有效期至"
    rows = [f"老,1,A1,,500,{last}", f"老,2,A1,贵宾厅,2,{last}"]
    wrong = [f"老,3,X9,,5,{last}", f"老,4,A1,洗车,5,{last}", f"老,5,A1,,1.5,{last}", "老,6,A1,,5,2020-01-01"]
    path = tmp_path / "opening.csv"

    def sent(*lines: str) -> tuple[int, int]:
        path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
        one = load.load_file("opening_balances", path, as_of=timezone.localdate())
        return one.rows_changed, one.rows_rejected

    assert sent(*rows, *wrong) == (2, 4)
    assert sent(*rows) == (0, 0)
    assert sent(f"老,1,A1,,900,{last}") == (0, 1)
    assert (balance(customer), balance(customer, visit)) == (500, 2)


Reader = Callable[[User], Any]


def test_what_is_left_is_seen_in_scope_and_the_lobby_sees_no_points(
    bank: Bank, customer: Customer, client_of: Reader
) -> None:
    visit, today = lounge(bank), timezone.localdate()
    lot(customer, 2, today, visit)
    lot(customer, 700, today + timedelta(days=90))
    lot(customer, 5, today - ONE_DAY)  # over, and no night has written it off
    place = f"/customers/{customer.pk}/entitlements/"
    rm, lobby = client_of(bank.wang), client_of(bank.zhao)
    shown = {one.entitlement_id: one.left for one in rm.get(place).context["left"]}
    assert shown == {visit.pk: 2, None: 700}
    page = lobby.get(place)
    assert [one.entitlement_id for one in page.context["left"]] == [visit.pk]
    assert {one.entitlement_id for one in page.context["rows"]} == {visit.pk}
    assert {one.entitlement_id for one in rm.get(f"/customers/{customer.pk}/").context["page"].entitlements} == {
        visit.pk,
        None,
    }
    assert [one.left for one in lobby.get(f"/customers/{customer.pk}/").context["card"].entitlements] == [2]
    points = {"use-submission": uuid4(), "use-quantity": 1, "use-reason": "x"}
    assert lobby.post(f"{place}use/", points).status_code == 403
    assert rm.post(f"{place}use/", points | {"use-quantity": "701"}).status_code == 422
    assert rm.post(f"{place}use/", points | {"use-quantity": "0"}).status_code == 422
    assert rm.post(f"{place}use/", points).status_code == 302
    assert lobby.post(f"{place}use/", points | {"use-entitlement": visit.pk}).status_code == 302
    assert (balance(customer), balance(customer, visit)) == (704, 1)
    # The branch's figures, and the entries behind one of them.
    answer = client_of(bank.he).get("/entitlements/", {"item": visit.pk, "did": "spend", "month": today})
    assert [one.quantity for one in answer.context["rows"]] == [-1]
    found = {
        line.item: (line.issued, line.used, line.cost)
        for line in answer.context["lines"]
        if line.month == today.replace(day=1)
    }
    assert found[str(visit.pk)][1:] == (1, Decimal("0.01"))
    assert client_of(bank.qian).get("/entitlements/").context["lines"] == []
    newest = rm.get(f"{place}?item=points").context["rows"][0]
    assert (newest.quantity, newest.running_points) == (-1, 704)  # with what is over, until the night writes it off
