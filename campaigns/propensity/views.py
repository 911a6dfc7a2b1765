"""意向模型: the page of the bank's models of who says yes, learned in the background and decided upon by two people."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaigns.propensity import switch, tasks
from campaigns.propensity.choices import ModelState
from campaigns.propensity.models import PropensityModel
from campaigns.propensity.sheet import sheet_of
from campaigns.propensity.switch import SwitchRefused
from crm.organization.access import for_roles
from crm.organization.choices import Role
from crm.organization.models import User

READERS = frozenset({Role.BRANCH_MANAGER, Role.ADMIN, Role.AUDITOR})
DECIDERS = frozenset({Role.BRANCH_MANAGER, Role.ADMIN})
MOST_MODELS = 12


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_safe
@for_roles(READERS)
def models(request: HttpRequest) -> HttpResponse:
    """The newest model with its figures (or the one that is named), which one is on, and the others."""
    user = signed_in(request)
    people = ("made_by", "proposed_by", "decided_by", "switched_off_by")
    found = list(PropensityModel.objects.select_related(*people).order_by("-pk")[:MOST_MODELS])
    named = request.GET.get("model", "")
    on = PropensityModel.objects.filter(state=ModelState.ON).first()
    shown = next((one for one in found if str(one.pk) == named), found[0] if found else None)
    may = switch.may_switch(user)
    context = {
        "models": found,
        "one": shown,
        "on": on,
        "sheet": sheet_of(shown) if shown else None,
        "is_learning": any(one.is_under_way for one in found),
        "may_learn": may and not any(one.is_under_way for one in found),
        "may_submit": may and shown is not None and shown.state in (ModelState.READY, ModelState.OFF),
        "may_decide": shown is not None and switch.may_decide(user, shown),
        "may_withdraw": shown is not None and shown.state == ModelState.SUBMITTED and shown.proposed_by_id == user.pk,
        "may_off": may and shown is not None and shown.state == ModelState.ON,
    }
    return render(request, "campaigns/propensity.html", context)


@require_POST
@for_roles(DECIDERS)
def learn(request: HttpRequest) -> HttpResponse:
    """Have a model learned from the contacts up to the published day."""
    user = signed_in(request)
    if not switch.may_switch(user):
        raise PermissionDenied
    try:
        made = switch.start(user)
    except SwitchRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        transaction.on_commit(lambda: tasks.wake_learning(made.pk))
        messages.success(request, _("It is being learned in the background."))
    return redirect("campaigns:propensity")


@require_POST
@for_roles(DECIDERS)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave a model for approval, switch it on, send it back, take one's submission back, or switch it off."""
    user, model = signed_in(request), get_object_or_404(PropensityModel, pk=pk)
    if not switch.may_switch(user):
        raise PermissionDenied
    try:
        match request.POST.get("do"):
            case "submit":
                switch.submit(user, model)
                messages.success(request, _("Left for a second person, with the figures as they are."))
            case "approve":
                switch.approve(user, model)
                messages.success(request, _("Switched on. Customers are scored in the background."))
            case "refuse":
                switch.send_back(user, model, request.POST.get("why", "")[:200])
                messages.success(request, _("Sent back; it stays off."))
            case "withdraw":
                switch.withdraw(user, model)
                messages.success(request, _("Taken back."))
            case "off":
                switch.off(user, model)
                messages.success(request, _("Switched off. No page shows a score any more."))
            case _other:
                messages.warning(request, _("Choose approve or refuse."))
    except SwitchRefused as refusal:
        messages.warning(request, str(refusal))
    transaction.on_commit(tasks.wake_scoring)
    return redirect("campaigns:propensity")
