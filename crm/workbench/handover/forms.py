"""What is asked of whoever hands over, decides, or recycles."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.organization.models import User
from crm.workbench.bulk.forms import reason_field
from crm.workbench.handover.planning import MOST_SLICES, Candidate, Wish
from customers.filters import MOST_CHOICES
from customers.models import PoolRule
from segments.models import Segment, Tier


class HandoverForm(forms.Form):
    """Who takes over, what goes to whom beforehand, and why."""

    candidates = forms.TypedMultipleChoiceField(coerce=int, error_messages={"required": _("Choose at least one.")})
    may_part = forms.BooleanField(label=_("Households may be split"), required=False)
    reason = reason_field()
    note = forms.CharField(
        label=_("To the new managers"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any, *, user: User, people: list[Candidate], tiers: dict[int, Tier]) -> None:
        super().__init__(data)
        options = [(one.pk, f"{one.name} {one.staff_no}") for one in people]
        self.fields["candidates"].choices = options  # type: ignore[attr-defined]
        self.ranks = {f"tier_{rank}": rank for rank in tiers}
        open_choice = [("", _("balanced")), *options]
        for name, rank in self.ranks.items():
            self.fields[name] = forms.TypedChoiceField(
                label=tiers[rank].name, choices=open_choice, coerce=int, empty_value=None, required=False
            )
        segments = Segment.objects.filter(
            pk__in=Segment.objects.visible_to(user).filter(is_active=True).values("pk")[:MOST_CHOICES]
        )
        for number in range(1, MOST_SLICES + 1):
            self.fields[f"segment_{number}"] = forms.ModelChoiceField(
                label=_("Segment"), queryset=segments, required=False, empty_label=_("no segment")
            )
            self.fields[f"segment_{number}_to"] = forms.TypedChoiceField(
                label=_("goes to"), choices=[("", "–"), *options], coerce=int, empty_value=None, required=False
            )

    @property
    def tier_fields(self) -> list[Any]:
        return [self[name] for name in self.ranks]

    @property
    def segment_fields(self) -> list[tuple[Any, Any]]:
        numbers = range(1, MOST_SLICES + 1)
        return [(self[f"segment_{number}"], self[f"segment_{number}_to"]) for number in numbers]

    def wish(self) -> Wish:
        values = self.cleaned_data
        pairs = ((values[f"segment_{n}"], values[f"segment_{n}_to"]) for n in range(1, MOST_SLICES + 1))
        return Wish(
            candidates=values["candidates"],
            keeps_households=not values["may_part"],
            ranks={rank: values[name] for name, rank in self.ranks.items() if values[name]},
            segments={segment.pk: owner for segment, owner in pairs if segment and owner},
            reason=values["reason"],
            note=values["note"],
        )


class ReasonForm(forms.Form):
    """Why something is refused or asked for."""

    reason = reason_field()


class PoolRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = PoolRule
        fields = ("quiet_days", "maturity_days", "growth")
