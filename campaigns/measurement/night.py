"""The night's part: who reached what a campaign asks for, and what both groups changed, from holdings alone.

Everybody assigned counts, contacted or not, closed customers too. A night carries the cells of the night before on by
what it changed; it counts everybody anew on a look that lies behind, when it mends a day or stored numbers, and at the
first measurement, which also draws the curves back to the base period.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, Min

from campaigns.choices import LAUNCHED, CampaignState
from campaigns.measurement.looks import kept_on, looks, span_of
from campaigns.models import Campaign, CampaignCell, CampaignMember
from crm import db
from crm.jobs.models import JobRun
from customers.nightly.night import Night

PACKAGE = __package__
ONE_DAY = timedelta(days=1)
# A campaign is followed for twelve months at most, and nights may be late.
LONGEST_AFTER = timedelta(days=500)


@dataclass(frozen=True)
class Due:
    """A campaign, and the day on which it was last measured, None before the first."""

    campaign: Campaign
    measured_on: date | None

    def days(self, as_of: date) -> list[date]:
        """The looks since it was measured, and tonight where it still runs, oldest first."""
        passed = [look.day for look in looks(self.campaign) if look.day <= as_of]
        since = self.measured_on
        new = [day for day in passed if since is None or day > since]
        return new if as_of > self.campaign.ends_on or as_of in new else [*new, as_of]


def publish(tonight: Night) -> dict[str, Any]:
    """Measure every campaign that runs, and who kept what they reached; returns counts and seconds.

    The caller holds the transaction of the night. Must run when the day's balances are published and before the
    night's working tables are emptied.
    """
    began = time.monotonic()
    recently = tonight.as_of - LONGEST_AFTER
    launched = Campaign.objects.using("batch").filter(state__in=LAUNCHED, ends_on__gte=recently).order_by("pk")
    if tonight.is_rerun:
        take_back(launched, tonight.as_of)
    due = [one for one in measured(launched) if one.measured_on is None or one.measured_on < one.campaign.ends_on]
    if any(one.measured_on is None for one in due):
        # Else the server expects none of the new members, and compares them with all balances one by one.
        db.execute("ANALYZE campaigns_campaign, campaigns_campaignmember")
    qualified = sum(qualify(of, day) for day, of in by_day(due, tonight.as_of, is_look))
    carried = [one.campaign.pk for one in due if goes_on(one, tonight)] if not must_count(tonight) else []
    if carried:
        db.run_sql(PACKAGE, "carry", campaigns=carried, as_of=tonight.as_of, previous=tonight.previous)
    measure(due, tonight.as_of, set(carried))
    kept = sum(keep(campaign, tonight.as_of) for campaign in launched)
    end(tonight.as_of)
    return {
        "campaigns": len(due),
        "qualified": qualified,
        "kept_judged": kept,
        "counted_anew": len(due) - len(carried),
        "seconds": round(time.monotonic() - began, 2),
    }


def take_back(launched: Any, as_of: date) -> None:
    """Forget what was found of this day when it is corrected."""
    db.execute("DELETE FROM campaigns_campaigncell WHERE as_of >= %s", [as_of])
    db.execute("DELETE FROM campaigns_campaignday WHERE as_of >= %s", [as_of])
    CampaignMember.objects.using("batch").filter(
        campaign__in=launched, campaign__ends_on__gte=as_of, qualified_on__gte=as_of
    ).update(qualified_on=None, kept=None)


def measured(launched: Any) -> list[Due]:
    """These campaigns with the days on which they were last measured."""
    return [Due(one, one.measured_on) for one in launched.annotate(measured_on=Max("days__as_of"))]


def must_count(tonight: Night) -> bool:
    """Whether the changes of tonight do not tell all: a day or stored numbers are mended."""
    return tonight.is_rerun or tonight.full or tonight.previous is None


def goes_on(one: Due, tonight: Night) -> bool:
    """Whether the night before measured it, and it still runs."""
    return one.measured_on == tonight.previous and tonight.as_of <= one.campaign.ends_on


def is_look(one: Due, day: date) -> bool:
    return any(look.day == day for look in looks(one.campaign))


def by_day(due: list[Due], as_of: date, is_asked: Callable[[Due, date], bool]) -> Iterator[tuple[date, list[int]]]:
    """The days that are due, oldest first, each with the campaigns for which it is asked."""
    for day in sorted({day for one in due for day in one.days(as_of)}):
        if found := [one.campaign.pk for one in due if day in one.days(as_of) and is_asked(one, day)]:
            yield day, found


def qualify(campaigns: list[int], day: date) -> int:
    """Note who meets the rule over the month of a look, and did not before; returns how many."""
    span = span_of(day)
    return db.run_sql(PACKAGE, "qualify", campaigns=campaigns, first=span.first, last=span.last)


def measure(due: list[Due], as_of: date, carried: set[int]) -> None:
    """Write the cells of each day that is due, and what the curves need; drop those that nobody asks for any more.

    A day is counted for all campaigns that need it in one pass over their members.
    """
    for one in due:
        if one.measured_on is None and (days := one.days(as_of)):
            first = max(one.campaign.baseline_from, first_night(as_of))
            db.run_sql(PACKAGE, "before", campaigns=[one.campaign.pk], first=first, last=days[-1] - ONE_DAY)

    def is_carried(one: Due, day: date) -> bool:
        return day == as_of and one.campaign.pk in carried

    for day, campaigns in by_day(due, as_of, lambda one, day: not is_carried(one, day)):
        db.run_sql(PACKAGE, "afresh", campaigns=campaigns, day=day)
    for day, campaigns in by_day(due, as_of, lambda one, day: is_carried(one, day) and has_look(one, as_of)):
        db.run_sql(PACKAGE, "qualified", campaigns=campaigns, day=day)
    for day, campaigns in by_day(
        due, as_of, lambda one, day: one.measured_on is not None or day == one.days(as_of)[-1]
    ):
        db.run_sql(PACKAGE, "days", campaigns=campaigns, day=day)
    for one in due:
        asked_for = {*one.days(as_of)[-1:], *(look.day for look in looks(one.campaign))}
        CampaignCell.objects.using("batch").filter(campaign=one.campaign).exclude(as_of__in=asked_for).delete()


def has_look(one: Due, as_of: date) -> bool:
    """Whether one of the days that are due is a look."""
    return any(is_look(one, day) for day in one.days(as_of))


def first_night(as_of: date) -> date:
    """The first published business date: of the days before it no balance is known."""
    published = JobRun.objects.using("batch").filter(job="nightly", published_at__isnull=False)
    known: date | None = published.aggregate(first=Min("business_date"))["first"]
    return known or as_of


def keep(campaign: Campaign, as_of: date) -> int:
    """Once its day has come, note who still meets the rule; returns how many were judged.

    Who has moved since the last look is counted where they are now, in what they reached as in what they kept.
    """
    day = kept_on(campaign)
    last = CampaignCell.objects.using("batch").filter(campaign=campaign, as_of=campaign.ends_on)
    if day > as_of or (day < as_of and not last.filter(kept=None).exists()):
        return 0
    span = span_of(day)
    judged = db.run_sql(PACKAGE, "kept", campaign=campaign.pk, first=span.first, last=span.last)
    CampaignCell.objects.using("batch").filter(campaign=campaign, as_of=campaign.ends_on).delete()
    db.run_sql(PACKAGE, "afresh", campaigns=[campaign.pk], day=campaign.ends_on)
    db.run_sql(PACKAGE, "kept_cells", campaign=campaign.pk, day=campaign.ends_on)
    return judged


def end(as_of: date) -> None:
    """A campaign whose last day is published has ended."""
    running = Campaign.objects.using("batch").filter(state=CampaignState.RUNNING, ends_on__lte=as_of)
    running.update(state=CampaignState.ENDED)
