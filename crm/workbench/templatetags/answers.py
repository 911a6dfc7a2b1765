"""What the answers to an alert offer."""

from datetime import date, timedelta
from typing import Any

from django import template
from django.utils import timezone

from crm.organization import workdays

register = template.Library()

AFTER_DAYS = (1, 3, 7)


@register.simple_tag(takes_context=True)
def snooze_days(context: dict[str, Any]) -> list[date]:
    """Days to put an alert off to: the next one, after half a week, after a week, each a working day.

    Kept with the request: a list asks once for all its rows.
    """
    kept: dict[str, Any] = context["request"].__dict__
    if "_snooze_days" not in kept:
        today = timezone.localdate()
        days = workdays.this_or_next(today + timedelta(days=days) for days in AFTER_DAYS)
        kept["_snooze_days"] = sorted(set(days.values()))
    found: list[date] = kept["_snooze_days"]
    return found
