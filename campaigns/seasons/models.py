"""What the administrator says of the quarters, what branches ask of themselves in them, and what each night leaves."""

from datetime import date
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.campaign_models import Campaign, CampaignTemplate
from campaigns.choices import CampaignKind, QuarterTheme
from campaigns.seasons.choices import AVERAGES, MOST_QUARTERS, OF_PEOPLE, Measure
from crm.organization.access import scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from customers.models.holding import NO_INDEX
from segments.names import localized

SUMS: dict[str, Any] = {"max_digits": 20, "decimal_places": 2}
# A step belongs to its quarter, or prepares it: 开门红 begins in October.
EARLIEST_WEEK, LATEST_WEEK = -13, 14
DOERS = [(role.value, role.label) for role in (Role.RELATIONSHIP_MANAGER, Role.LOBBY_MANAGER, Role.BRANCH_MANAGER)]


class SeasonTheme(models.Model):
    """What a quarter is for (DOMAIN S1 1.1), from a day on: a quarter has the row that is in force on its first day."""

    quarter = models.PositiveSmallIntegerField(
        _("quarter"), validators=[MinValueValidator(1), MaxValueValidator(MOST_QUARTERS)]
    )
    effective_from = models.DateField(_("effective from"))
    theme = models.CharField(_("quarter theme"), max_length=10, choices=QuarterTheme.choices)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    focus_zh_hans = models.CharField(_("what matters, Simplified Chinese"), max_length=300)
    focus_zh_hant = models.CharField(_("what matters, Traditional Chinese"), max_length=300, blank=True, default="")
    focus_en = models.CharField(_("what matters, English"), max_length=300, blank=True, default="")
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("theme of a quarter")
        verbose_name_plural = _("themes of quarters")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["quarter", "effective_from"], name="one_theme_of_a_quarter_from_a_day"),
        ]

    def __str__(self) -> str:
        return f"Q{self.quarter} {self.effective_from} {self.name}"

    @property
    def name(self) -> str:
        return localized(self)

    @property
    def focus(self) -> str:
        return localized(self, "focus")


class SeasonStep(models.Model):
    """A step of a quarter's playbook: what is done, by whom, in which weeks.

    Week 1 is the one (Monday to Sunday) in which the quarter begins, week 0 the one before it. A step with a `kind`
    can begin a campaign: of the ready type `template` where there is one, for the segment whose code is `segment`.
    """

    theme = models.ForeignKey(SeasonTheme, models.CASCADE, related_name="steps", db_index=False)
    number = models.PositiveSmallIntegerField(_("number"))
    first_week = models.SmallIntegerField(
        _("first week"), validators=[MinValueValidator(EARLIEST_WEEK), MaxValueValidator(LATEST_WEEK)]
    )
    last_week = models.SmallIntegerField(
        _("last week"), validators=[MinValueValidator(EARLIEST_WEEK), MaxValueValidator(LATEST_WEEK)]
    )
    who = models.CharField(_("who"), max_length=30, choices=DOERS)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    how_zh_hans = models.CharField(_("how, Simplified Chinese"), max_length=300)
    how_zh_hant = models.CharField(_("how, Traditional Chinese"), max_length=300, blank=True, default="")
    how_en = models.CharField(_("how, English"), max_length=300, blank=True, default="")
    kind = models.CharField(_("type of campaign"), max_length=10, choices=CampaignKind.choices, blank=True, default="")
    template = models.ForeignKey(
        CampaignTemplate, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("ready type of campaign"),
    )  # fmt: skip
    segment = models.SlugField(_("code of the segment"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("step of a playbook of a quarter")
        verbose_name_plural = _("steps of playbooks of quarters")
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["theme", "number"], name="one_number_of_a_season_step"),
            models.CheckConstraint(
                condition=Q(last_week__gte=models.F("first_week")),
                name="a_season_step_ends_after_it_begins",
                violation_error_message=_("The last week lies before the first."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self)

    @property
    def how(self) -> str:
        return localized(self, "how")


class SeasonLevel(models.Model):
    """What a manager's customers, or all of a branch and the branches below it (`owner` empty), held at the end of a
    published day. `customers` counts them by rank of tier in the scheme that pages showed."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    as_of = models.DateField()
    aum = models.DecimalField(**SUMS)
    deposit = models.DecimalField(**SUMS)
    scheme = models.CharField(max_length=40)
    customers = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("level of a day")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["as_of", "branch", "owner"], nulls_distinct=False, name="one_level_of_an_owner_a_day"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "as_of"], name="season_level_of_branch"),
        ]


class TargetQuerySet(models.QuerySet["SeasonTarget"]):
    def visible_to(self, user: User) -> "TargetQuerySet":
        """Those of the branches whose customers the user sees; their own alone for who sees only own customers."""
        scope = scope_of(user)
        if scope is None or not scope.sees_customers:
            return self.none()
        seen = self if scope.is_head_office else self.filter(branch_id__in=scope.branch_ids)
        return seen.filter(owner_id=user.pk) if scope.reach == Reach.OWN else seen

    def live(self) -> "TargetQuerySet":
        return self.filter(withdrawn_at=None)


class SeasonTarget(models.Model):
    """What a branch with all below it, or a manager of an outlet (`owner`), is to reach from one day to another.

    `amount` is in yuan, or in customers (OF_PEOPLE); growth is against the eve of the first day. `scheme` and `rank`
    say from which tier on customers count. Targets alike in all but place and amount are one target, split: the parts
    of a branch are those of the branches right below it, of an outlet those of its managers. `set_from` is the branch
    of who set it: a manager further down does not change it.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False, verbose_name=_("branch"))
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    measure = models.CharField(_("measure"), max_length=16, choices=Measure.choices)
    scheme = models.CharField(max_length=40, blank=True, default="")
    rank = models.PositiveSmallIntegerField(_("from which tier on"), null=True)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("campaign")
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    amount = models.DecimalField(pgettext_lazy("of a season", "target"), **SUMS, validators=[MinValueValidator(0)])
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    set_from = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    set_at = models.DateTimeField(db_default=Now())
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    withdrawn_at = models.DateTimeField(null=True)

    objects: ClassVar[TargetQuerySet] = TargetQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("target of a season")
        verbose_name_plural = _("targets of seasons")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["branch", "owner", "measure", "scheme", "rank", "campaign", "first_day", "last_day"],
                condition=Q(withdrawn_at=None), nulls_distinct=False, name="one_target_of_a_place_and_season",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=models.F("first_day")) & Q(amount__gt=0), name="a_target_can_be_reached"
            ),
            models.CheckConstraint(
                condition=Q(measure=Measure.CUSTOMERS, rank__isnull=False)
                | ~Q(measure=Measure.CUSTOMERS) & Q(rank=None),
                name="a_target_of_customers_names_a_tier",
            ),
            models.CheckConstraint(
                condition=Q(measure=Measure.CAMPAIGN, campaign__isnull=False)
                | ~Q(measure=Measure.CAMPAIGN) & Q(campaign=None),
                name="a_target_of_a_campaign_names_it",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.measure} {self.first_day}–{self.last_day}"

    @property
    def key(self) -> tuple[str, str, int | None, int | None, date, date]:
        """What a target and its parts have in common."""
        return (self.measure, self.scheme, self.rank, self.campaign_id, self.first_day, self.last_day)

    @property
    def is_average(self) -> bool:
        return self.measure in AVERAGES

    @property
    def is_of_people(self) -> bool:
        return self.measure in OF_PEOPLE
