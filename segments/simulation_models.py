"""分层方案试算: what a draft of a tier scheme would do on the last published night, kept as it was found."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from crm.jobs.models import JobRun
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Customer
from customers.models.holding import NO_INDEX
from segments.choices import SimulationState


class SchemeSimulation(models.Model):
    """One run of a draft over everybody, and what two people made of it.

    `rules` are bands and rules as they were simulated: a draft that was changed since has to be simulated again.
    `result` is of the whole bank and names no customer; `fingerprint` is the SHA-256 of rules, data date and result.
    The web never changes these three. `night` is when the night of `as_of` was published.
    """

    scheme = models.ForeignKey("segments.TierScheme", models.CASCADE, related_name="simulations")
    base = models.ForeignKey("segments.TierScheme", models.SET_NULL, null=True, related_name="+", db_index=False)
    as_of = models.DateField(_("data date"))
    night = models.DateTimeField()
    rules = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=10, choices=SimulationState.choices, default=SimulationState.RUNNING
    )
    run = models.ForeignKey(JobRun, models.SET_NULL, null=True, related_name="+", db_index=False)
    result = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    note = models.CharField(_("why"), max_length=200, blank=True, default="")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(db_default=Now())
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    proposed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(_("decision"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("simulation of a scheme")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["scheme"],
                condition=models.Q(state=SimulationState.SUBMITTED),
                name="one_submitted_simulation_of_a_scheme",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=SimulationState.APPROVED)
                | (
                    models.Q(decided_by__isnull=False, proposed_by__isnull=False)
                    & ~models.Q(decided_by=models.F("proposed_by"))
                ),
                name="a_scheme_needs_a_second_person",
            ),
        ]

    @property
    def is_under_way(self) -> bool:
        return self.state == SimulationState.RUNNING

    @property
    def is_frozen(self) -> bool:
        """Whether there are figures."""
        return bool(self.fingerprint)


class SimulatedTier(models.Model):
    """How many customers of a manager stand in one tier now and in one by the draft (0 = in none), with their AUM."""

    simulation = models.ForeignKey(SchemeSimulation, models.CASCADE, related_name="tiers", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", **NO_INDEX)
    old_rank = models.SmallIntegerField()
    new_rank = models.SmallIntegerField()
    customers = models.BigIntegerField()
    aum = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        verbose_name = _("simulated tier")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["simulation", "branch", "owner", "old_rank", "new_rank"],
                nulls_distinct=False,
                name="one_simulated_tier_of_an_owner",
            ),
        ]


class SimulatedMover(models.Model):
    """The richest customers of a branch whom the draft would move."""

    simulation = models.ForeignKey(SchemeSimulation, models.CASCADE, related_name="movers", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_constraint=False)
    old_rank = models.SmallIntegerField()
    new_rank = models.SmallIntegerField()
    metric_value = models.DecimalField(max_digits=18, decimal_places=2)
    aum = models.DecimalField(max_digits=18, decimal_places=2)

    objects: ClassVar[ScopedQuerySet["SimulatedMover"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("simulated mover")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["simulation", "-aum"], name="simulated_mover_richest"),
        ]
