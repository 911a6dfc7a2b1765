"""Versions of the alert parameters: past alerts keep the rule that raised them."""

from datetime import date, timedelta

from django.db import DEFAULT_DB_ALIAS, transaction

from customers.models import AlertRule


def in_force(day: date, using: str = DEFAULT_DB_ALIAS) -> dict[str, AlertRule]:
    """The rule of each kind on a business date: the newest version that has begun. A kind whose newest version is
    switched off has none: an earlier version does not come back."""
    newest = (
        AlertRule.objects.using(using).filter(effective_from__lte=day).order_by("kind", "-version").distinct("kind")
    )  # fmt: skip
    return {rule.kind: rule for rule in newest if rule.is_active}


@transaction.atomic
def new_version(kind: str, today: date) -> AlertRule:
    """A copy of the kind's newest version that begins tomorrow and can be edited until then."""
    newest = AlertRule.objects.select_for_update().filter(kind=kind).order_by("-version")[0]
    return AlertRule.objects.create(
        kind=kind,
        version=newest.version + 1,
        effective_from=today + timedelta(days=1),
        is_active=newest.is_active,
        parameters=newest.parameters,
        answer_hours=newest.answer_hours,
        source=newest.source,
    )
