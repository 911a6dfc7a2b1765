"""权益 and 积分: what a tier is given per period, and one ledger of what each customer was given, used and let expire.

Points are the ledger's entries without an entitlement. A balance is the sum of entries; LedgerBalance keeps that sum,
written by a trigger alone (migration 0008_entitlements), and the database refuses one below nil.
"""

from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from archives.template_models import TOP_TIER
from campaigns.campaign_models import MOST_POINTS, Campaign
from campaigns.entitlements.choices import EntryKind, Period, Source
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Customer
from customers.models.holding import NO_INDEX
from segments.names import localized

UNIT_VALUE: dict[str, Any] = {"max_digits": 12, "decimal_places": 4}
MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}
NOT_BELOW_NIL = [MinValueValidator(Decimal(0))]


class Entitlement(models.Model):
    """Something that customers are given and use up: a visit to a lounge, a medical check."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_zh_hans = models.CharField(_("name, Simplified Chinese"), max_length=60)
    name_zh_hant = models.CharField(_("name, Traditional Chinese"), max_length=60, blank=True, default="")
    name_en = models.CharField(_("name, English"), max_length=60, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("entitlement")
        verbose_name_plural = _("entitlements")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self)


class EntitlementTerm(models.Model):
    """What one tier is given of an entitlement, from a day on until the next row of that tier begins or `valid_to` is
    over. A quantity of nil ends it. What was given before a change stays as it was given.

    `unit_value` is what one unit costs the bank, in yuan.
    """

    entitlement = models.ForeignKey(
        Entitlement, models.PROTECT, related_name="terms", verbose_name=_("entitlement"), db_index=False
    )
    tier = models.PositiveSmallIntegerField(_("tier"), validators=[MinValueValidator(1), MaxValueValidator(TOP_TIER)])
    period = models.CharField(_("given"), max_length=8, choices=Period.choices, default=Period.YEAR)
    quantity = models.PositiveSmallIntegerField(_("units in a period"), validators=[MaxValueValidator(1_000)])
    unit_value = models.DecimalField(_("value of a unit, yuan"), **UNIT_VALUE, default=0, validators=NOT_BELOW_NIL)
    effective_from = models.DateField(_("effective from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("entitlement of a tier")
        verbose_name_plural = _("entitlements of tiers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["entitlement", "tier", "effective_from"], name="one_entitlement_of_a_tier_from_a_day"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("effective_from")),
                name="an_entitlement_ends_after_it_begins",
                violation_error_message=_("It would end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entitlement if self.entitlement_id else ''} {self.tier}: {self.quantity}"


class PointsRule(models.Model):
    """How points come and go, from a day on until the next row begins. Only the numbers of the monthly average have a
    source (DOMAIN §4, a published case), and they are switched off; all else is the product's own."""

    effective_from = models.DateField(_("effective from"), unique=True)
    valid_months = models.PositiveSmallIntegerField(
        _("months that points are valid"), default=24,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )  # fmt: skip
    manual_limit = models.PositiveIntegerField(
        _("points by hand without a second person, per customer and month"), default=1_000,
        validators=[MaxValueValidator(MOST_POINTS)],
    )  # fmt: skip
    point_value = models.DecimalField(
        _("value of a point, yuan"), **UNIT_VALUE, default=Decimal("0.01"), validators=NOT_BELOW_NIL
    )
    referral_points = models.PositiveIntegerField(
        _("points for a customer who was introduced"), default=0, validators=[MaxValueValidator(MOST_POINTS)]
    )
    average_is_on = models.BooleanField(_("points for the monthly average"), default=False)
    average_above = models.DecimalField(
        _("monthly average above, yuan"), **MONEY, default=Decimal(200_000), validators=NOT_BELOW_NIL
    )
    average_permille = models.DecimalField(
        _("points per thousand yuan above it"), max_digits=8, decimal_places=4, default=Decimal("0.8"),
        validators=NOT_BELOW_NIL,
    )  # fmt: skip
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule of points")
        verbose_name_plural = _("rules of points")

    def __str__(self) -> str:
        return f"{self.effective_from}"


