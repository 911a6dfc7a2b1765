"""Parameters that hold from a day on: each row has its `effective_from`, and the newest that has begun is in force."""

from datetime import date
from typing import TypeVar

from django.db.models import Model

Rule = TypeVar("Rule", bound=Model)


def rule_on(model: type[Rule], day: date, using: str = "default") -> Rule:
    """The row in force on a day; before the first one begins, that one. Raises DoesNotExist where there is none."""
    known = model._default_manager.using(using)
    found = known.filter(effective_from__lte=day).order_by("-effective_from").first()
    return found or known.earliest("effective_from")
