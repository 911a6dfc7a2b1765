"""Rules against the plain evaluation of oracle.py; hostile ones get a message; every one can be read out."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.organization.access import scoped
from customers.models import Customer
from segments.models import Segment
from segments.rules import words
from segments.rules.compile import compiled, conditions_met, follows_the_night, timed
from segments.rules.fields import FIELDS
from segments.rules.parse import BadRule, check_circle, parse, parse_text
from segments.rules.tree import literals
from tests import world
from tests.conftest import Layout, empty_database
from tests.segments import oracle
from tests.segments.oracle import DAY, Facts

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "age": st.sampled_from([0, 17, 18, 26, 36, 59, 60, 61]),
    "customer_days": st.sampled_from([0, 9, 59, 90, 2260]),
    "quiet_days": st.sampled_from([0, 1, 6, 11, 68, 129]),
    "products": st.integers(0, 4),
    "deposit_share": st.sampled_from([0, 1, 16, 17, 60, 100]),
    "loan_share": st.sampled_from([0, 1, 83, 84, 100]),
    "overdue": st.sampled_from([1, 67, 68, 69, 90]),
    "matures": st.sampled_from([1, 7, 83]),
    "contacted": st.sampled_from([4, 5, 39, 40, 90]),
    "occupation": st.lists(st.sampled_from(["教师", "个体", "种植", "无"]), min_size=1, max_size=3),
}
MONEY = st.sampled_from(["0", "1000", "9999", "10000.00", "50000", "38000", "80000", "300000", "1100.01"])
CHOICES = {
    "type": ["person", "company"], "company_size": ["small", "large"], "sex": ["F", "M"], "tier": ["1", "2", "3", "9"],
    "holds": ["demand", "time", "loan", "fund", "card", "wealth", "insurance"], "alert": ["maturity", "large_out"],
    "relation": ["spouse", "shareholder"], "segment": ["old", "other"],
}  # fmt: skip


def value_of(key: str) -> st.SearchStrategy[Any]:
    if key in VALUES:
        return VALUES[key]
    if key in CHOICES:
        return st.lists(st.sampled_from(CHOICES[key]), min_size=1, max_size=2)
    return st.booleans() if FIELDS[key].kind.ops == ("is",) else MONEY


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    key = draw(st.sampled_from(sorted(FIELDS)))
    return {"field": key, "op": draw(st.sampled_from(FIELDS[key].kind.ops)), "value": draw(value_of(key))}


World = tuple[world.Bank, list[Facts]]
RULES = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.builds(
            lambda join, parts: {join: parts}, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)
        ),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def small_world(
    django_db_setup: None, django_db_blocker: Any, layout: Layout
) -> Iterator[tuple[world.Bank, list[Facts]]]:
    with django_db_blocker.unblock():
        bank = world.build()
        yield bank, oracle.build(bank)
        for alias in ("default", "audit", "batch"):
            connections[alias].close()
        empty_database(layout)


def depth(rule: Any) -> int:
    if not isinstance(rule, dict):
        return 0
    return 1 + max(
        (depth(part) for value in rule.values() for part in (value if isinstance(value, list) else [value])), default=0
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=RULES)
def test_a_rule_finds_whom_plain_python_finds(small_world: World, data: dict[str, Any]) -> None:
    bank, everybody = small_world
    if depth(data) > 6:
        with pytest.raises(BadRule):
            parse(data)
        return
    with scoped(bank.zhou):
        rule = parse(data)
        rows = Customer.objects.visible_to(bank.zhou).annotate(met=conditions_met(rule, DAY))
        found = set(rows.filter(compiled(rule, DAY)).values_list("pk", flat=True))
        bits = dict(rows.values_list("pk", "met"))
        again = parse(json.loads(json.dumps(rule.as_data())))
    assert found == {one.pk for one in everybody if oracle.applies(data, one)}
    assert again == rule
    for one in everybody:
        wanted = [oracle.applies(part.condition.as_data(), one) != part.negated for part in literals(rule)]
        assert [bool(bits[one.pk] >> number & 1) for number in range(len(wanted))] == wanted


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=RULES.filter(lambda rule: depth(rule) <= 6))
def test_a_rule_is_read_out_and_is_one_statement(small_world: World, data: dict[str, Any]) -> None:
    bank, _everybody = small_world
    with scoped(bank.zhou):
        rule = parse(data)
        for language in ("zh-hans", "zh-hant", "en"):
            with translation.override(language):
                text = words.sentence(rule)
                assert len(text) > 5
                assert len(words.phrases(rule)) == len(list(literals(rule)))
        with CaptureQueriesContext(connections["default"]) as queries:
            list(Customer.objects.visible_to(bank.zhou).filter(compiled(rule, DAY)).values_list("pk"))
    assert len(queries) == 1


HOSTILE: list[Any] = [
    None, 1, "x", [], {}, {"all": []}, {"all": {}}, {"any": "x"}, {"not": None}, {"not": []}, {"all": [1]},
    {"field": "age", "op": "ge"}, {"field": "age", "op": "ge", "value": 60, "or": 1},
    {"field": "owner__password__startswith", "op": "ge", "value": "p"},
    {"field": "pk); DROP TABLE customers_customer; --", "op": "ge", "value": 1},
    {"field": ["age"], "op": "ge", "value": 1}, {"field": {"a": 1}, "op": "ge", "value": 1},
    {"field": "age", "op": "__gte", "value": 1}, {"field": "age", "op": "regex", "value": 1},
    {"field": "age", "op": ["ge"], "value": 1}, {"field": "age", "op": "ge", "value": True},
    {"field": "age", "op": "ge", "value": -1}, {"field": "age", "op": "ge", "value": 10**30},
    {"field": "age", "op": "ge", "value": 1.5}, {"field": "age", "op": "ge", "value": "６０"},
    {"field": "age", "op": "ge", "value": "60; SELECT 1"}, {"field": "age", "op": "ge", "value": None},
    {"field": "aum", "op": "ge", "value": "NaN"}, {"field": "aum", "op": "ge", "value": "Infinity"},
    {"field": "aum", "op": "ge", "value": "1e9999999"}, {"field": "aum", "op": "ge", "value": "1e30"},
    {"field": "aum", "op": "ge", "value": "0.001"}, {"field": "aum", "op": "ge", "value": {"$gt": 0}},
    {"field": "sex", "op": "in", "value": []}, {"field": "sex", "op": "in", "value": ["F' OR '1'='1"]},
    {"field": "sex", "op": "in", "value": [["F"]]}, {"field": "sex", "op": "in", "value": {"F": 1}},
    {"field": "holds", "op": "in", "value": ["demand"] * 51}, {"field": "payroll", "op": "is", "value": "yes"},
    *({"field": "occupation", "op": "contains", "value": [word]} for word in ("a\x00b", " ", "长" * 41, 1)),
    {"field": "segment", "op": "in", "value": ["nowhere"]}, {"_connector": "OR 1=1", "all": []},
    {"all": [{"field": "age", "op": "ge", "value": 1}] * 25},
    {"any": [{"all": [{"field": "age", "op": "ge", "value": 1}] * 13}] * 2},
]  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_a_hostile_rule_gets_a_message(database: None, data: Any) -> None:
    with pytest.raises(BadRule) as refused:
        parse(data)
    assert str(refused.value).strip()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "not", "field", "op", "value", "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(data=ANYTHING)
@settings(max_examples=300)
def test_whatever_is_built_gets_a_message(data: Any) -> None:
    with pytest.raises(BadRule):
        parse(data)


@pytest.mark.parametrize("text", ["", "{", "[" * 9000, "[" * 5000, "NaN", '{"all": NaN}', "'", "x" * 9000])
def test_text_that_is_no_rule_gets_a_message(text: str) -> None:
    with pytest.raises(BadRule):
        parse_text(text)


def test_a_word_is_a_value_and_no_pattern(bank: world.Bank) -> None:
    odd = bank.customer("W1", owner=bank.wang, occupation="100%_' OR 1=1")
    bank.customer("W2", owner=bank.wang, occupation="教师")
    with scoped(bank.wang):
        for word in ("%", "_", "'", "1=1"):
            rule = parse({"field": "occupation", "op": "contains", "value": [word]})
            found = Customer.objects.visible_to(bank.wang).filter(compiled(rule, DAY))
            assert [one.pk for one in found] == [odd.pk]
            statement, params = found.query.sql_with_params()
            assert word not in statement.replace("%s", "") or word in "%_'"
            assert any(word in str(param).replace("\\", "") for param in params)


def test_a_circle_of_segments_is_refused(bank: world.Bank) -> None:
    for code in ("old", "other"):
        Segment.objects.using("batch").create(code=code, kind="rule", name_zh_hans=code)
    asks_old = parse({"any": [{"not": {"field": "segment", "op": "in", "value": ["old"]}}]})
    check_circle("mine", asks_old, {"old": {"other"}, "other": set()})
    for asked in ({"old": {"mine"}}, {"old": {"other"}, "other": {"mine"}}):
        with pytest.raises(BadRule):
            check_circle("mine", asks_old, asked)
    with pytest.raises(BadRule):
        check_circle("old", asks_old, {})
    check_circle("mine", asks_old, {"old": {"other"}, "other": {"old"}})


def test_which_rules_follow_the_night() -> None:
    still = {"all": [{"field": "sex", "op": "in", "value": ["F"]}, {"not": {"field": "aum", "op": "ge", "value": 5}}]}
    assert follows_the_night(parse(still))
    aged = parse({"all": [still, {"field": "age", "op": "ge", "value": 60}]})
    assert follows_the_night(aged)
    assert [one.field.key for one in timed(aged)] == ["age"]
    assert not follows_the_night(parse({"field": "planned", "op": "is", "value": True}))


def test_a_rule_in_words() -> None:
    rule = parse({
        "all": [
            {"field": "sex", "op": "in", "value": ["F"]},
            {"any": [{"field": "age", "op": "lt", "value": 60}, {"field": "payroll", "op": "is", "value": True}]},
            {"not": {"field": "aum", "op": "ge", "value": "50000"}},
        ]
    })  # fmt: skip
    with translation.override("en"):
        assert words.sentence(rule) == (
            "Customers to whom this applies: Sex: Female, and (Age below 60 years, or wages come in), "
            "and not (AUM at least ¥50,000)."
        )
        assert words.reasons(words.phrases(rule), 0b1010) == ["Age below 60 years", "not (AUM at least ¥50,000)"]
