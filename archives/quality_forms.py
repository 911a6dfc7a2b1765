"""What a manager says of contacts that were found, and how findings are narrowed."""

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from archives.models import ContactFinding
from archives.quality.figures import next_month
from archives.quality_choices import FINDING_KINDS, FindingState
from crm.organization.models import User
from customers.filters import ListFilter, day_filter


class JudgeForm(forms.Form):
    """Reasonable or to be talked over, and why. `seen` is how many verdicts were on the page."""

    seen = forms.IntegerField(min_value=0, max_value=9, widget=forms.HiddenInput)
    remark = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The author reads it too."),
        error_messages={"required": _("Say why in a few words.")},
    )
    verdict = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (FindingState.REASONABLE, FindingState.TALK)]
    )


class FindingFilter(ListFilter):
    """`manager` is the author, `month` that of the day of entry."""

    customer = ""

    state = django_filters.ChoiceFilter(label=_("State"), method="in_state", choices=FindingState.choices)
    kind = django_filters.ChoiceFilter(
        label=_("Kind of finding"), choices=[(one.value, one.label) for one in FINDING_KINDS]
    )
    month = day_filter(label=_("Month"), method="of_month", widget=forms.HiddenInput)

    class Meta:
        model = ContactFinding
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Any]:
        return ContactFinding.objects.with_state().visible_to(user)

    def of_manager(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(staff_id=int(value)) if value.isdecimal() and len(value) < 19 else rows.none()

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(state=value)

    def of_month(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        begins = value.replace(day=1)
        return rows.filter(day__gte=begins, day__lt=next_month(begins))
