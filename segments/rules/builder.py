"""The builder's form: blocks of conditions in an address, and the rule that they mean.

Blocks are joined by "all" or "any", the conditions within a block by the other one: every rule of two storeys. Row n of
the form is `f<n>` its field, `o<n>` the comparison, `v<n>` the value or values, `n<n>` whether it must not hold, and
`b<n>` its block. A rule that is built otherwise comes as JSON in `rule`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from segments.rules import registry
from segments.rules.fields import Field
from segments.rules.kinds import FROM, IS, KNOWN, UNTIL, Choice, Money, Words
from segments.rules.parse import MOST_CONDITIONS, BadRule, parse, parse_text
from segments.rules.tree import ALL, ANY, Condition, Group, Not, Rule
from segments.rules.words import UNIT

MOST_TICKS = 14
# Characters of an address: servers take 4,094, one condition of forty Chinese words needs up to 2,000, and all of a row
# but its values up to 60.
LONG = 2_000
ROW_LENGTH = 60
OTHER = {ALL: ANY, ANY: ALL}


@dataclass(frozen=True)
class Row:
    """A condition as it stands in the form; `values` as typed, amounts in 万."""

    number: int
    block: int
    field: Field | None
    op: str = ""
    values: tuple[str, ...] = ()
    negated: bool = False
    fault: str = ""

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def is_filled(self) -> bool:
        return self.field is not None and any(value.strip() for value in self.values)

    @property
    def widget(self) -> str:
        """Which control the value has."""
        if self.field is None:
            return ""
        kind = self.field.kind
        if self.op in (FROM, UNTIL):
            return "date"
        return "flag" if self.op in (IS, KNOWN) else "choice" if isinstance(kind, Choice) else (
            "words" if isinstance(kind, Words) else "money" if isinstance(kind, Money) else "number"
        )  # fmt: skip

    @property
    def is_long(self) -> bool:
        """More choices than fit beside each other."""
        return len(self.options) > MOST_TICKS

    @property
    def options(self) -> list[tuple[str, str]]:
        kind = self.field.kind if self.field else None
        return [(key, str(label)) for key, label in kind.choices()] if isinstance(kind, Choice) else []

    def data(self) -> Any:
        """What a rule holds of it."""
        assert self.field is not None
        value: Any = list(self.values)
        if not isinstance(self.field.kind, Choice) or self.op == KNOWN:
            value = self.value.strip()
        if isinstance(self.field.kind, Money):
            value = yuan(value)
        part = {"field": self.field.key, "op": self.op, "value": value}
        return {"not": part} if self.negated else part


@dataclass(frozen=True)
class Form:
    """The blocks, the rule that the filled rows mean, and what is wrong with it."""

    join: str
    rows: list[Row]
    text: str = ""
    rule: Rule | None = None
    fault: str = ""
    blocks: list[list[Row]] = field(default_factory=list)

    @property
    def within(self) -> str:
        return OTHER[self.join]

    @property
    def has_row_fault(self) -> bool:
        """Whether the fault stands beside its row already."""
        return any(row.fault for row in self.rows)

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= MOST_CONDITIONS

    @property
    def is_long(self) -> bool:
        """Whether an address with this form, and one condition more, might be longer than a server takes."""
        asked = [(f"v{row.number}", value) for row in self.rows for value in row.values]
        return bool(self.text) or len(urlencode(asked)) + ROW_LENGTH * len(self.rows) > LONG

    @property
    def json(self) -> str:
        return json.dumps(self.rule.as_data(), ensure_ascii=False) if self.rule else ""


def yuan(text: str) -> str:
    try:
        return str(Decimal(text) * UNIT)
    except ArithmeticError:
        return text


def ten_thousands(amount: Decimal) -> str:
    return f"{amount / UNIT:f}".rstrip("0").rstrip(".") if amount else "0"


def read(data: QueryDict | Mapping[str, Any]) -> Form:
    """The form as an address or a POST has it, with rows added and dropped as its buttons ask."""
    asked = data if isinstance(data, QueryDict) else QueryDict()
    join = ANY if asked.get("join") == ANY else ALL
    text = asked.get("rule", "").strip()
    rows = [row for number in range(MOST_CONDITIONS) if (row := row_of(asked, number))]
    drop, add = asked.get("drop", ""), asked.get("add", "")
    rows = [row for row in rows if str(row.number) != drop]
    if (add or not rows) and len(rows) < MOST_CONDITIONS and not text:
        last = max((row.block for row in rows), default=0)
        block = int(add) if add.isascii() and add.isdecimal() and len(add) < 3 else last + 1
        rows.append(Row(len(rows), block, None))
    return judged(join, rows, text)


def row_of(asked: QueryDict, number: int) -> Row | None:
    if f"f{number}" not in asked:
        return None
    found = registry.find(str(asked[f"f{number}"]))
    block = asked.get(f"b{number}", "1")
    op = asked.get(f"o{number}", "")
    if found is not None and op not in found.kind.ops:
        op = found.kind.ops[0]
    values = tuple(value[:200] for value in asked.getlist(f"v{number}")[:60])
    return Row(
        number, int(block) if block.isascii() and block.isdecimal() and len(block) < 3 else 1, found, op, values,
        asked.get(f"n{number}") == "1",
    )  # fmt: skip


def judged(join: str, rows: Iterable[Row], text: str = "") -> Form:
    """The rows put in order, each with what is wrong with it, and their rule."""
    ordered = sorted(rows, key=lambda row: row.block)
    numbered = [told(replace(row, number=number)) for number, row in enumerate(ordered)]
    blocks: dict[int, list[Row]] = {}
    for row in numbered:
        blocks.setdefault(row.block, []).append(row)
    form = Form(join, numbered, text, blocks=list(blocks.values()))
    try:
        return replace(form, rule=parse_text(text) if text else rule_of(form))
    except BadRule as fault:
        return replace(form, fault=str(fault))


def told(row: Row) -> Row:
    if not row.is_filled:
        return row
    try:
        parse(row.data())
    except BadRule as fault:
        return replace(row, fault=str(fault))
    return row


def rule_of(form: Form) -> Rule | None:
    """The rule of the rows that are filled; None while none is. Raises BadRule for a row that makes no sense."""
    parts = []
    for block in form.blocks:
        filled = [row.data() for row in block if row.is_filled]
        if len(filled) == 1:
            parts += filled
        elif filled:
            parts.append({form.within: filled})
    if len(parts) == 1 and form.within in parts[0]:
        return parse(parts[0])
    return parse({form.join: parts}) if parts else None


def shown(rule: Rule) -> Form:
    """The form of a rule; one of more storeys comes as JSON."""
    for join in (ALL, ANY):
        blocks = blocks_of(rule, join)
        if blocks is not None:
            rows = [row_for(part, number) for number, block in enumerate(blocks, 1) for part in block]
            return judged(join, rows)
    return judged(ALL, [], json.dumps(rule.as_data(), ensure_ascii=False))


def blocks_of(rule: Rule, join: str) -> list[list[Rule]] | None:
    """The rule as blocks under this join; None where it is of another shape."""
    top = list(rule.parts) if isinstance(rule, Group) and rule.join == join else [rule]
    blocks = [list(one.parts) if isinstance(one, Group) and one.join == OTHER[join] else [one] for one in top]
    return blocks if all(is_literal(part) for block in blocks for part in block) else None


def is_literal(rule: Rule) -> bool:
    return isinstance(rule, Condition) or (isinstance(rule, Not) and isinstance(rule.part, Condition))


def row_for(part: Rule, block: int) -> Row:
    negated = isinstance(part, Not)
    condition = part.part if isinstance(part, Not) else part
    assert isinstance(condition, Condition)
    kind, value = condition.field.kind, condition.value
    if condition.op == KNOWN:
        values: tuple[str, ...] = ("1" if value else "0",)
    elif isinstance(kind, Choice):
        values = tuple(value)
    elif isinstance(kind, Money):
        values = (ten_thousands(value),)
    elif isinstance(kind, Words):
        values = (" ".join(value),)
    else:
        values = ("1" if value is True else "0" if value is False else str(value),)
    return Row(0, block, condition.field, condition.op, values, negated)


def op_label(op: str) -> str:
    """How the comparison is called in the form."""
    return {
        "ge": _("at least"), "lt": pgettext("condition", "below"), "within": _("within days"), "is": _("is"),
        "in": _("one of"), "contains": _("contains one of"),
        "from": pgettext("condition", "from"), "until": pgettext("condition", "up to"), "known": _("is noted or not"),
    }[op]  # fmt: skip
