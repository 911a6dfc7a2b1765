"""营销活动: the list, a draft in one form, the figures before it is launched, and the decision of a second person."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import drafts, ending, launching, member_counts, scripts, tasks
from campaigns.campaign_models import FIGURES_MOVED, LEAST_CONTROL
from campaigns.choices import CampaignState, Exclusion
from campaigns.forms import CampaignForm, CostForm, EndForm, ReasonForm, ScriptForm
from campaigns.launching import CampaignRefused
from campaigns.models import Campaign, CampaignTemplate
from campaigns.seasons import proposals
from crm.organization.access import BALANCE_ROLES, for_roles, leaders_of
from crm.organization.choices import Role
from crm.organization.models import User
from customers.lists.shape import ID

PAGE_ROWS = 30
MOST_APPROVERS = 5
LEADERS = [Role.BRANCH_MANAGER]


def shown(request: HttpRequest, pk: int) -> tuple[Campaign, User]:
    """A campaign that the user sees, 404 for any other; drafts are for who leads branches."""
    assert isinstance(request.user, User)
    related = ("owner_branch", "segment", "created_by", "asked_by", "decided_by", "ended_by", "template")
    return get_object_or_404(Campaign.objects.shown_to(request.user).select_related(*related), pk=pk), request.user


@require_safe
@for_roles(BALANCE_ROLES)
def campaign_list(request: HttpRequest) -> HttpResponse:
    """The newest campaigns that the user sees; drafts only for who leads."""
    assert isinstance(request.user, User)
    before, leads = request.GET.get("before", ""), request.user.role == Role.BRANCH_MANAGER
    rows = Campaign.objects.shown_to(request.user).select_related("owner_branch", "segment")
    if ID.fullmatch(before):
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: PAGE_ROWS + 1])
    context = {
        "rows": member_counts.counted(request.user, found[:PAGE_ROWS]),
        "next_place": found[PAGE_ROWS - 1].pk if len(found) > PAGE_ROWS else None,
        "leads": leads,
        "templates": list(CampaignTemplate.objects.filter(is_active=True).order_by("pk")[:PAGE_ROWS]) if leads else [],
    }
    return render(request, "campaigns/list.html", context)


@require_http_methods(["GET", "POST"])
@for_roles(LEADERS)
def campaign_new(request: HttpRequest) -> HttpResponse:
    """A draft, begun with a ready type, or a step of a quarter's playbook, where one was chosen."""
    assert isinstance(request.user, User)
    begun = proposals.begun_by(request.user, request.GET.dict(), timezone.localdate())
    if begun is not None:
        return draft_form(request, request.user, None, begun.template, begun.values)
    known = CampaignTemplate.objects.filter(is_active=True)
    template = known.filter(code=request.GET.get("type", "")[:40]).first() or known.order_by("pk").first()
    return draft_form(request, request.user, None, template)


@require_http_methods(["GET", "POST"])
@for_roles(LEADERS)
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is not launched."""
    one, user = shown(request, pk)
    if not (one.is_open and launching.leads(user, one)):
        messages.warning(request, _("This campaign cannot be changed by you, or not any more."))
        return redirect("campaigns:campaign", pk)
    return draft_form(request, user, one, None)


def draft_form(
    request: HttpRequest,
    user: User,
    one: Campaign | None,
    template: CampaignTemplate | None,
    begun: dict[str, Any] | None = None,
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = CampaignForm(data, user=user, instance=one, template=template, begun=begun)
    if data is not None and form.is_valid():
        draft = form.save(commit=False)
        if one is None:
            draft.template = template
        try:
            saved = drafts.save(user, draft, form.cleaned_data["script"], form.cleaned_data["seen"])
        except CampaignRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("campaigns:campaign", saved.pk)
    context = {"form": form, "one": one, "least": LEAST_CONTROL}
    return render(request, "campaigns/form.html", context, status=200 if data is None else 422)


@require_safe
@for_roles(BALANCE_ROLES)
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign: what it asks for, whom it has and why not others, what to say, and what is to be decided."""
    one, user = shown(request, pk)
    leads = launching.leads(user, one)
    draft = scripts.waiting(one) if leads and one.launched_at else None
    context = {
        "one": one,
        "leads": leads,
        "may_decide": launching.may_decide(user, one),
        "approvers": approvers(one) if one.state == CampaignState.ASKED else [],
        "script": scripts.approved(one) if one.launched_at else launching.script_of(one),
        "draft": draft,
        "may_approve": scripts.may_approve(user, one, draft),
        "script_form": ScriptForm(initial={"script": draft.text if draft else ""}),
        "runs": one.is_running,
        "end_form": EndForm(),
        # They are of all its branches, and name campaigns of some of them.
        "figures": spoken(user, one) if leads else None,
        "is_moved": one.refusal == FIGURES_MOVED,
        "least": LEAST_CONTROL,
        "form": ReasonForm(),
        "cost_form": CostForm(instance=one),
    }
    return render(request, "campaigns/campaign.html", context)


