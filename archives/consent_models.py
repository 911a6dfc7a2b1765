"""联系规则与授权: when and how often a customer may be reached for what, and what they agreed to or refused."""

from datetime import time
from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archives.choices import REACHING_OUT, Channel, Purpose
from archives.consent_choices import ConsentPurpose, Evidence, PurposeKind
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Customer


class ContactRule(models.Model):
    """For one purpose, in force from a day on until its next row begins: what `contact_bar` goes by.

    Hours are by the bank's clock, the last one excluded; they bind marketing and services. `most` touches of marketing
    within `days` days, whoever made or planned them; cap and age bind marketing alone. `despite_refusal`: goes on
    although the customer asked for no calls and texts at all, which only an obligation can justify.
    """

    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    effective_from = models.DateField(_("effective from"))
    kind = models.CharField(_("kind of purpose"), max_length=10, choices=PurposeKind.choices)
    first_hour = models.TimeField(_("from what time"), default=time(9))
    last_hour = models.TimeField(_("until what time"), default=time(20))
    most = models.PositiveSmallIntegerField(
        _("touches at most"), default=2, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    days = models.PositiveSmallIntegerField(
        _("within days"), default=7, validators=[MinValueValidator(1), MaxValueValidator(92)]
    )
    of_age = models.PositiveSmallIntegerField(_("of age from"), default=18, validators=[MaxValueValidator(30)])
    needs_consent = models.BooleanField(_("only with consent"), default=False)
    despite_refusal = models.BooleanField(_("goes on despite a refusal"), default=False)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule of contacts")
        verbose_name_plural = _("rules of contacts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["purpose", "effective_from"], name="one_contact_rule_of_a_day"),
            models.CheckConstraint(condition=Q(first_hour__lt=F("last_hour")), name="contact_hours_have_an_order"),
            models.CheckConstraint(condition=Q(most__gte=1) & Q(days__gte=1), name="a_cap_leaves_a_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.effective_from}"


class ContactCap(models.Model):
    """触达上限: how many touches of marketing customers of a tier get in any `days` consecutive days, whoever makes
    them: managers, plans and campaigns together. From a day on until the tier's next row begins; a tier without a row
    has no cap but that of the purpose (ContactRule)."""

    tier = models.PositiveSmallIntegerField(_("tier"), validators=[MinValueValidator(1)])
    effective_from = models.DateField(_("effective from"))
    most = models.PositiveSmallIntegerField(
        _("touches at most"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    days = models.PositiveSmallIntegerField(
        _("within days"), default=30, validators=[MinValueValidator(1), MaxValueValidator(92)]
    )
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("cap of touches of a tier")
        verbose_name_plural = _("caps of touches by tier")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tier", "effective_from"], name="one_contact_cap_of_a_day"),
            models.CheckConstraint(condition=Q(most__gte=1) & Q(days__gte=1), name="a_tier_cap_leaves_a_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.effective_from}: {self.most}/{self.days}"


class Consent(models.Model):
    """授权登记: what a customer agreed to (`is_given`) or refused, for a purpose and a channel; empty is any.

    Rows are only appended. Of one purpose and channel the newest holds, by when the customer said it; where two of
    different width hold, the refusal wins. A row for any purpose and channel is what `do_not_contact` follows.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consents", db_index=False)
    purpose = models.CharField(_("for what"), max_length=10, choices=ConsentPurpose.choices, blank=True)
    channel = models.CharField(
        _("by what way"), max_length=12, choices=[(one.value, one.label) for one in REACHING_OUT], blank=True
    )
    is_given = models.BooleanField(_("agreed"))
    evidence = models.CharField(_("evidence"), max_length=10, choices=Evidence.choices)
    reference = models.CharField(_("reference"), max_length=80, blank=True, default="")
    contact = models.ForeignKey("archives.ContactLog", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(_("said at"), default=timezone.now)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    recorded_at = models.DateTimeField(auto_now_add=True)
    submission = models.UUIDField(editable=False)

    objects: ClassVar[ScopedQuerySet["Consent"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("consent or refusal")
        verbose_name_plural = _("consents and refusals")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "submission"], name="one_consent_of_a_submission"),
            models.CheckConstraint(
                condition=Q(is_given=True) | ~Q(evidence__in=[Evidence.GUARDIAN, Evidence.MISTAKE]),
                name="a_guardian_and_a_mistake_only_allow",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "purpose", "channel", "-at", "-id"], name="consent_of_customer"),
            # What was said since the last night.
            BrinIndex(fields=["recorded_at"], name="consent_recorded"),
        ]

    @property
    def way(self) -> str:
        """The channel in words, empty where it is any."""
        return str(Channel(self.channel).label) if self.channel else ""
