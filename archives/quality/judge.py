"""The night's part: judge what people entered since the night before, once each day is over.

Which contacts count stands in one place, the view archives_counted_contact (migration contact_quality). Texts, bursts
and numbers are judged by the day of entry; a missing next step and that nothing followed, once there was time for it.
"""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from archives.contacts import start_of
from archives.models import ContactQualityRule
from crm import db
from customers.nightly.night import Night

# How far back the first night looks.
FIRST_DAYS = 92
# From when on a next step is missing, and nothing has followed.
NEXT_DAYS, CHANGE_DAYS = 3, 30


def rule_on(day: date, using: str = "default") -> ContactQualityRule:
    """The rule in force on a day; before the first one begins, that one."""
    rules = ContactQualityRule.objects.using(using)
    found = rules.filter(effective_from__lte=day).order_by("-effective_from").first()
    return found or rules.earliest("effective_from")


def publish(tonight: Night) -> dict[str, int]:
    """Judge the days up to the night's business date, the last judged one included; returns what was newly found.

    A day counts once it is over by the clock: what is entered during a night of the same day waits for the next one,
    which looks at the last day again and finds nothing twice.
    """
    until = min(tonight.as_of, timezone.localdate() - timedelta(days=1))
    since = tonight.previous or until - timedelta(days=FIRST_DAYS)
    about = thresholds(rule_on(until, "batch")) | {"as_of": tonight.as_of}
    with transaction.atomic(using="batch"):
        days = span(since, until)
        db.run_sql(__package__, "days", **days)
        db.run_sql(__package__, "sittings", **about, **days)
        db.run_sql(__package__, "alike", **about)
        db.run_sql(__package__, "bursts", **about)
        return {
            "findings": db.run_sql(__package__, "findings", **about),
            "in_sittings": db.run_sql(__package__, "marks"),
            "no_next": db.run_sql(__package__, "no_next", **span(since, until, NEXT_DAYS)),
            "no_change": db.run_sql(__package__, "no_change", **span(since, until, CHANGE_DAYS)),
        }


def thresholds(rule: ContactQualityRule) -> dict[str, Any]:
    return model_to_dict(rule, exclude=["id", "effective_from", "source"])


def span(since: date, until: date, ago: int = 0) -> dict[str, Any]:
    """The moments of entry of these days, or of as many days before."""
    back = timedelta(days=ago)
    return {"begins": start_of(since - back), "ends": start_of(until - back + timedelta(days=1))}
