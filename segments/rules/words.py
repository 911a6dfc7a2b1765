"""A rule read out in the reader's language: in one sentence, or each condition for itself."""

from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from segments.rules.kinds import AT_LEAST, BELOW, FROM, KNOWN, UNTIL, Choice, Days, Flag, Money, Words
from segments.rules.tree import ALL, Condition, Group, Literal, Not, Rule, literals

UNIT = 10_000  # 万
MOST_NAMED = 6


def sentence(rule: Rule) -> str:
    """The whole rule in one sentence."""
    return _("Customers to whom this applies: %(rule)s.") % {"rule": told(rule)}


def told(rule: Rule, within: str = "") -> str:
    """`within` is the join around it: a group of another join stands in brackets."""
    if isinstance(rule, Condition):
        return phrase(rule)
    if isinstance(rule, Not):
        return _("not (%(rule)s)") % {"rule": told(rule.part)}
    return told_group(rule, within)


def told_group(group: Group, within: str) -> str:
    glue = _(", and ") if group.join == ALL else _(", or ")
    text = glue.join(told(part, group.join) for part in group.parts)
    return _("(%(rule)s)") % {"rule": text} if within and within != group.join and len(group.parts) > 1 else text


def phrase(condition: Condition) -> str:
    """One condition as a phrase."""
    field, value = condition.field, condition.value
    if isinstance(field.kind, Flag):
        return str(field.yes if value else field.no)
    if condition.op == KNOWN:
        return _("%(field)s: %(value)s") % {"field": field.label, "value": field.yes if value else field.no}
    words = {"field": field.label, "value": value_text(condition)}
    if condition.op in (FROM, UNTIL):
        return (_("%(field)s from %(value)s") if condition.op == FROM else _("%(field)s up to %(value)s")) % words
    if isinstance(field.kind, Days):
        return _("%(field)s within %(value)s") % words
    if isinstance(field.kind, Choice):
        return (_("%(field)s %(value)s") if field.is_verb else _("%(field)s: %(value)s")) % words
    if isinstance(field.kind, Words):
        return _("%(field)s contains %(value)s") % words
    if condition.op == AT_LEAST:
        return _("%(field)s at least %(value)s") % words
    assert condition.op == BELOW
    return _("%(field)s below %(value)s") % words


def value_text(condition: Condition) -> str:
    """The value alone; long lists are cut."""
    kind, value = condition.field.kind, condition.value
    if isinstance(kind, Money):
        return money(value)
    if isinstance(kind, Choice):
        labels = dict(kind.choices())
        return listed([str(labels.get(one, one)) for one in value])
    if isinstance(kind, Words):
        return listed(list(value))
    unit = "" if condition.op in (FROM, UNTIL) else condition.field.unit
    return _("%(number)s %(unit)s") % {"number": value, "unit": unit} if unit else str(value)


def money(amount: Decimal) -> str:
    """As people of the language say it: 5万元, ¥50,000."""
    language = get_language() or "zh-hans"
    if not language.startswith("zh") or abs(amount) < UNIT:
        return f"¥{amount:,.2f}".removesuffix(".00")
    figure = f"{amount / UNIT:,.6f}".rstrip("0").rstrip(".")
    return figure + ("萬元" if language == "zh-hant" else "万元")


def listed(names: list[str]) -> str:
    text = _(" or ").join(names[:MOST_NAMED])
    return (
        _("%(names)s and %(number)s more") % {"names": text, "number": len(names) - MOST_NAMED}
        if (len(names) > MOST_NAMED)
        else text
    )


def joined(phrases: list[str]) -> str:
    """Several conditions that hold together."""
    return _(", and ").join(phrases)


def literal_phrase(one: Literal) -> str:
    """A condition as the rule wants it."""
    text = phrase(one.condition)
    return _("not (%(rule)s)") % {"rule": text} if one.negated else text


def phrases(rule: Rule) -> list[str]:
    """Every condition in its order, as the bits of a reason number them."""
    return [literal_phrase(one) for one in literals(rule)]


def reasons(phrases: list[str], bits: int) -> list[str]:
    """The conditions that a reason names."""
    return [phrase for number, phrase in enumerate(phrases) if bits >> number & 1]
