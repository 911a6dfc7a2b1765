"""What a bulk job is to do: asked for beside its preview."""

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.choices import Channel, PlanState, Purpose
from archives.plan_forms import checked_due
from archives.plans import stand_ins
from crm.audit import trail
from crm.organization.models import User
from customers import ownership
from customers.alert_answers import LONGEST_SNOOZE_DAYS
from customers.choices import BulkAction
from customers.filters import MOST_CHOICES
from segments.choices import SegmentKind
from segments.models import Segment


def day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2026-03-27.")},
    )


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"), max_length=200, error_messages={"required": _("Write why, in a few words.")}
    )


class AssignForm(forms.Form):
    """The new manager, and why."""

    owner = forms.TypedChoiceField(label=_("New manager"), coerce=int, error_messages={"required": _("Choose one.")})
    reason = reason_field()

    def __init__(self, data: Any, *, user: User, branch_id: int, day: date) -> None:
        super().__init__(data)
        people: list[User] = list(ownership.candidates(branch_id)[:MOST_CHOICES])
        options = [("", "–"), *((one.pk, f"{one.name} {one.staff_no}") for one in people)]
        self.fields["owner"].choices = options  # type: ignore[attr-defined]
        if not people:
            self.fields["owner"].help_text = _("Narrow the list to one branch first; its managers can be chosen then.")

    def parameters(self) -> dict[str, Any]:
        return {"owner": self.cleaned_data["owner"], "reason": self.cleaned_data["reason"]}


class PlanForm(forms.Form):
    """What is to be done for each customer, by when and how."""

    due_date = day_field(pgettext_lazy("plan", "Due"))
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, data: Any, *, user: User, branch_id: int, day: date) -> None:
        super().__init__(data)
        self.day = day

    def clean_due_date(self) -> date:
        return checked_due(self.cleaned_data["due_date"], self.day)

    def parameters(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "due_date": values["due_date"].isoformat(),
            "purpose": values["purpose"],
            "channel": values["channel"],
            "note": values["note"],
            "submission": str(uuid4()),
        }


class SegmentForm(forms.Form):
    """An open static segment of the user's, or the name of a new one."""

    segment = forms.ModelChoiceField(
        label=_("Segment"), queryset=Segment.objects.none(), required=False, empty_label=_("a new one")
    )
    name = forms.CharField(label=_("Name of a new one"), max_length=60, required=False)

    def __init__(self, data: Any, *, user: User, branch_id: int, day: date) -> None:
        super().__init__(data)
        self.user = user
        open_ones = Segment.objects.visible_to(user).filter(
            kind=SegmentKind.STATIC, is_active=True, frozen_at__isnull=True, owner_branch_id=user.branch_id
        )
        self.fields["segment"].queryset = Segment.objects.filter(  # type: ignore[attr-defined]
            pk__in=open_ones.order_by("-pk").values("pk")[:MOST_CHOICES]
        ).order_by("-pk")

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if bool(values.get("segment")) == bool(values.get("name")):
            raise forms.ValidationError(_("Choose a segment, or name a new one."))
        return values

    def parameters(self) -> dict[str, Any]:
        """Makes the segment where a new one is named."""
        segment = self.cleaned_data["segment"]
        if segment is None:
            segment = Segment.objects.create(
                code=f"chosen-{uuid4().hex[:16]}",
                kind=SegmentKind.STATIC,
                name_zh_hans=self.cleaned_data["name"],
                owner_branch_id=self.user.branch_id,
                created_by=self.user,
            )
            trail.record(self.user, "segment.create", target=segment, detail={"name": segment.name_zh_hans})
        return {"segment": segment.pk, "reason": segment.name}


class RowForm(forms.Form):
    """What alerts or plans get; the names of the fields are those of the action's parameters."""

    def __init__(self, data: Any, *, user: User, branch_id: int, day: date) -> None:
        super().__init__(data)
        self.user, self.branch_id, self.day = user, branch_id, day

    def parameters(self) -> dict[str, Any]:
        values = self.cleaned_data.items()
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values}


class SnoozeForm(RowForm):
    """The day on which the alerts come back."""

    until = day_field(_("Put off until"))

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if not 0 < (until - self.day).days <= LONGEST_SNOOZE_DAYS:
            text = _("Choose a day from tomorrow on, at most %(days)s days ahead.")
            raise forms.ValidationError(text % {"days": LONGEST_SNOOZE_DAYS})
        return until


class DismissForm(RowForm):
    """Why the alerts do not apply."""

    reason = reason_field()


class MoveForm(RowForm):
    """The new day of the plans."""

    due_date = day_field(pgettext_lazy("plan", "Due"))

    def clean_due_date(self) -> date:
        return checked_due(self.cleaned_data["due_date"], self.day)


class CloseForm(RowForm):
    """Whether the plans were done or are called off, and why without a contact."""

    state = forms.ChoiceField(
        label=_("State"), choices=[(one.value, one.label) for one in (PlanState.DONE, PlanState.CANCELLED)]
    )
    reason = reason_field()


class HandForm(RowForm):
    """Who is to do the plans: the manager of each customer, or who leads the branch and sees all of them."""

    colleague = forms.TypedChoiceField(
        label=_("Colleague"),
        coerce=int,
        error_messages={"required": _("Choose one.")},
        help_text=_("Another manager does not see these customers: to give them away, assign a manager."),
    )

    def __init__(self, data: Any, *, user: User, branch_id: int, day: date) -> None:
        super().__init__(data, user=user, branch_id=branch_id, day=day)
        people = stand_ins(branch_id).order_by("staff_no")[:MOST_CHOICES]
        options = [(one.pk, f"{one.name} {one.staff_no}") for one in people]
        choices = [("", "–"), (0, _("the manager of each customer")), *options]
        self.fields["colleague"].choices = choices  # type: ignore[attr-defined]


FORMS: dict[str, Any] = {
    BulkAction.ASSIGN: AssignForm,
    BulkAction.PLAN: PlanForm,
    BulkAction.SEGMENT: SegmentForm,
    BulkAction.SNOOZE: SnoozeForm,
    BulkAction.DISMISS: DismissForm,
    BulkAction.MOVE: MoveForm,
    BulkAction.CLOSE: CloseForm,
    BulkAction.HAND: HandForm,
}
