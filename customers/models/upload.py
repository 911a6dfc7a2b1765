"""A file that came by the upload page, kept sealed until somebody confirmed its preview and a worker loaded it."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.organization.models import User
from customers.choices import UploadState
from customers.models.feed import FeedLoad


class FeedUpload(models.Model):
    """`token` names the sealed file (customers.feeds.uploads); it is deleted when the upload is over.

    The web's role sees an administrator's own uploads alone (row-level security, migration 0007).
    A worker's progress stands here and not in Redis: a page asks PostgreSQL, and no message decides what is true.
    """

    token = models.CharField(max_length=32, unique=True)
    spec = models.CharField(_("specification"), max_length=60)
    as_of = models.DateField(_("business date"))
    file_name = models.CharField(_("file"), max_length=255)
    size_bytes = models.BigIntegerField(default=0)
    control = models.CharField(_("control totals"), max_length=80, blank=True, default="")
    accept_shrink = models.BooleanField(default=False)
    state = models.CharField(_("state"), max_length=10, choices=UploadState.choices, default=UploadState.PREVIEW)
    phase = models.CharField(max_length=20, blank=True, default="")
    percent = models.SmallIntegerField(default=0)
    attempts = models.SmallIntegerField(default=0)
    message = models.TextField(_("message"), blank=True, default="")
    load = models.ForeignKey(FeedLoad, models.SET_NULL, null=True, related_name="uploads")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["uploaded_by", "-uploaded_at"], name="feed_upload_of_user"),
        ]

    @property
    def is_under_way(self) -> bool:
        return self.state in (UploadState.QUEUED, UploadState.LOADING)
