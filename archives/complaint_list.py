"""The list of complaints: those that are open, what is due first."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.choices import UNANSWERED, ComplaintCategory, ComplaintState
from archives.models import Complaint
from crm.organization.models import User
from customers.filters import Choice, ListFilter
from customers.lists import shape
from customers.lists.shape import Page, Sort
from customers.models.customer import hidden

OVERDUE, OPEN = "overdue", "open"
DUE_DAYS = (3, 7, 15)
BY_DUE = Sort("due", _("Due first"), "due_date", shape.day)


class ComplaintFilter(ListFilter):
    due_days = DUE_DAYS

    state = django_filters.ChoiceFilter(label=_("State"), choices=ComplaintState.choices)
    due = django_filters.ChoiceFilter(
        label=pgettext_lazy("plan", "Due"), method="due_within", choices=[(one, one) for one in (OVERDUE, *DUE_DAYS)]
    )
    category = django_filters.ChoiceFilter(label=_("About what"), choices=ComplaintCategory.choices)
    by = django_filters.ChoiceFilter(label=_("Handler"), method="handled_by", choices=[("me", _("me"))])

    class Meta:
        model = Complaint
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Complaint]:
        return Complaint.objects.visible_to(user)

    @property
    def matching(self) -> QuerySet[Complaint]:
        """Open complaints, unless closed ones are asked for."""
        rows = super().matching
        return rows if self.data.get("state") else rows.exclude(state=ComplaintState.CLOSED)

    @property
    def branches(self) -> list[Choice]:
        """The branches to choose from, for those who see more than one."""
        return self.choices["branch"]

    def due_within(self, rows: QuerySet[Complaint], name: str, value: str) -> QuerySet[Complaint]:
        owed = rows.filter(state__in=UNANSWERED)
        if value == OVERDUE:
            return owed.filter(due_date__lt=self.day)
        return owed.filter(due_date__range=(self.day, self.day + timedelta(days=int(value))))

    def handled_by(self, rows: QuerySet[Complaint], name: str, value: str) -> QuerySet[Complaint]:
        return rows.filter(handler_id=self.user.pk)


def page(filters: ComplaintFilter, after: str, before: str) -> Page:
    """A page of the list, with what its rows show."""
    return shape.keyset_page(filters.matching, BY_DUE, loaded, after, before)


def loaded(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("customer", "branch", "handler", "complained_of").defer("text", *hidden("customer"))
