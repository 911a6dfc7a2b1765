"""Surveys: one screen to record an answer, the figures, and the low answers that somebody has to see to."""

import uuid
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives import surveys
from archives.complaint_forms import TOO_LONG
from archives.models import Survey
from archives.survey_models import LEAST_SCORE, MOST_NPS, MOST_SCORE, TO_FOLLOW
from archives.surveys import Answer, Asked
from archives.views import back, saved
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, CUSTOMER_ROLES, for_roles
from crm.organization.models import User
from customers.averages import month_start
from customers.filters import ListFilter
from customers.lists import shape
from customers.lists.shape import Sort
from customers.models import Customer
from customers.models.customer import hidden

SCORES = (
    gettext_lazy("Very dissatisfied"),
    gettext_lazy("Dissatisfied"),
    gettext_lazy("So-so"),
    gettext_lazy("Satisfied"),
    gettext_lazy("Very satisfied"),
)
OLDEST_FIRST = Sort("oldest", gettext_lazy("Oldest first"), "answered_on", shape.day)


class SurveyForm(forms.Form):
    """An answer, by big buttons: the scale of satisfaction, and whether they would recommend us."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    touch = forms.ChoiceField(label=gettext_lazy("Asked about"), widget=forms.RadioSelect)
    score = forms.TypedChoiceField(
        label=gettext_lazy("How satisfied are you with our service?"),
        choices=list(enumerate(SCORES, LEAST_SCORE)),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the five.")},
    )
    nps = forms.TypedChoiceField(
        label=gettext_lazy("Would you recommend us to family and friends?"),
        choices=[(number, number) for number in range(MOST_NPS + 1)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("0: certainly not, 10: certainly. Leave it empty where it was not asked."),
    )
    comment = forms.CharField(
        label=gettext_lazy("In the customer's words"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages=TOO_LONG,
    )

    def __init__(self, *args: Any, asked: list[Asked], chosen: str, **kwargs: Any) -> None:
        self.asked = {one.key: one for one in asked}
        first = chosen if chosen in self.asked else asked[0].key
        kwargs.setdefault("initial", {"submission": uuid.uuid4(), "touch": first})
        super().__init__(*args, **kwargs)
        touch = self.fields["touch"]
        assert isinstance(touch, forms.ChoiceField)
        touch.choices = [(one.key, one.label) for one in asked]

    def answer(self) -> Answer:
        """What the form says."""
        data = self.cleaned_data
        return Answer(self.asked[data["touch"]], data["score"], data["nps"], data["comment"])


class SurveyFilter(ListFilter):
    class Meta:
        model = Survey
        fields: tuple[str, ...] = ()

    def visible(self, user: User) -> QuerySet[Survey]:
        return Survey.objects.visible_to(user)

    @property
    def to_follow(self) -> QuerySet[Survey]:
        """Of what the filters leave, the low answers that somebody has to see to."""
        return self.matching.filter(TO_FOLLOW)


@require_http_methods(["GET", "POST"])
@for_roles(CUSTOMER_ROLES)
def survey_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what a customer answers."""
    assert isinstance(request.user, User)
    customer = get_object_or_404(Customer.objects.visible_to(request.user).defer(*hidden()), pk=pk)
    day = timezone.localdate()
    asked = surveys.touches(request.user, customer)
    data = request.POST if request.method == "POST" else None
    form = SurveyForm(data, asked=asked, chosen=request.GET.get("touch", ""))
    if form.is_valid():
        try:
            made = surveys.record(customer, request.user, form.answer(), day, form.cleaned_data["submission"])
        except surveys.SurveyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. The manager sees to it.") if made.is_low else _("Thank you."))
            return saved(redirect("workbench:customer", customer.pk), form.cleaned_data["submission"])
    again = surveys.asked_since(request.user, customer, day) if data is None else None
    context = {"customer": customer, "form": form, "again": again, "most_score": MOST_SCORE}
    return render(request, "archives/survey_form.html", context, status=422 if data is not None else 200)


@require_safe
@for_roles(BALANCE_ROLES)
def survey_figures(request: HttpRequest) -> HttpResponse:
    """NPS and satisfaction of the past months, and what is still to be followed up."""
    assert isinstance(request.user, User)
    day = timezone.localdate()
    filters = SurveyFilter(request.GET, user=request.user, day=day)
    rows = filters.matching.filter(answered_on__gte=first_month(day), answered_on__lte=day)
    least = surveys.rule_on(day).least_answers
    months = surveys.figures(rows, "month", least)
    page = shape.keyset_page(
        filters.to_follow, OLDEST_FIRST, surveys.loaded, request.GET.get("after", ""),
        request.GET.get("before", ""),
    )  # fmt: skip
    trail.listed(request, "surveys", [row.customer_id for row in page.rows])
    branches = filters.choices["branch"]
    context = {
        "filters": filters, "branches": branches, "page": page, "day": day, "months": months, "least": least,
        "whole": surveys.whole_of(months, least),
        "lines": surveys.figures(rows, "branch" if branches and not filters.data.get("branch") else "manager", least),
        "by_branch": bool(branches) and not filters.data.get("branch"),
    }  # fmt: skip
    return render(request, "archives/survey_figures.html", context)


def first_month(day: date) -> date:
    """The first day of the months that are shown."""
    first = month_start(day)
    for _month in range(surveys.MONTHS - 1):
        first = month_start(first - timedelta(days=1))
    return first


@require_POST
@for_roles(BALANCE_ROLES)
def survey_follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan the follow-up of a low answer anew."""
    assert isinstance(request.user, User)
    survey = get_object_or_404(Survey.objects.visible_to(request.user), pk=pk)
    try:
        plan = surveys.follow_again(survey, request.user, timezone.localdate())
        messages.success(request, _("%(name)s sees to it.") % {"name": plan.owner.name})
    except surveys.SurveyRefused as refusal:
        messages.warning(request, str(refusal))
    return back(request, reverse("archives:surveys"))
