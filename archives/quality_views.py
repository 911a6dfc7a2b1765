"""维护质量: the own score first, a branch's people as dots, what was found, and its texts side by side."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from archives.inspections import may_inspect
from archives.models import ContactFinding, ContactLog, ContactQualityRule, ContactVerdict
from archives.quality import chart, figures, judge, verdicts
from archives.quality.compare import parts
from archives.quality_choices import FindingState, FlawKind
from archives.quality_forms import FindingFilter, JudgeForm
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, branch_named, for_roles, scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from customers.models.customer import hidden

ROWS = 30
TEXTS = 50
LACKING = 10


@dataclass(frozen=True)
class Person:
    """Whose months are shown: one's own, or those of somebody whom the reader leads."""

    user: User
    lines: list[figures.Line]
    month: date

    @property
    def now(self) -> figures.Line | None:
        """The chosen month; None where nothing that counts was entered."""
        return next((line for line in self.lines if line.month == self.month), None)


@require_safe
@for_roles(BALANCE_ROLES)
def quality(request: HttpRequest) -> HttpResponse:
    """A person's score with its parts, for those who lead a branch its dots before; and what was found."""
    assert isinstance(request.user, User)
    user, day = request.user, timezone.localdate()
    month, rule = month_of(request.GET.get("month", ""), day), judge.rule_on(day)
    branch_id = branch_named(user, request.GET.get("branch", ""))
    filters = FindingFilter(request.GET, user=user, day=day)
    found = page_of(filters, request.GET.get("before", ""))
    leads = may_inspect(user)
    lines = figures.of_branch(branch_id, month, rule) if leads else []
    person = person_of(user, request.GET.get("manager", ""), branch_id, month, day, rule)
    lacking = without_next(user, person) if person else []
    trail.listed(request, "contact quality", [log.customer_id for log in lacking])
    context = {
        "rows": found[:ROWS], "next_place": found[ROWS - 1].pk if len(found) > ROWS else None, "filters": filters,
        "day": day, "month": month, "months": figures.months_back(day), "rule": rule, "person": person,
        "lines": lines, "chart": chart.dots(lines) if lines else None, "leads": leads, "lacking": lacking,
        "branch": Branch.objects.get(pk=branch_id), "low": chart.LOW_SCORE,
    }  # fmt: skip
    return render(request, "archives/quality.html", context)


def month_of(text: str, day: date) -> date:
    """The first day of the month that an address names, among those that are shown; else this month."""
    return next((one for one in figures.months_back(day) if one.isoformat() == text), day.replace(day=1))


def page_of(filters: FindingFilter, before: str) -> list[Any]:
    """The findings behind a place and one more, newest first."""
    rows = filters.matching.select_related("staff", "branch").order_by("-pk")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    return list(rows[: ROWS + 1])


def person_of(
    user: User, named: str, branch_id: int, month: date, day: date, rule: ContactQualityRule
) -> Person | None:
    """The reader, where the reader has customers of the own; for those who lead, whoever of the branch is named."""
    scope = scope_of(user)
    if scope is None or scope.reach == Reach.OWN:
        return Person(user, figures.of_person(user, day, rule), month)
    if not (named.isascii() and named.isdecimal() and len(named) < 19):
        return None
    colleague = User.objects.filter(pk=int(named), branch_id=branch_id).first()
    return Person(colleague, figures.of_person(colleague, day, rule), month) if colleague else None


def without_next(user: User, person: Person) -> list[ContactLog]:
    """The newest contacts of the month that lack a next step, as far as the reader sees the customer."""
    logs = ContactLog.objects.visible_to(user).filter(
        marks__kind=FlawKind.NO_NEXT, marks__staff=person.user, marks__day__gte=person.month,
        marks__day__lt=figures.next_month(person.month),
    )  # fmt: skip
    return list(logs.select_related("customer").defer(*hidden("customer")).order_by("-contacted_at", "-pk")[:LACKING])


@require_safe
@for_roles(BALANCE_ROLES)
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """The texts of a finding side by side, and what was said of it."""
    user, one = finding_of(request, pk)
    return show(request, user, one, JudgeForm(initial={"seen": one.verdicts_said}))


@require_POST
@for_roles([Role.BRANCH_MANAGER])
def finding_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that contacts are reasonable, or to be talked over."""
    user, one = finding_of(request, pk)
    if not may_inspect(user):
        raise PermissionDenied
    form = JudgeForm(request.POST)
    if not form.is_valid():
        return show(request, user, one, form, 422)
    data = form.cleaned_data
    try:
        said = verdicts.judge(one, user, data["verdict"], data["remark"], data["seen"], timezone.now())
        messages.success(request, str(said.get_kind_display()))
    except verdicts.VerdictRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("archives:finding", pk)


def finding_of(request: HttpRequest, pk: int) -> tuple[User, Any]:
    """Who asks, and the finding with its state where they may see it; 404 else."""
    user = request.user
    assert isinstance(user, User)
    seen = ContactFinding.objects.with_state().visible_to(user).select_related("staff", "branch")
    return user, get_object_or_404(seen, pk=pk)


def show(request: HttpRequest, user: User, one: Any, form: JudgeForm, status: int = 200) -> HttpResponse:
    """The page with the form that came back, or a fresh one."""
    logs = texts_of(user, one, request.GET.get("after", ""))
    leader = ContactLog.objects.visible_to(user).filter(pk=one.leader_id).select_related("customer").first()
    for log in logs:
        log.parts = parts(log.summary, leader.summary if leader else "")
    trail.listed(request, "contact quality", [log.customer_id for log in logs[:TEXTS]])
    said = ContactVerdict.objects.filter(finding=one.pk).select_related("actor").order_by("number")
    context = {
        "one": one, "leader": leader, "logs": logs[:TEXTS], "form": form, "day": timezone.localdate(),
        "next_place": logs[TEXTS - 1].pk if len(logs) > TEXTS else None, "verdicts": list(said[:ROWS]),
        "choices": verdicts.NEXT[FindingState(one.state)], "judges": verdicts.may_judge(user, one),
    }  # fmt: skip
    return render(request, "archives/finding.html", context, status=status)


def texts_of(user: User, one: Any, after: str) -> list[Any]:
    """The contacts of a finding behind a place and one more, in the order of entry, as far as the reader sees them."""
    logs = ContactLog.objects.visible_to(user).filter(marks__finding=one.pk).select_related("customer")
    if after.isascii() and after.isdecimal() and len(after) < 19:
        logs = logs.filter(pk__gt=int(after))
    return list(logs.defer(*hidden("customer")).order_by("pk")[: TEXTS + 1])
