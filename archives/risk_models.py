"""适当性: what risk a customer can bear, and which products that allows. The assessment itself is made in the bank's
own system; here its result is kept, never changed: a new one follows the old."""

from datetime import date
from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.choices import AssessedThrough, CustomerRisk
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.choices import ProductRisk
from customers.models import Customer


class RiskAssessment(models.Model):
    """The result of one assessment. `is_lowest`: the lowest of C1, whom only R1 may be offered, whatever C1 allows.

    `reference` is the number of the assessment, or of its recording 双录, in the bank's own system.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="risk_assessments", db_index=False)
    level = models.SmallIntegerField(pgettext_lazy("of a customer", "risk level"), choices=CustomerRisk.choices)
    is_lowest = models.BooleanField(_("lowest of C1"), default=False)
    assessed_on = models.DateField(_("assessed on"))
    valid_to = models.DateField(_("valid to"))
    through = models.CharField(_("through"), max_length=10, choices=AssessedThrough.choices)
    questionnaire = models.CharField(_("version of the questionnaire"), max_length=20)
    reference = models.CharField(_("reference"), max_length=40, blank=True, default="")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ScopedQuerySet["RiskAssessment"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("risk assessment")
        verbose_name_plural = _("risk assessments")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(is_lowest=False) | models.Q(level=CustomerRisk.C1), name="the_lowest_is_c1"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__gte=models.F("assessed_on")), name="valid_from_the_day_of_assessment"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-assessed_on", "-id"], name="risk_assessment_of_customer"),
        ]

    def is_valid(self, day: date) -> bool:
        return self.assessed_on <= day <= self.valid_to


class RiskLimit(models.Model):
    """The highest product risk that a level allows: the matrix C1 to C5 against R1 to R5, as data."""

    level = models.SmallIntegerField(pgettext_lazy("of a customer", "risk level"), choices=CustomerRisk.choices)
    is_lowest = models.BooleanField(_("lowest of C1"), default=False)
    highest = models.SmallIntegerField(_("highest product risk"), choices=ProductRisk.choices)

    class Meta:
        verbose_name = _("limit of a risk level")
        verbose_name_plural = _("limits of the risk levels")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["level", "is_lowest"], name="one_limit_of_a_level"),
        ]

    def __str__(self) -> str:
        return f"C{self.level} → R{self.highest}"


class AgeRule(models.Model):
    """From this age on: the highest product risk (empty: as assessed), and whether care in person is asked for."""

    from_age = models.SmallIntegerField(_("from age"), unique=True, validators=[MaxValueValidator(120)])
    highest = models.SmallIntegerField(_("highest product risk"), choices=ProductRisk.choices, null=True, blank=True)
    needs_care = models.BooleanField(_("special care"), default=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("rule of age")
        verbose_name_plural = _("rules of age")
        ordering: ClassVar[list[str]] = ["from_age"]

    def __str__(self) -> str:
        return str(self.from_age)