class PointsRequest(models.Model):
    """积分申请: points by hand beyond the limit, which a second person grants or refuses."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="points_requests")
    points = models.PositiveIntegerField(_("points of the ledger"), validators=[MinValueValidator(1)])
    reason = models.CharField(_("reason"), max_length=200)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    is_granted = models.BooleanField(null=True)
    submission = models.UUIDField(editable=False)

    objects: ClassVar[ScopedQuerySet["PointsRequest"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("request for points")
        verbose_name_plural = _("requests for points")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "submission"], name="one_points_request_of_a_submission"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True, is_granted__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False, is_granted__isnull=False)
                & ~Q(decided_by=F("asked_by")),
                name="points_need_a_second_person",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["branch"], condition=Q(decided_at__isnull=True), name="points_request_waiting"),
        ]


class LedgerEntry(models.Model):
    """台账分录: units of an entitlement, or points where it is empty, that came or went; appended, never changed.

    `quantity` is signed. What was issued is a lot with a last day, `expires_on`; every other entry names the `lot` that
    it takes from or gives back to, so that a use of several lots is several entries, each at the value of its lot.
    `reverses` is the entry that this one takes back, whole. `reference` is unique, so that nothing is written twice: by
    the night it says what for, by a person which form. `staff` is empty where the night did it. `day` is the business
    date, `unit_value` in yuan.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="ledger", db_index=False, db_constraint=False)
    entitlement = models.ForeignKey(Entitlement, models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(_("what was done"), max_length=8, choices=EntryKind.choices)
    quantity = models.IntegerField(_("units"))
    day = models.DateField(_("day"))
    expires_on = models.DateField(_("last day"), null=True)
    source = models.CharField(_("where it comes from"), max_length=10, choices=Source.choices)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    reference = models.CharField(max_length=120, unique=True)
    unit_value = models.DecimalField(**UNIT_VALUE)
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="+", db_index=False)
    request = models.OneToOneField(PointsRequest, models.PROTECT, null=True, related_name="entry")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    lot = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", **NO_INDEX)
    staff = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    objects: ClassVar[ScopedQuerySet["LedgerEntry"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("entry of the ledger")
        verbose_name_plural = _("entries of the ledger")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(kind=EntryKind.EARN, quantity__gt=0, expires_on__isnull=False, lot__isnull=True)
                | Q(lot__isnull=False, expires_on__isnull=True)
                & (Q(kind__in=[EntryKind.SPEND, EntryKind.EXPIRE], quantity__lt=0) | Q(kind=EntryKind.REVERSE)),
                name="what_is_not_issued_names_its_lot",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.REVERSE, reverses__isnull=False)
                | ~Q(kind=EntryKind.REVERSE) & Q(reverses__isnull=True),
                name="only_a_reversal_takes_back",
            ),
            models.CheckConstraint(
                condition=Q(staff__isnull=True) | Q(kind=EntryKind.SPEND) | ~Q(reason=""),
                name="an_entry_by_hand_says_why",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-id"], name="ledger_of_customer"),
            models.Index(fields=["branch", "day"], name="ledger_of_branch"),
            models.Index(fields=["expires_on"], condition=Q(kind=EntryKind.EARN), name="ledger_expiring"),
            models.Index(fields=["day"], condition=Q(kind=EntryKind.REVERSE), name="ledger_reversed"),
        ]

    @property
    def what(self) -> str:
        """The entitlement; of points nothing, which the page has a word for."""
        return self.entitlement.name if self.entitlement else ""


class LedgerBalance(models.Model):
    """The sum of a customer's entries of an entitlement, or of points: kept by the trigger of the ledger, which holds
    this row while it writes, so that two who spend at once cannot spend the same."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", **NO_INDEX)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="ledger_balances", db_index=False, db_constraint=False
    )
    entitlement = models.ForeignKey(Entitlement, models.PROTECT, null=True, related_name="+", db_index=False)
    balance = models.BigIntegerField()

    objects: ClassVar[ScopedQuerySet["LedgerBalance"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("balance of the ledger")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["customer", "entitlement"], nulls_distinct=False, name="one_balance_of_an_entitlement"
            ),
            models.CheckConstraint(condition=Q(balance__gte=0), name="no_balance_below_nil"),
        ]
