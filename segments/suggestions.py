"""A customer's segments, and what their playbooks suggest: at most three products, each with its reason, none of a
risk above what the customer can bear (archives.suitability)."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import get_language

from crm.organization.models import User
from customers.choices import CustomerStatus, ProductClass
from customers.models import Customer, Product
from segments.choices import MemberCause
from segments.models import Playbook, Segment, SegmentMember
from segments.pages import phrases_of
from segments.rules import words

MOST_SUGGESTIONS = 3
MOST_SEGMENTS = 20
NEVER_PROPOSED = (ProductClass.LOAN,)  # the credit system decides


@dataclass(frozen=True)
class Membership:
    """A segment of the customer, why, and what its playbook says in the reader's language."""

    segment: Segment
    member: SegmentMember
    why: str
    needs: str
    script: str


@dataclass(frozen=True)
class Suggestion:
    """A product that the customer does not hold a kind of, from the playbook of a segment."""

    product: Product
    segment: Segment


@dataclass(frozen=True)
class Groups:
    memberships: list[Membership] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)


def groups_of(user: User, customer: Customer, held: set[str], highest: int, *, sells: bool) -> Groups:
    """What the customer page shows of segments; `held` are the classes of the open holdings, `highest` the product risk
    that may be suggested; nothing is unless `sells`. Two statements, none for who refuses profiling."""
    if customer.profiling_opt_out or customer.status != CustomerStatus.ACTIVE:
        return Groups()
    memberships = [membership(row) for row in rows_of(user, customer)]
    segments = [one.segment for one in memberships] if sells else []
    return Groups(memberships, suggested(segments, held, highest))


def rows_of(user: User, customer: Customer) -> list[Any]:
    """The memberships with the playbook of the reader's language, else the Simplified Chinese one."""
    books = Playbook.objects.filter(segment=OuterRef("segment"), language__in=[get_language() or "zh-hans", "zh-hans"])
    # "zh-hans" is the last of the three in the alphabet but for zh-hant, which is asked for by name.
    ordered = books.order_by("-language" if get_language() == "zh-hant" else "language")
    rows = SegmentMember.objects.visible_to(user).filter(customer=customer, segment__is_active=True)
    texts = {name: Subquery(ordered.values(name)[:1]) for name in ("needs", "script")}
    return list(rows.select_related("segment").annotate(**texts).order_by("segment_id")[:MOST_SEGMENTS])


def membership(row: Any) -> Membership:
    why = words.joined(words.reasons(phrases_of(row.segment), row.conditions))
    if row.version != row.segment.version or not why:
        why = str(MemberCause(row.cause).label)
    return Membership(row.segment, row, why, row.needs or "", row.script or "")


def suggested(segments: list[Segment], held: set[str], highest: int) -> list[Suggestion]:
    """The first wishes of all playbooks before the second ones; one product of a class, none that is held already."""
    wishes: dict[str, Segment] = {}
    for place in range(max((len(one.products) for one in segments), default=0)):
        for one in segments:
            if place < len(one.products) and one.products[place] not in held:
                wishes.setdefault(one.products[place], one)
    for kind in NEVER_PROPOSED:
        wishes.pop(kind, None)
    if not wishes:
        return []
    offers = Product.objects.filter(counted_class__in=list(wishes), risk__lte=highest)
    products = {one.counted_class: one for one in offers.order_by("counted_class", "code").distinct("counted_class")}
    found = [Suggestion(products[kind], segment) for kind, segment in wishes.items() if kind in products]
    return found[:MOST_SUGGESTIONS]
