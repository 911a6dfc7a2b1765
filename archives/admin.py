"""In the Django admin site: types of maintenance, templates, the planner's steps, suitability, the archive."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from archives import templates
from archives.choices import Content, Method
from archives.models import (
    AgeRule,
    ArchiveField,
    ComplaintTerm,
    ContactCap,
    ContactQualityRule,
    ContactRule,
    ExamDay,
    GiftLimit,
    InspectionCriterion,
    InspectionRule,
    MaintenanceTemplate,
    PlanStep,
    PlanType,
    RetirementRule,
    RiskLimit,
    StaleAfter,
    SurveyRule,
)
from crm.audit.configuration import RecordedAdmin

NAMES = ("name_zh_hans", "name_zh_hant", "name_en")
WHAT = ("plan_type", "kind")


@admin.register(PlanType)
class PlanTypeAdmin(RecordedAdmin):
    list_display = ("code", "dimension", "name_zh_hans", "is_active")
    list_filter = ("dimension", "is_active")
    ordering = ("dimension", "pk")
    fields = ("code", "dimension", *NAMES, "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is what the view of types names."""
        return ("code",) if obj else ()


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    contents = forms.MultipleChoiceField(label=_("contents"), choices=Content.choices)
    methods = forms.MultipleChoiceField(label=_("methods"), choices=Method.choices)


@admin.register(MaintenanceTemplate)
class MaintenanceTemplateAdmin(RecordedAdmin):
    """Editing makes a new version: plans keep the one that they were made from."""

    form = TemplateForm
    list_display = ("plan_type", "kind", "version", "channel", "minutes", "frequency_days", "gift_limit", "is_active")
    list_filter = ("is_active", "kind", "plan_type")
    list_select_related = ("plan_type",)
    ordering = ("plan_type", "kind", "-version")
    fields = (
        *WHAT, "contents", "methods", "frequency_days", "channel", "minutes", "gift_limit", "script", "source",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return WHAT if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_active)

    def save_model(self, request: HttpRequest, obj: MaintenanceTemplate, form: Any, change: bool) -> None:
        templates.put_in_use(obj)


@admin.register(PlanStep)
class PlanStepAdmin(RecordedAdmin):
    list_display = (
        "code", "event", "alert_kind", "offset_days", "kind", "channel", "from_tier", "to_tier", "is_active",
    )  # fmt: skip
    list_filter = ("event", "is_active")
    ordering = ("event", "offset_days")
    fields = (
        "code", *NAMES, "event", "alert_kind", "offset_days", "kind", "channel", "purpose", "from_tier", "to_tier",
        "is_active", "source",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is part of what tells occasions apart: under another, plans would be made a second time."""
        return ("code",) if obj else ()


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


@admin.register(ComplaintTerm)
class ComplaintTermAdmin(RecordedAdmin):
    list_display = ("kind", "days", "source")
    readonly_fields = ("kind",)
    ordering = ("days", "kind")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There are as many terms as kinds."""
        return False


@admin.register(ContactRule)
class ContactRuleAdmin(RecordedAdmin):
    """A new version of a purpose is a row with a later day."""

    list_display = ("purpose", "effective_from", "kind", "first_hour", "last_hour", "most", "days", "needs_consent")
    list_filter = ("purpose",)
    ordering = ("purpose", "-effective_from")


@admin.register(ContactCap)
class ContactCapAdmin(RecordedAdmin):
    """A new version of a tier's cap is a row with a later day."""

    list_display = ("tier", "effective_from", "most", "days", "source")
    ordering = ("tier", "-effective_from")


@admin.register(SurveyRule)
class SurveyRuleAdmin(RecordedAdmin):
    list_display = ("effective_from", "days_between", "least_answers")
    ordering = ("-effective_from",)


@admin.register(ContactQualityRule)
class ContactQualityRuleAdmin(RecordedAdmin):
    list_display = ("effective_from", "least_alike", "percent_alike", "least_burst", "gap_minutes")
    ordering = ("-effective_from",)


@admin.register(InspectionRule)
class InspectionRuleAdmin(RecordedAdmin):
    list_display = ("effective_from", "archives_a_week", "days_to_mend")
    ordering = ("-effective_from",)


@admin.register(InspectionCriterion)
class InspectionCriterionAdmin(RecordedAdmin):
    list_display = ("code", "name_zh_hans", "weight", "place", "is_active")
    ordering = ("place",)
    fields = ("code", *NAMES, "weight", "place", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is what the marks given before are kept by."""
        return ("code",) if obj else ()


@admin.register(RetirementRule)
class RetirementRuleAdmin(RecordedAdmin):
    """What the law asks; who retires when is suggested by it, never decided."""

    list_display = ("code", "name_zh_hans", "sex", "from_age", "to_age", "months_per_step", "starts_on")
    fields = ("code", *NAMES, "sex", "from_age", "to_age", "months_per_step", "starts_on", "source")
    ordering = ("pk",)


@admin.register(ExamDay)
class ExamDayAdmin(RecordedAdmin):
    list_display = ("exam", "from_year", "month", "day", "source")
    ordering = ("exam", "-from_year")


@admin.register(GiftLimit)
class GiftLimitAdmin(RecordedAdmin):
    """A new limit is a new row from a day on: what was given before was judged by the old one."""

    list_display = ("kind", "tier", "amount", "effective_from", "source")
    list_filter = ("kind",)
    ordering = ("kind", "tier", "-effective_from")
