"""Who did or saw what: append-only, hash-chained, one chain per branch (SECURITY §3.5)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditHead(models.Model):
    """The end of one chain: its last sequence number and hash, locked while an entry is appended."""

    chain = models.BigIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField()

    class Meta:
        verbose_name = _("audit chain")


class KeyFingerprint(models.Model):
    """A key that encrypted values of this database, without the key (crm.audit.keys)."""

    key_id = models.CharField(max_length=80, primary_key=True)
    fingerprint = models.CharField(max_length=32)
    since = models.DateTimeField(auto_now_add=True)


class AuditEntry(models.Model):
    """One event. `chain` is the branch of the customer or actor, 0 where there is none (sign-in, configuration)."""

    chain = models.BigIntegerField(_("chain"))
    seq = models.BigIntegerField(_("number"))
    at = models.DateTimeField(_("when"))
    actor_id = models.BigIntegerField(_("staff"), null=True)
    actor_no = models.CharField(_("staff number"), max_length=20, blank=True, default="")
    action = models.CharField(_("action"), max_length=60)
    customer_id = models.BigIntegerField(_("customer"), null=True)
    object_type = models.CharField(_("object"), max_length=60, blank=True, default="")
    object_id = models.CharField(_("object number"), max_length=60, blank=True, default="")
    detail = models.JSONField(_("detail"), default=dict)
    address = models.GenericIPAddressField(_("address"), null=True)
    prev_hash = models.BinaryField(_("hash before"))
    hash = models.BinaryField(_("hash"))

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["chain", "seq"], name="one_entry_of_a_number_in_a_chain"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer_id", "-at"], name="audit_entry_of_customer"),
            models.Index(fields=["actor_id", "-at"], name="audit_entry_of_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.chain}/{self.seq}"
