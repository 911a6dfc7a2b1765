"""Many customers change hands at once: a leaver's handover 移交, and the way back into the public pool 公海."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet, scope_of
from crm.organization.choices import Reach, Role
from crm.organization.models import Branch, User
from customers.choices import ItemOutcome, RequestKind, RequestState
from customers.models.customer import Customer
from customers.models.lists import BulkJob

A_YEAR = [MinValueValidator(1), MaxValueValidator(366)]
# What nobody has agreed to: no other state is reached without somebody's decision.
UNDECIDED = (RequestState.DRAFT, RequestState.WAITING, RequestState.WITHDRAWN)


class OwnershipRule(models.Model):
    """The parameters of claiming and handing over (DOMAIN §4), from a day on until the next row begins."""

    effective_from = models.DateField(_("effective from"), unique=True)
    claim_cap = models.PositiveIntegerField(
        _("most customers of a manager who claims"), default=300, validators=[MinValueValidator(1)]
    )
    undo_days = models.PositiveSmallIntegerField(_("days in which it can be undone"), default=7, validators=A_YEAR)
    watch_days = models.PositiveSmallIntegerField(_("days watched after a handover"), default=30, validators=A_YEAR)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule of ownership")
        verbose_name_plural = _("rules of ownership")

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.claim_cap}"


class BranchLedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> "BranchLedQuerySet":
        """Those of the branches that a branch manager leads; nothing for anybody else."""
        scope = scope_of(user)
        if scope is None or user.role != Role.BRANCH_MANAGER or scope.reach == Reach.OWN:
            return self.none()
        return self if scope.is_head_office else self.filter(branch_id__in=scope.branch_ids)


class PoolRule(models.Model):
    """Whom a branch takes back into its pool: by holdings and service, never by the last contact alone.

    Taken back is who for `quiet_days` gained no more than `growth` yuan, had nothing maturing, nor has within the next
    `maturity_days`, was reached by no effective contact, and has no open plan, no open complaint and no alert that is
    being followed. A row is never changed, only activated by a second person once its outcome was looked at
    (`simulated`); the newest active one of a branch is in force.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    quiet_days = models.PositiveSmallIntegerField(_("days without growth, maturity or service"), validators=A_YEAR)
    maturity_days = models.PositiveSmallIntegerField(
        _("days ahead in which nothing may mature"), validators=[MinValueValidator(1), MaxValueValidator(3660)]
    )
    growth = models.DecimalField(
        _("growth that counts, yuan"), max_digits=18, decimal_places=2, validators=[MinValueValidator(0)]
    )
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    simulated = models.JSONField(null=True)
    simulated_on = models.DateField(null=True)
    activated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    activated_at = models.DateTimeField(null=True)

    objects: ClassVar[BranchLedQuerySet] = BranchLedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("rule of the pool")
        verbose_name_plural = _("rules of the pool")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(activated_at__isnull=True)
                | Q(activated_by__isnull=False, simulated__isnull=False, simulated_on__isnull=False),
                name="no_pool_rule_acts_unseen",
            ),
            models.CheckConstraint(
                condition=Q(activated_by__isnull=True) | ~Q(activated_by=models.F("created_by")),
                name="nobody_activates_their_own_pool_rule",
            ),
        ]


class OwnershipRequest(models.Model):
    """Customers who are to change hands once a second person agrees; `moves` says who goes from whom to whom.

    A handover has a `leaver` and the `candidates` who take over, a recycling its `rule`. What was asked for is sealed
    by `fingerprint`, over every customer and the manager to come: the job refuses moves that are other ones. `settled`
    keeps what else left the leaver's hands at the end, for the way back. `as_of` is the data date of the balances that
    `moves` took along.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=RequestKind.choices)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    leaver = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    rule = models.ForeignKey(PoolRule, models.PROTECT, null=True, related_name="+", db_index=False)
    candidates = ArrayField(models.BigIntegerField(), default=list)
    keeps_households = models.BooleanField(default=True)
    reason = models.CharField(_("reason"), max_length=200)
    note = models.CharField(_("to the new managers"), max_length=500, blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=RequestState.choices, default=RequestState.DRAFT)
    total = models.IntegerField(_("customers"), default=0)
    fingerprint = models.CharField(max_length=32, blank=True, default="")
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField(_("reason"), max_length=200, blank=True, default="")
    job = models.OneToOneField(BulkJob, models.PROTECT, null=True, related_name="request")
    as_of = models.DateField(null=True)
    settled = models.JSONField(default=dict)

    objects: ClassVar[BranchLedQuerySet] = BranchLedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("change of hands")
        verbose_name_plural = _("changes of hands")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("requested_by")),
                name="nobody_approves_their_own_handover",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=False) | Q(state__in=UNDECIDED), name="no_handover_goes_on_undecided"
            ),
            models.CheckConstraint(
                condition=Q(kind=RequestKind.HANDOVER, leaver__isnull=False, rule__isnull=True)
                | Q(kind=RequestKind.RECYCLE, leaver__isnull=True, rule__isnull=False),
                name="handover_of_a_leaver_recycling_by_a_rule",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch", "-id"], name="ownership_request_of_branch"),
        ]


class OwnershipMove(models.Model):
    """One customer of a request: from whom, to whom (nobody: into the pool), and what became of it.

    Those of one `unit` stay together: a household, or a customer alone (the id, negative). `rank` is the highest tier
    of the unit, `aum` what the customer held when it was planned, then when it was moved, `minutes` what open plans
    take in the coming 30 days, `is_maturing` whether a deposit matures by then. `note` is the continuity note: what
    was open on the day, in facts that the page words.
    """

    request = models.ForeignKey(OwnershipRequest, models.CASCADE, related_name="moves", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="ownership_moves")
    unit = models.BigIntegerField()
    rank = models.SmallIntegerField(default=0)
    aum = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    minutes = models.IntegerField(default=0)
    is_maturing = models.BooleanField(default=False)
    from_owner = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    to_owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField(_("result"), max_length=12, choices=ItemOutcome.choices, default=ItemOutcome.WAITING)
    moved_at = models.DateTimeField(null=True)
    note = models.JSONField(null=True)
    told_on = models.DateField(_("customer told on"), null=True)
    told_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    objects: ClassVar[ScopedQuerySet["OwnershipMove"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("customer who changes hands")
        verbose_name_plural = _("customers who change hands")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["request", "customer"], name="one_move_of_a_request_and_customer"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["request", "rank", "unit"], name="ownership_move_of_unit"),
        ]
