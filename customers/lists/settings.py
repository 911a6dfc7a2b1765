"""How a list is asked for: the saved view, and what its address changes of it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from crm.organization.access import scope_of
from crm.organization.choices import Reach
from crm.organization.models import User
from customers.choices import Density
from customers.lists.shape import Column, Shape, Sort
from customers.models import SavedView

ALL = "0"


@dataclass(frozen=True)
class Settings:
    """What the page obeys. `view` is the saved view underneath, `data` the filters."""

    view: SavedView | None
    data: QueryDict
    columns: tuple[Column, ...]
    sort: Sort
    density: Density

    @property
    def shown(self) -> frozenset[str]:
        return frozenset(column.key for column in self.columns)

    @property
    def keys(self) -> list[str]:
        return [column.key for column in self.columns]

    def state(self, query: str) -> str:
        """All of it as an address says it, so that it can be saved."""
        pairs = [("sort", self.sort.key), ("density", self.density), *(("cols", key) for key in self.keys)]
        return "&".join(filter(None, [query, urlencode(pairs)]))


def columns_of(shape: Shape, keys: list[str]) -> tuple[Column, ...]:
    """The columns of these names, in the order of the list."""
    return tuple(column for column in shape.columns if column.key in keys)


def usual_columns(shape: Shape, user: User) -> tuple[Column, ...]:
    """What is shown before anybody chose: no column that would say the same in every row."""
    scope = scope_of(user)
    sees_many = scope is not None and (scope.is_head_office or len(scope.branch_ids) > 1)
    is_alone = user.reach == Reach.OWN
    hidden = {"many": not sees_many, "team": is_alone}
    return tuple(column for column in shape.columns if column.is_shown and not hidden.get(column.of, False))


def read(shape: Shape, asked: QueryDict, views: list[SavedView], user: User) -> Settings:
    """The settings of one request.

    Filters in the address replace those of the view, all of them: a form sends emptied ones too. Columns, order and
    density do so each for itself. Without a view or a filter, the user's default view opens the list.
    """
    names = shape.filters.base_filters.keys()
    has_filters = any(name in asked for name in names)
    view = chosen(views, asked.get("view", ""), may_default=not has_filters)
    data = asked if has_filters or view is None else view.filters()
    columns = columns_of(shape, asked.getlist("cols")) or columns_of(shape, view.columns if view else [])
    return Settings(
        view=view,
        data=data,
        columns=columns or usual_columns(shape, user),
        sort=sort_of(shape, asked.get("sort", ""), view.sort if view else ""),
        density=density_of(asked.get("density", ""), view.density if view else ""),
    )


def chosen(views: list[SavedView], asked: str, *, may_default: bool) -> SavedView | None:
    """The view that is asked for, else the default; a view that is not there is as if none had been asked for."""
    if asked:
        return next((view for view in views if str(view.pk) == asked), None)
    return next((view for view in views if view.is_default), None) if may_default else None


def sort_of(shape: Shape, *keys: str) -> Sort:
    return next((shape.sort_of[key] for key in keys if key in shape.sort_of), shape.sorts[0])


def density_of(*values: str) -> Density:
    return next((Density(value) for value in values if value in Density.values), Density.NORMAL)


def is_changed(settings: Settings, query: str, saved: dict[str, Any] | None) -> bool:
    """Does the page differ from the view that it started from?"""
    if settings.view is None or saved is None:
        return False
    now = {"query": query, "columns": settings.keys, "sort": settings.sort.key, "density": settings.density.value}
    return now != saved
