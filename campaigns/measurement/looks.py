"""The days on which a campaign is judged. They follow from its period, so nobody chooses one for its result."""

from dataclasses import dataclass
from datetime import date, timedelta

from campaigns.models import Campaign
from campaigns.uplift import Look
from customers.averages import month_end, month_start


@dataclass(frozen=True)
class Span:
    """A month, or its days up to the last one of a campaign: an average is over these, a balance at the end of them."""

    first: date
    last: date


def looks(campaign: Campaign) -> list[Look]:
    """The end of each month within the campaign, and its last day; none that was over when the launch drew the groups:
    nobody had been asked by then."""
    found, day = [], month_end(campaign.starts_on)
    while day < campaign.ends_on:
        found.append(Look(day, is_last=False))
        day = month_end(day + timedelta(days=1))
    drawn = campaign.as_of or date.min
    return [look for look in (*found, Look(campaign.ends_on, is_last=True)) if look.day > drawn]


def span_of(day: date) -> Span:
    """The month of a day up to it."""
    return Span(month_start(day), day)


def kept_on(campaign: Campaign) -> date:
    """The last day of the month that lies `kept_months` after the campaign's last day."""
    day = month_end(campaign.ends_on)
    for _month in range(campaign.kept_months):
        day = month_end(day + timedelta(days=1))
    return day


def latest(campaign: Campaign, as_of: date) -> Look | None:
    """The newest look up to a business date; None before the first."""
    return next((look for look in reversed(looks(campaign)) if look.day <= as_of), None)
