"""适当性管理: which products may be suggested to a customer, and what is held above that (DOMAIN §3, RiskAssessment).

Without a valid assessment only the lowest risk may be suggested: no customer's level can forbid that.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from archives import records
from archives.models import AgeRule, RiskAssessment, RiskLimit
from crm.audit import trail
from crm.organization.models import User
from customers.choices import ProductRisk
from customers.models import Customer

VALID_DAYS = 365
EXPIRY_DAYS = 30  # DOMAIN §4: warned of before
MOST_A_DAY = 2
MOST_A_YEAR = 8
UNASSESSED = ProductRisk.R1


class AssessmentRefused(Exception):
    """It cannot be recorded; the message says why in plain words."""


@dataclass(frozen=True)
class Suitability:
    """The newest assessment, if any, and what follows from it and from the age. `highest` is the product risk up to
    which may be suggested; `of_age` the age whose rule lowers it."""

    assessment: RiskAssessment | None
    is_valid: bool
    expires: bool
    highest: int
    of_age: int | None
    needs_care: bool

    def forbids(self, risk: int) -> bool:
        """Is a product of this risk above what the customer can bear?"""
        return risk > self.highest


def suitability_of(user: User, customer: Customer, age: int | None, day: date) -> Suitability:
    """What may be suggested to this customer; two statements. `age` in whole years, None for a company or unknown."""
    limit = RiskLimit.objects.filter(level=OuterRef("level"), is_lowest=OuterRef("is_lowest")).values("highest")[:1]
    newest: Any = (
        RiskAssessment.objects.visible_to(user).filter(customer=customer).annotate(highest=Subquery(limit))
        .order_by("-assessed_on", "-pk").first()
    )  # fmt: skip
    is_valid = newest is not None and newest.is_valid(day)
    assessed = newest.highest if newest is not None and is_valid and newest.highest else int(UNASSESSED)
    rules = [one for one in AgeRule.objects.filter(is_active=True) if age is not None and age >= one.from_age]
    strictest = min((one for one in rules if one.highest), key=lambda one: (one.highest, one.from_age), default=None)
    is_lowered = strictest is not None and strictest.highest is not None and strictest.highest < assessed
    return Suitability(
        assessment=newest,
        is_valid=is_valid,
        expires=newest is not None and is_valid and newest.valid_to <= day + timedelta(days=EXPIRY_DAYS),
        highest=strictest.highest if is_lowered and strictest and strictest.highest else assessed,
        of_age=strictest.from_age if is_lowered and strictest else None,
        needs_care=any(one.needs_care for one in rules),
    )


def record(customer: Customer, actor: User, assessment: RiskAssessment) -> RiskAssessment:
    """Keep the result of an assessment. Raises AssessmentRefused above the number that a day or a year may have.

    The customer's row is the lock: of two who record at once one waits and is counted.
    """
    with transaction.atomic():
        Customer.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=customer.pk)
        known = RiskAssessment.objects.visible_to(actor).filter(customer=customer)
        day = assessment.assessed_on
        if known.filter(assessed_on=day).count() >= MOST_A_DAY:
            raise AssessmentRefused(_("A customer is assessed at most %(most)s times a day.") % {"most": MOST_A_DAY})
        if known.filter(assessed_on__gt=day - timedelta(days=VALID_DAYS)).count() >= MOST_A_YEAR:
            raise AssessmentRefused(_("A customer is assessed at most %(most)s times a year.") % {"most": MOST_A_YEAR})
        assessment.customer, assessment.branch, assessment.recorded_by = customer, customer.branch, actor
        assessment.save()
        records.measure([customer.pk], timezone.localdate())
        detail = {"level": assessment.level, "on": day, "valid_to": assessment.valid_to}
        trail.record(actor, "risk.record", customer=customer, target=assessment, detail=detail)
    return assessment
