"""到期承接: one page, whose address says the month, the place, the manager, the basis and the slice that is open."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.retention import charts
from campaigns.retention.figures import BASES, Figures, figures
from campaigns.retention.listing import RETENTION, ROWS, YOUNG, RetentionFilter, month_before, month_of, next_month
from campaigns.retention.models import Part
from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Reach
from crm.organization.models import User
from crm.organization.places import Place, place_of
from customers.averages import month_start
from customers.filters import NOBODY
from customers.lists.shape import Page, keyset_page


@dataclass(frozen=True)
class Asked:
    """What the address asks for, as far as it makes sense."""

    as_of: date
    month: date
    place: Place
    manager: str
    basis: str
    part: str
    contact: str

    def filters(self) -> QueryDict:
        """What its list is narrowed by, as an address says it."""
        found = QueryDict(mutable=True)
        found["month"] = f"{self.month:%Y-%m}"
        found["place"], found["part"] = str(self.place.branch_id), self.part
        for name in ("manager", "contact"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return found

    @property
    def earlier(self) -> date:
        return month_before(self.month)

    @property
    def later(self) -> date | None:
        return next_month(self.month) if self.month < month_start(self.as_of) else None

    @property
    def is_young(self) -> bool:
        return self.part == YOUNG


def read(user: User, data: QueryDict, as_of: date) -> Asked:
    """The newest month, the whole place and what left the bank, unless the address says otherwise.

    Http404 for a place outside the user's branches.
    """
    place = place_of(user, data.get("place", ""))
    month = month_of(data.get("month", ""))
    newest = month_start(as_of)
    manager = data.get("manager", "") if user.reach != Reach.OWN and place.is_outlet else ""
    is_somebody = manager == NOBODY or (manager.isascii() and manager.isdecimal() and len(manager) < 19)
    return Asked(
        as_of=as_of,
        month=month if month is not None and month <= newest else newest,
        place=place,
        manager=manager if is_somebody else "",
        basis=chosen(data.get("basis"), BASES, "assets"),
        part=chosen(data.get("part"), (*Part.values, YOUNG), Part.GONE.value),
        contact=chosen(data.get("contact"), ("0", "1"), ""),
    )


def chosen(text: str | None, known: Any, usual: str) -> str:
    return text if text is not None and text in known else usual


def list_of(user: User, asked: Asked, data: QueryDict, day: date) -> tuple[RetentionFilter, Page]:
    """A page of the maturities behind the open slice, with charts and contacts."""
    filters = RetentionFilter(asked.filters(), user=user, day=day)
    sort = RETENTION.sort_of["principal" if asked.is_young else asked.part]
    shown: frozenset[str] = frozenset()
    page = keyset_page(
        filters.matching,
        sort,
        lambda rows: RETENTION.load(rows, shown, day),
        after=data.get("after", ""),
        before=data.get("before", ""),
        size=ROWS,
    )
    return filters, replace(page, rows=charts.rows(user, page.rows, asked.as_of))


def left_over(asked: Asked, found: Figures, page: Page, place: str) -> int:
    """How many maturities of the open slice are not in the list: their customers went to somebody else since.

    0 where the list does not know its number: it is too long, or this is a place behind its end.
    """
    if page.is_capped or asked.is_young or (place and not page.rows):
        return 0
    splits = {"": found.split, "0": found.untouched, "1": found.contacted}
    return max(0, splits[asked.contact].rows_of(asked.part) - page.count)


@require_safe
@for_roles(BALANCE_ROLES)
def page(request: HttpRequest) -> HttpResponse:
    """Where the money that matured in a month is now, with the customers behind a slice of it."""
    assert isinstance(request.user, User)
    user, as_of = request.user, ledger.published_date()
    if as_of is None:
        return render(request, RETENTION.template, {"asked": None})
    asked = read(user, request.GET, as_of)
    found = figures(user, asked.place, asked.month, asked.manager)
    filters, listed = list_of(user, asked, request.GET, timezone.localdate())
    trail.listed(request, RETENTION.name.value, [row.maturity.customer_id for row in listed.rows])
    context = {
        "asked": asked,
        "figures": found,
        "bases": [(key, label) for key, (label, _parts) in BASES.items()],
        "columns": charts.columns(found.months, asked.basis),
        "filters": filters,
        "page": listed,
        "left_over": left_over(asked, found, listed, request.GET.get("after", "") or request.GET.get("before", "")),
        "contacts": [("0", found.untouched), ("1", found.contacted)],
        "is_team": user.reach != Reach.OWN,
    }
    return render(request, RETENTION.template, context)