def approvers(one: Campaign) -> list[User]:
    """Who may decide upon it, nearest first."""
    found = leaders_of(one.owner_branch, one.asked_by_id or 0)[:MOST_APPROVERS]
    return [person for person in found if launching.may_decide(person, one)]


def spoken(user: User, one: Campaign) -> dict[str, Any]:
    """The figures with their words: reasons in the order in which they are asked, bands with their bounds, rivals by
    name (two statements at most)."""
    figures = one.figures
    if not figures:
        return {}
    others = [pk for pk, _kept, _gone in figures["overlaps"]]
    rivals = Campaign.objects.visible_to(user).in_bulk(others)
    bounds = [one.base_from, *one.bands, one.base_below]
    reasons = [(reason, figures["left_out"].get(reason, 0)) for reason in Exclusion]
    return {
        **figures,
        "treated": figures["members"] - figures["controls"],
        "left_out_number": sum(number for _reason, number in reasons),
        "reasons": [(reason, number) for reason, number in reasons if number],
        "bands": [
            (bounds[band], bounds[band + 1] if band + 1 < len(bounds) else None, members, controls)
            for band, members, controls in figures["bands"]
        ],
        "overlaps": [(rivals.get(pk), kept, gone) for pk, kept, gone in figures["overlaps"]],
        "kept": sum(kept for _pk, kept, _gone in figures["overlaps"]),
        "yielded": sum(gone for _pk, _kept, gone in figures["overlaps"]),
        "needed_pct": -(-LEAST_CONTROL * 100 // figures["members"]) if figures["members"] else None,
    }


@require_POST
@for_roles(LEADERS)
def campaign_change(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """look, ask, approve, refuse, withdraw, cost, end, script, script_approve: by who leads the campaign, each told
    where it is not possible."""
    one, user = shown(request, pk)
    try:
        told = change(request, user, one, verb)
    except CampaignRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, told)
    return redirect("campaigns:campaign", pk)


def change(request: HttpRequest, user: User, one: Campaign, verb: str) -> str:
    """Do what was asked for; returns what to say. Raises CampaignRefused."""
    seen = request.POST.get("seen", "")
    if verb == "look":
        launching.look(user, one)
        return _("These are the figures of now. Nobody is in the campaign yet.")
    if verb == "ask":
        launching.ask(user, one, seen)
        return _("It waits for a second person.")
    if verb == "approve":
        before = one.figures["members"] if one.figures else 0
        if not launching.approve(user, one, seen):
            return moved(one, before)
        transaction.on_commit(lambda: tasks.wake(one.pk))
        return _("Approved. It is being launched; the figures are checked once more.")
    if verb == "refuse":
        why = ReasonForm(request.POST)
        if not why.is_valid():
            raise CampaignRefused(_("Write why, in a few words."))
        launching.refuse(user, one, why.cleaned_data["reason"])
        return _("It went back with your reason.")
    if verb == "cost":
        form = CostForm(request.POST, instance=one)
        if not form.is_valid():
            raise CampaignRefused(_("Write what was spent as an amount in yuan."))
        drafts.set_cost(user, one, form.cleaned_data["cost"])
        return _("The cost is kept.")
    if verb == "end":
        end = EndForm(request.POST)
        if not end.is_valid():
            raise CampaignRefused(_("Write why, in a few words."))
        ended = ending.end_early(user, one, timezone.localdate(), end.cleaned_data["reason"])
        return _("The campaign has ended; it is measured until %(day)s.") % {"day": ended.ends_on.isoformat()}
    if verb == "script":
        written = ScriptForm(request.POST)
        if not written.is_valid():
            raise CampaignRefused(_("Write what is to be said, in at most 4,000 characters."))
        scripts.write_later(user, one, written.cleaned_data["script"])
        return _("The new version waits for a second person; calls go on with the approved one.")
    if verb == "script_approve":
        scripts.approve(user, one, seen)
        return _("Call mode shows the new version from now on.")
    if verb != "withdraw":
        raise Http404
    launching.withdraw(user, one)
    return _("The campaign is withdrawn.")


def moved(one: Campaign, before: int) -> str:
    """What to say where the figures became other ones between asking and approving."""
    now = Campaign.objects.get(pk=one.pk).figures["members"]
    return _(
        "Not approved: the figures have moved since they were asked for (members then %(before)s, now %(now)s). The "
        "campaign is a draft again with the figures of now: read them and ask anew."
    ) % {"before": before, "now": now}
