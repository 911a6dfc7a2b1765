"""What lists and segments ask of the archive: one comparison of values for both, and how a list's address writes it.

An address has `field:value`, `field:in:tea.sports`, `field:contains:面馆 茶叶`, `field:between:2026-01-01..2026-03-31`
(either end may be missing), `field:known:` or `field:empty:`; several, joined by commas, are all asked. Only fields
that an administrator opened to lists can be asked for, and never one of C2: of a sealed value nothing can be compared.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from archives.choices import AppliesTo, FieldKind
from archives.record_kinds import BadValue, read, shown
from archives.record_models import ArchiveField, ArchiveValue
from customers.choices import CustomerType

AT_LEAST, BELOW, WITHIN, IN, CONTAINS = "ge", "lt", "within", "in", "contains"
IS, BETWEEN, FROM, UNTIL, KNOWN, EMPTY = "is", "between", "from", "until", "known", "empty"
WAYS = {AT_LEAST: "gte", BELOW: "lt", FROM: "gte", UNTIL: "lte"}
LISTS = (FieldKind.CHOICE, FieldKind.MULTI, FieldKind.BAND)
OPS_OF = {FieldKind.NUMBER: BETWEEN, FieldKind.DATE: BETWEEN, FieldKind.TEXT: CONTAINS} | dict.fromkeys(LISTS, IN)

MOST_ASKS = 3
MOST_WORDS = 10
# Of a value in an address: every option of a list chosen at once fits, by keys of some twenty letters.
LONGEST = 1_000
ASK = re.compile(
    rf"(?P<field>[-\w]{{1,40}}):(?:(?P<op>in|contains|between|known|empty):)?(?P<value>[^,:]{{0,{LONGEST}}})"
)


@dataclass(frozen=True)
class Ask:
    """One question. `value` has the type that `compared` takes; `text` is how an address writes it."""

    field: ArchiveField
    op: str
    value: Any
    text: str

    def condition(self, day: date) -> Q:
        return whether(self.field, self.op, self.value, day)

    def words(self) -> str:
        """What is asked for, in the reader's words; the field's name is not in it."""
        if self.op in (KNOWN, EMPTY):
            return _("noted") if self.op == KNOWN else _("nothing noted")
        if self.op == BETWEEN:
            low, high = ("" if end is None else f"{end}" for end in self.value)
            if low and high:
                return _("%(low)s to %(high)s") % {"low": low, "high": high}
            return (_("from %(low)s") if low else _("up to %(high)s")) % {"low": low, "high": high}
        if self.op == CONTAINS:
            return _(" or ").join(self.value)
        if self.op == IN:
            return pgettext("between names", ", ").join(shown(self.field, key) for key in self.value)
        return shown(self.field, str(self.value))


def whether(field: ArchiveField, op: str, value: Any, day: date) -> Q:
    """The customers of whom the archive says so; "empty" are those in whose archive the field stands with nothing."""
    if op == EMPTY:
        return whose(field) & ~known(field.pk, Q())
    return known(field.pk, compared(field.kind, op, value, day))


def compared(kind: str, op: str, value: Any, day: date) -> Q:
    """Does a value (of ArchiveValue) compare so? Days are counted from `day`; both ends of a span are in it."""
    if op == KNOWN:
        return Q()
    if op == IS:
        return Q(keys__contains=[value]) if kind in LISTS else Q(text=value)
    if kind in LISTS:
        return Q(keys__overlap=list(value))
    if kind == FieldKind.TEXT:
        return any_of(value)
    column = "day" if kind == FieldKind.DATE else "number"
    if op == WITHIN:
        return Q(**{f"{column}__range": (day + timedelta(days=1), day + timedelta(days=value))})
    if op == BETWEEN:
        ends = {f"{column}__gte": value[0], f"{column}__lte": value[1]}
        return Q(**{way: end for way, end in ends.items() if end is not None})
    return Q(**{f"{column}__{WAYS[op]}": value})


def any_of(words: Sequence[str]) -> Q:
    found = Q()
    for word in words:
        found |= Q(text__contains=word)
    return found


def known(field_id: int, test: Q) -> Q:
    """Customers of whom a current value of this field passes the test."""
    values = ArchiveValue.objects.filter(
        customer=OuterRef("pk"), field=field_id, replaced_at__isnull=True, is_filled=True
    )
    return Q(Exists(values.filter(test)))


def whose(field: ArchiveField) -> Q:
    """In whose archive the field would stand, so that what is asked of companies is not lacking in people."""
    match field.applies_to:
        case AppliesTo.PERSON | AppliesTo.FARMER:
            return Q(customer_type=CustomerType.PERSON)
        case AppliesTo.COMPANY:
            return Q(customer_type=CustomerType.COMPANY)
        case AppliesTo.MERCHANT:
            return Q(is_merchant=True)
    return Q()


def condition(text: str, day: date) -> Q | None:
    """What all the questions of an address mean; None where one of them has no sense (customers.archive_asks)."""
    try:
        asks = parse(text)
    except BadValue:
        return None
    found = Q()
    for ask in asks:
        found &= ask.condition(day)
    return found


def parse(text: str) -> list[Ask]:
    """The questions of an address. Raises BadValue, the message of which names what cannot be read."""
    parts = text.split(",")
    matches = [ASK.fullmatch(part) for part in parts]
    if len(parts) > MOST_ASKS:
        raise BadValue(_("At most %(most)s questions can be asked of the archive at once.") % {"most": MOST_ASKS})
    if not all(matches):
        raise BadValue(_("This question cannot be read; ask it anew, with fewer options where there are many."))
    keys = {match["field"] for match in matches if match}
    fields = {one.key: one for one in ArchiveField.objects.filter(key__in=keys, is_filterable=True)}
    asks = []
    for part, match in zip(parts, matches, strict=True):
        assert match is not None
        if match["field"] not in fields:
            raise BadValue(_("Nothing can be filtered by this field."))
        field, op = fields[match["field"]], match["op"] or IS
        asks.append(Ask(field, op, value_of(field, op, match["value"]), part))
    return asks


def value_of(field: ArchiveField, op: str, text: str) -> Any:
    """The value that stands in an address, in the type of the comparison. Raises BadValue."""
    if op not in (IS, KNOWN, EMPTY) and op != OPS_OF[FieldKind(field.kind)]:
        raise BadValue(_("This kind of field is not compared like that."))
    if op in (KNOWN, EMPTY):
        return None
    if not text.strip():
        raise BadValue(_("Say what to look for."))
    if op == IS:
        return text
    if op == IN:
        keys = read_each(field, text.split("."))
        return tuple(dict.fromkeys(keys))
    if op == CONTAINS:
        return tuple(text.split()[:MOST_WORDS])
    return span_of(field, text)


def read_each(field: ArchiveField, keys: Sequence[str]) -> list[str]:
    options = {one["key"] for one in field.options}
    if not set(keys) <= options:
        raise BadValue(_("Choose one of the options shown."))
    return list(keys)


def span_of(field: ArchiveField, text: str) -> tuple[Any, Any]:
    """Both ends of a span, of which one may be missing; written the other way round it is turned."""
    low, mark, high = text.partition("..")
    ends = [end_of(field, low), end_of(field, high)]
    if not mark or ends == [None, None]:
        raise BadValue(_("Say from where, or up to where."))
    if None not in ends and ends[0] > ends[1]:  # type: ignore[operator]  # of one type
        ends.reverse()
    return ends[0], ends[1]


def end_of(field: ArchiveField, text: str) -> Decimal | date | None:
    typed = read(field, [text])
    return typed.day if field.kind == FieldKind.DATE else typed.number


def written(field: ArchiveField, op: str, value: str) -> str:
    """A question as an address writes it."""
    return f"{field.key}:{op}:{value}"
