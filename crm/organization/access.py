"""Scope: which customers a member of staff may see. Default deny, no bypass parameter.

Two layers (SECURITY §3.1). `Model.objects.visible_to(user)` is the working layer and the speed; PostgreSQL's
row-level security, fed by `scoped(user)`, is the floor: with every filter of the first layer gone, a user still
sees no row of another branch.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from crm import db
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User

CUSTOMER_ROLES = frozenset({Role.RELATIONSHIP_MANAGER, Role.LOBBY_MANAGER, Role.BRANCH_MANAGER})
# Who sees balances, and answers for alerts: the lobby gets along without both (DOMAIN §5).
BALANCE_ROLES = CUSTOMER_ROLES - {Role.LOBBY_MANAGER}
HEAD_OFFICE_ROLE = "crm_hq"


@dataclass(frozen=True)
class Scope:
    """A place in the tree and a reach: `branch_ids` are the branches whose customers may be seen."""

    user_id: int
    role: str
    reach: str
    branch_ids: tuple[int, ...]
    is_head_office: bool

    @property
    def sees_customers(self) -> bool:
        return self.role in CUSTOMER_ROLES


def load_scope(user: User) -> Scope:
    """The scope as the database has it now; a grant that changed acts at the next request."""
    sees = user.is_active and user.role in CUSTOMER_ROLES
    place = user.branch
    if not sees:
        return Scope(user.pk, user.role, user.reach, (), False)
    if user.reach == Reach.SUBTREE:
        if place.is_head_office:
            return Scope(user.pk, user.role, user.reach, (), True)
        ids = tuple(Branch.objects.filter(path__startswith=place.path).values_list("pk", flat=True))
        return Scope(user.pk, user.role, user.reach, ids, False)
    return Scope(user.pk, user.role, user.reach, (place.pk,), False)


def scope_of(user: User | AnonymousUser) -> Scope | None:
    """The scope of the user of this request; read once per user object, that is once per request."""
    if not isinstance(user, User) or not user.is_active:
        return None
    scope: Scope | None = user.__dict__.get("_scope")
    if scope is None:
        scope = load_scope(user)
        user.__dict__["_scope"] = scope
    return scope


def branch_named(user: User, text: str) -> int:
    """The branch whose id an address names, where the user sees it; else the user's own."""
    scope = scope_of(user)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    is_seen = scope is not None and number is not None and (scope.is_head_office or number in scope.branch_ids)
    return number if is_seen and number is not None else user.branch_id


def leaders_of(branch: Branch, but: int, *, of_all_below: bool = False) -> models.QuerySet[User]:
    """The managers who see all of a branch, other than one person, nearest first.

    `of_all_below`: only those whose reach is more than one branch.
    """
    above = [int(pk) for pk in branch.path.strip(".").split(".") if pk]
    in_reach = models.Q(reach=Reach.SUBTREE, branch_id__in=above)
    if not of_all_below:
        in_reach |= models.Q(reach=Reach.BRANCH, branch_id=branch.pk)
    managers = User.objects.filter(in_reach, role=Role.BRANCH_MANAGER, is_active=True)
    return managers.exclude(pk=but).select_related("branch").order_by("-branch__path")


@contextmanager
def scoped(
    user: User | AnonymousUser, using: str = "default", *, snapshot: bool = False, seconds: float | None = None
) -> Iterator[Scope | None]:
    """One transaction in which row-level security shows what this user may see, and nothing to anybody else.

    With `snapshot` it reads the database as of one moment and writes nothing. A statement that takes longer than
    `seconds` is cancelled.
    """
    scope = scope_of(user)
    settings = {
        "crm.branches": ",".join(map(str, scope.branch_ids)) if scope else "",
        "crm.user": str(scope.user_id) if scope else "",
        "crm.role": scope.role if scope else "",
    }
    if seconds is not None:
        settings["statement_timeout"] = f"{seconds * 1000:.0f}ms"
    role = HEAD_OFFICE_ROLE if scope and scope.is_head_office else None
    with db.role_settings(settings, role, using, snapshot=snapshot):
        yield scope


P = ParamSpec("P")
Answer = TypeVar("Answer", bound=HttpResponseBase)


def for_roles(roles: Iterable[str]) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Decorator of a view: 403 for a user of any other role, before the view reads anything."""
    allowed = frozenset(roles)

    def decorate(view: Callable[P, Answer]) -> Callable[P, Answer]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> Answer:
            request = args[0]
            user = request.user if isinstance(request, HttpRequest) else None
            if not isinstance(user, User) or user.role not in allowed:
                raise PermissionDenied
            return view(*args, **kwargs)

        return checked

    return decorate


Row = TypeVar("Row", bound=models.Model)


class ScopedQuerySet(models.QuerySet[Row]):
    """Rows that belong to a customer. `customer_path` leads from the row to the customer ("" on Customer)."""

    customer_path = "customer"

    def visible_to(self, user: User | AnonymousUser) -> "ScopedQuerySet[Row]":
        scope = scope_of(user)
        if scope is None or not scope.sees_customers:
            return self.none()
        rows = self if scope.is_head_office else self.filter(branch_id__in=scope.branch_ids)
        if scope.reach == Reach.OWN:
            return rows.filter(self.owned_by(scope.user_id))
        return rows

    def owned_by(self, user_id: int) -> models.Q:
        """The rows of customers whose open main owner is this user (customers.ownership fills the table)."""
        prefix = f"{self.customer_path}__" if self.customer_path else ""
        return models.Q(
            **{
                f"{prefix}ownerships__owner_id": user_id,
                f"{prefix}ownerships__role": "main",
                f"{prefix}ownerships__until__isnull": True,
            }
        )
