"""营销活动: what a campaign asks for, whom it was launched with, in which group each of them is, and what to say."""

import hashlib
from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.choices import (
    LAUNCHED,
    UNLAUNCHED,
    Arm,
    Basis,
    CampaignKind,
    CampaignState,
    Exclusion,
    MemberStatus,
    QuarterTheme,
    Stratifier,
    Success,
)
from crm.organization.access import ScopedQuerySet
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from customers.models import Customer
from customers.models.holding import NO_INDEX
from segments.models import Segment
from segments.names import localized

MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}
# The reason kept where the launch found other customers than those that were approved.
FIGURES_MOVED = "figures_moved"
# A control group smaller than this tells nothing.
LEAST_CONTROL = 200
MOST_CONTROL_PCT = 50
MOST_POINTS = 1_000_000


class SuccessRule(models.Model):
    """The rule over holdings, as data: who belongs to the base, what counts as success, what as kept.

    The base is `base_from` ≤ x < `base_below` of the baseline period, either end open where it is empty. Success is,
    in any month of the campaign, by the same `basis`: x ≥ `success_amount`, or x − base ≥ `success_amount`. Kept is
    the same of `kept_amount` in the month that lies `kept_months` after the end. Money in yuan.
    """

    basis = models.CharField(_("what counts"), max_length=8, choices=Basis.choices, default=Basis.AVERAGE)
    base_from = models.DecimalField(_("base from"), **MONEY, null=True, blank=True)
    base_below = models.DecimalField(_("base below"), **MONEY, null=True, blank=True)
    success = models.CharField(_("success"), max_length=8, choices=Success.choices, default=Success.REACHES)
    success_amount = models.DecimalField(_("amount of success"), **MONEY, validators=[MinValueValidator(0)])
    kept_months = models.PositiveSmallIntegerField(
        _("months until kept"), default=3, validators=[MaxValueValidator(12)]
    )
    kept_amount = models.DecimalField(_("amount that is kept"), **MONEY, validators=[MinValueValidator(0)])
    bands = ArrayField(
        models.DecimalField(**MONEY), default=list, blank=True, verbose_name=_("bounds between bands of the base")
    )
    control_pct = models.PositiveSmallIntegerField(
        _("control group, percent"), default=10, validators=[MaxValueValidator(MOST_CONTROL_PCT)]
    )
    stratify_by = ArrayField(
        models.CharField(max_length=8, choices=Stratifier.choices),
        default=list, blank=True, verbose_name=_("control group alike in"),
    )  # fmt: skip
    leaves_out_loans = models.BooleanField(_("leave out who holds loan-funded money"), default=True)

    class Meta:
        abstract = True


