"""The filters of the lists of contacts and plans."""

from datetime import date, timedelta

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.choices import Channel, Outcome, PlanState, Purpose, StepEvent
from archives.contacts import start_of
from archives.models import ContactLog, MaintenancePlan
from crm.organization.models import User
from customers.filters import ListFilter, day_filter

DAYS = (7, 30, 90)
OVERDUE = "overdue"
TODAY = "today"


def day_field() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"})


class ContactFilter(ListFilter):
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=Channel.choices)
    outcome = django_filters.ChoiceFilter(label=_("Outcome"), choices=Outcome.choices)
    purpose = django_filters.ChoiceFilter(label=_("Purpose"), choices=Purpose.choices)
    by = django_filters.ChoiceFilter(
        label=pgettext_lazy("who made a contact", "By"), method="made_by", choices=[("me", _("me"))]
    )
    since = day_filter(label=_("From"), method="from_day", widget=day_field())
    until = day_filter(label=_("To"), method="to_day", widget=day_field())

    class Meta:
        model = ContactLog
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[ContactLog]:
        """What counts; what was written before a correction stays in the customer's timeline."""
        return ContactLog.objects.visible_to(user).filter(replaced_at=None)

    def made_by(self, rows: QuerySet[ContactLog], name: str, value: str) -> QuerySet[ContactLog]:
        return rows.filter(staff_id=self.user.pk)

    def from_day(self, rows: QuerySet[ContactLog], name: str, value: date) -> QuerySet[ContactLog]:
        return rows.filter(contacted_at__gte=start_of(value))

    def to_day(self, rows: QuerySet[ContactLog], name: str, value: date) -> QuerySet[ContactLog]:
        return rows.filter(contacted_at__lt=start_of(value + timedelta(days=1)))


class PlanFilter(ListFilter):
    due_days = DAYS

    state = django_filters.ChoiceFilter(label=_("State"), choices=PlanState.choices)
    due = django_filters.ChoiceFilter(
        label=pgettext_lazy("plan", "Due"),
        method="due_within",
        choices=[(value, value) for value in (OVERDUE, TODAY, *DAYS)],
    )
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=Channel.choices)
    purpose = django_filters.ChoiceFilter(label=_("Purpose"), choices=Purpose.choices)
    event = django_filters.ChoiceFilter(
        label=_("Occasion"), field_name="step__event", choices=StepEvent.choices, widget=forms.HiddenInput
    )
    owner = django_filters.NumberFilter(label=_("Planned for"), field_name="owner_id", widget=forms.HiddenInput)

    class Meta:
        model = MaintenancePlan
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[MaintenancePlan]:
        return MaintenancePlan.objects.visible_to(user)

    @property
    def matching(self) -> QuerySet[MaintenancePlan]:
        """Open plans, unless closed ones are asked for."""
        rows = super().matching
        return rows if self.data.get("state") else rows.filter(state=PlanState.PLANNED)

    def due_within(self, rows: QuerySet[MaintenancePlan], name: str, value: str) -> QuerySet[MaintenancePlan]:
        if value == OVERDUE:
            return rows.filter(due_date__lt=self.day, state=PlanState.PLANNED)
        last = self.day if value == TODAY else self.day + timedelta(days=int(value))
        return rows.filter(due_date__range=(self.day, last))
