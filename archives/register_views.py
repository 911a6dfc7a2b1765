"""新开户登记簿: the page, made to be printed on A4 too."""

from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from archives import register
from archives.register import BALANCE_DAYS, NEWEST_FIRST, Asked
from crm.audit import trail
from crm.jobs import ledger
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from customers.averages import month_end, month_start
from customers.filters import ANY, ListFilter, day_filter
from customers.lists.shape import keyset_page
from customers.models import Customer

MONTHS = 13


class RegisterFilter(ListFilter):
    """`month` is that of the opening, this one unless told; `missed` the day of a touch, or "any"."""

    customer = ""

    month = day_filter(label=_("Month"), method="of_month", widget=forms.HiddenInput)
    missed = django_filters.CharFilter(label=_("Missed"), method="with_missed", max_length=4)

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def __init__(self, data: Any, *, user: User, day: date, touches: list[Asked]) -> None:
        self.touches = touches
        asked = data.copy()
        if not asked.get("month"):
            asked["month"] = month_start(day).isoformat()
        super().__init__(asked, user=user, day=day)

    def visible(self, user: User) -> QuerySet[Any]:
        known = Customer.objects.visible_to(user).filter(open_date__isnull=False, metrics__isnull=False)
        return register.with_missed(known, self.touches, self.day)

    def of_month(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        return rows.filter(open_date__range=(month_start(value), month_end(value)))

    def with_missed(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == ANY:
            return rows.filter(register.any_missed(self.touches))
        asked = [one for one in self.touches if str(one.offset) == value]
        return rows.filter(**{asked[0].name: True}) if asked else rows.none()

    @property
    def months(self) -> list[date]:
        """Months to choose from, this one first, and the one that is shown."""
        found = [month_start(self.day)]
        while len(found) < MONTHS:
            found.append(month_start(found[-1] - timedelta(days=1)))
        shown = self.shown_month
        return found if shown is None or shown in found else [*found, shown]

    @property
    def shown_month(self) -> date | None:
        """The first day of the month that is shown; None where the address names none."""
        value = self.form.cleaned_data.get("month") if self.is_valid() else None
        return month_start(value) if value else None


@require_safe
@for_roles(BALANCE_ROLES)
def register_page(request: HttpRequest) -> HttpResponse:
    """Who opened in a month, newest first, with touches, balances, and the figures of all whom the filters leave."""
    assert isinstance(request.user, User)
    user, day = request.user, timezone.localdate()
    touches = register.asked_touches()
    as_of = ledger.published_date() or day
    filters = RegisterFilter(request.GET, user=user, day=day, touches=touches)
    page = keyset_page(
        filters.matching,
        NEWEST_FIRST,
        lambda rows: register.loaded(rows, touches, as_of),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    trail.listed(request, "register", [row.pk for row in page.rows])
    context = {
        "filters": filters, "touches": touches, "page": page, "day": day, "as_of": as_of, "balance_days": BALANCE_DAYS,
        "lines": [register.line_of(row, touches, day) for row in page.rows],
        "top": register.top_of(filters.matching, touches, as_of), "leads": user.role == Role.BRANCH_MANAGER,
    }  # fmt: skip
    return render(request, "archives/register.html", context)
