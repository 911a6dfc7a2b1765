"""What people type of a target. Money is typed in 万, customers as they are counted."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.campaign_models import Campaign
from campaigns.seasons.choices import OF_PEOPLE, Measure
from campaigns.seasons.models import SeasonTarget
from campaigns.seasons.quarters import quarter_of
from campaigns.seasons.targets import Receiver
from crm.organization.models import Branch, User
from crm.organization.places import led_by
from customers.filters import MOST_CHOICES, UNIT
from segments.models import Tier
from segments.tiers import primary_tiers

LONGEST_DAYS = 366
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOST = Decimal(10) ** 12
SHOWN_DIGITS = Decimal("0.000001")


def typed(amount: Decimal | None, *, of_people: bool) -> Decimal | None:
    """Yuan, or customers, of what somebody typed."""
    return amount if amount is None or of_people else amount * UNIT


def as_typed(amount: Decimal, *, of_people: bool) -> str:
    """As somebody would type it, without needless zeros."""
    shown = amount if of_people else amount / UNIT
    return f"{shown.quantize(SHOWN_DIGITS).normalize():f}"


class AmountField(forms.DecimalField):
    """Above nothing, to the fen; `of_people` makes it whole customers."""

    def __init__(self, *, of_people: bool = False, **more: Any) -> None:
        super().__init__(
            min_value=Decimal(1) if of_people else Decimal("0.000001"), max_value=MOST,
            decimal_places=0 if of_people else 6, **more,
        )  # fmt: skip


class TargetForm(forms.Form):
    """A new target of a branch with all below it."""

    branch = forms.ModelChoiceField(label=gettext_lazy("Branch"), queryset=Branch.objects.none(), empty_label=None)
    measure = forms.ChoiceField(label=gettext_lazy("What is to be reached"), choices=Measure.choices)
    rank = forms.TypedChoiceField(
        label=gettext_lazy("From which tier on"), coerce=int, empty_value=None, required=False,
        help_text=gettext_lazy("Only for net new customers."),
    )  # fmt: skip
    campaign = forms.ModelChoiceField(
        label=gettext_lazy("Campaign"), queryset=Campaign.objects.none(), required=False, empty_label="–",
        help_text=gettext_lazy("Only for the goal of a campaign; the days are those of the campaign."),
    )  # fmt: skip
    first_day = forms.DateField(label=pgettext_lazy("of a season", "First day"), widget=DAY)
    last_day = forms.DateField(label=pgettext_lazy("of a season", "Last day"), widget=DAY)
    amount = AmountField(
        label=gettext_lazy("Amount"), help_text=gettext_lazy("Money in units of 10,000 yuan, customers as a number.")
    )

    def __init__(self, data: Any, *, user: User, today: date) -> None:
        quarter = quarter_of(today)
        quarter = quarter.after if quarter.last - timedelta(days=14) < today else quarter
        initial = {"branch": user.branch_id, "first_day": quarter.first, "last_day": quarter.last}
        super().__init__(data, initial=initial)
        self.today = today
        self.tiers: dict[int, Tier] = primary_tiers()
        places = led_by(user).values("pk")[:MOST_CHOICES]
        self.fields["branch"].queryset = Branch.objects.filter(pk__in=places).order_by("path")  # type: ignore[attr-defined]
        self.fields["rank"].choices = [("", "–"), *((rank, one.name) for rank, one in self.tiers.items() if rank > 1)]  # type: ignore[attr-defined]
        running = Campaign.objects.visible_to(user).running().filter(ends_on__gte=today).order_by("-pk")
        some = running.values("pk")[:MOST_CHOICES]
        self.fields["campaign"].queryset = Campaign.objects.filter(pk__in=some).order_by("-pk")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        measure, amount = data.get("measure"), data.get("amount")
        if measure == Measure.CUSTOMERS and not data.get("rank"):
            self.add_error("rank", _("Choose from which tier on customers count."))
        if measure == Measure.CAMPAIGN and not data.get("campaign") and "campaign" not in self.errors:
            self.add_error("campaign", _("Choose the campaign whose goal is meant."))
        if measure == Measure.CAMPAIGN and data.get("campaign"):
            data["first_day"], data["last_day"] = data["campaign"].starts_on, data["campaign"].ends_on
        if measure in OF_PEOPLE and amount is not None and amount != int(amount):
            self.add_error("amount", _("Write a whole number of customers."))
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and not 0 <= (last - first).days <= LONGEST_DAYS:
            self.add_error("last_day", _("The last day lies before the first, or more than a year after it."))
        elif last and last < self.today:
            self.add_error("last_day", _("The last day is over already."))
        return data

    def target(self) -> SeasonTarget:
        """The target that a valid form asks for; nothing is saved."""
        data = self.cleaned_data
        measure = data["measure"]
        rank = data["rank"] if measure == Measure.CUSTOMERS else None
        amount = typed(data["amount"], of_people=measure in OF_PEOPLE)
        assert amount is not None
        return SeasonTarget(
            branch=data["branch"], measure=measure, rank=rank, scheme=self.tiers[rank].scheme.code if rank else "",
            campaign=data["campaign"] if measure == Measure.CAMPAIGN else None, first_day=data["first_day"],
            last_day=data["last_day"], amount=amount,
        )  # fmt: skip


class AmountForm(forms.Form):
    """Another amount, beside the one that the page showed."""

    seen = forms.DecimalField(widget=forms.HiddenInput, max_digits=20, decimal_places=2)

    def __init__(self, data: Any, *, target: SeasonTarget) -> None:
        people = target.is_of_people
        super().__init__(data, initial={"seen": target.amount, "amount": as_typed(target.amount, of_people=people)})
        self.fields["amount"] = AmountField(of_people=people, label=_("Amount"))
        self.people = people

    @property
    def amount(self) -> Decimal:
        found = typed(self.cleaned_data["amount"], of_people=self.people)
        assert found is not None
        return found


class SplitForm(forms.Form):
    """A box for each receiver, and what stood in it when the page was drawn; an empty box is no part."""

    def __init__(
        self, data: Any, *, target: SeasonTarget, receivers: Sequence[Receiver], parts: dict[str, SeasonTarget]
    ) -> None:
        super().__init__(data)
        self.people = target.is_of_people
        self.receivers = receivers
        for one in receivers:
            part = parts.get(one.key)
            shown = as_typed(part.amount, of_people=self.people) if part else None
            self.fields[one.key] = AmountField(
                of_people=self.people, required=False, initial=shown, label=one.name,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 8, "aria-label": one.name}),
            )  # fmt: skip
            self.fields[f"seen-{one.key}"] = forms.DecimalField(
                required=False, initial=part.amount if part else None, widget=forms.HiddenInput,
                max_digits=20, decimal_places=2,
            )  # fmt: skip

    def wanted(self) -> dict[str, tuple[Decimal | None, Decimal | None]]:
        """(what the page showed, what is wanted) by the key of the receiver."""
        data = self.cleaned_data
        return {
            one.key: (data[f"seen-{one.key}"], typed(data[one.key], of_people=self.people)) for one in self.receivers
        }
