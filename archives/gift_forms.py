"""What is asked of a gift and of what is done about it, and how the list of gifts is narrowed."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archives.choices import PlanState
from archives.contacts import start_of
from archives.gift_choices import GiftOccasion, GiftState
from archives.gift_models import LEAST_VALUE
from archives.gifts import Offer
from archives.models import ContactLog, Gift, GiftStep, MaintenancePlan
from crm.organization.models import User
from customers.filters import ListFilter, day_filter
from customers.models import Customer

BACK_DAYS = 31  # a gift is written down within a month
MOST_VALUE = Decimal("99999999.99")
NONE = "–"
DAY_FAULT = _("Write the day as 2026-03-27.")


class PlanChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.due_date:%Y-%m-%d} {obj.what}"


class ContactChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{timezone.localdate(obj.contacted_at)} {obj.get_channel_display()}"


class GiftForm(forms.Form):
    """A gift to a customer, with the plan or the contact that it belongs to."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    what = forms.CharField(label=_("What is given"), max_length=100)
    value = forms.DecimalField(
        label=_("Value, yuan"),
        min_value=LEAST_VALUE,
        max_value=MOST_VALUE,
        max_digits=10,
        decimal_places=2,
        error_messages={"max_decimal_places": _("An amount has at most two decimals, down to the fen.")},
    )
    occasion = forms.ChoiceField(label=_("Occasion"), choices=GiftOccasion.choices)
    given_on = forms.DateField(
        label=_("Given on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": DAY_FAULT},
    )
    plan = PlanChoice(
        label=_("Belongs to the plan"), queryset=MaintenancePlan.objects.none(), required=False, empty_label=NONE
    )
    contact = ContactChoice(
        label=_("Given in the contact"), queryset=ContactLog.objects.none(), required=False, empty_label=NONE
    )
    note = forms.CharField(
        label=_("Note on the gift"), required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, user: User, customer: Customer, day: date, plan: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"submission": uuid.uuid4(), "given_on": day, "plan": plan})
        super().__init__(*args, **kwargs)
        self.day = day
        plans = MaintenancePlan.objects.visible_to(user).filter(customer=customer).exclude(state=PlanState.CANCELLED)
        around = (day - timedelta(days=BACK_DAYS), day + timedelta(days=BACK_DAYS))
        self.plans = plans.filter(due_date__range=around).select_related("step").order_by("due_date", "pk")
        since = start_of(around[0])
        logs = ContactLog.objects.visible_to(user).filter(customer=customer, contacted_at__gte=since, replaced_at=None)
        self.fields["plan"].queryset = self.plans  # type: ignore[attr-defined]
        self.fields["contact"].queryset = logs.order_by("-contacted_at")  # type: ignore[attr-defined]

    @property
    def chosen_plan(self) -> MaintenancePlan | None:
        """The plan that is chosen now, as sent or as the address named it: its template may name a limit."""
        chosen = str(self["plan"].value() or "")
        return next((one for one in self.plans if str(one.pk) == chosen), None)

    def clean_given_on(self) -> date:
        given_on: date = self.cleaned_data["given_on"]
        if not self.day - timedelta(days=BACK_DAYS) <= given_on <= self.day:
            raise forms.ValidationError(
                _("A gift is written down on the day, at most %(days)s days later.") % {"days": BACK_DAYS}
            )
        return given_on

    def offer(self) -> Offer:
        return Offer(**{name: value for name, value in self.cleaned_data.items() if name != "submission"})


class GiftStepForm(forms.Form):
    """The day on which an approved gift was given, or why it is refused or reversed."""

    day = forms.DateField(
        label=_("Given on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": DAY_FAULT},
    )
    note = forms.CharField(label=_("Why"), required=False, max_length=200)

    def __init__(self, *args: Any, kind: GiftState, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.today = kind, today

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        given_on = data.get("day")
        if self.kind in (GiftState.REFUSED, GiftState.REVERSED) and not data.get("note"):
            self.add_error("note", _("Say why in a few words."))
        if self.kind != GiftState.GIVEN or "day" in self.errors:
            return data
        if given_on is None or not self.today - timedelta(days=BACK_DAYS) <= given_on <= self.today:
            self.add_error(
                "day", _("A gift is written down on the day, at most %(days)s days later.") % {"days": BACK_DAYS}
            )
        return data


class GiftFilter(ListFilter):
    """`manager` is who gives; `month` that in which it was given; `customer` the customer's id."""

    state = django_filters.ChoiceFilter(label=_("State"), method="in_state", choices=GiftState.choices)
    occasion = django_filters.ChoiceFilter(label=_("Occasion"), choices=GiftOccasion.choices)
    month = day_filter(label=_("Month"), method="of_month", widget=forms.HiddenInput)
    customer_id = django_filters.NumberFilter(widget=forms.HiddenInput, method="of_customer")

    class Meta:
        model = Gift
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Any]:
        return Gift.objects.with_state().visible_to(user)

    def of_manager(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(staff_id=int(value)) if value.isdecimal() and len(value) < 19 else rows.none()

    def of_customer(self, rows: QuerySet[Any], name: str, value: Decimal) -> QuerySet[Any]:
        return rows.filter(customer_id=int(value)) if 0 < value < 10**18 else rows.none()

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(state=value)

    def of_month(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        begins = value.replace(day=1)
        ends = (begins + timedelta(days=31)).replace(day=1)
        given = GiftStep.objects.filter(gift=OuterRef("pk"), kind=GiftState.GIVEN, day__gte=begins, day__lt=ends)
        return rows.filter(Exists(given)).exclude(state=GiftState.REVERSED)
