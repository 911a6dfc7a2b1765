"""满意度: what a customer answered when asked, and the plan that a low answer asks for."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from archives.choices import PlanCause, PlanState, Touch
from archives.complaint_models import Complaint
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Customer

LOW_SCORE, LOW_NPS = 2, 6
LEAST_SCORE, MOST_SCORE, MOST_NPS = 1, 5, 10
PROMOTER_NPS = 9
LOW = Q(score__lte=LOW_SCORE) | Q(nps__lte=LOW_NPS)
# Low answers that nobody has answered with a contact yet, also where the plan for it was called off.
TO_FOLLOW = Q(follow_up__isnull=False) & ~(
    Q(follow_up__state=PlanState.DONE) | Q(follow_up__cause=PlanCause.CUSTOMER_CLOSED)
)


class SurveyRule(models.Model):
    """In force from a day on until the next row begins."""

    effective_from = models.DateField(_("effective from"), unique=True)
    days_between = models.PositiveSmallIntegerField(
        _("days between two surveys of a customer"), validators=[MinValueValidator(1), MaxValueValidator(3660)]
    )
    least_answers = models.PositiveSmallIntegerField(
        _("answers that a figure needs"), validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )

    class Meta:
        verbose_name = _("rule of surveys")
        verbose_name_plural = _("rules of surveys")

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.days_between}"


class Survey(models.Model):
    """One answer: how satisfied, 1 to 5, and whether the customer would recommend the bank, 0 to 10 or not asked.

    `manager` is who answered for the customer then, so that figures do not follow a change of manager. `follow_up` is
    the plan that a low answer made; a contact that does it closes the matter.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="surveys", db_index=False)
    manager = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, db_index=False, verbose_name=_("manager")
    )
    touch = models.CharField(pgettext_lazy("survey", "asked about"), max_length=10, choices=Touch.choices)
    contact = models.ForeignKey("archives.ContactLog", models.SET_NULL, related_name="+", null=True, db_index=False)
    plan = models.ForeignKey("archives.MaintenancePlan", models.SET_NULL, related_name="+", null=True, db_index=False)
    complaint = models.ForeignKey(Complaint, models.SET_NULL, related_name="+", null=True, db_index=False)
    score = models.PositiveSmallIntegerField(
        _("satisfaction"), validators=[MinValueValidator(LEAST_SCORE), MaxValueValidator(MOST_SCORE)]
    )
    nps = models.PositiveSmallIntegerField(
        _("would recommend"), null=True, blank=True, validators=[MaxValueValidator(MOST_NPS)]
    )
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")
    follow_up = models.ForeignKey(
        "archives.MaintenancePlan", models.PROTECT, related_name="surveys", null=True, db_index=False
    )
    answered_on = models.DateField(_("answered on"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, db_index=False)
    recorded_at = models.DateTimeField(auto_now_add=True)
    submission = models.UUIDField(editable=False)

    objects: ClassVar[ScopedQuerySet["Survey"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "submission"], name="one_survey_of_a_submission"),
            models.CheckConstraint(condition=Q(score__range=(LEAST_SCORE, MOST_SCORE)), name="satisfaction_is_1_to_5"),
            models.CheckConstraint(
                condition=Q(nps__isnull=True) | Q(nps__range=(0, MOST_NPS)), name="recommendation_is_0_to_10"
            ),
            models.CheckConstraint(
                condition=(Q(contact__isnull=True) | Q(touch__in=(Touch.CONTACT, Touch.VISIT)))
                & (Q(plan__isnull=True) | Q(touch=Touch.PLAN))
                & (Q(complaint__isnull=True) | Q(touch=Touch.COMPLAINT)),
                name="a_survey_is_about_one_thing",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-answered_on"], name="survey_of_customer"),
            models.Index(
                fields=["branch", "answered_on"], include=["manager", "score", "nps"], name="survey_of_branch"
            ),
            models.Index(
                fields=["branch", "answered_on", "id"],
                condition=Q(follow_up__isnull=False),
                name="survey_low_of_branch",
            ),
            models.Index(fields=["follow_up"], condition=Q(follow_up__isnull=False), name="survey_of_follow_up"),
        ]

    @property
    def is_low(self) -> bool:
        return self.score <= LOW_SCORE or (self.nps is not None and self.nps <= LOW_NPS)