class CampaignTemplate(SuccessRule):
    """A ready type of campaign, which a new one begins with. 5万达标 is shipped."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("type"), max_length=10, choices=CampaignKind.choices)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    reward = models.CharField(_("reward"), max_length=200, blank=True, default="")
    script = models.TextField(_("what to say"), blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("ready type of campaign")
        verbose_name_plural = _("ready types of campaign")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self)


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> "CampaignQuerySet":
        """Those of the user's branch and the branches above it, and of all below for who leads, to whom customers are
        shown at all. What a campaign is tells of no customer; its members are seen through the scope of each reader."""
        above = [int(number) for number in user.branch.path.strip(".").split(".") if number]
        seen = Q(owner_branch_id__in=above)
        if user.reach == Reach.SUBTREE:
            seen |= Q(owner_branch__path__startswith=user.branch.path)
        return self.filter(seen)

    def shown_to(self, user: User) -> "CampaignQuerySet":
        """Those that pages show to the user; drafts are for who leads branches."""
        rows = self.visible_to(user)
        return rows if user.role == Role.BRANCH_MANAGER else rows.launched()

    def running(self) -> "CampaignQuerySet":
        return self.filter(state=CampaignState.RUNNING)

    def calling(self, day: date) -> "CampaignQuerySet":
        """Those whose members may be called on a day: neither before the first day nor after the last."""
        return self.running().filter(starts_on__lte=day, ends_on__gte=day)

    def launched(self) -> "CampaignQuerySet":
        return self.filter(state__in=LAUNCHED)


class Campaign(SuccessRule):
    """One campaign of a branch and all below it. What is not launched can change; afterwards only cost and state do.

    `baseline_from` to `baseline_to` is the period of the base. Of two campaigns that want the same customer the one
    with the lower `priority` has them, of two alike the one that starts earlier, then the older one.
    Asking freezes what the approver sees: `figures` and their `figures_hash`; the launch does exactly that or nothing.
    `as_of` is the business date of the frozen figures, `audience_hash` the SHA-256 over the ids of all members in their
    order, joined by commas. `controls` is 0 where the control group would have been too small to tell anything.
    Who leads it may end it before its time: `ends_on` is then the last day that is measured, `planned_end` what it was.
    `reward_points` go to each of the campaign group who reaches the goal (campaigns.entitlements), nil where the reward
    is none of points. `budget` and `cost` in yuan; `cost` is what was spent, typed in by who leads the campaign.
    """

    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("type"), max_length=10, choices=CampaignKind.choices)
    template = models.ForeignKey(CampaignTemplate, models.PROTECT, null=True, related_name="+", db_index=False)
    theme = models.CharField(_("quarter theme"), max_length=10, choices=QuarterTheme.choices, blank=True, default="")
    owner_branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("owner branch"))
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="+", verbose_name=_("segment"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    baseline_from = models.DateField(_("base period from"))
    baseline_to = models.DateField(_("base period until"))
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=5, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    reward = models.CharField(_("reward"), max_length=200, blank=True, default="")
    reward_points = models.PositiveIntegerField(
        _("points for each who reaches it"), default=0, db_default=0, validators=[MaxValueValidator(MOST_POINTS)]
    )
    budget = models.DecimalField(_("budget"), **MONEY, null=True, blank=True, validators=[MinValueValidator(0)])
    cost = models.DecimalField(_("cost so far"), **MONEY, default=0, validators=[MinValueValidator(0)])
    state = models.CharField(_("state"), max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, editable=False)
    asked_at = models.DateTimeField(null=True, editable=False)
    figures = models.JSONField(default=dict, editable=False)
    figures_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    # Why it came back from the approver, or from the launch (FIGURES_MOVED).
    refusal = models.CharField(_("reason"), max_length=200, blank=True, default="", editable=False)
    launched_at = models.DateTimeField(null=True, editable=False)
    as_of = models.DateField(null=True, editable=False)
    audience_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    members_count = models.IntegerField(default=0, editable=False)
    controls = models.IntegerField(default=0, editable=False)
    planned_end = models.DateField(null=True, editable=False)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    end_reason = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)

    objects: ClassVar[CampaignQuerySet] = CampaignQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="a_campaign_needs_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state=CampaignState.DRAFT) | Q(state=CampaignState.WITHDRAWN) | ~Q(figures_hash=""),
                name="no_campaign_is_asked_for_unseen",
            ),
            models.CheckConstraint(
                condition=Q(launched_at__isnull=True)
                | Q(decided_by__isnull=False, as_of__isnull=False, members_count__gt=0) & ~Q(audience_hash=""),
                name="no_campaign_runs_unapproved",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on"))
                & Q(baseline_to__gte=F("baseline_from"))
                & Q(baseline_to__lt=F("starts_on")),
                name="the_base_lies_before_the_campaign",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True)
                | Q(ended_by__isnull=False, planned_end__gte=F("ends_on"), state=CampaignState.ENDED)
                & ~Q(end_reason=""),
                name="who_ends_a_campaign_early_says_why",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner_branch", "-id"], name="campaign_of_branch"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Nobody has launched it: it can still change."""
        return self.state in UNLAUNCHED

    @property
    def is_running(self) -> bool:
        return self.state == CampaignState.RUNNING

    def is_calling(self, day: date) -> bool:
        """Whether its members may be called on a day, as `calling` says of many."""
        return self.is_running and self.starts_on <= day <= self.ends_on


