"""What the answers to an alert offer."""

from datetime import date, timedelta

from django import template
from django.utils import timezone

from archives.next_contact import on_a_working_day

register = template.Library()

AFTER_DAYS = (1, 3, 7)


@register.simple_tag
def snooze_days() -> list[date]:
    """Days to put an alert off to: the next one, after half a week, after a week; a weekend moves to Monday."""
    today = timezone.localdate()
    return sorted({on_a_working_day(today + timedelta(days=days)) for days in AFTER_DAYS})
