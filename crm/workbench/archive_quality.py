"""档案完整度: how complete and how fresh the archives of a branch are, by manager or branch below, by tier, by section.

Read from the counters of the last night (segments.figures): a page of any branch reads its managers, not its customers.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from archives.choices import Section
from archives.coverage import COMPLETE_ENOUGH
from crm import db
from crm.organization.access import scope_of
from crm.organization.choices import Reach
from crm.organization.models import User
from crm.organization.places import Place, place_of
from crm.workbench.board_lines import NOBODY, PACKAGE

# What leads from a figure to the customers behind it: the filters of their list.
BEHIND: dict[str, dict[str, str]] = {
    "customers": {},
    "archives": {"noted": "1"},
    "empty": {"noted": "0"},
    "incomplete": {"complete_below": str(COMPLETE_ENOUGH)},
    "stale": {"stale": "any"},
}


@dataclass
class Figures:
    """Customers, those of whom something is noted (`archives`), and of these the sum of their completeness (`points`),
    how many are below the line (`incomplete`), and how many have something stale, in all and by section."""

    customers: int = 0
    archives: int = 0
    points: int = 0
    incomplete: int = 0
    stale: int = 0
    stale_in: Counter[str] = field(default_factory=Counter)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row of the counters too."""
        for name in ("customers", "archives", "points", "incomplete", "stale"):
            setattr(self, name, getattr(self, name) + row[name])
        found = row["stale_in"]
        self.stale_in.update(json.loads(found) if isinstance(found, str) else found)

    @property
    def empty(self) -> int:
        """Customers of whom nobody has noted anything."""
        return self.customers - self.archives

    @property
    def average(self) -> float | None:
        """Average completeness of the archives, in percent; None where there are none."""
        return self.points / self.archives if self.archives else None

    @property
    def share(self) -> float | None:
        """Percent of the archives that are below the line."""
        return 100 * self.incomplete / self.archives if self.archives else None

    @property
    def worst_first(self) -> tuple[bool, float, int]:
        """The order of lines: the largest share below the line, then the lowest average, then most empty."""
        if self.share is None or self.average is None:
            return (not self.empty, 0, -self.empty)
        return (False, -self.share, int(self.average * 100))


@dataclass
class Line:
    """A manager, nobody, a branch below, a tier or the whole; `where` are the filters of its customers."""

    key: str
    name: str
    staff_no: str
    where: Mapping[str, str]
    figures: Figures = field(default_factory=Figures)

    @property
    def rank(self) -> int:
        """Of a line of a tier, its rank."""
        return int(self.where["tier"])

    def url(self, figure: str) -> str:
        """The list of the customers behind a figure, or behind a stale section."""
        more = BEHIND.get(figure, {"stale": figure})
        return f"{reverse('customers:list')}?{urlencode({**self.where, **more})}"


@dataclass(frozen=True)
class Quality:
    """All that the page shows; `sections` are those in which anything is stale, in the order of the archive."""

    place: Place
    lines: list[Line]
    tiers: list[Line]
    total: Line
    sections: list[tuple[str, str]]
    rank: int | None


def quality(user: User, branch: str, tier: str) -> Quality:
    """The figures of a branch, of one tier where it is named; a relationship manager's are of the own customers.

    Raises Http404 for a branch that is not the user's or below it.
    """
    place = place_of(user, branch)
    scope = scope_of(user)
    own = user.pk if scope is None or scope.reach == Reach.OWN else None
    rank = int(tier) if tier.isascii() and tier.isdecimal() and len(tier) == 1 else None
    rows = db.fetch_sql(
        PACKAGE, "archive_quality", "default", branches=list(place.branch_ids),
        places=[place.child_of[pk] for pk in place.branch_ids], by_owner=place.is_outlet, owner=own,
    )  # fmt: skip
    of_tier = {} if rank is None else {"tier": str(rank)}
    whole = {} if own is not None else {"place": str(place.branch_id)}
    total = Line("", "", "", {**whole, **of_tier})
    lines: dict[Any, Line] = {}
    tiers: dict[int, Line] = {}
    for row in rows:
        if row["rank"]:
            line = tiers.setdefault(row["rank"], Line(str(row["rank"]), "", "", {**whole, "tier": str(row["rank"])}))
            line.figures.add(row)
        if rank is None or row["rank"] == rank:
            lines.setdefault(row["key"], line_of(place, row, of_tier)).figures.add(row)
            total.figures.add(row)
    stale = total.figures.stale_in
    return Quality(
        place=place,
        lines=sorted(lines.values(), key=lambda one: one.figures.worst_first),
        tiers=list(tiers.values()),
        total=total,
        sections=[(one.value, str(one.label)) for one in Section if stale[one.value]],
        rank=rank,
    )


def line_of(place: Place, row: Mapping[str, Any], of_tier: Mapping[str, str]) -> Line:
    """A line without figures yet: a manager of an outlet, or a branch below."""
    if place.is_outlet:
        key = NOBODY if row["key"] is None else str(row["key"])
        where = {"branch": str(place.branch_id), "manager": key, **of_tier}
        return Line(key, row["name"] or "", row["staff_no"] or "", where)
    drill = "branch" if row["key"] == place.branch_id else "place"
    return Line(str(row["key"]), place.children[row["key"]], "", {drill: str(row["key"]), **of_tier})
