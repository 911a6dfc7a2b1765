"""季度目标: the targets of a place, one target with its pace and its parts, and setting them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.result_chart import Lines, Point, lines
from campaigns.seasons import targets
from campaigns.seasons.forms import AmountForm, SplitForm, TargetForm
from campaigns.seasons.models import SeasonTarget
from campaigns.seasons.progress import Progress, days_of, progress_of
from campaigns.seasons.quarters import Quarter, quarter_named
from campaigns.seasons.targets import Receiver, TargetRefused
from crm.jobs import ledger
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Reach, Role
from crm.organization.models import User
from crm.organization.places import Place, place_of
from customers.lists.shape import Page, Sort, keyset_page

PAGE_LINES = 60
BY_PLACE = Sort(
    "place",
    gettext_lazy("Branch"),
    Concat("branch__path", Value(" "), Cast("first_day", CharField()), Value(" "), "measure"),
    str,
)
LEADERS = [Role.BRANCH_MANAGER]
RELATED = ("branch", "owner", "campaign", "set_by", "set_from")


@dataclass(frozen=True)
class Line:
    """A target of the page; `parts` is what its parts add up to, None where it is not split."""

    target: SeasonTarget
    progress: Progress
    parts: Decimal | None

    @property
    def missing(self) -> Decimal:
        """What the parts leave open; below zero where they ask for more."""
        return self.target.amount - (self.parts or 0)


@dataclass(frozen=True)
class Rung:
    """Somebody who has, or may have, a part of a target; `box` and `seen` are the fields of the form."""

    receiver: Receiver
    progress: Progress | None
    box: Any
    seen: Any

    @property
    def order(self) -> tuple[bool, Decimal]:
        """The furthest first, who has no part last."""
        return (self.progress is None, -self.progress.percent if self.progress else Decimal(0))


@require_safe
@for_roles(BALANCE_ROLES)
def target_list(request: HttpRequest) -> HttpResponse:
    """The targets of a branch in a quarter, or one's own."""
    assert isinstance(request.user, User)
    user, as_of = request.user, ledger.published_date()
    quarter = quarter_named(request.GET.get("quarter", ""), timezone.localdate())
    place = None if user.reach == Reach.OWN else place_of(user, request.GET.get("branch", ""))
    context = {
        "quarter": quarter,
        "place": place,
        "page": page_of(user, place, quarter, as_of, request.GET) if as_of else None,
        "as_of": as_of,
        "leads": user.role in LEADERS,
    }
    return render(request, "campaigns/targets.html", context)


def page_of(user: User, place: Place | None, quarter: Quarter, as_of: date, asked: Mapping[str, str]) -> Page:
    """A page of the targets of the place, then of those right below it that it has none like; or of one's own."""
    rows = SeasonTarget.objects.visible_to(user).live() if place is None else targets.of_place(user, place.branch_id)
    page = keyset_page(
        rows.filter(first_day__lte=quarter.last, last_day__gte=quarter.first),
        BY_PLACE,
        lambda found: found.select_related(*RELATED),
        after=asked.get("after", ""),
        before=asked.get("before", ""),
        size=PAGE_LINES,
    )
    sums = targets.sums_below(user, place.branch_id) if place else {}
    reached, here_id = progress_of(page.rows, as_of), place.branch_id if place else None
    lines = [Line(one, reached[one.pk], sums.get(one.key) if one.branch_id == here_id else None) for one in page.rows]
    return replace(page, rows=lines)


@require_http_methods(["GET", "POST"])
@for_roles(LEADERS)
def target_new(request: HttpRequest) -> HttpResponse:
    """A new target of a branch that the user leads."""
    assert isinstance(request.user, User)
    data = request.POST if request.method == "POST" else None
    form = TargetForm(data, user=request.user, today=timezone.localdate())
    if data is not None and form.is_valid():
        try:
            saved = targets.save(request.user, form.target())
        except TargetRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("campaigns:target", saved.pk)
    return render(request, "campaigns/target_form.html", {"form": form}, status=200 if data is None else 422)


