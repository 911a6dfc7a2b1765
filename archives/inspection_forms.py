"""What is asked of an inspector, and of who hands an archive in again; and how the list of inspections is narrowed."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.choices import JUDGED, SETTLED, InspectionState
from archives.inspection_models import FULL_MARK, MOST_DAYS, Inspection, InspectionCriterion, InspectionStep
from archives.inspections import Verdict
from crm.organization.models import User
from customers.filters import ListFilter, day_filter

PASS, RETURN = "pass", "return"
OPEN, LOOKED = "open", "looked"
MARKS = (
    (FULL_MARK, pgettext_lazy("mark", "yes")),
    (1, pgettext_lazy("mark", "partly")),
    (0, pgettext_lazy("mark", "no")),
)


class VerdictForm(forms.Form):
    """A mark for each criterion, remarks, and for a return the day until which the owner mends it."""

    decision = forms.ChoiceField(choices=[(PASS, PASS), (RETURN, RETURN)])
    remarks = forms.CharField(
        label=_("Remarks"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The owner reads them in 今日 and mends by them."),
    )
    due_date = forms.DateField(
        label=_("To be mended by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the day as 2026-03-27.")},
    )

    def __init__(self, *args: Any, criteria: Sequence[InspectionCriterion], day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria, self.day = criteria, day
        for one in criteria:
            self.fields[f"mark-{one.code}"] = forms.TypedChoiceField(
                label=one.name, choices=MARKS, coerce=int, widget=forms.RadioSelect,
                error_messages={"required": _("Give a mark.")},
            )  # fmt: skip

    @property
    def marks(self) -> list[Any]:
        return [self[f"mark-{one.code}"] for one in self.criteria]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("decision") != RETURN:
            return values
        due = values.get("due_date")
        if not values.get("remarks"):
            self.add_error("remarks", _("Say what is to be mended."))
        if due is None and "due_date" not in self.errors:
            self.add_error("due_date", _("Choose a day."))
        elif due is not None and not self.day < due <= self.day + timedelta(days=MOST_DAYS):
            self.add_error("due_date", _("Choose a day within the next %(days)s days.") % {"days": MOST_DAYS})
        return values

    def verdict(self) -> Verdict:
        values = self.cleaned_data
        marks = {one.code: values[f"mark-{one.code}"] for one in self.criteria}
        return Verdict(values["decision"] == PASS, marks, values["remarks"], values["due_date"])


class ResubmitForm(forms.Form):
    """What the owner has mended."""

    remarks = forms.CharField(
        label=_("What you have mended"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a few words what is otherwise now.")},
    )


class InspectionFilter(ListFilter):
    """`manager` is who owned the archive when it was drawn; `first` what the first look found; `month` its week's."""

    state = django_filters.ChoiceFilter(
        label=_("State"), method="in_state", choices=[*InspectionState.choices, (OPEN, _("not passed yet"))]
    )
    first = django_filters.ChoiceFilter(
        label=_("At the first look"),
        method="at_first",
        choices=[(LOOKED, _("looked at")), *((one.value, one.label) for one in JUDGED)],
    )
    month = day_filter(label=_("Month"), method="of_month", widget=forms.HiddenInput)

    class Meta:
        model = Inspection
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Any]:
        return Inspection.objects.with_state().visible_to(user)

    def of_manager(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(owner_id=int(value)) if value.isdecimal() and len(value) < 19 else rows.none()

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(state__in=SETTLED) if value == OPEN else rows.filter(state=value)

    def at_first(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        first = InspectionStep.objects.filter(inspection=OuterRef("pk"), number=1)
        return rows.filter(Exists(first if value == LOOKED else first.filter(kind=value)))

    def of_month(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        begins = value.replace(day=1)
        return rows.filter(draw__week__gte=begins, draw__week__lt=(begins + timedelta(days=31)).replace(day=1))
