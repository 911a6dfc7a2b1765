"""Runs and their steps, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from crm.audit.configuration import ReadOnlyAdmin, is_administrator
from crm.jobs.models import JobRun, JobStep


class StepInline(admin.TabularInline[JobStep, JobRun]):
    model = JobStep
    fields = ("no", "name", "state", "started_at", "finished_at", "rows")
    ordering = ("no",)
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "business_date", "state", "started_at", "finished_at", "published_at")
    list_filter = ("job", "state")
    ordering = ("-business_date",)
    inlines = (StepInline,)
