"""What a page of any list needs: one call for its view."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.audit import trail
from crm.organization.choices import Role
from crm.organization.models import User
from customers.choices import Audience, Density
from customers.filters import ListFilter
from customers.lists import saved, settings
from customers.lists.settings import Settings
from customers.lists.shape import Page, Shape, page_of
from customers.models import SavedView


@dataclass(frozen=True)
class ListPage:
    """The list as this reader sees it now."""

    shape: Shape
    user: User
    day: date
    views: list[SavedView]
    settings: Settings
    filters: ListFilter
    page: Page

    @property
    def url(self) -> str:
        return reverse(self.shape.url_name)

    @property
    def shown(self) -> frozenset[str]:
        return self.settings.shown

    @property
    def state(self) -> str:
        """Filters, order, density and columns, for the form that saves them."""
        return self.settings.state(self.filters.query())

    @property
    def address(self) -> str:
        """The state with the view that it began from, for a page that leads back here."""
        view = self.settings.view
        return f"view={view.pk}&{self.state}" if view else self.state

    @property
    def is_changed(self) -> bool:
        view = self.settings.view
        return view is not None and settings.is_changed(self.settings, self.filters.query(), kept_by(self.shape, view))

    @property
    def tabs(self) -> list[SavedView]:
        """Pinned views, as many as fit, and the one that is open in any case."""
        pinned = [view for view in self.views if view.is_pinned][: saved.MOST_TABS]
        current = self.settings.view
        return pinned if current is None or current in pinned else [*pinned, current]

    @property
    def others(self) -> list[SavedView]:
        tabs = self.tabs
        return [view for view in self.views if view not in tabs]

    @property
    def may_change(self) -> bool:
        return self.settings.view is not None and saved.may_change(self.user, self.settings.view)

    @property
    def audiences(self) -> list[Audience]:
        return saved.audiences_of(self.user)

    @property
    def roles(self) -> list[tuple[str, Any]]:
        """Roles that see lists; the others would never open the view."""
        return [(role.value, role.label) for role in (Role.RELATIONSHIP_MANAGER, Role.BRANCH_MANAGER)]

    @property
    def densities(self) -> list[tuple[str, Any]]:
        return list(Density.choices)


def kept_by(shape: Shape, view: SavedView) -> dict[str, Any]:
    """What a view keeps, as a page of it would say it: names that are no more are left out."""
    columns = settings.columns_of(shape, view.columns)
    return {
        "query": view.query,
        "columns": [column.key for column in columns],
        "sort": settings.sort_of(shape, view.sort).key,
        "density": view.density,
    }


def kept_from(shape: Shape, state: str, user: User, day: date) -> dict[str, Any]:
    """What a form's state asks to be kept; only what the list knows. Raises ViewRefused for filters without sense."""
    asked = QueryDict(state[:2000])
    found = settings.read(shape, asked, [], user)
    filters = shape.filters(asked, user=user, day=day)
    if not filters.is_valid():
        raise saved.ViewRefused(_("A filter cannot be read; mend it, then save the view."))
    return {
        "query": filters.query()[:500],
        "columns": found.keys,
        "sort": found.sort.key,
        "density": found.density.value,
    }


def list_page(request: HttpRequest, shape: Shape) -> ListPage:
    """Read the request, load the page, and note in the audit trail which customers it showed."""
    assert isinstance(request.user, User)
    user, day = request.user, timezone.localdate()
    views = saved.views_for(user, shape.name)
    found = settings.read(shape, request.GET, views, user)
    filters = shape.filters(found.data, user=user, day=day)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_of(shape, filters, found.sort, found.shown, after, before)
    trail.listed(request, shape.name.value, [row.customer.pk for row in page.rows])
    return ListPage(shape, user, day, views, found, filters, page)


def drawn(request: HttpRequest, found: ListPage, more: dict[str, Any] | None = None) -> HttpResponse:
    """The page as its list draws it."""
    context = {"list": found, "filters": found.filters, "page": found.page, "day": found.day, **(more or {})}
    return render(request, found.shape.template, context)


def show(request: HttpRequest, shape: Shape) -> HttpResponse:
    """The page of a list that needs nothing beside its rows."""
    return drawn(request, list_page(request, shape))
