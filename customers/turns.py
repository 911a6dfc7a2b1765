"""Whose turn a customer is: one person at a time has the number to call them by, whichever page it stands on.

A turn runs out by itself, also after the call, so that nobody calls again from a page that was drawn before it.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from crm.organization.models import User
from customers.models import Customer

TURN = timedelta(minutes=10)


def taken_by_others(user: User, at: datetime, path: str = "") -> Q:
    """Whom somebody else is calling, or has just called; of rows whose customer lies behind a path."""
    caller, since = (f"{path}__{name}" if path else name for name in ("caller", "calling_since"))
    return Q(**{f"{caller}__isnull": False, f"{since}__gt": at - TURN}) & ~Q(**{caller: user})


def take(user: User, customer_id: int, at: datetime) -> bool:
    """Note that the user calls a customer, whom they see, now; False where somebody else does. Of two at once the
    second waits for the first and is told."""
    # The turn by the columns of the row alone: the database asks them again of the row that the first has left.
    seen = Customer.objects.visible_to(user).filter(pk=customer_id).values("pk")
    free = Customer.objects.filter(pk__in=seen).exclude(taken_by_others(user, at))
    return bool(free.update(caller=user, calling_since=at))


def caller_of(customer: Customer, at: datetime) -> User | None:
    """Who has the customer's turn."""
    since = customer.calling_since
    return customer.caller if since is not None and since > at - TURN else None


def release(user: User, customer_id: int) -> None:
    """The user leaves the customer for others, without having called."""
    mine = Customer.objects.visible_to(user).filter(pk=customer_id, caller=user)
    mine.update(caller=None, calling_since=None)
