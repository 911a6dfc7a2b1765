"""The rules of suitability in the Django admin site: the matrix of levels and products, and what age asks for."""

from django.contrib import admin
from django.http import HttpRequest

from archives.models import AgeRule, RiskLimit
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
