"""分层方案试算: drafts of tier schemes, their simulation in the background, and the decision of a second person."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.audit import trail
from crm.organization.access import for_roles
from crm.organization.choices import Role
from crm.organization.models import User
from crm.workbench import tasks, tier_simulation
from crm.workbench.tier_draft_form import DraftForm
from segments import scheme_drafts, schemes
from segments.choices import SimulationState
from segments.models import SchemeSimulation, TierScheme
from segments.scheme_drafts import DraftRefused
from segments.simulation import rules_of

READERS = frozenset({Role.BRANCH_MANAGER, Role.ADMIN})
REFUSALS = (DraftRefused, schemes.BadBands, schemes.BadRules, schemes.BadVersion)


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def draft_of(pk: int) -> TierScheme:
    """404 for what is no version; a released one is shown with the simulation that led to it."""
    return get_object_or_404(TierScheme, pk=pk)


@require_safe
@for_roles(READERS)
def draft_list(request: HttpRequest) -> HttpResponse:
    """Drafts with their latest simulation, and the schemes of which one can be made."""
    context = {
        "drafts": tier_simulation.drafts(),
        "running": tier_simulation.running(),
        "may_draft": scheme_drafts.may_draft(signed_in(request)),
    }
    return render(request, "tiers/drafts.html", context)


@require_POST
@for_roles(READERS)
def draft_new(request: HttpRequest) -> HttpResponse:
    """A draft as a copy of a running version."""
    user = signed_in(request)
    if not scheme_drafts.may_draft(user):
        raise PermissionDenied
    running = get_object_or_404(TierScheme, code=request.POST.get("scheme", ""), is_active=True)
    made = schemes.new_version(running, timezone.localdate())
    trail.record(user, "scheme.new_version", target=made, detail={"of": str(running)})
    return redirect("tiers:draft", made.pk)


@require_http_methods(["GET", "POST"])
@for_roles(READERS)
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft beside its simulation. POST: save it and have it simulated."""
    user, scheme = signed_in(request), draft_of(pk)
    latest = tier_simulation.latest_of(scheme)
    bands = tier_simulation.bands_of(scheme)
    running = TierScheme.objects.filter(code=scheme.code, is_active=True).first()
    base = tier_simulation.bands_of(running)
    data = request.POST if request.method == "POST" else None
    form = DraftForm(data, scheme=scheme, bands=list(bands.values()), base=base)
    if data is not None and form.is_valid() and saved(request, scheme, form):
        return redirect("tiers:draft", pk)
    told = tier_simulation.verdict(user, latest) if latest is not None and latest.is_frozen else None
    if told is not None and told.movers:
        trail.listed(request, "tier simulation", [one.customer_id for one in told.movers])
    context = {
        "scheme": scheme,
        "running": running,
        "form": form,
        "tiers": {**base, **bands},
        "one": latest,
        "verdict": told,
        "history": tier_simulation.history_of(scheme),
        **rights(user, scheme, latest),
        **(progress_context(latest) if latest is not None and latest.is_under_way else {}),
    }
    return render(request, "tiers/draft.html", context, status=422 if data is not None and not form.is_valid() else 200)


def saved(request: HttpRequest, scheme: TierScheme, form: DraftForm) -> bool:
    """Save the draft and start its simulation; False with a message where it is refused."""
    user = signed_in(request)
    try:
        with transaction.atomic():
            scheme_drafts.save(user, scheme, form.rules(), form.lowers())
            one = scheme_drafts.start(user, scheme, form.cleaned_data["note"])
    except REFUSALS as refusal:
        messages.warning(request, str(refusal))
        return False
    transaction.on_commit(lambda: tasks.wake_simulation(one.pk))
    messages.success(request, _("Saved. The simulation runs in the background."))
    return True


def rights(user: User, scheme: TierScheme, latest: SchemeSimulation | None) -> dict[str, Any]:
    """What this reader may do with the draft now."""
    may, state = scheme_drafts.may_draft(user), latest.state if latest else ""
    waits = state == SimulationState.SUBMITTED
    is_same = latest is not None and latest.is_frozen and rules_of(scheme) == latest.rules
    is_current = is_same and latest is not None and not scheme_drafts.is_outdated(latest)
    return {
        "may_edit": may and not schemes.is_fixed(scheme) and not waits,
        "may_submit": may and state == SimulationState.READY and is_current and not schemes.is_fixed(scheme),
        "may_decide": latest is not None and scheme_drafts.may_decide(user, latest),
        "may_withdraw": waits and latest is not None and latest.proposed_by_id == user.pk,
        "is_same": is_same,
        "is_current": is_current,
    }


@require_safe
@for_roles(READERS)
def draft_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar of a simulation under way, asked for every two seconds; the whole page again when it is over."""
    latest = tier_simulation.latest_of(draft_of(pk))
    response = HttpResponse() if latest is None else render(request, "tiers/_progress.html", progress_context(latest))
    if latest is None or not latest.is_under_way:
        response["HX-Refresh"] = "true"
    return response


def progress_context(one: SchemeSimulation) -> dict[str, Any]:
    done, planned = tier_simulation.progress(one)
    return {"one": one, "done": done, "planned": planned, "percent": 100 * done // planned if planned else 0}


@require_POST
@for_roles(READERS)
def draft_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit the latest simulation, approve it, send it back, or take one's own submission back."""
    user, latest = signed_in(request), tier_simulation.latest_of(draft_of(pk))
    if not scheme_drafts.may_draft(user):
        raise PermissionDenied
    try:
        if latest is None:
            raise DraftRefused(_("Simulate the draft first."))
        if request.POST.get("simulation") != str(latest.pk):
            raise DraftRefused(_("The draft has been simulated again since; look at the new figures first."))
        match request.POST.get("do"):
            case "submit":
                scheme_drafts.submit(user, latest)
                messages.success(request, _("Left for a second person, with the figures as they are."))
            case "approve":
                first = scheme_drafts.approve(user, latest)
                messages.success(request, _("Approved. It judges from the night of %(day)s on.") % {"day": first})
            case "refuse":
                scheme_drafts.send_back(user, latest, request.POST.get("why", "")[:200])
                messages.success(request, _("Sent back. The scheme stays as it is."))
            case "withdraw":
                scheme_drafts.withdraw(user, latest)
                messages.success(request, _("Taken back."))
            case _other:
                messages.warning(request, _("Choose approve or refuse."))
    except REFUSALS as refusal:
        messages.warning(request, str(refusal))
    return redirect("tiers:draft", pk)
