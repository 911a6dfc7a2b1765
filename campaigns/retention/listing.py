"""The maturities behind a figure of 到期承接: a list that pages, exports and runs jobs like the others."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.retention.models import Maturity, Part
from crm.organization.access import scope_of
from crm.organization.choices import Reach
from crm.organization.models import Branch, User
from customers.averages import month_start
from customers.choices import ListName
from customers.customer_list import published_day
from customers.filters import NOBODY, ListFilter
from customers.lists import shape
from customers.lists.shape import Column, Shape, Sort
from customers.models.customer import hidden

YOUNG = "young"
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
# Of a page with a chart and contacts in each row.
ROWS = 12


def month_of(text: str) -> date | None:
    """The first day of a month written `2026-11`; None for what is none."""
    found = MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found else None


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_before(month: date) -> date:
    return month_start(date.fromordinal(month.toordinal() - 1))


class RetentionFilter(ListFilter):
    """By month, and by branch and manager who had the customer on the eve of the maturity, as the figures are.

    What has not come to T+3 is in no figure; it is listed by itself as `young`.
    """

    branch = django_filters.NumberFilter(field_name="held_branch_id", widget=forms.HiddenInput)
    month = django_filters.CharFilter(
        label=_("Month"), method="in_month", max_length=7, validators=[RegexValidator(MONTH)]
    )
    part = django_filters.ChoiceFilter(
        label=_("Where it went"),
        method="of_part",
        choices=[*Part.choices, (YOUNG, _("matured in the last three days"))],
    )
    contact = django_filters.ChoiceFilter(
        label=_("Effective contact before"),
        field_name="is_contacted",
        choices=[("1", pgettext_lazy("contact", "yes")), ("0", pgettext_lazy("contact", "no"))],
        method="with_contact",
    )

    class Meta:
        model = Maturity
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Maturity]:
        rows: QuerySet[Maturity] = Maturity.objects.visible_to(user)
        return rows.filter(held_owner_id=user.pk) if user.reach == Reach.OWN else rows

    @property
    def matching(self) -> QuerySet[Maturity]:
        rows = super().matching
        is_young = self.data.get("part") == YOUNG
        edge = {"provisional_on__gt" if is_young else "provisional_on__lte": published_day()}
        return rows.filter(**edge)

    def of_manager(self, rows: QuerySet[Maturity], name: str, value: str) -> QuerySet[Maturity]:
        if value == NOBODY:
            return rows.filter(held_owner_id__isnull=True)
        return rows.filter(held_owner_id=int(value)) if value.isdecimal() and len(value) < 19 else rows.none()

    def below(self, rows: QuerySet[Maturity], name: str, value: Any) -> QuerySet[Maturity]:
        scope = scope_of(self.user)
        if scope is not None and scope.is_head_office and value == self.user.branch_id:
            return rows
        path = Branch.objects.filter(pk=int(value)).values_list("path", flat=True).first()
        if not path:
            return rows.none()
        return rows.filter(held_branch__in=Branch.objects.filter(path__startswith=path))

    def in_month(self, rows: QuerySet[Maturity], name: str, value: str) -> QuerySet[Maturity]:
        month = month_of(value)
        if month is None:
            return rows.none()
        return rows.filter(maturity_date__gte=month, maturity_date__lt=next_month(month))

    def of_part(self, rows: QuerySet[Maturity], name: str, value: str) -> QuerySet[Maturity]:
        return rows if value == YOUNG else rows.filter(**{f"{value}__gt": 0})

    def with_contact(self, rows: QuerySet[Maturity], name: str, value: str) -> QuerySet[Maturity]:
        return rows.filter(is_contacted=value == "1")


def load(rows: QuerySet[Any], shown: frozenset[str], day: date) -> QuerySet[Any]:
    joined = rows.select_related("customer__metrics", "product", "held_owner", "held_branch", "branch")
    return joined.defer(*hidden("customer"))


def rows_of(found: Sequence[Any], shown: frozenset[str], day: date) -> list[Any]:
    return list(found)


def largest(field: str, label: Any) -> Sort:
    return Sort(field, label, field, shape.money, is_descending=True)


RETENTION = Shape(
    name=ListName.RETENTION,
    url_name="campaigns:retention",
    template="campaigns/retention.html",
    filters=RetentionFilter,
    columns=(
        Column("matured", _("Matured"), is_num=True),
        Column("parts", _("Where it went")),
        Column("curve", _("Assets from the day before to T+15")),
        Column("contacts", _("Contacts")),
    ),
    sorts=(
        largest("principal", _("Largest maturity first")),
        largest(Part.RENEWED, _("Most renewed first")),
        largest(Part.INVESTED, _("Most invested first")),
        largest(Part.IDLE, _("Most left in demand first")),
        largest(Part.GONE, _("Most left the bank first")),
    ),
    load=load,
    rows=rows_of,
)
