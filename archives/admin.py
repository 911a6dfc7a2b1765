"""In the Django admin site: the rules of suitability, the fields of the archive, and when it is to be asked again."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from archives.models import AgeRule, ArchiveField, RiskLimit, StaleAfter
from crm.audit.configuration import RecordedAdmin


@admin.register(RiskLimit)
class RiskLimitAdmin(RecordedAdmin):
    list_display = ("level", "is_lowest", "highest")
    readonly_fields = ("level", "is_lowest")
    ordering = ("level", "-is_lowest")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There are as many levels as the assessment has."""
        return False


@admin.register(AgeRule)
class AgeRuleAdmin(RecordedAdmin):
    list_display = ("from_age", "highest", "needs_care", "is_active")
    ordering = ("from_age",)


@admin.register(ArchiveField)
class ArchiveFieldAdmin(RecordedAdmin):
    """What the values of a field are read by stays as it was once it is there: key, section, kind and class."""

    list_display = ("key", "section", "label", "kind", "weight", "sensitivity", "is_filterable", "is_active")
    list_filter = ("section", "is_active")
    ordering = ("section", "place")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key", "section", "kind", "sensitivity") if obj is not None else ()


@admin.register(StaleAfter)
class StaleAfterAdmin(RecordedAdmin):
    list_display = ("tier", "days")
    ordering = ("tier",)
