"""In the Django admin site: the parameters of the lobby, the quarters with their playbooks, what tiers are given."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from campaigns.entitlements.models import Entitlement, EntitlementTerm, PointsRule
from campaigns.prospects.models import LobbyRule
from campaigns.seasons.models import SeasonStep, SeasonTheme
from crm.audit.configuration import RecordedAdmin, is_administrator


@admin.register(LobbyRule)
class LobbyRuleAdmin(RecordedAdmin):
    """A change is a row with a later day."""

    list_display = (
        "effective_from", "answer_minutes", "most_asked", "success_days", "across_days", "keep_days",
        "referrals_a_day", "source",
    )  # fmt: skip
    ordering = ("-effective_from",)


class SeasonStepInline(admin.StackedInline):  # type: ignore[type-arg]
    """The steps of a theme's playbook: too many columns for one line each."""

    model = SeasonStep
    extra = 0
    fields = (
        ("number", "first_week", "last_week", "who"), "name_zh_hans", "how_zh_hans", ("name_zh_hant", "name_en"),
        ("how_zh_hant", "how_en"), ("kind", "template", "segment"),
    )  # fmt: skip

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)


@admin.register(SeasonTheme)
class SeasonThemeAdmin(RecordedAdmin):
    """A coming year's theme and steps are the old ones saved as new, with a later day."""

    list_display = ("quarter", "effective_from", "theme", "name_zh_hans", "source")
    ordering = ("quarter", "-effective_from")
    inlines = (SeasonStepInline,)
    save_as = True


@admin.register(Entitlement)
class EntitlementAdmin(RecordedAdmin):
    """What is given; how much of it, by tier, stands beside it."""

    list_display = ("code", "name_zh_hans", "name_zh_hant", "name_en", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code", "name_zh_hans", "name_zh_hant", "name_en")
    ordering = ("code",)


@admin.register(EntitlementTerm)
class EntitlementTermAdmin(RecordedAdmin):
    """A change is a row with a later day; what was given stays as it was given."""

    list_display = (
        "entitlement", "tier", "quantity", "period", "unit_value", "effective_from", "valid_to", "source",
    )  # fmt: skip
    list_filter = ("tier", "period")
    list_select_related = ("entitlement",)
    autocomplete_fields = ("entitlement",)
    ordering = ("entitlement__code", "-tier", "-effective_from")


@admin.register(PointsRule)
class PointsRuleAdmin(RecordedAdmin):
    """A change is a row with a later day."""

    list_display = (
        "effective_from", "valid_months", "manual_limit", "point_value", "referral_points", "average_is_on",
        "average_above", "average_permille", "source",
    )  # fmt: skip
    ordering = ("-effective_from",)
