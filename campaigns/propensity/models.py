"""意向: a model of who is likely to say yes, as numbers, and what it says of each customer."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.propensity.choices import Band, ModelState
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Customer
from customers.models.holding import NO_INDEX


class PropensityModel(models.Model):
    """One model: the weights of a logistic regression, how it was judged, and what two people made of it.

    `weights` and `figures` name no customer, and the web never changes them; `fingerprint` is their SHA-256. At most
    one is on. `scored_to` is the business date whose data the scores are of, `scored_at` when they were last written.
    """

    as_of = models.DateField(_("data date"))
    state = models.CharField(_("state"), max_length=10, choices=ModelState.choices, default=ModelState.LEARNING)
    weights = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(db_default=Now())
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    proposed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(_("decision"), max_length=200, blank=True, default="")
    switched_off_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    switched_off_at = models.DateTimeField(null=True)
    scored_to = models.DateField(null=True)
    scored_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("model of propensity")
        verbose_name_plural = _("models of propensity")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *(
                models.UniqueConstraint(
                    fields=["state"], condition=models.Q(state=state), name=f"one_propensity_model_{state.value}"
                )
                for state in (ModelState.LEARNING, ModelState.SUBMITTED, ModelState.ON)
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ModelState.ON)
                | (
                    models.Q(decided_by__isnull=False, proposed_by__isnull=False)
                    & ~models.Q(decided_by=models.F("proposed_by"))
                    & ~models.Q(fingerprint="")
                ),
                name="a_propensity_model_needs_a_second_person",
            ),
        ]

    @property
    def is_under_way(self) -> bool:
        return self.state == ModelState.LEARNING


class PropensityScore(models.Model):
    """How likely a customer says yes when called, by the model that is on.

    `permille` of 1000. `reasons`: the three that weigh most, each two signs and the name of a feature: whether it
    raises (u) or lowers (d) the score, and whether the customer has more (+) or less (-) of it than others.
    """

    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, related_name="propensity", db_constraint=False
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    model = models.ForeignKey(PropensityModel, models.CASCADE, related_name="+", db_index=False)
    permille = models.SmallIntegerField()
    band = models.SmallIntegerField(choices=Band.choices)
    reasons = ArrayField(models.CharField(max_length=24))
    as_of = models.DateField()

    objects: ClassVar[ScopedQuerySet["PropensityScore"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("propensity of a customer")