def shown(request: HttpRequest, pk: int) -> tuple[SeasonTarget, User]:
    """A live target that the user sees; 404 for any other."""
    assert isinstance(request.user, User)
    rows = SeasonTarget.objects.visible_to(request.user).live().select_related(*RELATED)
    return get_object_or_404(rows, pk=pk), request.user


@require_safe
@for_roles(BALANCE_ROLES)
def target(request: HttpRequest, pk: int) -> HttpResponse:
    """One target: how far it is, its pace over the days, and the parts into which it is split."""
    one, user = shown(request, pk)
    return target_page(request, user, one, None)


def target_page(request: HttpRequest, user: User, one: SeasonTarget, sent: SplitForm | None) -> HttpResponse:
    as_of, today = ledger.published_date() or timezone.localdate(), timezone.localdate()
    parts = {targets.part_key(part): part for part in targets.parts_of(user, one).select_related(*RELATED)}
    is_open = one.last_day >= today
    splits = is_open and one.owner_id is None and targets.may_set(user, one.branch)
    receivers = targets.receivers_of(user, one) if one.owner_id is None else []
    form = sent or SplitForm(None, target=one, receivers=receivers, parts=parts)
    reached = progress_of([one, *parts.values()], as_of)
    line = Line(one, reached[one.pk], sum((part.amount for part in parts.values()), Decimal(0)) or None)
    rungs = [
        Rung(found, reached[parts[found.key].pk] if found.key in parts else None, form[found.key],
             form[f"seen-{found.key}"])
        for found in receivers if splits or found.key in parts
    ]  # fmt: skip
    context = {
        "one": one,
        "line": line,
        "seen": targets.seen_of(one, line.parts),
        "chart": pace(one, as_of),
        "rungs": sorted(rungs, key=lambda rung: rung.order),
        "splits": splits,
        "changes": is_open and targets.may_change(user, one),
        "form": form,
        "amount_form": AmountForm(None, target=one),
        "as_of": as_of,
    }
    return render(request, "campaigns/target.html", context, status=200 if sent is None else 422)


def pace(one: SeasonTarget, as_of: date) -> Lines | None:
    """What was reached day by day, beside the straight line that leads to the target."""
    length = (one.last_day - one.first_day).days + 1

    def due(day: date) -> Decimal:
        return one.amount * max(0, (day - one.first_day).days + 1) / length

    return lines([Point(day, reached, due(day)) for day, reached in days_of(one, as_of)], one.first_day)


@require_POST
@for_roles(LEADERS)
def target_split(request: HttpRequest, pk: int) -> HttpResponse:
    """Give, change and take back the parts of a target at once."""
    one, user = shown(request, pk)
    parts = {targets.part_key(part): part for part in targets.parts_of(user, one)}
    form = SplitForm(request.POST, target=one, receivers=targets.receivers_of(user, one), parts=parts)
    if not form.is_valid():
        return target_page(request, user, one, form)
    try:
        number = targets.split(user, one, form.wanted())
    except TargetRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        text = ngettext("%(number)s part changed.", "%(number)s parts changed.", number)
        messages.success(request, text % {"number": number})
    return redirect("campaigns:target", pk)


@require_POST
@for_roles(LEADERS)
def target_change(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """amount, withdraw: by who may; each told where it is not possible."""
    one, user = shown(request, pk)
    if verb not in ("amount", "withdraw"):
        raise Http404
    form = AmountForm(request.POST, target=one)
    try:
        if verb == "withdraw":
            targets.withdraw(user, one, request.POST.get("seen", ""))
        elif form.is_valid():
            targets.change(user, one, form.cleaned_data["seen"], form.amount)
        else:
            raise TargetRefused(_("Write the amount as a number above zero."))
    except TargetRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("campaigns:target", pk)
    messages.success(request, _("The target is taken back.") if verb == "withdraw" else _("The amount is changed."))
    return redirect("campaigns:targets") if verb == "withdraw" else redirect("campaigns:target", pk)
