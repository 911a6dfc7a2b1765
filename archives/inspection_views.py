"""档案检查: the week's sample and its results, one archive under the inspector's eyes, and handing it in again."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from archives import inspections
from archives.choices import TO_JUDGE, InspectionState
from archives.inspection_forms import InspectionFilter, ResubmitForm, VerdictForm
from archives.inspections import InspectionRefused
from archives.models import ContactLog, Inspection, InspectionCriterion, InspectionDraw, InspectionStep
from archives.record_views import page as record_page
from crm.audit import trail
from crm.organization import workdays
from crm.organization.access import BALANCE_ROLES, branch_named, for_roles, scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from customers.customer_list import main_owner
from customers.lists.shape import Sort, keyset_page, number
from customers.models import Customer
from customers.models.customer import hidden

# The newest first: ids are given in the order of drawing.
NEWEST_FIRST = Sort("-drawn", "", "pk", number, is_descending=True)
MOST_CRITERIA = 20
CONTACTS_SHOWN = 5
MOST_STEPS = 40


@require_safe
@for_roles(BALANCE_ROLES)
def inspection_list(request: HttpRequest) -> HttpResponse:
    """What was drawn and what became of it, newest first; the results of a branch by manager and month."""
    assert isinstance(request.user, User)
    user, day = request.user, timezone.localdate()
    branch_id = branch_named(user, request.GET.get("branch", ""))
    filters = InspectionFilter(request.GET, user=user, day=day)
    page = keyset_page(
        filters.matching, NEWEST_FIRST, loaded, request.GET.get("after", ""), request.GET.get("before", "")
    )
    trail.listed(request, "inspections", [one.customer_id for one in page.rows])
    scope = scope_of(user)
    own = user.pk if scope is None or scope.reach == Reach.OWN else None
    context = {
        "rows": page.rows, "page": page, "filters": filters,
        "results": inspections.results(branch_id, day, own), "day": day, "branch_id": branch_id,
        "branch": Branch.objects.get(pk=branch_id), "week": inspections.week_of(day), "rule": inspections.rule_on(day),
        "draw": InspectionDraw.objects.visible_to(user).filter(
            branch_id=branch_id, week=inspections.week_of(day)).select_related("drawn_by").first(),
        "may_draw": inspections.may_inspect(user),
    }  # fmt: skip
    return render(request, "archives/inspection_list.html", context)


def loaded(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Inspections with what the list of them shows."""
    shown = rows.select_related("customer", "customer__metrics", "owner", "draw", "branch")
    return shown.defer(*hidden("customer"))


@require_POST
@for_roles([Role.BRANCH_MANAGER])
def inspection_draw(request: HttpRequest) -> HttpResponse:
    """Draw the sample of this week for a branch that the user leads."""
    assert isinstance(request.user, User)
    if not inspections.may_inspect(request.user):
        raise PermissionDenied
    branch_id = branch_named(request.user, request.POST.get("branch", ""))
    try:
        _made, drawn = inspections.draw(request.user, branch_id, timezone.now())
        told = ngettext("%(number)s archive drawn.", "%(number)s archives drawn.", drawn)
        messages.success(request, told % {"number": drawn})
    except InspectionRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect(f"{reverse('archives:inspection_list')}?branch={branch_id}")


@require_safe
@for_roles(BALANCE_ROLES)
def inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """The archive beside what was said of it: an inspector judges it here, its owner reads what is to be mended."""
    _user, one = inspection_of(request, pk)
    return show(request, one, verdict_form(None), ResubmitForm())


@require_POST
@for_roles([Role.BRANCH_MANAGER])
def inspection_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass an archive, or return it to its owner with remarks and a day."""
    user, one = inspection_of(request, pk)
    if not inspections.may_inspect(user):
        raise PermissionDenied
    form = verdict_form(request.POST)
    if not form.is_valid():
        return show(request, one, form, ResubmitForm(), 422)
    try:
        step = inspections.judge(one, user, form.criteria, form.verdict(), timezone.now())
        told = _("%(result)s, %(score)s of 100.")
        messages.success(request, told % {"result": step.get_kind_display(), "score": step.score})
    except InspectionRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("archives:inspection", pk)


@require_POST
@for_roles(BALANCE_ROLES)
def inspection_resubmit(request: HttpRequest, pk: int) -> HttpResponse:
    """The owner hands a returned archive in again."""
    user, one = inspection_of(request, pk)
    form = ResubmitForm(request.POST)
    if not form.is_valid():
        return show(request, one, verdict_form(None), form, 422)
    try:
        inspections.resubmit(one, user, form.cleaned_data["remarks"], timezone.now())
        messages.success(request, _("Handed in again; the inspector looks once more."))
    except InspectionRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("archives:inspection", pk)


def show(request: HttpRequest, one: Any, form: VerdictForm, resubmit: ResubmitForm, status: int = 200) -> HttpResponse:
    """The page with the forms that came back, or fresh ones."""
    user = request.user
    assert isinstance(user, User)
    customer = one.customer
    trail.looked_at(request, customer)
    archive = record_page(user, customer)
    for card in archive["cards"]:
        card.form = None  # looked at here, changed on its own page
    contacts = ContactLog.objects.visible_to(user).filter(customer=customer, replaced_at=None).select_related("staff")
    steps = InspectionStep.objects.visible_to(user).filter(inspection=one).select_related("actor").order_by("number")
    is_own = user.pk in (one.owner_now, one.owner_id)
    context = {
        **archive, "one": one, "form": form, "resubmit": resubmit, "steps": list(steps[:MOST_STEPS]),
        "contacts": contacts.order_by("-contacted_at", "-pk")[:CONTACTS_SHOWN],
        "judges": inspections.may_inspect(user) and one.state in TO_JUDGE and not is_own,
        "mends": one.owner_now == user.pk and one.state == InspectionState.RETURNED,
    }  # fmt: skip
    return render(request, "archives/inspection.html", context, status=status)


def verdict_form(data: Any) -> VerdictForm:
    """With a mark to give for each criterion in use, and the day until which an archive returned today is mended."""
    day = timezone.localdate()
    criteria = list(InspectionCriterion.objects.filter(is_active=True)[:MOST_CRITERIA])
    due = workdays.next_workday(day + timedelta(days=inspections.rule_on(day).days_to_mend))
    return VerdictForm(data, criteria=criteria, day=day, initial={"due_date": due})


def inspection_of(request: HttpRequest, pk: int) -> tuple[User, Any]:
    """Who asks, and the inspection with its state, its customer and who owns that now (`owner_now`), where they may
    see both; 404 else."""
    user = request.user
    assert isinstance(user, User)
    seen = Inspection.objects.with_state().visible_to(user).filter(customer__in=Customer.objects.visible_to(user))
    about = seen.select_related("draw", "owner", "customer__metrics", "customer__branch")
    slim = about.defer(*hidden("customer"))
    return user, get_object_or_404(slim.annotate(owner_now=main_owner("customer_id", "id")), pk=pk)
