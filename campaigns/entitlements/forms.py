"""What is asked when something is used, given or taken back, and how the ledger of a branch is narrowed."""

import uuid
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.campaign_models import MOST_POINTS
from campaigns.entitlements.choices import EntryKind
from campaigns.entitlements.models import Entitlement, LedgerEntry
from crm.organization.models import User
from customers.filters import MOST_CHOICES, ListFilter, day_filter

POINTS = "points"
NO_QUANTITY = _("Write how many, as a whole number from 1 on.")


def quantity_field(**more: Any) -> forms.IntegerField:
    faults = {"required": NO_QUANTITY, "invalid": NO_QUANTITY, "min_value": NO_QUANTITY}
    return forms.IntegerField(min_value=1, max_value=MOST_POINTS, error_messages=faults, **more)


class UseForm(forms.Form):
    """So many of an entitlement, or of points where it is empty. `reason` says what for."""

    prefix = "use"

    submission = forms.UUIDField(widget=forms.HiddenInput)
    entitlement = forms.ModelChoiceField(
        label=_("Entitlement"), queryset=Entitlement.objects.none(), required=False, widget=forms.HiddenInput
    )
    quantity = quantity_field(label=_("How many"))
    reason = forms.CharField(label=_("What for"), required=False, max_length=200)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"submission": uuid.uuid4()})
        self.fields["entitlement"].queryset = Entitlement.objects.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "entitlement" not in self.errors and data.get("entitlement") is None and not data.get("reason"):
            self.add_error("reason", _("Say in a few words what the points are spent on."))
        return data


class GiveForm(forms.Form):
    """Points by hand."""

    prefix = "give"

    submission = forms.UUIDField(widget=forms.HiddenInput)
    points = quantity_field(label=_("Points to give"))
    reason = forms.CharField(label=_("What for"), max_length=200)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"submission": uuid.uuid4()})


class ReverseForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=200, error_messages={"required": _("Say why in a few words.")})


class LedgerFilter(ListFilter):
    """`item` is an entitlement's id or `points`, `did` what a figure counts, `month` any day of the month."""

    item = django_filters.ChoiceFilter(label=pgettext_lazy("ledger", "What"), method="of_item", choices=())
    did = django_filters.ChoiceFilter(
        label=pgettext_lazy("ledger", "Entry"), method="of_kind",
        choices=[(one.value, one.label) for one in EntryKind if one != EntryKind.REVERSE],
    )  # fmt: skip
    month = day_filter(label=_("Month"), method="of_month", widget=forms.HiddenInput)

    class Meta:
        model = LedgerEntry
        fields: tuple[str, ...] = ()

    def __init__(self, data: Any, *, user: User, day: date) -> None:
        super().__init__(data, user=user, day=day)
        known = Entitlement.objects.order_by("code")[:MOST_CHOICES]
        self.form.fields["item"].choices = [
            (POINTS, _("Points of the ledger")),
            *((str(one.pk), one.name) for one in known),
        ]

    def visible(self, user: User) -> QuerySet[Any]:
        return LedgerEntry.objects.visible_to(user)

    def of_item(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(entitlement=None) if value == POINTS else rows.filter(entitlement_id=int(value))

    def of_kind(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """As the figures count: what was reversed belongs to what it takes back."""
        return rows.filter(counted_as(EntryKind(value)))

    def of_month(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        begins = value.replace(day=1)
        return rows.filter(day__gte=begins, day__lt=(begins + timedelta(days=31)).replace(day=1))


def counted_as(kind: EntryKind) -> Q:
    """The entries that make up what was issued, used or expired; a reversal of something used is above nil."""
    reversed_ = {EntryKind.EARN: Q(quantity__lt=0), EntryKind.SPEND: Q(quantity__gt=0)}
    own = Q(kind=kind)
    return own | Q(kind=EntryKind.REVERSE) & reversed_[kind] if kind in reversed_ else own
