"""意向模型: learned and judged out of time, off until a second person, applied by SQL as it was learned, never to who
refused; a night scores again whom it touched, and all stand as if everybody had been scored."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, transaction

from archives.models import Consent, ContactLog
from campaigns.models import PropensityModel, PropensityScore
from campaigns.propensity import features, scoring, switch, training
from campaigns.propensity.learning import Examples, Learned, TooFew, by_share, chance, learn
from campaigns.propensity.likelihood import score_of, told
from campaigns.propensity.switch import SwitchRefused
from crm.audit.models import AuditEntry
from crm.organization.access import scoped
from customers.models import Alert, BalanceChange, Customer, Holding, Metrics
from tests.campaigns.propensity_world import DAY, answers, contact, known, learned, publish, switched_on
from tests.world import Bank

SCORES = PropensityScore.objects.using("batch")
Row = tuple[int, int, int, list[str]]


@pytest.fixture
def asked(bank: Bank) -> list[Customer]:
    publish(DAY)
    return answers(bank)


def stands() -> dict[int, Row]:
    rows = SCORES.values_list("customer_id", "model_id", "permille", "band", "reasons")
    return {row[0]: row[1:] for row in rows}


def made_up(number: int, seed: int) -> Examples:
    """Two features of which one decides, day after day."""
    drawn = np.random.default_rng(seed)
    x = drawn.normal(size=(number, 2))
    yes = (drawn.random(number) < 1 / (1 + np.exp(1 - 1.5 * x[:, 0]))).astype(np.int64)
    day = np.datetime64("2025-01-01") + np.arange(number) * 365 // number
    return Examples(("told", "noise"), x, yes, day, {"aum": x[:, 1], "alert": np.zeros(number)})


def test_what_is_judged_by_lies_after_what_is_learned_from() -> None:
    examples = made_up(6_000, 1)
    found = learn(examples, *by_share(examples)).figures
    assert found["fit"]["to"] < found["calibrate"]["from"] <= found["calibrate"]["to"] < found["held"]["from"]
    assert sum(found[part]["asked"] for part in ("fit", "calibrate", "held")) == 6_000
    # The best that there is: ranking by the chance that the answers were drawn with.
    _fit, held = by_share(examples)
    last = examples.part(held, np.datetime64("9999-12-31"))
    best = learn(examples, *by_share(examples)).figures["auc"]["model"]
    assert best == pytest.approx(float(np.mean(ranks(last.yes, last.x[:, 0]))), abs=0.01)
    assert found["gain"]["auc_95"][0] > 0.15
    assert found["expected"] == pytest.approx(found["held"]["yes"] / found["held"]["asked"], abs=0.04)
    assert found["lift"]["model"] == pytest.approx(
        found["top"]["model"]["yes"] / found["top"]["model"]["asked"] / (found["held"]["yes"] / found["held"]["asked"]),
        abs=0.0001,
    )


def ranks(yes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Of each pair of a yes and a no, whether the yes stands higher: what AUC is by its definition."""
    return np.asarray(scores[yes == 1][:, None] > scores[yes == 0][None, :])


def test_of_too_few_answers_nothing_is_learned(bank: Bank) -> None:
    publish(DAY)
    answers(bank, number=40, contacts=1)
    one = learned(bank)
    assert (one.state, one.weights, one.fingerprint) == ("too_few", {}, "")
    assert one.figures["asked"] == 40
    assert min(one.figures["yes"], one.figures["no"]) < one.figures["least"]
    with scoped(bank.zhou), pytest.raises(SwitchRefused):
        switch.submit(bank.zhou, one)
    with pytest.raises(TooFew):
        by_share(made_up(0, 1))


