"""What we did: contact logs 联系记录. Corrections append, never overwrite."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from archives.choices import Channel, Direction, Outcome, Purpose
from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models import Alert, Customer


class ContactLog(models.Model):
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contact_logs")
    staff = models.ForeignKey(User, models.PROTECT, related_name="contact_logs")
    contacted_at = models.DateTimeField(_("when"), default=timezone.now)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices)
    direction = models.CharField(_("direction"), max_length=10, choices=Direction.choices, default=Direction.OUTBOUND)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    summary = models.CharField(_("summary"), max_length=500, blank=True, default="")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True, blank=True)
    next_action = models.CharField(_("next action"), max_length=200, blank=True, default="")
    next_date = models.DateField(_("next date"), null=True, blank=True)
    alert = models.ForeignKey(Alert, models.SET_NULL, null=True, blank=True, related_name="contact_logs")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="corrections")
    recorded_at = models.DateTimeField(auto_now_add=True)
    submission = models.UUIDField(null=True, editable=False)

    objects: ClassVar[ScopedQuerySet["ContactLog"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("contact log")
        verbose_name_plural = _("contact logs")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["customer", "submission"], name="one_contact_of_a_submission"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-contacted_at"], name="contact_log_of_customer"),
            models.Index(fields=["staff", "-contacted_at"], name="contact_log_of_staff"),
            # The list of a branch, and that of the head office.
            models.Index(fields=["branch", "-contacted_at", "-id"], name="contact_log_of_branch"),
            models.Index(fields=["-contacted_at", "-id"], name="contact_log_newest"),
        ]
