"""The one shape of all lists: columns, orders, and pages by keyset with a count that stops."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, IntegerField, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.utils.functional import Promise

from crm.organization.models import User
from customers.choices import ListName
from customers.filters import ListFilter

PAGE_ROWS = 50
COUNT_CAP = 10_000
ID = re.compile(r"\d{1,18}", re.ASCII)
DECIMAL = re.compile(r"-?\d{1,16}(?:\.\d{1,2})?", re.ASCII)
LONGEST_TEXT = 60

Words = str | Promise


@dataclass(frozen=True)
class Column:
    """`key` is its name in addresses; `sort` the order that its head offers; `of` whom it says something new.

    "many" is shown at first only to those who see more than one branch, "team" to those who see others' customers.
    """

    key: str
    label: Words
    sort: str = ""
    is_num: bool = False
    is_shown: bool = True
    is_wide: bool = False
    of: str = ""


@dataclass(frozen=True)
class Sort:
    """An order of the rows; rows of equal value come by id. `parse` reads a value of it from an address."""

    key: str
    label: Words
    expression: str | Combinable
    parse: Callable[[str], Any]
    is_descending: bool = False


@dataclass(frozen=True)
class Shape:
    """A list: what may be shown, by which orders, narrowed by which filters. `load` adds what rows show.

    `load` gets the rows, the shown columns and the day; `rows` makes of the loaded objects what the template draws.
    """

    name: ListName
    url_name: str
    template: str
    filters: type[ListFilter]
    columns: tuple[Column, ...]
    sorts: tuple[Sort, ...]
    load: Callable[[QuerySet[Any], frozenset[str], date], QuerySet[Any]]
    rows: Callable[[Sequence[Any], frozenset[str], date], list[Any]]
    sort_of: dict[str, Sort] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sort_of", {sort.key: sort for sort in self.sorts})


@dataclass(frozen=True)
class Page:
    """`count` stops at COUNT_CAP (`is_capped`); the places lead to the rows behind and before this page."""

    rows: list[Any]
    count: int
    is_capped: bool
    next_place: str
    previous_place: str


def selected(shape: Shape, data: Any, ids: Sequence[int] | None, *, user: User, day: date) -> QuerySet[Any]:
    """The rows that filters leave, or those that were ticked, as far as this user sees them now.

    Ticked rows stay chosen whatever becomes of them, as long as the list may show them.
    """
    filters = shape.filters(data, user=user, day=day)
    return filters.matching if ids is None else filters.visible(user).filter(pk__in=ids)


class CappedCount(Subquery):
    """How many rows a sliced queryset has, as a column of another statement; asked once, not for every row."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def capped_count(rows: QuerySet[Any]) -> CappedCount:
    """The number of rows, COUNT_CAP + 1 where there are more than COUNT_CAP."""
    return CappedCount(rows.order_by().values("pk")[: COUNT_CAP + 1])


def keyed(rows: QuerySet[Any], sort: Sort) -> QuerySet[Any]:
    """The rows with the value that they are ordered by, as `sort_key`."""
    expression = F(sort.expression) if isinstance(sort.expression, str) else sort.expression
    found: QuerySet[Any] = rows.annotate(sort_key=expression)
    return found


def order_of(*, goes_down: bool) -> tuple[str, str]:
    """Keyed rows in a falling or a rising order; rows of equal value come by id."""
    return ("-sort_key", "-pk") if goes_down else ("sort_key", "pk")


def page_of(
    shape: Shape, filters: ListFilter, sort: Sort, shown: frozenset[str], after: str = "", before: str = ""
) -> Page:
    """The page of a list, as `keyset_page` finds it."""
    found = keyset_page(
        filters.matching, sort, lambda rows: shape.load(rows, shown, filters.day), after=after, before=before
    )
    return replace(found, rows=shape.rows(found.rows, shown, filters.day))


def keyset_page(
    matching: QuerySet[Any],
    sort: Sort,
    load: Callable[[QuerySet[Any]], QuerySet[Any]],
    after: str = "",
    before: str = "",
    size: int = PAGE_ROWS,
) -> Page:
    """The rows behind `after`, or those before `before`; from the top when neither can be read; `size` of them at most.

    One statement, however deep, and however much `load` adds to what a row shows.
    """
    is_back = bool(before) and place_of(sort, before) is not None
    place = place_of(sort, before if is_back else after)
    goes_down = sort.is_descending != is_back
    rows = keyed(matching, sort)
    if place is not None:
        rows = rows.filter(beyond(place, goes_down))
    loaded = load(rows).annotate(total=capped_count(matching))
    found = list(loaded.order_by(*order_of(goes_down=goes_down))[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if is_back:
        found.reverse()
    count = found[0].total if found else 0
    return Page(
        rows=found,
        count=min(count, COUNT_CAP),
        is_capped=count > COUNT_CAP,
        next_place=place_text(found[-1]) if found and (has_more or is_back) else "",
        previous_place=place_text(found[0]) if found and (has_more if is_back else place is not None) else "",
    )


def beyond(place: tuple[Any, int], goes_down: bool) -> Q:
    """The rows that come after this one in a falling or a rising order."""
    value, pk = place
    way = "lt" if goes_down else "gt"
    # The bound alone says little, but only from a plain comparison does an index scan start half-way down.
    return Q(**{f"sort_key__{way}e": value}) & (
        Q(**{f"sort_key__{way}": value}) | Q(sort_key=value, **{f"pk__{way}": pk})
    )


def place_text(row: Any) -> str:
    """Where a row stands: its value and its id."""
    value = row.sort_key
    return f"{value.isoformat() if isinstance(value, (date, datetime)) else value}~{row.pk}"


def place_of(sort: Sort, text: str) -> tuple[Any, int] | None:
    """The value and the id of a place; None for what is none."""
    value, _mark, pk = text.rpartition("~")
    if not ID.fullmatch(pk):
        return None
    try:
        return sort.parse(value), int(pk)
    except ValueError:
        return None


def money(text: str) -> Decimal:
    if not DECIMAL.fullmatch(text):
        raise ValueError
    return Decimal(text)


def day(text: str) -> date:
    if len(text) != len("2026-01-31"):
        raise ValueError
    return date.fromisoformat(text)


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return found


def word(text: str) -> str:
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise ValueError
    return text


def number(text: str) -> int:
    if not ID.fullmatch(text) or len(text) > 9:
        raise ValueError
    return int(text)
