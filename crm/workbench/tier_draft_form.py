"""The form of a draft of a tier scheme: bands by their lower edges, and the rules of moving."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from segments.choices import DowngradeTarget, Promotion, TierMetric
from segments.models import Tier, TierScheme

MOST_MONTHS = 24
RULES = ("metric", "promotion", "watch_after_months", "downgrade_after_months", "downgrade_to", "effective_from")


class DraftForm(forms.Form):
    """`lower_2` … are the lower edges; each tier ends where the next begins. A lowest tier from zero has no field."""

    metric = forms.ChoiceField(label=_("Judged by"), choices=TierMetric.choices)
    promotion = forms.ChoiceField(label=_("Promotion"), choices=Promotion.choices)
    watch_after_months = forms.IntegerField(label=_("Watched after months below"), min_value=0, max_value=MOST_MONTHS)
    downgrade_after_months = forms.IntegerField(
        label=_("Downgraded after months below"), min_value=0, max_value=MOST_MONTHS
    )
    downgrade_to = forms.ChoiceField(label=_("Downgraded to"), choices=DowngradeTarget.choices)
    effective_from = forms.DateField(
        label=_("Effective from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(label=_("Why"), max_length=200, required=False)

    def __init__(self, data: Any, *, scheme: TierScheme, bands: list[Tier], base: dict[int, Tier]) -> None:
        self.bands, self.base = bands, base
        initial: dict[str, Any] = {name: getattr(scheme, name) for name in RULES}
        initial |= {f"lower_{band.rank}": band.lower for band in bands}
        super().__init__(data, initial=initial)
        self.edged = [band for band in bands if band is not bands[0] or band.lower != 0]
        for band in self.edged:
            self.fields[f"lower_{band.rank}"] = forms.DecimalField(
                label=_("%(tier)s from, yuan") % {"tier": band.name}, min_value=0, max_digits=18, decimal_places=2
            )

    def edges(self) -> list[tuple[Tier, Any, Decimal | None]]:
        """Each band that has a field, highest first, with it and the edge that is in force."""
        return [
            (band, self[f"lower_{band.rank}"], self.base[band.rank].lower if band.rank in self.base else None)
            for band in reversed(self.edged)
        ]

    def rules(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in RULES}

    def lowers(self) -> dict[int, Decimal]:
        return {band.rank: self.cleaned_data.get(f"lower_{band.rank}", Decimal(0)) for band in self.bands}
