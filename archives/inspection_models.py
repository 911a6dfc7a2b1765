"""档案检查: archives drawn at random, looked at by somebody else than their owner, and what came of it.

All of it is appended: a draw, its archives and what is said of each are written once (grants, migration 0012).
"""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from archives.choices import InspectionState
from archives.template_models import Named
from crm.organization.access import ScopedQuerySet, scope_of
from crm.organization.models import Branch, User
from customers.choices import CustomerStatus
from customers.models import Customer

MOST_A_WEEK, MOST_DAYS, MOST_WEIGHT = 50, 60, 100
FULL_MARK = 2


class InspectionRule(models.Model):
    """How many archives of each manager are drawn a week, from a day on until the next row begins (DOMAIN §5)."""

    effective_from = models.DateField(_("effective from"), unique=True)
    archives_a_week = models.PositiveSmallIntegerField(
        _("archives of a manager a week"), default=5, validators=[MinValueValidator(1), MaxValueValidator(MOST_A_WEEK)]
    )
    days_to_mend = models.PositiveSmallIntegerField(
        _("days to mend a returned archive"), default=7, validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)]
    )
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule of inspection")
        verbose_name_plural = _("rules of inspection")

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.archives_a_week}"


class InspectionCriterion(Named):
    """What an archive is judged by: fulfilled, partly or not. One that is retired stays in the marks given before."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    place = models.PositiveSmallIntegerField(_("place"), default=100)
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=20, validators=[MinValueValidator(1), MaxValueValidator(MOST_WEIGHT)]
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("criterion of inspection")
        verbose_name_plural = _("criteria of inspection")
        ordering: ClassVar[list[str]] = ["place", "pk"]


class DrawQuerySet(models.QuerySet["InspectionDraw"]):
    def visible_to(self, user: User) -> "DrawQuerySet":
        """The draws of the branches that this user sees."""
        scope = scope_of(user)
        if scope is None or not scope.sees_customers:
            return self.none()
        return self if scope.is_head_office else self.filter(branch_id__in=scope.branch_ids)


class InspectionDraw(models.Model):
    """The sample of a branch in a week (its Monday). With `seed` the same archives come out of the same customers."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    week = models.DateField(_("week"))
    seed = models.CharField(max_length=32)
    per_manager = models.PositiveSmallIntegerField(_("archives of a manager a week"))
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    drawn_at = models.DateTimeField()

    objects: ClassVar[DrawQuerySet] = DrawQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("draw of archives")
        verbose_name_plural = _("draws of archives")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["branch", "week"], name="one_draw_of_a_week"),
        ]


class InspectionQuerySet(ScopedQuerySet["Inspection"]):
    def with_state(self) -> "InspectionQuerySet":
        """With what was said last: `state` (drawn where nothing was, closed where the customer left before it passed),
        `steps`, `remarks`, `due`, `score`, `said_at`."""
        last = InspectionStep.objects.filter(inspection=models.OuterRef("pk")).order_by("-number")
        found: InspectionQuerySet = self.annotate(
            last_said=Coalesce(models.Subquery(last.values("kind")[:1]), models.Value(InspectionState.DRAWN)),
            state=models.Case(
                models.When(
                    ~models.Q(last_said=InspectionState.PASSED),
                    customer__status=CustomerStatus.CLOSED,
                    then=models.Value(InspectionState.CLOSED),
                ),
                default=models.F("last_said"),
            ),
            steps=Coalesce(models.Subquery(last.values("number")[:1]), models.Value(0)),
            score=models.Subquery(last.filter(score__isnull=False).values("score")[:1]),
            remarks=models.Subquery(last.filter(kind=InspectionState.RETURNED).values("remarks")[:1]),
            due=models.Subquery(last.filter(kind=InspectionState.RETURNED).values("due_date")[:1]),
            said_at=models.Subquery(last.values("at")[:1]),
        )
        return found


class Inspection(models.Model):
    """An archive that was drawn; `owner` is who answered for the customer then. The primary key is the order of a page.

    What became of it is its last step.
    """

    draw = models.ForeignKey(InspectionDraw, models.PROTECT, related_name="inspections", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="inspections")
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)

    objects: ClassVar[InspectionQuerySet] = InspectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("inspection of an archive")
        verbose_name_plural = _("inspections of archives")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["draw", "customer"], name="one_inspection_of_a_draw"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "-id"], name="inspection_of_branch"),
            models.Index(fields=["owner", "-id"], name="inspection_of_owner"),
        ]


class InspectionStep(models.Model):
    """What somebody said of it: passed, returned with remarks and a day, or handed in again by its owner.

    A trigger (migration 0012) keeps the order, and looks that no owner of the archive judges it. `marks` are
    criterion → 0, 1 or 2; `score` is percent of the weights. `plan` asks the owner to mend it.
    """

    inspection = models.ForeignKey(Inspection, models.CASCADE, related_name="said", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(_("result"), max_length=12, choices=InspectionState.choices)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    marks = models.JSONField(default=dict)
    score = models.PositiveSmallIntegerField(null=True)
    remarks = models.CharField(_("remarks"), max_length=500, blank=True, default="")
    due_date = models.DateField(null=True)
    plan = models.ForeignKey(
        "archives.MaintenancePlan", models.SET_NULL, null=True, related_name="inspection_steps", db_index=True
    )

    objects: ClassVar[ScopedQuerySet["InspectionStep"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("step of an inspection")
        verbose_name_plural = _("steps of an inspection")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inspection", "number"], name="one_inspection_step_of_a_number"),
            models.CheckConstraint(
                condition=~models.Q(kind=InspectionState.RETURNED)
                | (~models.Q(remarks="") & models.Q(due_date__isnull=False)),
                name="a_return_says_why_and_until_when",
            ),
        ]
