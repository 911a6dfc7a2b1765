"""The calendar of plans: a manager's month against the time there is for it, and what to do when it is too much."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from archives import ical, load
from archives.calendar_page import CalendarPage, month_named, page_of
from archives.choices import PlanOrigin
from archives.models import CalendarFeed, MaintenancePlan
from archives.views import back
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles, scope_of, scoped
from crm.organization.choices import Reach, Role
from crm.organization.models import User


@require_safe
@for_roles(BALANCE_ROLES)
def calendar(request: HttpRequest) -> HttpResponse:
    """A manager's month; who leads a branch sees every manager's line above it."""
    assert isinstance(request.user, User)
    shown = page_of(request.user, request.GET, timezone.localdate(), owner_named(request.user, request.GET))
    trail.listed(request, "plan calendar", shown.customer_ids)
    feed = CalendarFeed.objects.filter(user=request.user).first() if is_own(shown, request.user) else None
    address = request.build_absolute_uri(reverse("archives:feed", args=[ical.token(feed)])) if feed else ""
    context = {"shown": shown, "feed_address": address, "is_own": is_own(shown, request.user)}
    return render(request, "archives/calendar.html", context)


def is_own(shown: CalendarPage, user: User) -> bool:
    return shown.owner.pk == user.pk


def owner_named(user: User, asked: Any) -> User | None:
    """The manager whom an address names: oneself, or for who leads a branch the staff of its scope; 404 for others."""
    text = asked.get("owner", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return get_object_or_404(colleagues_of(user), pk=int(text))


def colleagues_of(user: User) -> QuerySet[User]:
    """The staff with plans whom this user may look at: for who has the own customers only, oneself."""
    scope = scope_of(user)
    staff = User.objects.filter(role__in=BALANCE_ROLES)
    if scope is None or scope.reach == Reach.OWN or user.role != Role.BRANCH_MANAGER:
        return staff.filter(pk=user.pk)
    return staff if scope.is_head_office else staff.filter(branch_id__in=scope.branch_ids)


def target(request: HttpRequest) -> tuple[User, User, load.Month]:
    """The user, the manager and the month that a form is about."""
    assert isinstance(request.user, User)
    owner = owner_named(request.user, request.POST)
    if owner is None:
        raise Http404
    return request.user, owner, month_named(request.POST.get("month", ""), timezone.localdate())


def back_to(request: HttpRequest, owner: User, month: load.Month) -> HttpResponse:
    return back(request, f"{reverse('archives:calendar')}?owner={owner.pk}&month={month.first:%Y-%m}")


@require_POST
@for_roles(BALANCE_ROLES)
def spread(request: HttpRequest) -> HttpResponse:
    """Move regular contacts from days that are too full to days with room."""
    user, owner, month = target(request)
    moved = load.spread(user, owner, month)
    if moved:
        told = ngettext("%(number)s plan moved to a freer day.", "%(number)s plans moved to freer days.", moved)
        messages.success(request, told % {"number": moved})
    else:
        messages.warning(request, _("There is nothing to move, or no day with room in the coming weeks."))
    return back_to(request, owner, month)


@require_POST
@for_roles(BALANCE_ROLES)
def hand(request: HttpRequest) -> HttpResponse:
    """Hand what is too much to a colleague who sees the customers."""
    user, owner, month = target(request)
    chosen = request.POST.get("colleague", "")
    number = int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 19 else -1
    colleague = get_object_or_404(load.helpers_of(owner), pk=number)
    handed = load.hand(user, owner, colleague, month)
    told = ngettext("%(number)s plan handed to %(name)s.", "%(number)s plans handed to %(name)s.", handed.plans)
    if handed.plans:
        messages.success(request, told % {"number": handed.plans, "name": colleague.name})
    if handed.unseen or not handed.plans:
        messages.warning(request, _("%(name)s does not see the customers of the others.") % {"name": colleague.name})
    return back_to(request, owner, month)


@require_POST
@for_roles(BALANCE_ROLES)
def subscribe(request: HttpRequest) -> HttpResponse:
    """Give out a new address of the own calendar, or revoke it."""
    assert isinstance(request.user, User)
    if request.POST.get("revoke"):
        ical.revoke(request.user)
        messages.success(request, _("The address no longer works."))
    else:
        ical.subscribe(request.user)
        messages.success(request, _("Copy the address into your calendar. Whoever has it sees how many, not who."))
    return back(request, reverse("archives:calendar"))


@require_safe
@login_not_required
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The iCalendar file of a signed address; 404 for one that is forged or revoked."""
    user = ical.reader(token)
    if user is None or user.role not in BALANCE_ROLES:
        raise Http404
    with scoped(user), translation.override(user.language or "zh-hans"):
        days = ical.days_of(user, timezone.localdate())
        text = ical.written(days, user, request.get_host(), timezone.now().astimezone(timezone.get_fixed_timezone(0)))
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")


@require_safe
@for_roles(BALANCE_ROLES)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: why, by which template, with its methods and script, and forms to move it or call it off."""
    assert isinstance(request.user, User)
    plans = MaintenancePlan.objects.visible_to(request.user)
    found = get_object_or_404(
        plans.select_related("customer__metrics", "owner", "step", "template__plan_type", "done_by", "closed_by"), pk=pk
    )
    trail.listed(request, "plan", [found.customer_id])
    day: date = timezone.localdate()
    step = found.inspection_steps.first() if found.origin == PlanOrigin.INSPECTION else None
    context = {"plan": found, "day": day, "customer": found.customer, "step": step}
    return render(request, "archives/plan.html", context)
