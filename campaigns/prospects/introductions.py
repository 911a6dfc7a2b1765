"""转介绍价值树 (I-14): whom a customer has introduced, and what these hold. Amounts are yuan, exact to the fen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from crm import db
from crm.organization.models import User
from customers.models import Customer
from customers.models.customer import hidden

DEEPEST = 4
MOST = 200
# Of customers whom the reader may not see, a sum tells of nobody alone from so many on, in parts of so much.
FEWEST_UNNAMED = 3
PART = Decimal(10_000)


@dataclass(frozen=True)
class Branching:
    """Somebody in the tree; `customer` only where the user may see them, with `aum` then."""

    customer: Customer | None
    depth: int
    opened: date | None
    aum: Decimal | None
    is_here: bool | None


@dataclass(frozen=True)
class Tree:
    """`people` were introduced, directly or by those who were; `here` of them are still customers. `aum` counts each
    once: those whom the user may see to the fen, `rounded` more of the user's branches as one round sum; `left_out` are
    in neither."""

    rows: list[Branching]
    people: int
    here: int
    rounded: int
    left_out: int
    aum: Decimal


def tree_of(user: User, customer: Customer) -> Tree:
    """Who came through this customer, each below who introduced them; two statements.

    Whoever may see one customer's balances may know what the others brought together, but of nobody else's alone.
    """
    params = {"root": customer.pk, "deepest": DEEPEST, "most": MOST}
    found = db.fetch_sql("campaigns.prospects", "introductions", "default", **params)
    if not found:
        return Tree([], 0, 0, 0, 0, Decimal(0))
    seen: Any = Customer.objects.visible_to(user).filter(pk__in=[row["id"] for row in found]).select_related("metrics")
    known = {one.pk: one for one in seen.defer(*hidden())}
    # Not even their place in the order tells what the others hold.
    found.sort(key=lambda row: 0 if row["id"] in known else row["id"])
    first = found[0]
    named = sum((row["aum"] or Decimal(0) for row in found if row["id"] in known), Decimal(0))
    unnamed = first["known"] - len(known)
    rounded = unnamed if unnamed >= FEWEST_UNNAMED else 0
    return Tree(
        rows=[branching(row, known) for row in below(customer.pk, found)],
        people=first["people"],
        here=first["here"],
        rounded=rounded,
        left_out=first["people"] - len(known) - rounded,
        aum=named + ((first["total"] - named) // PART * PART if rounded else 0),
    )


def below(root: int, found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows as one reads a tree: everybody right below who introduced them."""
    for row in found:
        if row["by_id"] == root:
            yield row
            yield from below(row["id"], found)


def branching(row: Mapping[str, Any], known: Mapping[int, Customer]) -> Branching:
    customer = known.get(row["id"])
    return Branching(
        customer=customer,
        depth=row["depth"],
        opened=row["open_date"] if customer else None,
        aum=row["aum"] if customer else None,
        is_here=row["is_here"] if customer else None,
    )