def test_the_database_computes_what_was_learned(bank: Bank, asked: list[Customer]) -> None:
    one = switched_on(bank)
    assert SCORES.count() == len(asked)
    for customer in (asked[0], asked[1], asked[199]):
        x = np.array([list(known(customer, DAY + timedelta(days=1)).values())])
        said = float(chance(one.weights, x)[0])
        row = SCORES.get(customer_id=customer.pk)
        assert row.permille == round(1000 * said)
        assert row.band == (1 if said >= one.weights["high"] else 2 if said >= one.weights["middle"] else 3)
        assert len(row.reasons) == 3
        parts = (x[0] - one.weights["mean"]) / one.weights["scale"] * one.weights["weight"]
        heaviest = one.weights["names"][int(np.argmax(np.abs(parts[:-2])))]
        assert row.reasons[0][2:] == heaviest
        assert row.reasons[0][0] == ("u" if parts[one.weights["names"].index(heaviest)] > 0 else "d")
    assert SCORES.get(customer_id=asked[0].pk).permille > SCORES.get(customer_id=asked[1].pk).permille + 200
    assert (one.scored_to, one.figures["auc"]["model"] > 0.65) == (DAY, True)


@pytest.mark.parametrize(("intercept", "expected"), [(1e5, 1000), (-1e5, 0)])
def test_no_outlier_stops_the_scoring(bank: Bank, asked: list[Customer], intercept: float, expected: int) -> None:
    one = switched_on(bank)
    weights = one.weights | {"intercept": intercept}
    PropensityModel.objects.using("batch").filter(pk=one.pk).update(weights=weights, scored_to=None, scored_at=None)
    assert scoring.run() == len(asked)
    assert set(SCORES.values_list("permille", flat=True)) == {expected}


def test_who_refused_is_neither_learned_from_nor_scored(bank: Bank, asked: list[Customer]) -> None:
    everybody = len(training.read(DAY).yes)
    gone = asked[:5]
    Customer.objects.using("batch").filter(pk__in=[one.pk for one in gone[:3]]).update(profiling_opt_out=True)
    Customer.objects.using("batch").filter(pk__in=[one.pk for one in gone[3:]]).update(do_not_contact=True)
    assert len(training.read(DAY).yes) == everybody - 15
    switched_on(bank)
    assert SCORES.count() == len(asked) - 5
    assert not SCORES.filter(customer_id__in=[one.pk for one in gone]).exists()


def test_contacts_that_asked_for_nothing_or_got_no_answer_are_left_out(bank: Bank, asked: list[Customer]) -> None:
    before = len(training.read(DAY).yes)
    for fields in ({"purpose": "care"}, {"purpose": "survey"}, {"channel": "sms"}, {"direction": "inbound"}):
        contact(asked[0], bank.wang, DAY - timedelta(days=2), "sold", **fields)
    contact(asked[0], bank.wang, DAY - timedelta(days=2), "not_reached")
    contact(asked[0], bank.wang, DAY - timedelta(days=2), "refused")
    assert len(training.read(DAY).yes) == before
    contact(asked[0], bank.wang, DAY - timedelta(days=2), "sold", purpose="campaign")
    contact(asked[0], bank.wang, DAY - timedelta(days=800), "sold")
    assert len(training.read(DAY).yes) == before + 1


def test_a_refusal_takes_the_score_in_the_same_transaction(bank: Bank, asked: list[Customer]) -> None:
    switched_on(bank)
    by_flag, by_calls, by_consent, closed = asked[:4]
    with scoped(bank.wang):
        Customer.objects.filter(pk=by_flag.pk).update(profiling_opt_out=True)
        Customer.objects.filter(pk=by_calls.pk).update(do_not_contact=True)
        Consent.objects.create(
            customer_id=by_consent.pk, branch_id=by_consent.branch_id, purpose="marketing", is_given=False,
            evidence="said", submission="00000000-0000-4000-8000-000000000001",
        )  # fmt: skip
    Customer.objects.using("batch").filter(pk=closed.pk).update(status="closed")
    assert not SCORES.filter(customer_id__in=[one.pk for one in asked[:4]]).exists()
    assert SCORES.count() == len(asked) - 4


def test_it_is_off_until_a_second_person_switches_it_on(bank: Bank, asked: list[Customer]) -> None:
    one = learned(bank)
    assert one.state == "ready"
    assert scoring.run() == 0
    with scoped(bank.zhou):
        switch.submit(bank.zhou, one)
        with pytest.raises(SwitchRefused):
            switch.approve(bank.zhou, one)
        switch.submit(bank.zhou, one)  # sent twice, it is submitted once
    with scoped(bank.lu), pytest.raises(SwitchRefused):
        switch.submit(bank.lu, one)
    with scoped(bank.lu), pytest.raises(SwitchRefused):
        switch.withdraw(bank.lu, one)
    assert not scoring.is_due()
    with scoped(bank.lu):
        switch.approve(bank.lu, one)
    assert scoring.is_due()
    assert scoring.run() == len(asked)
    assert scoring.run() == 0
    actions = AuditEntry.objects.using("batch").filter(action__startswith="propensity.").order_by("pk")
    assert [row.action for row in actions] == ["propensity.learn", "propensity.submit", "propensity.on"]


