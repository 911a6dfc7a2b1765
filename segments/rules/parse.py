"""From the JSON of a rule to a typed tree, or to a sentence that says what is wrong with it."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from segments.rules import registry
from segments.rules.kinds import LONGEST_TEXT, BadValue
from segments.rules.tree import ALL, ANY, Condition, Group, Literal, Not, Rule, literals, segments_in

MOST_DEPTH = 6
MOST_CONDITIONS = 24  # each has a bit of a reason
MOST_TEXT = 8_000


class BadRule(ValueError):
    """The rule cannot be used; the message says why in the user's words."""


def parse_text(text: str) -> Rule:
    """`parse` of what a person typed as JSON."""
    if len(text) > MOST_TEXT:
        raise BadRule(_("The rule is too long."))
    try:
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False).encode()  # half a character can be escaped in JSON, but not be stored
    except (ValueError, RecursionError):
        raise BadRule(_("This is no rule: it is not written as JSON.")) from None
    return parse(data)


def parse(data: Any) -> Rule:
    """The rule that this JSON means. Raises BadRule for anything else, however it is built."""
    rule = part(data, 1)
    found: list[Literal] = list(literals(rule))
    if len(found) > MOST_CONDITIONS:
        raise BadRule(_("A rule has at most %(most)s conditions.") % {"most": MOST_CONDITIONS})
    return rule


def part(data: Any, depth: int) -> Rule:
    if depth > MOST_DEPTH:
        raise BadRule(_("Conditions are nested at most %(most)s deep.") % {"most": MOST_DEPTH})
    if not isinstance(data, dict):
        raise BadRule(
            _("A rule is built of “all”, “any”, “not” and conditions; “%(what)s” is none.") % {"what": shown(data)}
        )
    keys = set(data)
    if keys == {"not"}:
        return Not(part(data["not"], depth + 1))
    if keys in ({ALL}, {ANY}):
        join = keys.pop()
        return group(join, data[join], depth)
    if keys == {"field", "op", "value"}:
        return condition(data)
    raise not_a_rule(", ".join(sorted(map(str, keys))))


def not_a_rule(what: Any) -> BadRule:
    text = _("A rule is built of “all”, “any”, “not” and conditions; “%(what)s” is none.")
    return BadRule(text % {"what": shown(what)})


def group(join: str, parts: Any, depth: int) -> Group:
    if not isinstance(parts, list) or not parts:
        raise BadRule(_("“all” and “any” need at least one condition."))
    if len(parts) > MOST_CONDITIONS:
        raise BadRule(_("A rule has at most %(most)s conditions.") % {"most": MOST_CONDITIONS})
    return Group(join, tuple(part(one, depth + 1) for one in parts))


def condition(data: Mapping[str, Any]) -> Condition:
    key, op = data["field"], data["op"]
    field = registry.find(key) if isinstance(key, str) else None
    if field is None:
        raise BadRule(_("There is no field “%(field)s”.") % {"field": shown(key)})
    if not isinstance(op, str) or op not in field.kind.ops:
        raise BadRule(_("“%(field)s” cannot be compared by “%(op)s”.") % {"field": field.label, "op": shown(op)})
    try:
        value = field.kind.read_as(op, data["value"])
    except BadValue as fault:
        raise BadRule(_("“%(field)s”: %(fault)s.") % {"field": field.label, "fault": fault}) from None
    return Condition(field, op, value)


def shown(what: Any) -> str:
    return str(what)[:LONGEST_TEXT]


def check_circle(code: str, rule: Rule, asked: Mapping[str, set[str]]) -> None:
    """Raise BadRule where the rule of segment `code` would ask for itself, directly or through others.

    `asked` gives for the code of each segment the codes that its rule asks for.
    """
    seen: set[str] = set()
    waiting = segments_in(rule)
    while waiting:
        if code in waiting:
            raise BadRule(_("The rule leads back to its own segment."))
        seen |= waiting
        waiting = {further for one in waiting for further in asked.get(one, ())} - seen
