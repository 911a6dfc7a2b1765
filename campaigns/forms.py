"""What people type of a campaign: what it asks for, why it is refused, what came of a call."""

import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from archives.choices import REACHED, Channel, Outcome, Purpose
from archives.contacts import Contact
from archives.forms import NO_SUMMARY, WHEN_SUMMARY, SaleForm, lacks_summary
from campaigns import drafts
from campaigns.choices import Stratifier
from campaigns.launching import script_of
from campaigns.models import Campaign, CampaignTemplate
from crm.organization.models import Branch, User
from crm.organization.places import led_by
from customers.averages import month_end
from customers.filters import MOST_CHOICES
from segments.models import Segment

LONGEST_DAYS = 366
DAY_INPUT = {"type": "date"}
# What a template brings along.
RULE_FIELDS = (
    "basis", "base_from", "base_below", "success", "success_amount", "kept_months", "kept_amount", "bands",
    "control_pct", "stratify_by", "leaves_out_loans",
)  # fmt: skip


def day_field(**more: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs=DAY_INPUT, format="%Y-%m-%d"), **more)


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    """A draft: what, for whom, when, the rule over holdings, and what to say."""

    starts_on = day_field(label=gettext_lazy("First day"))
    ends_on = day_field(label=gettext_lazy("Last day"))
    baseline_from = day_field(label=gettext_lazy("Base period from"))
    baseline_to = day_field(label=gettext_lazy("Base period until"))
    stratify_by = forms.MultipleChoiceField(
        label=gettext_lazy("Control group alike in"),
        choices=Stratifier.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    script = forms.CharField(
        label=gettext_lazy("What to say"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6})
    )
    # What the form began with, so that nobody writes over what somebody else has changed meanwhile.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Campaign
        fields: ClassVar[list[str]] = [
            "name", "kind", "theme", "owner_branch", "segment", "starts_on", "ends_on", "baseline_from", "baseline_to",
            "priority", "reward", "reward_points", "budget", *RULE_FIELDS,
        ]  # fmt: skip

    def __init__(
        self,
        data: Any,
        *,
        user: User,
        instance: Campaign | None,
        template: CampaignTemplate | None,
        begun: Mapping[str, Any] | None = None,
    ) -> None:
        """`begun` are the values that a new one starts from over those of its template."""
        if instance is not None:
            script = script_of(instance)
            initial: dict[str, Any] = {"script": script.text if script else "", "seen": drafts.mark_of(instance)}
        else:
            initial = {**proposal(user, template), **(begun or {})}
        super().__init__(data, instance=instance, initial=initial)
        segments = Segment.objects.visible_to(user).filter(is_active=True).order_by("pk")
        # Not the slices themselves: what was chosen is looked up among the rows.
        some = segments.values("pk")[:MOST_CHOICES]
        self.fields["segment"].queryset = Segment.objects.filter(pk__in=some).order_by("pk")  # type: ignore[attr-defined]
        places = led_by(user).values("pk")[:MOST_CHOICES]
        self.fields["owner_branch"].queryset = Branch.objects.filter(pk__in=places).order_by("path")  # type: ignore[attr-defined]
        self.fields["reward_points"].required = False  # an empty box is no points
        self.fields["owner_branch"].empty_label = self.fields["segment"].empty_label = None  # type: ignore[attr-defined]

    def clean_reward_points(self) -> int:
        return int(self.cleaned_data.get("reward_points") or 0)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("starts_on"), data.get("ends_on")
        base_first, base_last = data.get("baseline_from"), data.get("baseline_to")
        if first and last and not 0 <= (last - first).days <= LONGEST_DAYS:
            self.add_error("ends_on", _("The last day lies before the first, or more than a year after it."))
        if base_first and base_last and base_last < base_first:
            self.add_error("baseline_to", _("The base period ends before it begins."))
        if base_last and first and base_last >= first:
            self.add_error("baseline_to", _("The base period must be over before the campaign begins."))
        low, high = data.get("base_from"), data.get("base_below")
        if low is not None and high is not None and low >= high:
            self.add_error("base_below", _("The upper end of the base must be above the lower one."))
        bands = data.get("bands") or []
        if sorted(set(bands)) != bands:
            self.add_error("bands", _("Write the bounds from the lowest to the highest, each once."))
        return data


def proposal(user: User, template: CampaignTemplate | None) -> dict[str, Any]:
    """A new campaign begins next month, lasts three months, and compares with the month before."""
    today = timezone.localdate()
    first = month_end(today) + timedelta(days=1)
    last = month_end((first + timedelta(days=63)).replace(day=1))
    values: dict[str, Any] = {
        "owner_branch": user.branch_id, "starts_on": first, "ends_on": last, "baseline_from": today.replace(day=1),
        "baseline_to": month_end(today), "priority": 5,
    }  # fmt: skip
    if template is not None:
        values |= {name: getattr(template, name) for name in (*RULE_FIELDS, "kind", "reward", "script")}
        values["name"] = template.name
    return values


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why not"), max_length=200)


class EndForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why it ends"), max_length=200)


class ScriptForm(forms.Form):
    script = forms.CharField(
        label=gettext_lazy("Next version"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6})
    )


class CostForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Campaign
        fields: ClassVar[list[str]] = ["cost"]


class ResultForm(SaleForm):
    """What came of a call for a campaign, entered once; of a sale what was sold, as in any other contact."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=gettext_lazy("Result"),
        choices=[(one.value, one.label) for one in Outcome if one != Outcome.RECEIVED],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how it went.")},
    )
    summary = forms.CharField(
        label=gettext_lazy("In one sentence"), required=False, max_length=500, help_text=WHEN_SUMMARY
    )
    next_date = day_field(label=gettext_lazy("Next contact"), required=False)

    def __init__(self, data: Any, *, day: date) -> None:
        self.day = day
        super().__init__(data, initial={"submission": uuid.uuid4()})

    def clean_next_date(self) -> date | None:
        chosen: date | None = self.cleaned_data["next_date"]
        if chosen is not None and not self.day <= chosen <= self.day + timedelta(days=LONGEST_DAYS):
            raise forms.ValidationError(_("The next contact lies in the past, or more than a year ahead."))
        return chosen

    @property
    def needing(self) -> str:
        """The results that need a sentence, for the keys of call mode."""
        return " ".join(REACHED)

    @property
    def has_sale_errors(self) -> bool:
        return any(name in self.errors for name in SaleForm.base_fields)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if lacks_summary({**data, "channel": Channel.PHONE}):
            self.add_error("summary", NO_SUMMARY)
        return data

    def contact(self, campaign: Campaign) -> Contact:
        """What the form says, as a call for this campaign."""
        data = self.cleaned_data
        return Contact(
            Channel.PHONE, data["outcome"], Purpose.CAMPAIGN, summary=data["summary"], next_date=data["next_date"],
            campaign_id=campaign.pk, **{name: data[name] for name in ("products", "amount", "recording_no")},
        )  # fmt: skip
