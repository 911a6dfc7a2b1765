"""A place in the branch tree that a page of figures is about, the branches below it, and those that somebody leads."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from crm.organization.access import scope_of
from crm.organization.choices import Reach
from crm.organization.models import Branch, User


@dataclass(frozen=True)
class Place:
    """What a page is about: an outlet, or a branch with the branches below it (`children`: their names by id)."""

    branch_id: int
    name: str
    branch_ids: tuple[int, ...]
    child_of: Mapping[int, int]
    children: Mapping[int, str]
    above: tuple[tuple[int, str], ...]

    @property
    def is_outlet(self) -> bool:
        return not self.children


def place_of(user: User, asked: str) -> Place:
    """The user's own branch, or the one asked for; Http404 unless it is the user's or lies below it."""
    own = user.branch
    scope = scope_of(user)
    if scope is None or scope.reach != Reach.SUBTREE:
        if asked and asked != str(own.pk):
            raise Http404
        return Place(own.pk, own.name, (own.pk,), {own.pk: own.pk}, {}, ())
    rows = list(Branch.objects.filter(path__startswith=own.path).order_by("path").values_list("pk", "name", "path"))
    names = {pk: name for pk, name, _path in rows}
    chosen = int(asked) if asked.isdecimal() and len(asked) < 19 else own.pk
    path = next((path for pk, _name, path in rows if pk == chosen), None)
    if path is None or (asked and not asked.isdecimal()):
        raise Http404
    depth = len(path.strip(".").split("."))
    below = {pk: way.strip(".").split(".") for pk, _name, way in rows if way.startswith(path)}
    child_of = {pk: int(way[depth]) if len(way) > depth else pk for pk, way in below.items()}
    children = {pk: names[pk] for pk in dict.fromkeys(child_of.values())} if len(below) > 1 else {}
    above = tuple((int(pk), names[int(pk)]) for pk in path.strip(".").split(".")[:-1] if int(pk) in names)
    return Place(chosen, names[chosen], tuple(below), child_of, children, above)


def led_by(user: User) -> QuerySet[Branch]:
    """The active branches of a manager's scope: for these they may begin campaigns and set targets."""
    places = Branch.objects.filter(is_active=True).order_by("path")
    if user.reach == Reach.SUBTREE:
        return places.filter(path__startswith=user.branch.path)
    scope = scope_of(user)
    return places.filter(pk__in=scope.branch_ids if scope else ())
