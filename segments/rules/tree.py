"""A rule as a typed tree; what parse has let through."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from segments.rules.fields import Field

ALL, ANY = "all", "any"


@dataclass(frozen=True)
class Condition:
    """One field compared with a value; `value` has the field's type already (segments.rules.fields)."""

    field: Field
    op: str
    value: Any

    def as_data(self) -> dict[str, Any]:
        return {"field": self.field.key, "op": self.op, "value": self.field.kind.store_as(self.op, self.value)}


@dataclass(frozen=True)
class Not:
    part: "Rule"

    def as_data(self) -> dict[str, Any]:
        return {"not": self.part.as_data()}


@dataclass(frozen=True)
class Group:
    """`join` is "all" or "any" of the parts; never empty."""

    join: str
    parts: tuple["Rule", ...]

    def as_data(self) -> dict[str, Any]:
        return {self.join: [part.as_data() for part in self.parts]}


Rule = Condition | Not | Group


@dataclass(frozen=True)
class Literal:
    """A condition where it stands in the rule: wanted as it is, or `negated`."""

    condition: Condition
    negated: bool


def literals(rule: Rule, negated: bool = False) -> Iterator[Literal]:
    """The conditions in their order, which numbers them: the first one is bit 0 of a reason."""
    if isinstance(rule, Condition):
        yield Literal(rule, negated)
    elif isinstance(rule, Not):
        yield from literals(rule.part, not negated)
    else:
        for part in rule.parts:
            yield from literals(part, negated)


def segments_in(rule: Rule) -> set[str]:
    """The codes of the segments that the rule asks for."""
    return {
        code
        for one in literals(rule) if one.condition.field.key == "segment"
        for code in one.condition.value
    }  # fmt: skip