def test_nor_does_the_database_let_one_person_do_it(bank: Bank, asked: list[Customer]) -> None:
    one = learned(bank)
    alone = {"state": "on", "proposed_by_id": bank.zhou.pk, "decided_by_id": bank.zhou.pk}
    with pytest.raises(IntegrityError), transaction.atomic(using="batch"):
        PropensityModel.objects.using("batch").filter(pk=one.pk).update(**alone)
    kept: tuple[dict[str, Any], ...] = ({"weights": {}}, {"figures": {}}, {"fingerprint": "x"}, {"scored_to": DAY})
    for values in kept:
        with scoped(bank.zhou), pytest.raises(DatabaseError), transaction.atomic():
            PropensityModel.objects.filter(pk=one.pk).update(**values)


def test_off_shows_nothing_at_once_and_on_again_scores_anew(bank: Bank, asked: list[Customer]) -> None:
    one = switched_on(bank)
    before = stands()
    with scoped(bank.wang):
        shown = Customer.objects.visible_to(bank.wang).annotate(told=score_of(bank.wang)).get(pk=asked[0].pk)
        said = told(shown.told)
    assert said is not None
    assert (said.band, len(said.reasons)) == (SCORES.get(customer_id=asked[0].pk).band, 3)
    with scoped(bank.lu):
        switch.off(bank.lu, one)
    with scoped(bank.wang):
        shown = Customer.objects.visible_to(bank.wang).annotate(told=score_of(bank.wang)).get(pk=asked[0].pk)
    assert told(shown.told) is None
    assert (scoring.is_due(), scoring.run(), SCORES.count()) == (True, len(asked), 0)
    with scoped(bank.lu):
        switch.submit(bank.lu, one)
    with scoped(bank.zhou):
        switch.approve(bank.zhou, one)
    scoring.run()
    assert stands() == before


def test_another_model_takes_over(bank: Bank, asked: list[Customer]) -> None:
    first = switched_on(bank)
    second = switched_on(bank)
    first.refresh_from_db()
    assert (first.state, first.scored_to, second.state) == ("off", None, "on")
    assert set(SCORES.values_list("model_id", flat=True)) == {second.pk}


def test_nobody_sees_a_score_of_a_foreign_customer(bank: Bank, asked: list[Customer]) -> None:
    switched_on(bank)
    with scoped(bank.qian):
        assert not PropensityScore.objects.visible_to(bank.qian).exists()
        assert not PropensityScore.objects.exists()
    with scoped(bank.li):
        assert not PropensityScore.objects.visible_to(bank.li).exists()
    with scoped(bank.wang), pytest.raises(DatabaseError), transaction.atomic():
        PropensityScore.objects.update(permille=1000)


def later(bank: Bank, asked: list[Customer], day: date) -> set[int]:
    """A day on which a few customers have changed in each of the ways that scores hang on; who they are."""
    money, called, noted, faded, alerted, again = asked[10:16]
    holding = bank.holding(money, 0)
    BalanceChange.objects.using("batch").create(
        branch_id=money.branch_id, customer=money, holding=holding, as_of=day, old_balance=0,
        new_balance=500_000, old_counted=0, new_counted=500_000,
    )  # fmt: skip
    Holding.objects.using("batch").filter(pk=holding.pk).update(balance=500_000)
    Metrics.objects.using("batch").filter(customer=money).update(aum=Decimal(1_400_010), tier=2)
    contact(called, bank.wang, day, "sold")
    # Written down only now.
    contact(noted, bank.wang, day - timedelta(days=30), "not_interested")
    Alert.objects.using("batch").create(
        customer=alerted, branch_id=alerted.branch_id, kind="maturity", episode="1", severity=1, rule_version=1,
        raised_on=day, updated_on=day, due_date=day + timedelta(days=9),
    )  # fmt: skip
    Customer.objects.using("batch").filter(pk=again.pk).update(do_not_contact=False)
    Consent.objects.using("batch").create(
        customer=again, branch_id=again.branch_id, is_given=True, evidence="said",
        submission="00000000-0000-4000-8000-000000000002",
    )  # fmt: skip
    return {one.pk for one in (money, called, noted, alerted, again, faded)}


