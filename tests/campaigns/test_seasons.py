"""The quarters with their playbooks, and the targets of a season: set, split, reached."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, CampaignDay, SeasonLevel, SeasonStep, SeasonTarget
from campaigns.seasons import target_views, targets
from campaigns.seasons.choices import Measure
from campaigns.seasons.progress import days_of, progress_of
from campaigns.seasons.quarters import Quarter, bar, quarter_of, weeks_of
from campaigns.seasons.targets import TargetRefused
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from crm.organization.models import Branch, User
from customers.models import Metrics
from segments.models import TierScheme
from tests.campaigns import campaign_world as made
from tests.nightly.night_world import Book
from tests.world import Bank

ClientOf = Callable[[User], Client]
TODAY = datetime(2026, 1, 12, 2, tzinfo=UTC)
FIRST, LAST = date(2026, 2, 1), date(2026, 2, 28)
DAY = timedelta(days=1)


def wanted(bank: Bank, branch: Branch, measure: Measure, amount: Any, **more: Any) -> SeasonTarget:
    return SeasonTarget.objects.using("batch").create(
        branch_id=branch.pk, measure=measure, amount=amount, set_by_id=bank.sun.pk, set_from_id=bank.region.pk,
        **{"first_day": FIRST, "last_day": LAST, **more},
    )  # fmt: skip


def test_quarters_weeks_and_bars(bank: Bank) -> None:
    fourth = Quarter(2026, 4)
    assert (fourth.first, fourth.last, fourth.after, fourth.before) == (
        date(2026, 10, 1), date(2026, 12, 31), Quarter(2027, 1), Quarter(2026, 3),
    )  # fmt: skip
    assert quarter_of(date(2026, 3, 31)) == Quarter(2026, 1)
    assert (fourth.mondays[0], fourth.mondays[-1]) == (date(2026, 9, 28), date(2026, 12, 28))
    # A first day, a Sunday and a Monday fall into the right columns; what lies outside has no bar.
    assert bar(date(2026, 10, 4), date(2026, 10, 5), fourth.mondays).length == 2
    assert bar(date(2026, 1, 1), date(2026, 9, 27), fourth.mondays).length == 0
    assert bar(date(2027, 1, 4), date(2027, 1, 9), fourth.mondays).length == 0
    with scoped(bank.he):
        golden = weeks_of(fourth, date(2026, 10, 8))
    # The National Day holiday of 2026, with its working Saturday after it, from the State Council's notice.
    assert golden[0].holidays and golden[1].is_now
    assert sum(week.workdays for week in golden[:2]) < 10


def test_the_calendar_begins_a_draft(bank: Bank, client_of: ClientOf) -> None:
    with time_machine.travel(TODAY, tick=False):
        one = made.campaign(bank, made.segment(bank), starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 31))
        step = SeasonStep.objects.using("batch").get(theme__quarter=1, segment="payroll")
        page = client_of(bank.sun).get(reverse("campaigns:calendar"))
        lines = {line.step.pk: line for line in page.context["steps"]}
        assert [line.campaign for line in page.context["campaigns"]] == [one]
        assert lines[step.pk].can_begin and lines[step.pk].first == date(2025, 12, 29)
        address = f"{reverse('campaigns:new')}?step={step.pk}&quarter=2026-1"
        assert address.replace("&", "&amp;") in page.content.decode()
        initial = client_of(bank.sun).get(address).context["form"].initial
        assert (initial["starts_on"], initial["ends_on"]) == (date(2026, 1, 13), date(2026, 2, 1))
        assert (initial["baseline_from"], initial["baseline_to"]) == (date(2025, 12, 1), date(2025, 12, 31))
        assert (initial["theme"], initial["kind"], initial["success_amount"]) == ("volume", "qualify", 50_000)
        # In the autumn before, the steps that prepare the season stand in the fourth quarter.
        autumn = client_of(bank.sun).get(reverse("campaigns:calendar"), {"quarter": "2025-4"}).context["steps"]
        assert {str(line.of) for line in autumn} == {"2026-1"}  # no theme was in force in 2025 itself
        fourth = client_of(bank.sun).get(reverse("campaigns:calendar"), {"quarter": "2026-4"}).context["steps"]
        assert [str(line.of) for line in fourth if line.step.first_week < 1] == ["2027-1", "2027-1"]
        # A manager of customers reads it, without drafts and their buttons; a step of the past begins nothing.
        theirs = client_of(bank.wang).get(reverse("campaigns:calendar"))
        assert theirs.context["campaigns"] == [] and "data-begin" not in theirs.content.decode()
    with time_machine.travel(TODAY + timedelta(days=60), tick=False):
        late = client_of(bank.sun).get(address).context["form"].initial
        assert late["name"] != step.name_zh_hans and late["starts_on"] > date(2026, 3, 13)
    assert Campaign.objects.using("batch").count() == 1


def test_progress_is_what_plain_reckoning_says(bank: Bank) -> None:
    """A random bank of five weeks, with days on which no night ran, against sums of a dictionary."""
    chance = random.Random(20260201)
    book = Book(bank)
    people = [book.open(f"63000000{number:02}", chance.randrange(1, 90_000_000) / Decimal(100)) for number in range(12)]
    time_deposits = [book.add(one, 0, product="TIME1Y") for one in people[:6]]
    wealth = [book.add(one, 0, product="WEALTH") for one in people[6:]]
    first_night = FIRST - timedelta(days=3)
    scheme = TierScheme.objects.using("batch").get(is_primary=True)
    kinds = {
        Measure.DEPOSIT_AVERAGE: {}, Measure.AUM_AVERAGE: {}, Measure.AUM_POINT: {},
        Measure.CUSTOMERS: {"scheme": scheme.code, "rank": 3},
    }  # fmt: skip
    asked = [
        wanted(bank, place, kind, 1_000, owner=owner, **more)
        for kind, more in kinds.items()
        for place, owner in ((bank.south, bank.wang), (bank.south, None), (bank.region, None))
    ]  # fmt: skip
    kept: dict[date, dict[str, Decimal]] = {}
    day = first_night
    while day <= FIRST + timedelta(days=19):
        if day == first_night or chance.random() < 0.75 or day == FIRST + timedelta(days=19):
            for one in chance.sample([*time_deposits, *wealth], 4):
                book.change(one, chance.randrange(0, 60_000_000) / Decimal(100))
            assert book.night(day).published_at
            rows = list(Metrics.objects.using("batch").all())
            kept[day] = {
                "deposit": sum((row.deposit for row in rows), Decimal(0)),
                "aum": sum((book.aum(one, day) for one in people), Decimal(0)),
                "customers": Decimal(sum(row.tier >= 3 for row in rows)),
            }
        day += DAY
    as_of = max(kept)

    def level(name: str, on: date) -> Decimal:
        return kept[max(one for one in kept if one <= on)][name]

    def reckoned(measure: str, on: date) -> Decimal:
        name = (
            "deposit" if measure == Measure.DEPOSIT_AVERAGE else "customers" if measure == Measure.CUSTOMERS else "aum"
        )
        base = level(name, FIRST - DAY)
        if measure not in (Measure.DEPOSIT_AVERAGE, Measure.AUM_AVERAGE):
            return level(name, on) - base
        days = [FIRST + timedelta(days=at) for at in range((on - FIRST).days + 1)]
        total = sum((level(name, one) for one in days), Decimal(0))
        return (total / len(days)).quantize(Decimal("0.01"), ROUND_DOWN) - base

    with scoped(bank.zhou):
        found = progress_of(asked, as_of)
        for target in asked:
            assert found[target.pk].reached == reckoned(target.measure, as_of), target.measure
            assert days_of(target, as_of)[1:] == [(on, reckoned(target.measure, on)) for on in kept if on >= FIRST]
        assert len(kept) < 23 and found[asked[0].pk].elapsed == Decimal("71.4")
        # What must be held from tomorrow on brings the average out, to the fen.
        average = next(one for one in asked if one.measure == Measure.AUM_AVERAGE and one.branch_id == bank.region.pk)
        average.amount = found[average.pk].reached + 3_000_000
        needed = progress_of([average], as_of)[average.pk].needed_now
        assert needed is not None
        left = (LAST - as_of).days
        stood = sum((level("aum", FIRST + timedelta(days=at)) for at in range(20)), Decimal(0))
        total = stood + (level("aum", as_of) + needed) * left
        assert 0 <= total / 28 - level("aum", FIRST - DAY) - average.amount < Decimal("0.01")
    # Once the nights count by another scheme, the page says since when.
    counted = next(one for one in asked if one.measure == Measure.CUSTOMERS and one.branch_id == bank.region.pk)
    with scoped(bank.zhou):
        last, after = progress_of([counted], as_of)[counted.pk], progress_of([counted], as_of + DAY)[counted.pk]
    assert (last.stopped_on, after.stopped_on) == (None, as_of)
    # A corrected day replaces its levels.
    book.change(wealth[0], 123)
    before = SeasonLevel.objects.using("batch").count()
    assert book.night(as_of, rerun=True).published_at
    assert SeasonLevel.objects.using("batch").count() == before
    newest = SeasonLevel.objects.using("batch").get(as_of=as_of, branch=bank.region, owner=None)
    assert newest.aum == sum(book.aum(one, as_of) for one in people) != kept[as_of]["aum"]


def test_who_holds_nothing_any_more_has_a_row_of_nothing(bank: Bank) -> None:
    book = Book(bank)
    only = book.open("6400000001", 80_000)
    assert book.night(FIRST - DAY).published_at
    target = wanted(bank, bank.south, Measure.AUM_POINT, 1_000, owner=bank.wang)
    book.change(book.holdings[only.pk][0], 0, status="closed")
    book.set_status(only, "closed")
    assert book.night(FIRST).published_at
    with scoped(bank.wang):
        assert progress_of([target], FIRST)[target.pk].reached == -80_000


def test_a_target_is_set_split_and_taken_back(bank: Bank, client_of: ClientOf) -> None:
    made.published(date(2026, 1, 11))
    with time_machine.travel(TODAY, tick=False):
        sun, he = client_of(bank.sun), client_of(bank.he)
        typed = {
            "branch": bank.sub.pk, "measure": "deposit_average", "first_day": "2026-01-01", "last_day": "2026-03-31",
            "amount": "4000",
        }  # fmt: skip
        new = reverse("campaigns:target_new")
        for field, wrong in (
            ("amount", "0"),
            ("last_day", "2025-12-31"),
            ("measure", "customers"),
            ("branch", bank.far.pk),
        ):
            refused = sun.post(new, {**typed, field: wrong})
            assert refused.status_code == 422 and refused.context["form"].errors
        assert sun.post(new, typed).status_code == 302
        target = SeasonTarget.objects.using("batch").get()
        assert (target.amount, target.set_from_id) == (Decimal(40_000_000), bank.region.pk)
        assert sun.post(new, typed).status_code == 422  # it is there already
        split = reverse("campaigns:target_split", args=[target.pk])
        south, north = f"b{bank.south.pk}", f"b{bank.north.pk}"
        assert sun.post(split, {south: "2500", north: "1000"}).status_code == 302
        parts = {one.branch_id: one for one in SeasonTarget.objects.using("batch").exclude(pk=target.pk)}
        assert {pk: one.amount for pk, one in parts.items()} == {bank.south.pk: 25_000_000, bank.north.pk: 10_000_000}
        shown = sun.get(reverse("campaigns:targets"), {"quarter": "2026-1", "branch": str(bank.sub.pk)}).context["page"]
        assert [(line.target, line.missing) for line in shown.rows] == [(target, Decimal(5_000_000))]

        # The outlet splits its part among its managers; what was set from above it cannot change.
        part = parts[bank.south.pk]
        wang, li = f"u{bank.wang.pk}", f"u{bank.li.pk}"
        own_split = reverse("campaigns:target_split", args=[part.pk])
        assert he.post(own_split, {wang: "1500", li: "1000"}).status_code == 302
        he.post(reverse("campaigns:target_change", args=[part.pk, "amount"]), {"seen": part.amount, "amount": "1"})
        part.refresh_from_db(using="batch")
        assert part.amount == 25_000_000
        assert he.get(reverse("campaigns:target", args=[target.pk])).status_code == 404
        assert he.post(split, {}).status_code == 404
        # Who split in the meantime is not written over: the page was drawn when wang had nothing.
        he.post(own_split, {wang: "1800", li: "1000", f"seen-{li}": "10000000.00"})
        mine = SeasonTarget.objects.using("batch").get(owner=bank.wang)
        assert mine.amount == 15_000_000
        # A manager reads the own one alone, and sets none.
        page = client_of(bank.wang).get(reverse("campaigns:targets"), {"quarter": "2026-1"})
        assert [line.target for line in page.context["page"].rows] == [mine]
        assert client_of(bank.wang).get(reverse("campaigns:target", args=[part.pk])).status_code == 404
        assert client_of(bank.wang).get(reverse("campaigns:target", args=[mine.pk])).status_code == 200
        assert client_of(bank.wang).post(split, {}).status_code == 403

        with scoped(bank.sun), pytest.raises(TargetRefused), transaction.atomic():
            targets.change(bank.sun, target, Decimal(1), Decimal(2))  # somebody else's figure was on the page
        with scoped(bank.feng), pytest.raises(TargetRefused):
            targets.withdraw(bank.feng, target)
        seen = sun.get(reverse("campaigns:target", args=[target.pk])).context["seen"]
        withdraw = reverse("campaigns:target_change", args=[target.pk, "withdraw"])
        assert sun.post(withdraw, {"seen": seen}).status_code == 302
        assert not SeasonTarget.objects.using("batch").filter(withdrawn_at=None).exists()
    told = AuditEntry.objects.using("batch").filter(action__startswith="target.").order_by("pk")
    assert list(told.values_list("action", flat=True)) == [
        "target.set",
        "target.split",
        "target.split",
        "target.withdraw",
    ]


def test_nobody_further_down_takes_back_what_was_set_above(bank: Bank) -> None:
    made.published(date(2026, 1, 11))
    he, sun = (User.objects.get(pk=one.pk) for one in (bank.he, bank.sun))
    with time_machine.travel(TODAY, tick=False):
        with scoped(he):
            own = SeasonTarget(
                branch_id=bank.south.pk, measure=Measure.DEPOSIT_AVERAGE, first_day=date(2026, 1, 1),
                last_day=date(2026, 3, 31), amount=1_000,
            )  # fmt: skip
            targets.save(he, own)
        with scoped(sun):
            targets.split(sun, own, {f"u{bank.wang.pk}": (None, Decimal(600))})
        with scoped(he), pytest.raises(TargetRefused), transaction.atomic():
            targets.withdraw(he, own)
        assert SeasonTarget.objects.using("batch").filter(withdrawn_at=None).count() == 2
        with scoped(sun):
            targets.withdraw(sun, own)
        assert not SeasonTarget.objects.using("batch").filter(withdrawn_at=None).exists()


def test_a_target_of_a_campaign_follows_it(bank: Bank, client_of: ClientOf) -> None:
    """No more is asked than it asks customers there; and it ends with the campaign, whoever set it."""
    group = made.segment(bank)
    made.published(date(2026, 3, 9))
    with time_machine.travel(datetime(2026, 3, 10, 2, tzinfo=UTC), tick=False):
        made.crowd(bank, group, 12)
        one = made.launched(bank, made.campaign(bank, group))
        typed = {
            "branch": bank.north.pk, "measure": "campaign", "campaign": one.pk, "first_day": "2026-01-01",
            "last_day": "2026-12-31", "amount": "10",
        }  # fmt: skip
        sun, zhou, new = client_of(bank.sun), client_of(bank.zhou), reverse("campaigns:target_new")
        assert sun.post(new, typed).status_code == 422  # it asks nobody there
        typed["branch"] = bank.south.pk
        assert sun.post(new, typed | {"amount": "13"}).status_code == 422
        assert sun.post(new, typed).status_code == 302
        assert zhou.post(new, typed | {"branch": bank.head.pk, "amount": "11"}).status_code == 302
        own = SeasonTarget.objects.using("batch").get(branch=bank.south)
        assert (own.first_day, own.last_day) == (one.starts_on, one.ends_on)
        sun.post(reverse("campaigns:target_change", args=[own.pk, "amount"]), {"seen": own.amount, "amount": "13"})
        split = reverse("campaigns:target_split", args=[own.pk])
        sun.post(split, {f"u{bank.wang.pk}": "7"})  # of whom it asks six
        assert SeasonTarget.objects.using("batch").count() == 2
        sun.post(split, {f"u{bank.wang.pk}": "6"})
        sun.post(f"/campaigns/{one.pk}/end/", {"reason": "奖品发完"})
        one.refresh_from_db(using="batch")
        assert set(SeasonTarget.objects.using("batch").values_list("last_day", "amount")) == {
            (one.ends_on, Decimal(number)) for number in (10, 11, 6)
        }  # fmt: skip
        assert one.ends_on < date(2026, 5, 31)
        assert sun.post(new, typed).status_code == 422  # it does not run any more


def test_nobody_takes_back_what_they_have_not_seen(bank: Bank, client_of: ClientOf) -> None:
    made.published(date(2026, 1, 11))
    season = {"first_day": date(2026, 1, 1), "last_day": date(2026, 3, 31)}
    one = wanted(bank, bank.sub, Measure.AUM_POINT, 9_000_000, **season)
    with time_machine.travel(TODAY, tick=False):
        sun, zhou, page = client_of(bank.sun), client_of(bank.zhou), reverse("campaigns:target", args=[one.pk])
        seen = sun.get(page).context["seen"]
        assert f'name="seen" value="{seen}"' in sun.get(page).content.decode()
        back = reverse("campaigns:target_change", args=[one.pk, "withdraw"])
        zhou.post(reverse("campaigns:target_split", args=[one.pk]), {f"b{bank.south.pk}": "500"})
        for sent in ({"seen": seen}, {}):
            sun.post(back, sent)
            assert SeasonTarget.objects.using("batch").filter(withdrawn_at=None).count() == 2
        zhou.post(back, {"seen": zhou.get(page).context["seen"]})
        assert not SeasonTarget.objects.using("batch").filter(withdrawn_at=None).exists()


def test_targets_are_paged(bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place's own first, of those below what is no part of them; every page says that there is another."""
    monkeypatch.setattr(target_views, "PAGE_LINES", 2)
    made.published(date(2026, 1, 11))
    season = {"first_day": date(2026, 1, 1), "last_day": date(2026, 3, 31)}
    own = [wanted(bank, bank.sub, kind, 10, **season) for kind in (Measure.AUM_AVERAGE, Measure.AUM_POINT)]
    wanted(bank, bank.south, Measure.AUM_POINT, 5, **season)
    below = [
        wanted(bank, place, Measure.CUSTOMERS, 5, scheme="s", rank=3, **season) for place in (bank.south, bank.north)
    ]
    later = {"first_day": date(2026, 2, 1), "last_day": date(2026, 3, 31)}
    below.insert(1, wanted(bank, bank.south, Measure.CUSTOMERS, 5, scheme="s", rank=3, **later))
    with time_machine.travel(TODAY, tick=False):
        sun, asked = client_of(bank.sun), {"quarter": "2026-1", "branch": str(bank.sub.pk)}
        found: list[SeasonTarget] = []
        after = ""
        while after or not found:
            page = sun.get(reverse("campaigns:targets"), asked | {"after": after}).context["page"]
            found += [line.target for line in page.rows]
            after = page.next_place
        first = sun.get(reverse("campaigns:targets"), asked | {"before": page.previous_place}).context["page"]
    assert (found, [line.target for line in first.rows]) == (own + below, found[2:4])


