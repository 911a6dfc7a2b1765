"""Versions of the alert parameters: past alerts keep the rule that raised them."""

from datetime import date, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils.translation import gettext as _

from customers.models import AlertRule


class BadParameters(ValueError):
    """Parameters with other names than the kind's first version has, or values that are no numbers of zero or more."""


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


def check_parameters(kind: str, parameters: Any) -> None:
    """Raises BadParameters with the names or the value that do not fit the first version of the kind."""
    first = AlertRule.objects.filter(kind=kind).order_by("version")[0].parameters
    if not isinstance(parameters, dict) or set(parameters) != set(first):
        raise BadParameters(_("These parameters and no others: %(names)s") % {"names": ", ".join(sorted(first))})
    for name, value in parameters.items():
        numbers = value.values() if isinstance(value, dict) and isinstance(first[name], dict) else [value]
        if not all(is_amount(number) for number in numbers):
            raise BadParameters(_("%(name)s must be a number of zero or more") % {"name": name})


def is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**16
