"""档案模板: the Word templates that a bank edits itself, version by version."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.models import User


class ArchiveTemplate(models.Model):
    """One version, checked when it was uploaded and never changed. The one activated last is in force.

    Whoever uploaded it does not put it in force. No row in force: the template that comes with the product.
    """

    name = models.CharField(_("file"), max_length=120)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    placeholders = models.PositiveSmallIntegerField(_("placeholders"))
    note = models.CharField(_("what is new"), max_length=200)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    uploaded_at = models.DateTimeField()
    activated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    activated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("template of archives")
        verbose_name_plural = _("templates of archives")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(activated_by__isnull=True, activated_at__isnull=True)
                | (
                    models.Q(activated_by__isnull=False, activated_at__isnull=False)
                    & ~models.Q(activated_by=models.F("uploaded_by"))
                ),
                name="a_second_person_activates_a_template",
            ),
        ]
