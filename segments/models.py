"""纵向分层: tier schemes as data, the tier of every customer in every active scheme, and the history of moves."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.choices import CustomerType
from customers.models import Customer
from customers.models.holding import NO_INDEX
from segments.choices import DowngradeTarget, MoveCause, Promotion, TierMetric
from segments.grading_models import Grade as Grade
from segments.grading_models import GradeDecision as GradeDecision
from segments.grading_models import Grading as Grading
from segments.names import localized
from segments.scheme_parts import NightMeasure as NightMeasure
from segments.scheme_parts import SchemeBranch as SchemeBranch
from segments.scheme_parts import SchemeFactor as SchemeFactor
from segments.scheme_parts import SchemeWeight as SchemeWeight
from segments.segment_models import NightSegment as NightSegment
from segments.segment_models import NightTouched as NightTouched
from segments.segment_models import Playbook as Playbook
from segments.segment_models import Segment as Segment
from segments.segment_models import SegmentChange as SegmentChange
from segments.segment_models import SegmentDay as SegmentDay
from segments.segment_models import SegmentMember as SegmentMember
from segments.segment_models import SegmentVersion as SegmentVersion
from segments.simulation_models import SchemeSimulation as SchemeSimulation
from segments.simulation_models import SimulatedMover as SimulatedMover
from segments.simulation_models import SimulatedTier as SimulatedTier


class TierScheme(models.Model):
    """How customers are layered: the metric, the bands (Tier) and the rules of moving. Exactly one is primary.

    A row is one version of a scheme. Released versions of a code follow each other by their first day; `is_active`
    marks the one by which the published tiers were judged, `is_primary` the one of which pages and alerts speak. Only
    the night moves these marks; `becomes_primary` says which scheme it is to let pages show, once a second person has
    chosen what `shown_asked_by` asked for. A tier is kept down to `keep_percent` below its lower edge. `note` says what
    is ours, or not known, about a scheme that is shipped.
    """

    code = models.CharField(_("code"), max_length=40)
    version = models.IntegerField(_("version"), default=1)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    metric = models.CharField(_("metric"), max_length=20, choices=TierMetric.choices)
    applies_to = models.CharField(_("applies to"), max_length=10, choices=CustomerType.choices, blank=True, default="")
    promotion = models.CharField(_("promotion"), max_length=12, choices=Promotion.choices)
    review_days = models.CharField(
        _("review days"), max_length=80, blank=True, default="", db_default="", help_text=_("month-day, as 06-30,12-31")
    )
    keep_percent = models.DecimalField(
        _("kept below the edge, percent"), max_digits=5, decimal_places=2, default=0, db_default=0
    )
    watch_after_months = models.SmallIntegerField(_("watch after months below"), default=0)
    downgrade_after_months = models.SmallIntegerField(_("downgrade after months below"), default=0)
    downgrade_to = models.CharField(
        _("downgrade to"), max_length=20, choices=DowngradeTarget.choices, default=DowngradeTarget.LATEST
    )
    effective_from = models.DateField(_("effective from"))
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    is_released = models.BooleanField(_("released"), default=False)
    is_active = models.BooleanField(_("active"), default=False)
    is_primary = models.BooleanField(_("shown on pages"), default=False)
    becomes_primary = models.BooleanField(_("shown from the next night on"), default=False)
    shown_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("who asked for it to be shown"),
    )  # fmt: skip
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    note = models.CharField(_("note"), max_length=300, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("tier scheme")
        verbose_name_plural = _("tier schemes")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["code", "version"], name="one_version_of_a_scheme"),
            models.UniqueConstraint(
                fields=["is_primary"], condition=models.Q(is_primary=True), name="one_primary_scheme"
            ),
            models.UniqueConstraint(
                fields=["becomes_primary"],
                condition=models.Q(becomes_primary=True),
                name="one_scheme_becomes_primary",
            ),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(is_active=True), name="one_active_version_of_a_scheme"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def name(self) -> str:
        return localized(self)


class Tier(models.Model):
    """One band, lower-inclusive and upper-exclusive; an empty upper bound is the top band. `rank` grows upwards.

    The lower bound is empty only while nobody has said it: such a scheme is not released (schemes.check_bands).
    """

    scheme = models.ForeignKey(TierScheme, models.CASCADE, related_name="tiers")
    rank = models.SmallIntegerField(_("rank"))
    code = models.CharField(_("code"), max_length=30)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=40)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=40, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=40, blank=True, default="")
    # Whoever reads a band reads one of a released scheme.
    lower: "models.DecimalField[Decimal | int | str, Decimal]" = models.DecimalField(  # type: ignore[misc]
        _("from"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    upper = models.DecimalField(_("below"), max_digits=18, decimal_places=2, null=True, blank=True)
    downgrade_after_months = models.SmallIntegerField(_("downgrade after months below"), null=True, blank=True)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scheme", "rank"], name="one_tier_of_a_rank"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self)


class TierState(models.Model):
    """The tier of a customer in one scheme, as published. `months_below` counts ended months under the band."""

    scheme = models.ForeignKey(TierScheme, models.CASCADE, related_name="+", **NO_INDEX)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tier_states", db_constraint=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    rank = models.SmallIntegerField(_("tier"))
    since = models.DateField(_("since"))
    months_below = models.SmallIntegerField(default=0)
    best_in_window = models.SmallIntegerField(default=0)
    is_watched = models.BooleanField(_("watched"), default=False)
    month_checked = models.DateField(_("last month closed"), null=True)

    objects: ClassVar[ScopedQuerySet["TierState"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("tier of a customer")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scheme", "customer"], name="one_tier_of_a_customer_in_a_scheme"),
        ]


class TierChange(models.Model):
    """Append-only history: old and new tier, metric value, scheme version and cause. Null = not a customer."""

    scheme = models.ForeignKey(TierScheme, models.CASCADE, related_name="+", **NO_INDEX)
    scheme_version = models.IntegerField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tier_changes", db_constraint=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    as_of = models.DateField()
    old_rank = models.SmallIntegerField(null=True)
    new_rank = models.SmallIntegerField(null=True)
    metric_value = models.DecimalField(max_digits=18, decimal_places=2)
    cause = models.CharField(max_length=20, choices=MoveCause.choices)

    objects: ClassVar[ScopedQuerySet["TierChange"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("tier move")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scheme", "customer", "as_of"], name="one_move_of_a_customer_a_day"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["scheme", "as_of"], name="tier_change_as_of")]


class DayFigure(models.Model):
    """Counters of a branch, scheme and tier on a published day: what home pages show without counting customers."""

    as_of = models.DateField()
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    scheme = models.ForeignKey(TierScheme, models.CASCADE, related_name="+", **NO_INDEX)
    rank = models.SmallIntegerField()
    customers = models.BigIntegerField()
    aum = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        verbose_name = _("figure of the day")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["branch", "scheme", "as_of", "rank"], name="one_figure_of_a_tier_a_day"),
        ]


class NightTier(models.Model):
    """The night's tier results to come, in one scheme, for every customer looked at; published where they differ."""

    scheme_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    branch_id = models.BigIntegerField()
    old_rank = models.SmallIntegerField(null=True)
    rank = models.SmallIntegerField(null=True)
    metric_value = models.DecimalField(max_digits=18, decimal_places=2)
    cause = models.CharField(max_length=20, blank=True, default="")
    since = models.DateField()
    months_below = models.SmallIntegerField(default=0)
    best_in_window = models.SmallIntegerField(default=0)
    is_watched = models.BooleanField(default=False)
    month_checked = models.DateField(null=True)

    class Meta:
        db_table = "night_tier"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer_id", "scheme_id"], name="one_night_tier"),
        ]