def test_a_night_scores_whom_it_touched_and_all_stand_as_if_everybody_had_been(
    bank: Bank, asked: list[Customer]
) -> None:
    # Of somebody else a contact leaves the ninety days on the coming one.
    contact(asked[13], bank.wang, DAY + timedelta(days=1 - 90), "not_reached")
    Customer.objects.using("batch").filter(pk=asked[15].pk).update(do_not_contact=True)
    one = switched_on(bank)
    next_day = DAY + timedelta(days=1)
    before, touched = stands(), later(bank, asked, next_day)
    publish(next_day)
    assert scoring.is_due()
    assert 5 <= scoring.run() < len(asked) / 4
    after = stands()
    # Contacts a year ago leave their window every day; these at least have other scores now.
    changed = {pk for pk in after if after[pk] != before.get(pk)}
    assert touched - changed <= {asked[13].pk}
    PropensityModel.objects.using("batch").filter(pk=one.pk).update(scored_to=None, scored_at=None)
    scoring.run()
    assert stands() == after
    # The same day once more, as after a corrected file.
    publish(next_day)
    assert (scoring.is_due(), scoring.run(), stands() == after) == (True, 0, True)


def test_a_new_month_scores_everybody(bank: Bank, asked: list[Customer]) -> None:
    one = switched_on(bank)
    SCORES.filter(customer_id=asked[0].pk).delete()
    publish(date(2026, 4, 1))
    scoring.run()
    one.refresh_from_db()
    assert (one.scored_to, SCORES.filter(customer_id=asked[0].pk).exists()) == (date(2026, 4, 1), True)


def test_who_turns_out_to_be_a_minor_has_no_score(bank: Bank, asked: list[Customer]) -> None:
    switched_on(bank)
    Customer.objects.using("batch").filter(pk=asked[0].pk).update(birth_date=date(2010, 1, 1))
    publish(date(2026, 4, 1))
    scoring.run()
    assert not SCORES.filter(customer_id=asked[0].pk).exists()
    assert SCORES.count() == len(asked) - 1


def test_a_model_is_learned_once_at_a_time(bank: Bank, asked: list[Customer]) -> None:
    with scoped(bank.zhou):
        switch.start(bank.zhou)
    with scoped(bank.lu), pytest.raises(SwitchRefused):
        switch.start(bank.lu)
    one = PropensityModel.objects.using("batch").get()
    assert (training.run(one.pk), training.run(one.pk)) == ("ready", "over")
    one.refresh_from_db()
    parts = sum(one.figures[part]["asked"] for part in ("fit", "calibrate", "held"))
    assert parts == ContactLog.objects.using("batch").count()


def test_a_fault_is_kept_and_told(bank: Bank, asked: list[Customer], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(day: date) -> Examples:
        raise RuntimeError(f"no contacts of {day}")

    monkeypatch.setattr(training, "read", broken)
    with scoped(bank.zhou):
        one = switch.start(bank.zhou)
    with pytest.raises(RuntimeError):
        training.run(one.pk)
    one.refresh_from_db()
    assert (one.state, str(DAY) in one.decision) == ("failed", True)


def test_what_is_no_number_is_a_fault_and_not_learned_for_ever(
    bank: Bank, asked: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "learn", lambda *parts: Learned({"intercept": float("nan")}, {}))
    with scoped(bank.zhou):
        one = switch.start(bank.zhou)
    with pytest.raises(ValueError, match="JSON"):
        training.run(one.pk)
    one.refresh_from_db()
    assert (one.state, one.weights) == ("failed", {})


def test_a_model_of_other_features_says_nothing(
    bank: Bank, asked: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = switched_on(bank)
    monkeypatch.setattr(features, "NAMES", features.NAMES[1:])
    assert (scoring.is_due(), scoring.run(), SCORES.count()) == (True, len(asked), 0)
    one.refresh_from_db()
    assert (scoring.is_due(), one.scored_to) == (False, None)
