"""礼品: gifts to customers, their limits, and what became of each. A gift is written once; what follows is appended.

Amounts are yuan with two decimals, exact to the fen.
"""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from archives.gift_choices import GiftLimitKind, GiftOccasion, GiftState
from archives.template_models import TOP_TIER
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Customer

LEAST_VALUE = Decimal("0.01")


class GiftLimit(models.Model):
    """What may be given without asking, from a day on until the next row of its kind begins.

    A limit of one gift goes by the customer's tier; a tier without a row has none to give. Where the gift belongs to a
    plan whose template names a gift limit, that one holds instead.
    """

    kind = models.CharField(_("limit of"), max_length=14, choices=GiftLimitKind.choices)
    tier = models.PositiveSmallIntegerField(
        _("tier"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(TOP_TIER)]
    )
    amount = models.DecimalField(_("yuan"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))])
    effective_from = models.DateField(_("effective from"))
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("limit of gifts")
        verbose_name_plural = _("limits of gifts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["kind", "tier", "effective_from"], nulls_distinct=False, name="one_gift_limit_from_a_day"
            ),
            models.CheckConstraint(
                condition=models.Q(kind=GiftLimitKind.GIFT, tier__isnull=False)
                | (~models.Q(kind=GiftLimitKind.GIFT) & models.Q(tier__isnull=True)),
                name="a_limit_of_one_gift_names_the_tier",
                violation_error_message=_("The limit of one gift names a tier, the other two name none."),
            ),
        ]

    def __str__(self) -> str:
        tier = f" {self.tier}" if self.tier else ""
        return f"{self.get_kind_display()}{tier}: {self.amount}"


class GiftQuerySet(ScopedQuerySet["Gift"]):
    def with_state(self) -> "GiftQuerySet":
        """With what was done last: `state` (asked where nothing was), `steps`, and `given_on`."""
        last = GiftStep.objects.filter(gift=models.OuterRef("pk")).order_by("-number")
        found: GiftQuerySet = self.annotate(
            state=Coalesce(models.Subquery(last.values("kind")[:1]), models.Value(GiftState.ASKED)),
            steps=Coalesce(models.Subquery(last.values("number")[:1]), models.Value(0)),
            given_on=models.Subquery(last.filter(kind=GiftState.GIVEN).values("day")[:1]),
        )
        return found


class Gift(models.Model):
    """A gift to a customer. `staff` is who gives it; `over` names the limits that it goes beyond, so that a second
    person has to approve it. What became of it is its last step; the primary key is the order of a page."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="gifts", db_index=False)
    staff = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False, verbose_name=_("given by"))
    what = models.CharField(_("gift"), max_length=100)
    value = models.DecimalField(_("value, yuan"), max_digits=10, decimal_places=2)
    occasion = models.CharField(_("occasion"), max_length=12, choices=GiftOccasion.choices)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    plan = models.ForeignKey(
        "archives.MaintenancePlan", models.PROTECT, null=True, blank=True, related_name="gifts", db_index=True
    )
    contact = models.ForeignKey(
        "archives.ContactLog", models.PROTECT, null=True, blank=True, related_name="gifts", db_index=True
    )
    over = ArrayField(models.CharField(max_length=14, choices=GiftLimitKind.choices), default=list)
    asked_at = models.DateTimeField()
    submission = models.UUIDField(editable=False)

    objects: ClassVar[GiftQuerySet] = GiftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "submission"], name="one_gift_of_a_submission"),
            models.CheckConstraint(condition=models.Q(value__gte=LEAST_VALUE), name="a_gift_has_a_value"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-id"], name="gift_of_customer"),
            models.Index(fields=["staff", "-id"], name="gift_of_staff"),
            models.Index(fields=["branch", "-id"], name="gift_of_branch"),
        ]

    @property
    def over_words(self) -> list[str]:
        return [str(GiftLimitKind(one).label) for one in self.over]


class GiftStep(models.Model):
    """What was done about a gift; appended. A trigger (migration care_dates) keeps the order, the limits, and that
    nobody approves the own gift. `day` is the day on which it was given."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=True)
    gift = models.ForeignKey(Gift, models.CASCADE, related_name="said", db_index=False)
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(_("what was done"), max_length=10, choices=GiftState.choices)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    day = models.DateField(null=True)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")

    objects: ClassVar[ScopedQuerySet["GiftStep"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("step of a gift")
        verbose_name_plural = _("steps of gifts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gift", "number"], name="one_gift_step_of_a_number"),
            models.CheckConstraint(
                condition=models.Q(kind=GiftState.GIVEN, day__isnull=False)
                | (~models.Q(kind=GiftState.GIVEN) & models.Q(day__isnull=True)),
                name="what_was_given_has_a_day",
            ),
            models.CheckConstraint(
                condition=(~models.Q(kind=GiftState.REVERSED) & ~models.Q(kind=GiftState.REFUSED)) | ~models.Q(note=""),
                name="a_reversal_says_why",
            ),
        ]
