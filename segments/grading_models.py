"""Gradings: what kind of customer this is, by rules whose first match counts; suggested, and confirmed by people."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch
from customers.choices import CustomerType
from customers.models import Customer
from segments.choices import DecisionState
from segments.names import localized


class Grading(models.Model):
    """A derived classification as data. It is no tier: it has no memory and moves nobody.

    `needs_people` says that the rules only suggest and somebody confirms.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    applies_to = models.CharField(_("applies to"), max_length=10, choices=CustomerType.choices, blank=True, default="")
    needs_people = models.BooleanField(_("confirmed by people"), default=False)
    is_active = models.BooleanField(_("active"), default=False)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    note = models.CharField(_("note"), max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("grading")
        verbose_name_plural = _("gradings")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self)


class Grade(models.Model):
    """A grade of a grading: `rule` in the language of segments; without one only people choose it.

    Rules are asked by `number`, and the first one that holds counts. `needs_manager` keeps the choice to who leads.
    """

    grading = models.ForeignKey(Grading, models.CASCADE, related_name="grades")
    number = models.SmallIntegerField(_("order"))
    code = models.SlugField(_("code"), max_length=30)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    rule = models.JSONField(_("rule"), null=True, blank=True)
    needs_manager = models.BooleanField(_("needs the manager"), default=False)

    class Meta:
        verbose_name = _("grade")
        verbose_name_plural = _("grades")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["grading", "number"], name="one_grade_of_a_number"),
            models.UniqueConstraint(fields=["grading", "code"], name="one_grade_of_a_code"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self)


class GradeDecision(models.Model):
    """What somebody made of a suggestion, append-only; the newest one of a customer and grading counts.

    `suggested` is the grade by rule at that moment, `grade` what holds from now on: the same where it was confirmed,
    empty where it was rejected and nothing chosen instead.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="grade_decisions", db_index=False)
    grading = models.ForeignKey(Grading, models.CASCADE, related_name="+", db_index=False)
    suggested = models.CharField(max_length=30, blank=True, default="")
    grade = models.CharField(max_length=30, blank=True, default="")
    state = models.CharField(max_length=10, choices=DecisionState.choices)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    decided_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ScopedQuerySet["GradeDecision"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("decision on a grade")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "grading", "-id"], name="grade_decision_of_customer"),
            # What was decided since the last night.
            BrinIndex(fields=["decided_at"], name="grade_decision_decided"),
        ]
