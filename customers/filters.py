"""The filters of the customer list; each is an index look-up or a semi-join, and all start from the user's scope."""

from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.organization.access import scope_of
from crm.organization.choices import Role
from crm.organization.models import Branch, User
from customers.choices import AlertKind, CustomerStatus, HoldingStatus, OwnershipRole
from customers.models import Alert, Customer, Holding, Ownership

MOST_CHOICES = 200  # no picker loads all staff or all branches
MOST_TIERS = 9
UNIT = 10_000  # AUM is typed in 万
NOBODY = "none"
DUE_DAYS = (7, 30, 90)


class CustomerFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    tier = django_filters.ChoiceFilter(field_name="metrics__tier", choices=[(n, n) for n in range(1, MOST_TIERS + 1)])
    branch = django_filters.NumberFilter(field_name="branch_id", widget=forms.HiddenInput)
    manager = django_filters.CharFilter(method="of_manager", max_length=20)
    kind = django_filters.ChoiceFilter(label=_("Alert"), method="with_alert", choices=AlertKind.choices)
    aum_min = django_filters.NumberFilter(label=_("AUM from"), method="aum_from", min_value=0, max_value=10**10)
    aum_max = django_filters.NumberFilter(label=_("AUM below"), method="aum_below", min_value=0, max_value=10**10)
    due = django_filters.ChoiceFilter(label=_("Matures"), method="due_within", choices=[(n, n) for n in DUE_DAYS])

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def __init__(self, data: Any, *, user: User, day: date) -> None:
        self.user, self.day = user, day
        visible = Customer.objects.visible_to(user).filter(status=CustomerStatus.ACTIVE, metrics__aum__isnull=False)
        super().__init__(data, queryset=visible)

    def of_manager(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        owned = Ownership.objects.filter(customer=OuterRef("pk"), role=OwnershipRole.MAIN, until__isnull=True)
        if value == NOBODY:
            return rows.filter(~Exists(owned))
        if not value.isdecimal():
            return rows.none()
        return rows.filter(
            ownerships__owner_id=int(value), ownerships__role=OwnershipRole.MAIN, ownerships__until__isnull=True
        )

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

    @property
    def is_set(self) -> bool:
        """Has the user narrowed the list?"""
        return any(self.data.get(name) for name in self.filters)

    def branches(self) -> list[Branch]:
        """Branches to choose from; empty for those who see only one."""
        scope = scope_of(self.user)
        if scope is None or (len(scope.branch_ids) < 2 and not scope.is_head_office):
            return []
        places = Branch.objects.filter(is_active=True).order_by("path")
        chosen = places if scope.is_head_office else places.filter(pk__in=scope.branch_ids)
        return list(chosen[:MOST_CHOICES])

    def managers(self) -> list[User]:
        """Managers to choose from: those of the chosen branch, or of the user's own; empty for a manager herself."""
        if self.user.role == Role.RELATIONSHIP_MANAGER:
            return []
        branch = self.data.get("branch") or ""
        place = int(branch) if branch.isdecimal() and len(branch) < 19 else self.user.branch_id
        staff = User.objects.filter(branch_id=place, role=Role.RELATIONSHIP_MANAGER, is_active=True)
        return list(staff.order_by("staff_no")[:MOST_CHOICES])