def test_customers_who_reach_the_goal_of_a_campaign(bank: Bank) -> None:
    group = made.segment(bank)
    made.published(date(2026, 3, 9))
    with time_machine.travel(datetime(2026, 3, 10, 2, tzinfo=UTC), tick=False):
        made.crowd(bank, group, 12)
        one = made.launched(bank, made.campaign(bank, group))
    members = list(one.members.using("batch").order_by("pk"))
    members[0].__class__.objects.using("batch").filter(pk=members[0].pk).update(qualified_on=date(2026, 3, 31))
    own, whole = (
        wanted(bank, bank.south, Measure.CAMPAIGN, 10, owner=owner, campaign_id=one.pk, first_day=one.starts_on,
               last_day=one.ends_on)
        for owner in (User.objects.using("batch").get(pk=members[0].owner_id or 0), None)
    )  # fmt: skip
    for day, number in ((date(2026, 3, 30), 0), (date(2026, 3, 31), 1)):
        CampaignDay.objects.using("batch").create(
            campaign_id=one.pk, as_of=day, branch_id=bank.south.pk, arm="treat", members=12, qualified=number, change=0
        )
    with scoped(bank.he):
        found = progress_of([own, whole], date(2026, 4, 1))
    assert [found[own.pk].reached, found[whole.pk].reached] == [1, 1]
    assert found[own.pk].a_day == 1 and found[own.pk].needed_now is None
