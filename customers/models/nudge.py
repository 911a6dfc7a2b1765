"""A nudge 催办: the branch manager asks the owner of a customer to answer an alert."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.access import ScopedQuerySet
from crm.organization.models import Branch, User
from customers.models.alert import Alert
from customers.models.customer import Customer


class Nudge(models.Model):
    """Once per alert and day; `owner` is who was asked. The alert's answer is the answer to it."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="nudges", db_index=False)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    nudged_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    nudged_on = models.DateField(_("day"))
    nudged_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ScopedQuerySet["Nudge"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("nudge")
        verbose_name_plural = _("nudges")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["alert", "nudged_on"], name="one_nudge_of_an_alert_a_day"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", "nudged_on"], name="nudge_of_owner"),
        ]
