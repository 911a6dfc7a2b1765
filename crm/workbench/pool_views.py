"""公海: customers without a manager, claimed one by one; and the rule by which customers come back into it."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from archives import pool
from crm.audit import trail
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench.bulk_views import number_of
from crm.workbench.handover import requests
from crm.workbench.handover.forms import PoolRuleForm, ReasonForm
from crm.workbench.handover.planning import HandoverRefused
from customers import ownership
from customers.customer_list import next_maturity, slim
from customers.lists.shape import Sort, keyset_page, number
from customers.models import Customer, PoolRule

PAGE_ROWS = 50
MOST_RULES = 20
LEADERS = [Role.BRANCH_MANAGER]
# The highest tier first; never by the balance, which would stand in the address.
BY_TIER = Sort("tier", "", "metrics__tier", number, is_descending=True)


@require_safe
@for_roles(BALANCE_ROLES)
def pool_list(request: HttpRequest) -> HttpResponse:
    """Who is in the pool of the user's branches. A relationship manager claims, a branch manager assigns."""
    user, day = request.user, timezone.localdate()
    assert isinstance(user, User)
    matching = pool.pool_of(user).filter(metrics__isnull=False)
    page = keyset_page(
        matching,
        BY_TIER,
        lambda rows: slim(rows).annotate(next_maturity=next_maturity(day)),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    trail.listed(request, "pool", [one.pk for one in page.rows])
    leads = user.role == Role.BRANCH_MANAGER
    context = {
        "rows": page.rows,
        "page": page,
        "leads": leads,
        "rule": pool.in_force(user.branch_id) if leads else None,
        "cap": ownership.rule_on(day).claim_cap,
        "own": 0 if leads else Customer.objects.visible_to(user).count(),
    }
    return render(request, "pool/list.html", context)


@require_POST
@for_roles([Role.RELATIONSHIP_MANAGER])
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a customer out of the pool. Whoever is not in it, or not any more, is not named."""
    user = request.user
    assert isinstance(user, User)
    customer = pool.pool_of(user).filter(pk=pk).first()
    if customer is None:
        messages.warning(request, _("This customer is not in the pool any more: somebody was faster."))
        return redirect("workbench:pool")
    try:
        ownership.claim(user, customer, timezone.localdate(), _("Claimed from the pool"))
    except ownership.OwnerRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("workbench:pool")
    messages.success(request, _("The customer is yours now."))
    return redirect("workbench:customer", pk=pk)


@require_http_methods(["GET", "POST"])
@for_roles(LEADERS)
def rules(request: HttpRequest) -> HttpResponse:
    """The rules of the branch, and a new one, which is simulated at once."""
    user = request.user
    assert isinstance(user, User)
    in_force = pool.in_force(user.branch_id)
    data = request.POST if request.method == "POST" else None
    initial = {name: getattr(in_force, name, value) for name, value in pool.DEFAULTS.items()}
    form = PoolRuleForm(data, initial=initial)
    if data is not None and form.is_valid():
        rule, day = form.save(commit=False), timezone.localdate()
        rule.branch_id, rule.created_by, rule.simulated_on = user.branch_id, user, day
        rule.simulated = pool.simulate(rule, day)
        rule.save()
        trail.record(user, "pool.simulate", target=rule, detail={"total": rule.simulated["total"]})
        return redirect("workbench:pool_rule", pk=rule.pk)
    latest = PoolRule.objects.visible_to(user).select_related("created_by").order_by("-pk")[:MOST_RULES]
    context = {"form": form, "rules": list(latest), "in_force": in_force}
    return render(request, "pool/rules.html", context, status=200 if data is None else 422)


@require_safe
@for_roles(LEADERS)
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """What a rule would do: counts by manager as simulated, and by name whom it means today."""
    user, day = request.user, timezone.localdate()
    assert isinstance(user, User)
    one = get_object_or_404(PoolRule.objects.visible_to(user).select_related("branch", "created_by"), pk=pk)
    found = pool.page(one, day, number_of(request.GET.get("after", "")) or 0, PAGE_ROWS + 1)
    goes = {row.customer_id: row for row in found[:PAGE_ROWS]}
    customers = slim(Customer.objects.visible_to(user)).filter(pk__in=goes).order_by("pk")
    staff = User.objects.in_bulk({row.owner_id for row in goes.values()})
    trail.listed(request, "pool rule", list(goes))
    context = {
        "rule": one,
        "rows": [(customer, staff[goes[customer.pk].owner_id]) for customer in customers],
        "next_place": found[PAGE_ROWS - 1].customer_id if len(found) > PAGE_ROWS else None,
        "is_in_force": pool.in_force(one.branch_id) == one,
        "is_waiting": one.activated_at is None and pool.is_recent(one, day),
        "last_day": one.simulated_on + timedelta(days=pool.SIMULATION_DAYS) if one.simulated_on else None,
        "is_own": one.created_by_id == user.pk,
        "form": ReasonForm(),
    }
    return render(request, "pool/rule.html", context)


@require_POST
@for_roles(LEADERS)
def rule_activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a rule in force that somebody else made, simulated within days, and that means about as many today."""
    user, day = request.user, timezone.localdate()
    assert isinstance(user, User)
    one = get_object_or_404(PoolRule.objects.visible_to(user), pk=pk)
    if one.created_by_id == user.pk:
        messages.warning(request, _("A second person decides upon it."))
        return redirect("workbench:pool_rule", pk=pk)
    waiting = PoolRule.objects.filter(pk=one.pk, activated_at__isnull=True)
    if not pool.is_recent(one, day):
        messages.warning(
            request,
            _("Its simulation is older than %(days)d days: have it simulated again.") % {"days": pool.SIMULATION_DAYS},
        )
        return redirect("workbench:pool_rule", pk=pk)
    number = pool.number_today(one, day)
    if not pool.still_holds(one, number):
        told = {"then": one.simulated["total"], "now": number}
        messages.warning(
            request, _("%(then)d were simulated, today it would be %(now)d: have it simulated again.") % told
        )
    elif waiting.update(activated_by=user, activated_at=timezone.now()):
        trail.record(user, "pool.activate", target=one, detail=one.simulated)
        messages.success(request, _("The rule is in force."))
    else:
        messages.warning(request, _("This rule has been put in force before."))
    return redirect("workbench:pool_rule", pk=pk)


@require_POST
@for_roles(LEADERS)
def rule_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft that takes back whom the rule in force means today; a second person looks at it."""
    user = request.user
    assert isinstance(user, User)
    one = get_object_or_404(PoolRule.objects.visible_to(user), pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Write why, in a few words."))
        return redirect("workbench:pool_rule", pk=pk)
    try:
        draft = requests.recycling(user, one, form.cleaned_data["reason"], timezone.localdate())
    except HandoverRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("workbench:pool_rule", pk=pk)
    return redirect("workbench:handover", pk=draft.pk)
