"""The filters of the lists; each is an index look-up or a semi-join, and all start from the user's scope."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from crm.organization.access import branch_named, scope_of
from crm.organization.choices import Role
from crm.organization.models import Branch, User
from customers import archive_asks
from customers.choices import (
    LIVE_ALERT_STATES,
    AlertKind,
    AlertState,
    CustomerStatus,
    CustomerType,
    HoldingStatus,
    OwnershipRole,
    Severity,
)
from customers.models import Alert, Customer, Holding, Ownership

# Days that a page takes; beyond them there is no day before or after to reckon with.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 1, 1)
MOST_CHOICES = 200  # no picker loads all staff or all branches
MOST_TIERS = 9
UNIT = 10_000  # AUM is typed in 万
NOBODY = "none"
ANY = "any"
DUE_DAYS = (7, 30, 90)
MOST_SEGMENTS = 3
SEGMENT = re.compile(r"-?\d{1,18}", re.ASCII)
TIERS = [(n, n) for n in range(1, MOST_TIERS + 1)]


def day_filter(**options: Any) -> django_filters.DateFilter:
    """A filter by a day of this age."""
    bounds = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
    return django_filters.DateFilter(validators=bounds, **options)


@dataclass(frozen=True)
class Choice:
    """A branch or a member of staff in a picker."""

    pk: int
    name: str


class ListFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """What every list can be narrowed by. `customer` leads from a row to its customer, "" on customers themselves.

    `place` is a branch with those below it, `branch` one alone.
    """

    customer = "customer__"

    branch = django_filters.NumberFilter(field_name="branch_id", widget=forms.HiddenInput)
    place = django_filters.NumberFilter(method="below", widget=forms.HiddenInput)
    manager = django_filters.CharFilter(method="of_manager", max_length=20)

    def __init__(self, data: Any, *, user: User, day: date) -> None:
        self.user, self.day = user, day
        super().__init__(data, queryset=self.visible(user))

    def visible(self, user: User) -> QuerySet[Any]:
        """All rows that the list may ever show to this user."""
        raise NotImplementedError

    def of_manager(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == NOBODY:
            of_row = OuterRef(f"{self.customer}pk")
            owned = Ownership.objects.filter(customer=of_row, role=OwnershipRole.MAIN, until__isnull=True)
            return rows.filter(~Exists(owned))
        if not (value.isdecimal() and len(value) < 19):
            return rows.none()
        path = f"{self.customer}ownerships__"
        open_main = {f"{path}role": OwnershipRole.MAIN, f"{path}until__isnull": True}
        return rows.filter(**{f"{path}owner_id": int(value)}, **open_main)

    def below(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if value == self.user.branch_id:
            return rows  # the scope itself
        place = Branch.objects.filter(pk=int(value)).values("path")
        path = place[0]["path"] if place else ""
        return rows.filter(branch__in=Branch.objects.filter(path__startswith=path)) if path else rows.none()

    @property
    def matching(self) -> QuerySet[Any]:
        """The rows that the filters leave; none while one of them makes no sense."""
        found: QuerySet[Any] = self.qs if self.is_valid() else self.queryset.none()
        return found

    @property
    def is_set(self) -> bool:
        """Has the user narrowed the list?"""
        return any(self.data.get(name) for name in self.filters)

    def query(self) -> str:
        """The filters that are set, as they stand in an address, always in the same order."""
        return urlencode([(name, self.data[name]) for name in sorted(self.filters) if self.data.get(name)])

    @cached_property
    def choices(self) -> dict[str, list[Choice]]:
        """Branches and managers to choose from, in one statement.

        Branches for those who see more than one; for all but managers, those of the chosen branch or the user's own.
        """
        scope = scope_of(self.user)
        found: dict[str, list[Choice]] = {"branch": [], "manager": []}
        if scope is None or self.user.role == Role.RELATIONSHIP_MANAGER:
            return found
        chosen = branch_named(self.user, self.data.get("branch") or "")
        staff = User.objects.filter(branch_id=chosen, role=Role.RELATIONSHIP_MANAGER, is_active=True)
        rows = choice_rows(staff, "manager", "staff_no")
        if scope.is_head_office or len(scope.branch_ids) > 1:
            places = Branch.objects.filter(is_active=True)
            places = places if scope.is_head_office else places.filter(pk__in=scope.branch_ids)
            rows = rows.union(choice_rows(places, "branch", "path")).order_by("kind", "place")
        for kind, _place, pk, name in rows:
            found[kind].append(Choice(pk, name))
        return found


def choice_rows(rows: QuerySet[Any], kind: str, order: str) -> Any:
    """(kind, order, id, name) of at most MOST_CHOICES."""
    marked: QuerySet[Any] = rows.annotate(kind=Value(kind, CharField()), place=F(order)).order_by(order)
    return marked.values_list("kind", "place", "pk", "name")[:MOST_CHOICES]


class CustomerFilter(ListFilter):
    customer = ""

    tier = django_filters.ChoiceFilter(label=_("Tier"), method="of_tier", choices=TIERS)
    kind = django_filters.ChoiceFilter(label=_("Alert"), method="with_alert", choices=AlertKind.choices)
    aum_min = django_filters.NumberFilter(label=_("AUM from"), method="aum_from", min_value=0, max_value=10**10)
    aum_max = django_filters.NumberFilter(label=_("AUM below"), method="aum_below", min_value=0, max_value=10**10)
    due = django_filters.ChoiceFilter(label=_("Matures"), method="due_within", choices=[(n, n) for n in DUE_DAYS])
    starred = django_filters.ChoiceFilter(label=_("Starred"), method="with_star", choices=[("1", _("mine"))])
    type = django_filters.ChoiceFilter(field_name="customer_type", choices=CustomerType.choices)
    archive = django_filters.CharFilter(label=_("Archive"), method="with_archive", widget=forms.HiddenInput)
    complete_below = django_filters.NumberFilter(
        label=_("Completeness below"), method="with_less", min_value=1, max_value=100, widget=forms.HiddenInput
    )
    noted = django_filters.ChoiceFilter(
        label=_("Archive"),
        method="with_notes",
        choices=[("1", _("begun")), ("0", _("not begun"))],
        widget=forms.HiddenInput,
    )
    stale = django_filters.CharFilter(label=_("Stale"), method="with_stale", max_length=12, widget=forms.HiddenInput)
    segment = django_filters.CharFilter(label=_("Segment"), method="in_segments", widget=forms.HiddenInput)

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Customer]:
        shown = Customer.objects.visible_to(user)
        return shown.filter(status=CustomerStatus.ACTIVE, metrics__aum__isnull=False)

    def of_tier(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """The branch stands on both rows; named of both, it leads into the index of a branch and tier by AUM."""
        return customers.filter(metrics__tier=value, metrics__branch=F("branch"))

    def with_alert(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        return rows.filter(Exists(Alert.objects.live().filter(customer=OuterRef("pk"), kind=value)))

    def aum_from(self, rows: QuerySet[Customer], name: str, value: Any) -> QuerySet[Customer]:
        return rows.filter(metrics__aum__gte=value * UNIT)

    def aum_below(self, rows: QuerySet[Customer], name: str, value: Any) -> QuerySet[Customer]:
        return rows.filter(metrics__aum__lt=value * UNIT)

    def due_within(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        last = self.day + timedelta(days=int(value))
        due = Holding.objects.filter(
            customer=OuterRef("pk"), status=HoldingStatus.OPEN, balance__gt=0, maturity_date__range=(self.day, last)
        )
        return rows.filter(Exists(due))

    def in_segments(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """In all of the segments whose ids stand there, in none of those with a minus; segments are a layer above."""
        parts = value.split(",")
        if len(parts) > MOST_SEGMENTS or not all(SEGMENT.fullmatch(part) for part in parts):
            return rows.none()
        for part in parts:
            of_segment = {"segment_members__segment_id": int(part.removeprefix("-"))}
            if part.startswith("-"):
                rows = rows.filter(~Exists(Customer.objects.filter(pk=OuterRef("pk"), **of_segment)))
            else:
                rows = rows.filter(**of_segment)  # a customer is a member once, so this doubles nobody
        return rows

    def with_archive(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """Of whom the archive knows what is asked, or knows nothing where that is asked."""
        asked = archive_asks.condition(value, self.day)
        return rows.none() if asked is None else rows.filter(asked)

    def with_less(self, rows: QuerySet[Customer], name: str, value: Any) -> QuerySet[Customer]:
        """Whose archive is begun and less complete than this percent, as last measured."""
        return rows.filter(archive__completeness__lt=value, archive__version__gt=0, archive__branch=F("branch"))

    def with_notes(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        begun = Customer.objects.filter(pk=OuterRef("pk"), archive__version__gt=0)
        return rows.filter(Exists(begun) if value == "1" else ~Exists(begun))

    def with_stale(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """In whose archive a section is stale, or "any"; a section that does not exist is stale for nobody."""
        stale = rows.filter(archive__stale_sections__gt=0, archive__branch=F("branch"))
        return stale if value == ANY else stale.filter(archive__stale_in__contains=[value])

    def with_star(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        return rows.filter(stars__user_id=self.user.pk)


class AlertFilter(ListFilter):
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=AlertKind.choices)
    severity = django_filters.ChoiceFilter(label=_("Severity"), choices=Severity.choices)
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[(one.value, one.label) for one in AlertState if one in LIVE_ALERT_STATES]
    )
    due = django_filters.ChoiceFilter(label=_("Due"), method="due_within", choices=[(n, n) for n in DUE_DAYS])
    tier = django_filters.ChoiceFilter(field_name="customer__metrics__tier", choices=TIERS)

    class Meta:
        model = Alert
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Alert]:
        return Alert.objects.live().visible_to(user)

    def due_within(self, rows: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        return rows.filter(due_date__lte=self.day + timedelta(days=int(value)))
