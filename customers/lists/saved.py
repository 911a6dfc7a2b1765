"""Saved views: who sees them, who may publish to whom, and what a view keeps."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.audit import trail
from crm.organization.access import scope_of
from crm.organization.choices import Role
from crm.organization.models import User
from customers.choices import Audience
from customers.models import SavedView

MOST_VIEWS = 60  # no list of views is without an end
MOST_TABS = 7
# Of several defaults the one nearest to the reader opens the list.
NEARNESS = {Audience.OWN: 0, Audience.BRANCH: 1, Audience.ROLE: 2, Audience.EVERYBODY: 3}


class ViewRefused(Exception):
    """This view cannot be saved so; the message says why."""


@dataclass(frozen=True)
class Draft:
    """What a form asks to be saved."""

    name: str
    audience: str = Audience.OWN
    role: str = ""
    is_pinned: bool = True
    is_default: bool = False


def views_for(user: User, list_name: str) -> list[SavedView]:
    """The views of a list that this user may open: own ones first, then those of branch, role and everybody."""
    found = SavedView.objects.visible_to(user).filter(list_name=list_name).select_related("owner")
    return sorted(found.order_by("pk")[:MOST_VIEWS], key=lambda view: NEARNESS[Audience(view.audience)])


def audiences_of(user: User) -> list[Audience]:
    """To whom this user may publish: branch managers to their branch, those of the head office to roles and all."""
    scope = scope_of(user)
    if user.role != Role.BRANCH_MANAGER or scope is None:
        return [Audience.OWN]
    return list(Audience) if scope.is_head_office else [Audience.OWN, Audience.BRANCH]


def may_change(user: User, view: SavedView) -> bool:
    """Own views, and published ones of an audience that this user publishes to."""
    if view.audience == Audience.OWN:
        return view.owner_id == user.pk
    is_own_branch = view.audience != Audience.BRANCH or view.branch_id == user.branch_id
    return is_own_branch and view.audience in audiences_of(user)


def save(user: User, list_name: str, draft: Draft, kept: dict[str, Any], view: SavedView | None = None) -> SavedView:
    """Keep what the list looks like (`kept`: query, columns, sort, density), as a new view or over an old one.

    A default takes the place of the default before it for the same readers. Raises ViewRefused.
    """
    if draft.audience not in audiences_of(user) or (view is not None and not may_change(user, view)):
        raise ViewRefused(_("You may not publish views to them."))
    if draft.audience == Audience.ROLE and draft.role not in Role.values:
        raise ViewRefused(_("Choose a role."))
    if view is None and SavedView.objects.filter(owner=user, list_name=list_name).count() >= MOST_VIEWS:
        raise ViewRefused(_("You have too many views. Delete one first."))
    one = view or SavedView(owner=user, list_name=list_name)
    one.name, one.audience, one.is_pinned, one.is_default = (
        draft.name,
        draft.audience,
        draft.is_pinned,
        draft.is_default,
    )
    one.role = draft.role if draft.audience == Audience.ROLE else ""
    one.branch_id = user.branch_id if draft.audience == Audience.BRANCH else None
    for field, value in kept.items():
        setattr(one, field, value)
    one.save()
    if one.is_default:
        same_readers(user, one).exclude(pk=one.pk).update(is_default=False)
    if one.audience != Audience.OWN:
        trail.record(user, "view.publish", target=one, detail=facts(one))
    return one


def same_readers(user: User, view: SavedView) -> Any:
    """The views of the same list for the same people."""
    readers = Q(audience=view.audience, branch_id=view.branch_id, role=view.role)
    if view.audience == Audience.OWN:
        readers &= Q(owner=user)
    return SavedView.objects.visible_to(user).filter(readers, list_name=view.list_name)


def delete(user: User, view: SavedView) -> None:
    """Remove a view. Raises ViewRefused for somebody else's."""
    if not may_change(user, view):
        raise ViewRefused(_("You may not change this view."))
    if view.audience != Audience.OWN:
        trail.record(user, "view.withdraw", target=view, detail=facts(view))
    view.delete()


def facts(view: SavedView) -> dict[str, Any]:
    """What the audit trail keeps of a published view."""
    return {"list": view.list_name, "name": view.name, "for": view.audience, "role": view.role, "query": view.query}
