"""四季日历: the quarters of a year, and the weeks of one of them with its playbook and the bank's own campaigns."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.campaign_models import Campaign
from campaigns.choices import CampaignState
from campaigns.seasons import quarters
from campaigns.seasons.choices import MOST_QUARTERS
from campaigns.seasons.quarters import Quarter
from crm.organization import workdays
from crm.organization.access import BALANCE_ROLES, for_roles
from crm.organization.choices import Role
from crm.organization.models import User

MOST_CAMPAIGNS = 40


@require_safe
@for_roles(BALANCE_ROLES)
def calendar(request: HttpRequest) -> HttpResponse:
    """The calendar of a quarter, this one unless the address names another; it names no customer."""
    assert isinstance(request.user, User)
    today = timezone.localdate()
    quarter = quarters.quarter_named(request.GET.get("quarter", ""), today)
    campaigns = Campaign.objects.shown_to(request.user).exclude(state=CampaignState.WITHDRAWN)
    shown = campaigns.filter(starts_on__lte=quarter.last, ends_on__gte=quarter.first).order_by("starts_on", "pk")
    year = [Quarter(quarter.year, number) for number in range(1, MOST_QUARTERS + 1)]
    themes = quarters.themes_of(quarter.year)
    found = list(shown[: MOST_CAMPAIGNS + 1])
    context = {
        "quarter": quarter,
        "year": [(one, themes.get(one.number)) for one in year],
        "theme": themes.get(quarter.number),
        "weeks": quarters.weeks_of(quarter, today),
        "steps": quarters.steps_of(quarter, today),
        "campaigns": quarters.campaign_lines(found[:MOST_CAMPAIGNS], quarter),
        "has_more": len(found) > MOST_CAMPAIGNS,
        "leads": request.user.role == Role.BRANCH_MANAGER,
        "is_without_holidays": not workdays.between(quarter.first.replace(month=1), quarter.last).exceptions,
        "today": today,
    }
    return render(request, "campaigns/calendar.html", context)
