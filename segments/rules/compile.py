"""A rule as one condition over customers, and which of its conditions hold for each as a number of bits."""

from collections.abc import Iterator
from datetime import date
from functools import reduce
from operator import add

from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable

from segments.rules.fields import NIGHT, PERSON, TIME
from segments.rules.tree import ALL, Condition, Literal, Not, Rule, literals


def compiled(rule: Rule, day: date) -> Q:
    """The customers whom the rule means on a data date; for filters of Customer."""
    if isinstance(rule, Condition):
        return rule.field.test(rule.op, rule.value, day)
    if isinstance(rule, Not):
        return ~compiled(rule.part, day)
    parts = [compiled(part, day) for part in rule.parts]
    return reduce(Q.__and__ if rule.join == ALL else Q.__or__, parts)


def holds(one: Literal, day: date) -> Q:
    """Whether a condition holds as the rule wants it."""
    test = compiled(one.condition, day)
    return ~test if one.negated else test


def conditions_met(rule: Rule, day: date) -> Combinable:
    """A bit for each condition that holds as the rule wants it, as a column of Customer."""
    bits = [bit(number, holds(one, day)) for number, one in enumerate(literals(rule))]
    return reduce(add, bits)


def conditions_begun(rule: Rule, day: date, before: date) -> Combinable:
    """As `conditions_met`, but only those that the passing of days since `before` has brought about."""
    bits: list[Combinable] = [
        bit(number, holds(one, day) & ~holds(one, before))
        for number, one in enumerate(literals(rule))
        if one.condition.field.moves == TIME
    ]
    return reduce(add, bits, Value(0))


def certain(rule: Rule) -> int:
    """A bit for each condition without which the whole rule never holds."""
    return sum(1 << number for number, is_needed in enumerate(needed(rule, wanted=True, on_path=True)) if is_needed)


def needed(rule: Rule, *, wanted: bool, on_path: bool) -> Iterator[bool]:
    """For each condition in its order; what is not wanted turns "any" into "all" of the opposites."""
    if isinstance(rule, Condition):
        yield on_path
    elif isinstance(rule, Not):
        yield from needed(rule.part, wanted=not wanted, on_path=on_path)
    else:
        is_whole = len(rule.parts) == 1 or (rule.join == ALL) == wanted
        for part in rule.parts:
            yield from needed(part, wanted=wanted, on_path=on_path and is_whole)


def of_the_person(rule: Rule) -> int:
    """A bit for each condition that only the customer file and the passing of days can change."""
    return sum(
        1 << number
        for number, one in enumerate(literals(rule))
        if one.condition.field.group is PERSON
    )  # fmt: skip


def passes(condition: Condition, day: date, before: date) -> Q:
    """Customers for whom the passing of days alone, from `before` to `day`, turns the condition over."""
    now, then = compiled(condition, day), compiled(condition, before)
    return (now & ~then) | (~now & then)


def timed(rule: Rule) -> set[Condition]:
    """The conditions that the passing of days can turn over."""
    return {one.condition for one in literals(rule) if one.condition.field.moves == TIME}


def bit(number: int, test: Q) -> Case:
    return Case(When(test, then=Value(1 << number)), default=Value(0), output_field=IntegerField())


def follows_the_night(rule: Rule) -> bool:
    """Whether only a night and the passing of days can change the answer, so that whom neither touches need not be
    judged again."""
    return all(one.condition.field.moves in (NIGHT, TIME) for one in literals(rule))
