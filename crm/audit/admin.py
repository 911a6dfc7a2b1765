"""The audit trail as the auditor reads it; administrators, who are watched by it, do not."""

from django.contrib import admin
from django.http import HttpRequest

from crm.audit.configuration import ReadOnlyAdmin
from crm.audit.models import AuditEntry
from crm.organization.choices import Role
from crm.organization.models import User


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_no", "action", "customer_id", "object_type", "object_id", "address")
    list_filter = ("action",)
    search_fields = ("=actor_no", "=customer_id")
    ordering = ("-id",)
    exclude = ("prev_hash", "hash")

    def has_view_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return isinstance(request.user, User) and request.user.is_active and request.user.role == Role.AUDITOR