class CampaignScript(models.Model):
    """What to say, version by version; the newest approved one is shown beside the calls. The launch approves the
    first, a later one takes a second person too."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="scripts", db_index=False)
    number = models.PositiveSmallIntegerField()
    text = models.TextField(_("what to say"))
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField(db_default=Now())
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("script of a campaign")
        verbose_name_plural = _("scripts of campaigns")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["campaign", "number"], name="one_number_of_a_campaign_script"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("written_by")),
                name="nobody_approves_their_own_script",
            ),
        ]

    @property
    def mark(self) -> str:
        """What an approval is for: this text of this version."""
        return hashlib.sha256(f"{self.number}:{self.text}".encode()).hexdigest()


class CampaignStratum(models.Model):
    """Members who are alike in what the draw went by: `tier`, `band` (0 is below the first bound) and `owner`, each
    empty where the draw did not go by it. `members` counts both groups, `controls` those of the control group."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="strata", db_index=False)
    number = models.IntegerField()
    tier = models.SmallIntegerField(null=True)
    band = models.SmallIntegerField(null=True)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    members = models.IntegerField()
    controls = models.IntegerField()

    class Meta:
        verbose_name = _("stratum of a campaign")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["campaign", "number"], name="one_number_of_a_stratum"),
        ]


class CampaignExclusion(models.Model):
    """How many of the segment were left out at launch, each for the first reason that held (choices.Exclusion)."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="left_out", db_index=False)
    reason = models.CharField(_("reason"), max_length=16, choices=Exclusion.choices)
    customers = models.IntegerField()

    class Meta:
        verbose_name = _("exclusion of a campaign")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["campaign", "reason"], name="one_count_of_an_exclusion"),
        ]


class CampaignMember(models.Model):
    """A customer in a campaign, assigned at launch for good: everyone assigned counts, contacted or not.

    Frozen at launch: `arm`, `stratum` (CampaignStratum.number), `draw` (the first 60 bits of SHA-256 over
    "campaign:customer", the order of the lot), `tier`, `band`, `owner` (the main owner then), `base_average` over the
    baseline period and `base_aum` at its end, `launch_aum` at the end of the campaign's `as_of`; money in yuan.
    `yielded_to` is the campaign that has the customer instead: still a member, not called in this one.
    `contact` is the newest one of this campaign, `invited_at` the moment of the first, `attended_on` when they came.
    The night finds `qualified_on` (the first day on which the success rule held) and `kept` (empty until it is due).
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="members", **NO_INDEX)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="campaign_members", db_index=False, db_constraint=False
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    arm = models.CharField(_("group in the campaign"), max_length=8, choices=Arm.choices)
    stratum = models.IntegerField()
    draw = models.BigIntegerField()
    tier = models.SmallIntegerField(default=0)
    band = models.SmallIntegerField(default=0)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    base_average = models.DecimalField(**MONEY)
    base_aum = models.DecimalField(**MONEY)
    launch_aum = models.DecimalField(**MONEY)
    yielded_to = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    status = models.CharField(
        _("status"), max_length=16, choices=MemberStatus.choices, default=MemberStatus.WAITING, db_default="waiting"
    )
    contact = models.ForeignKey("archives.ContactLog", models.SET_NULL, null=True, related_name="+", **NO_INDEX)
    invited_at = models.DateTimeField(_("invited"), null=True)
    attended_on = models.DateField(_("came on"), null=True)
    qualified_on = models.DateField(_("reached on"), null=True)
    kept = models.BooleanField(_("kept"), null=True)

    objects: ClassVar[ScopedQuerySet["CampaignMember"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("member of a campaign")
        verbose_name_plural = _("members of campaigns")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "campaign"], name="one_membership_of_a_campaign"),
            models.CheckConstraint(
                condition=Q(arm=Arm.TREAT) | Q(invited_at__isnull=True, attended_on__isnull=True),
                name="nobody_invites_the_control_group",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # Call lists: a manager's members in the order of what is to be done; and what the night reads.
            models.Index(fields=["campaign", "branch", "status", "customer"], name="campaign_member_of_branch"),
        ]
