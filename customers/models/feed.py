"""Files from the core bank: what arrived, what was refused, what waits for the night."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.models import User
from customers.choices import LoadState


class FeedLoad(models.Model):
    """One file of one specification for one business date (customers.feeds)."""

    spec = models.CharField(_("specification"), max_length=60)
    as_of = models.DateField(_("business date"))
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(_("checksum"), max_length=64, blank=True, default="")
    size_bytes = models.BigIntegerField(_("size in bytes"), default=0)
    state = models.CharField(_("state"), max_length=12, choices=LoadState.choices, default=LoadState.RECEIVED)
    rows_read = models.BigIntegerField(_("rows read"), default=0)
    rows_rejected = models.BigIntegerField(_("rows rejected"), default=0)
    rows_changed = models.BigIntegerField(_("rows changed"), default=0)
    control_difference = models.DecimalField(_("control difference"), max_digits=20, decimal_places=2, null=True)
    phase = models.CharField(_("phase"), max_length=20, blank=True, default="")
    percent = models.SmallIntegerField(_("percent"), default=0)
    message = models.TextField(_("message"), blank=True, default="")
    reject_file = models.CharField(_("reject file"), max_length=255, blank=True, default="")
    uploaded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("uploaded by"))
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    seconds = models.FloatField(_("seconds"), default=0)

    class Meta:
        verbose_name = _("feed load")
        verbose_name_plural = _("feed loads")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["as_of", "spec"], name="feed_load_as_of")]

    def __str__(self) -> str:
        return f"{self.spec} {self.as_of}"


class FeedReject(models.Model):
    """Refused rows by reason: a count and one masked example; the rows themselves stand in the reject file."""

    load = models.ForeignKey(FeedLoad, models.CASCADE, related_name="rejects", verbose_name=_("feed load"))
    rule = models.CharField(_("rule"), max_length=40)
    rows = models.BigIntegerField(_("rows"))
    example_line = models.BigIntegerField(_("line of the example"), default=0)
    example = models.CharField(_("example"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rejected rows")
        verbose_name_plural = _("rejected rows")

    def __str__(self) -> str:
        return self.rule
