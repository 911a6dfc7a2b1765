"""The audit trail: one call per event, on a connection of its own.

An entry is committed at once (alias `audit`), before the thing it tells of: it stands although the request is rolled
back, no chain's head stays locked while a page renders, and what could not be recorded does not happen, because the
error ends the request. An entry therefore says that something was asked for by somebody who was allowed to.
`detail` never holds a plain C2 value.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.http import HttpRequest

from crm import db
from crm.organization.models import User

NO_BRANCH = 0
VIEW = "customer.view"
LIST = "customer.list"
APPEND = (
    "SELECT audit_append(%(chain)s, %(actor_id)s, %(actor_no)s, %(action)s, %(customer_id)s, %(object_type)s,"
    " %(object_id)s, %(detail)s::jsonb, %(address)s::inet)"
)


class OfBranch(Protocol):
    """A customer: an id, and the branch in whose chain its entries stand."""

    pk: Any
    branch_id: int


def record(
    actor: User | AnonymousUser | None,
    action: str,
    *,
    customer: OfBranch | None = None,
    target: models.Model | None = None,
    detail: Mapping[str, Any] | None = None,
    address: str | None = None,
) -> int:
    """Append one entry and return its number in its chain.

    The chain is the customer's branch, 0 without a customer (sign-in, configuration). `action` reads `noun.verb`.
    """
    user = actor if isinstance(actor, User) else None
    return append(
        chain=customer.branch_id if customer else NO_BRANCH,
        actor=user,
        action=action,
        customer_id=customer.pk if customer else None,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        detail=detail or {},
        address=address,
    )


def looked_at(request: HttpRequest, customer: OfBranch) -> None:
    """A customer's page was opened."""
    record(request.user, VIEW, customer=customer, address=address_of(request))


def listed(request: HttpRequest, what: str, customer_ids: Sequence[int]) -> None:
    """Customers were shown as a list: one entry with their ids, in the chain of the reader's branch."""
    listed_to(request.user if isinstance(request.user, User) else None, what, customer_ids, address_of(request))


def listed_to(user: User | None, what: str, customer_ids: Sequence[int], address: str | None = None) -> None:
    """The same of what was found for somebody without a page."""
    append(
        chain=user.branch_id if user else NO_BRANCH,
        actor=user,
        action=LIST,
        detail={"what": what, "count": len(customer_ids), "ids": list(customer_ids)},
        address=address,
    )


def append(
    *,
    chain: int,
    actor: User | None,
    action: str,
    customer_id: int | None = None,
    object_type: str = "",
    object_id: str = "",
    detail: Mapping[str, Any],
    address: str | None = None,
) -> int:
    """One row at the end of a chain (migrations/0002_append_only.sql)."""
    seq: int = db.fetch_value(
        APPEND,
        {
            "chain": chain,
            "actor_id": actor.pk if actor else None,
            "actor_no": actor.staff_no if actor else "",
            "action": action,
            "customer_id": customer_id,
            "object_type": object_type,
            "object_id": object_id,
            "detail": json.dumps(detail, cls=DjangoJSONEncoder, ensure_ascii=False),
            "address": address,
        },
        using="audit",
    )
    return seq


def address_of(request: HttpRequest | None) -> str | None:
    """The caller's address: the last hop in front of our own proxy, never what the caller claims about itself."""
    if request is None:
        return None
    if settings.SECURE_PROXY_SSL_HEADER:
        last_hop = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        with suppress(ValueError):
            return str(ip_address(last_hop))
    return request.META.get("REMOTE_ADDR") or None