class TierBefore(models.Model):
    """The tiers that the newest published night changed, as they stood before it: what a corrected file of the same
    day is judged from. `rank` is empty where there was none; a first night keeps nothing, as nothing was before it."""

    scheme_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    rank = models.SmallIntegerField(null=True)
    since = models.DateField(null=True)
    months_below = models.SmallIntegerField()
    best_in_window = models.SmallIntegerField()
    is_watched = models.BooleanField()
    month_checked = models.DateField(null=True)

    class Meta:
        db_table = "night_tier_before"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer_id", "scheme_id"], name="one_tier_before"),
        ]


class OwnerTier(models.Model):
    """Counters of the last published night: a manager's customers of one tier in the primary scheme (rank 0: of none).

    `owner` empty gathers customers without a main owner. The averages are sums over the customers of the month's
    average to date and of the month before; `covered` had an effective contact within the tier's cycle
    (archives.coverage). Of `archives` something is noted: `points` is the sum of their completeness, `incomplete` those
    below archives.coverage.COMPLETE_ENOUGH, `stale` those with anything stale, `stale_in` how many by section.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    rank = models.SmallIntegerField()
    customers = models.IntegerField()
    covered = models.IntegerField()
    aum = models.DecimalField(max_digits=20, decimal_places=2)
    deposit = models.DecimalField(max_digits=20, decimal_places=2, default=0, db_default=0)
    month_average = models.DecimalField(max_digits=20, decimal_places=2)
    last_month_average = models.DecimalField(max_digits=20, decimal_places=2)
    archives = models.IntegerField(default=0, db_default=0)
    points = models.BigIntegerField(default=0, db_default=0)
    incomplete = models.IntegerField(default=0, db_default=0)
    stale = models.IntegerField(default=0, db_default=0)
    stale_in = models.JSONField(default=dict, db_default={})

    class Meta:
        verbose_name = _("tier counter of a manager")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["branch", "owner", "rank"], nulls_distinct=False, name="one_counter_of_a_tier_and_owner"
            ),
        ]


class OwnerAlerts(models.Model):
    """Counters of the last published night: live alerts of a manager's customers, as if nobody had answered one since.

    Alerts that a person has closed on the business date or later are counted too, under the owner of the day before:
    whoever reads takes away what people have done from that date on (crm/workbench/board_people.sql), and is right
    whenever the night was published.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    customers = models.IntegerField()
    alerts = models.IntegerField()
    red = models.IntegerField()

    class Meta:
        verbose_name = _("alert counter of a manager")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["branch", "owner"], nulls_distinct=False, name="one_alert_counter_of_an_owner"
            ),
        ]


class OwnerDue(models.Model):
    """Counters of the last published night: holdings that mature on one of the coming days, under the owner as for
    `OwnerAlerts`."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    due_date = models.DateField()
    holdings = models.IntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        verbose_name = _("maturity counter of a manager")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["branch", "due_date", "owner"], nulls_distinct=False, name="one_due_counter_of_an_owner_a_day"
            ),
        ]


class MonthMoves(models.Model):
    """Customers of a branch who moved up, and down, in a month in the primary scheme; the current month to date."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    scheme = models.ForeignKey(TierScheme, models.CASCADE, related_name="+", **NO_INDEX)
    month = models.DateField()
    up = models.IntegerField()
    down = models.IntegerField()

    class Meta:
        verbose_name = _("moves of a month")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["branch", "month"], name="one_count_of_moves_a_month"),
        ]
