"""横向分群: segments as data, who is in them, everybody who came and went, and the figures of each day."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet
from crm.organization.choices import Reach
from crm.organization.models import Branch, User
from customers.choices import ProductClass
from customers.models import Customer
from customers.models.holding import NO_INDEX
from segments.choices import MemberCause, SegmentKind, VersionState
from segments.names import localized


class SegmentQuerySet(models.QuerySet["Segment"]):
    def visible_to(self, user: User) -> "SegmentQuerySet":
        """Those of the whole bank, of the user's branch and the branches above it, and of all below for who leads.

        A definition tells of no customer; its members are seen through the scope of each reader.
        """
        above = [int(number) for number in user.branch.path.strip(".").split(".") if number]
        seen = models.Q(owner_branch__isnull=True) | models.Q(owner_branch_id__in=above)
        if user.reach == Reach.SUBTREE:
            seen |= models.Q(owner_branch__path__startswith=user.branch.path)
        return self.filter(seen)


class Segment(models.Model):
    """A group of customers, by rule or chosen. `rule` and `version` are what is in force; 0 = nothing approved yet.

    Customers of `owner_branch` and the branches below it may be members; of the whole bank where it is empty. `preset`
    names the shipped group that the segment started from. `products` are the classes that its playbook suggests, the
    first one first. A frozen static segment takes nobody in any more: `audience_hash` is that of its members then.
    `judged_version` and `judged_on` say by which version, and on which business date, its members were last found.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=SegmentKind.choices, default=SegmentKind.RULE)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    owner_branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner branch")
    )
    preset = models.CharField(_("preset"), max_length=40, blank=True, default="", editable=False)
    rule = models.JSONField(_("rule"), null=True, blank=True, editable=False)
    version = models.IntegerField(_("version"), default=0, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    products = ArrayField(
        models.CharField(max_length=12, choices=ProductClass.choices),
        default=list, blank=True, verbose_name=_("products to suggest"),
    )  # fmt: skip
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    judged_version = models.IntegerField(null=True, editable=False)
    judged_on = models.DateField(null=True, editable=False)
    frozen_at = models.DateTimeField(_("frozen"), null=True, editable=False)
    frozen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, editable=False)
    audience_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    audience_count = models.BigIntegerField(null=True, editable=False)

    objects: ClassVar[SegmentQuerySet] = SegmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self)


class SegmentVersion(models.Model):
    """A rule as somebody proposed it; in force once a second person approved. Never changed after it was decided upon.

    `dry_run` is what the author saw: members now, with this rule, who would come and who would go, and their AUM, in
    the author's scope on that data date.
    """

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="versions", db_index=False)
    number = models.IntegerField()
    rule = models.JSONField()
    note = models.CharField(_("why"), max_length=200, blank=True, default="")
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.DRAFT)
    dry_run = models.JSONField(default=dict)
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    proposed_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("version of a segment")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["segment", "number"], name="one_number_of_a_segment_version"),
            models.UniqueConstraint(
                fields=["segment"], condition=models.Q(state=VersionState.DRAFT), name="one_draft_of_a_segment"
            ),
            models.UniqueConstraint(
                fields=["segment"], condition=models.Q(state=VersionState.IN_FORCE), name="one_rule_in_force"
            ),
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("proposed_by"))
                | ~models.Q(state__in=[VersionState.IN_FORCE, VersionState.REPLACED]),
                name="a_rule_needs_a_second_person",
            ),
        ]


class Playbook(models.Model):
    """How a segment is looked after, in one language (DOMAIN S1 1.10): what its customers need, how we operate, where
    we win them, what to say."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="playbooks", db_index=False)
    language = models.CharField(_("language"), max_length=10)
    needs = models.TextField(_("needs"), blank=True, default="")
    operation = models.TextField(_("how we operate"), blank=True, default="")
    acquisition = models.TextField(_("where we win them"), blank=True, default="")
    script = models.TextField(_("what to say"), blank=True, default="")

    class Meta:
        verbose_name = _("playbook")
        verbose_name_plural = _("playbooks")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["segment", "language"], name="one_playbook_of_a_language"),
        ]


class SegmentMember(models.Model):
    """A customer is in a segment since a business date. `conditions` is a bit for each condition of the rule, in its
    order, that let the customer in (segments.rules)."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="members", **NO_INDEX)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="segment_members", db_index=False, db_constraint=False
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    since = models.DateField(_("since"))
    cause = models.CharField(_("reason"), max_length=12, choices=MemberCause.choices)
    conditions = models.IntegerField(default=0)
    version = models.IntegerField(default=0)

    objects: ClassVar[ScopedQuerySet["SegmentMember"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("member of a segment")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "segment"], name="one_membership_of_a_customer"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["segment", "branch", "customer"], name="segment_member_of_branch"),
        ]


class SegmentChange(models.Model):
    """Append-only: who came into a segment and who left it, by the business date in whose figures it counts.

    `conditions` are those that began to hold, or no longer hold; `since` is that of the membership; `staff` did it,
    empty where the night did.
    """

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="changes", **NO_INDEX)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="segment_changes", db_index=False, db_constraint=False
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    as_of = models.DateField()
    is_in = models.BooleanField()
    since = models.DateField()
    cause = models.CharField(max_length=12, choices=MemberCause.choices)
    conditions = models.IntegerField(default=0)
    version = models.IntegerField(default=0)
    staff = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    recorded_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ScopedQuerySet["SegmentChange"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("change of a segment")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["segment", "as_of"], name="segment_change_as_of"),
            models.Index(fields=["customer", "as_of"], name="segment_change_of_customer"),
        ]


class SegmentDay(models.Model):
    """Counters of a segment in a branch on a published day: members and their AUM at its end, who came and went since
    the day before, and `moved`: members whom a change of home branch brought, less those whom it took.

    members = those of the day before + joined − left + moved.
    """

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="days", **NO_INDEX)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    as_of = models.DateField()
    members = models.BigIntegerField()
    joined = models.BigIntegerField()
    left = models.BigIntegerField()
    moved = models.BigIntegerField()
    aum = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        verbose_name = _("figure of a segment")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["segment", "as_of", "branch"], name="one_figure_of_a_segment_a_day"),
        ]


class NightSegment(models.Model):
    """The difference between who is in a segment and who should be, while it is being applied."""

    segment_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    is_in = models.BooleanField()
    branch_id = models.BigIntegerField(null=True)
    cause = models.CharField(max_length=12, default="")
    conditions = models.IntegerField(default=0)

    class Meta:
        db_table = "night_segment"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["segment_id", "customer_id"], name="one_night_segment"),
        ]


class NightTouched(models.Model):
    """The customers of whom the night being published changes anything that a rule can ask for."""

    customer_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "night_touched"
