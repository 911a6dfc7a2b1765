"""One box finds a customer by name, pinyin, initials, phone tail, ID tail or customer number, within scope.

What was typed decides which indexes are asked; every branch of the search is an index look-up (PERFORMANCE: a scan
over names takes 500 ms at 10 million customers, these take under 1 ms).
"""

import re
import unicodedata
from dataclasses import dataclass

from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Right

from crm.audit import pii
from crm.organization.models import User
from customers.customer_list import slim
from customers.models import Customer

MOST_HITS = 20
LONGEST_QUERY = 60
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f·]")


@dataclass(frozen=True)
class Found:
    """`hint` says what to type when nothing can be searched for; `has_more` that the hits were cut off."""

    customers: list[Customer]
    has_more: bool
    is_too_short: bool


def find(user: User, typed: str) -> Found:
    """The customers in scope that match, richest first; at most MOST_HITS."""
    text = unicodedata.normalize("NFKC", typed).replace("\x00", "").strip()[:LONGEST_QUERY]
    condition = matching(text)
    if condition is None:
        return Found([], False, bool(text))
    visible: QuerySet[Customer] = Customer.objects.visible_to(user)
    hits = list(
        slim(visible.alias(mobile_tail=Right("mobile_mask", 4)).filter(condition)).order_by(
            F("metrics__aum").desc(nulls_last=True), "pk"
        )[: MOST_HITS + 1]
    )
    return Found(hits[:MOST_HITS], len(hits) > MOST_HITS, False)


def matching(text: str) -> Q | None:
    """The condition for what was typed; None when it is too short for any index."""
    packed = pii.compact(text)
    if HAN.search(text):
        return by_name(text)
    if re.fullmatch(r"[0-9]{3}[0-9X]", packed):
        return by_tail(packed) | Q(customer_no__in={text, text.upper()})
    if packed[:1].isdigit() or (packed.isalnum() and any(c.isdigit() for c in packed)):
        return by_number(text, packed)
    return by_letters(text)


def by_name(text: str) -> Q | None:
    """Two characters of the name or more, anywhere in it: the bigram index narrows, the name itself decides."""
    name = re.sub(r"\s", "", text)
    if len(name) < 2:
        return None
    bigrams = [name[i : i + 2] for i in range(len(name) - 1)]
    return Q(name_bigrams__contains=bigrams, name__contains=name)


def by_tail(tail: str) -> Q:
    """The last four characters of the identity number, and of the phone where they are all digits."""
    condition = Q(id_no_tail_index=pii.tail_index(pii.ID_NO, tail))
    return condition | Q(mobile_tail=Value(tail)) if tail.isdigit() else condition


def by_number(text: str, packed: str) -> Q | None:
    """A customer number or its beginning; a whole phone or identity number through its keyed hash."""
    if len(packed) < 4:
        return None
    condition = by_customer_no(text)
    if len(pii.mobile_digits(text)) >= 7:
        condition |= Q(mobile_index=pii.index(pii.MOBILE, text))
    if len(packed) >= 8:
        condition |= Q(id_no_index=pii.index(pii.ID_NO, packed))
    return condition


def by_customer_no(text: str) -> Q:
    """A customer number or its beginning, in capitals or small letters."""
    condition = Q()
    for typed in sorted({text, text.upper(), text.lower()}):
        condition |= begins("customer_no", typed)
    return condition


def begins(column: str, text: str) -> Q:
    """Row-level security keeps LIKE and upper() away from indexes, since neither is leakproof; starts_with is."""
    return Q(Func(F(column), Value(text), function="starts_with", output_field=BooleanField()))


def by_letters(text: str) -> Q | None:
    """Initials (wjy) or the beginning of the pinyin (wang, wang jing)."""
    letters = re.sub(r"[^a-z]", "", text.lower())
    if len(letters) < 2:
        return None
    return begins("name_initials", letters) | begins("name_pinyin", letters)
