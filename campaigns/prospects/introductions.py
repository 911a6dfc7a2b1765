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
    once, as far as the user's branches show them; `elsewhere` are those they do not."""

    rows: list[Branching]
    people: int
    here: int
    elsewhere: int
    aum: Decimal


def tree_of(user: User, customer: Customer) -> Tree:
    """Who came through this customer, each below who introduced them; two statements.

    As with a household, whoever may see one customer's balances may know the sum of all, though not who they are.
    """
    params = {"root": customer.pk, "deepest": DEEPEST, "most": MOST}
    found = db.fetch_sql("campaigns.prospects", "introductions", "default", **params)
    if not found:
        return Tree([], 0, 0, 0, Decimal(0))
    seen: Any = Customer.objects.visible_to(user).filter(pk__in=[row["id"] for row in found]).select_related("metrics")
    known = {one.pk: one for one in seen.defer(*hidden())}
    first = found[0]
    return Tree(
        rows=[branching(row, known) for row in below(customer.pk, found)],
        people=first["people"],
        here=first["here"],
        elsewhere=first["people"] - first["known"],
        aum=first["total"],
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
