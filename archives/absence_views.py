"""The page of absences: one's own, for who leads a branch those of its managers; noting one, and removing it."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from archives import absences
from archives.calendar_views import colleagues_of
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import AbsenceKind
from crm.organization.models import Absence, User

BACK_DAYS = 31  # an absence that has begun is noted within a month
AHEAD_DAYS = 366
INVALID = gettext_lazy("Write the day as 2026-03-27.")


class Person(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name} {obj.staff_no}"


class AbsenceForm(forms.Form):
    """Who is away from when to when."""

    staff = Person(label=gettext_lazy("Who is away"), queryset=User.objects.none(), empty_label=None)
    first_day = forms.DateField(
        label=gettext_lazy("First day away"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": INVALID},
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day away"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": INVALID},
    )
    kind = forms.ChoiceField(label=gettext_lazy("Why away"), choices=AbsenceKind.choices)

    def __init__(self, *args: Any, user: User, day: date, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"staff": user.pk, "first_day": day, "last_day": day})
        super().__init__(*args, **kwargs)
        self.day = day
        people = colleagues_of(user).filter(is_active=True).order_by("staff_no")
        self.fields["staff"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day")
        if first is None or last is None:
            return data
        if last < first:
            self.add_error("last_day", _("The last day lies before the first."))
        elif last < self.day:
            self.add_error("last_day", _("These days are over; only what lies ahead is planned around."))
        elif (self.day - first).days > BACK_DAYS or (last - self.day).days > AHEAD_DAYS:
            self.add_error("last_day", _("Note at most a year ahead, and what began at most a month ago."))
        return data


@require_http_methods(["GET", "POST"])
@for_roles(BALANCE_ROLES)
def absence_list(request: HttpRequest) -> HttpResponse:
    """Who is away, and noting one more."""
    assert isinstance(request.user, User)
    user, day = request.user, timezone.localdate()
    form = AbsenceForm(request.POST or None, user=user, day=day)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = absences.note(user, data["staff"], data["first_day"], data["last_day"], data["kind"])
        except absences.AbsenceRefused as refusal:
            form.add_error("first_day", str(refusal))
        else:
            tell(request, absences.plans_on(user, made, day))
            return redirect("archives:absences")
    rows = absences.of(colleagues_of(user), day)
    context = {"rows": rows, "form": form, "day": day, "leads": colleagues_of(user).count() > 1}
    return render(request, "archives/absences.html", context, status=422 if request.method == "POST" else 200)


def tell(request: HttpRequest, number: int) -> None:
    """What the absence means for what is planned."""
    if not number:
        messages.success(request, _("Absence saved. Nothing is planned on these days."))
        return
    told = ngettext(
        "Absence saved. %(number)s plan stands on these days: tonight what can move is moved, the rest can be handed "
        "to a colleague in the plan calendar.",
        "Absence saved. %(number)s plans stand on these days: tonight what can move is moved, the rest can be handed "
        "to a colleague in the plan calendar.",
        number,
    )
    messages.success(request, told % {"number": number})


@require_POST
@for_roles(BALANCE_ROLES)
def absence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget an absence that is not over."""
    assert isinstance(request.user, User)
    people = colleagues_of(request.user)
    rows = Absence.objects.filter(staff__in=people, last_day__gte=timezone.localdate())
    absences.remove(request.user, get_object_or_404(rows, pk=pk))
    messages.success(request, _("Absence removed. Plans that were moved stay where they are."))
    return redirect("archives:absences")
