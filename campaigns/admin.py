"""In the Django admin site: the parameters of the lobby, what tiers are given, the rules of points."""

from django.contrib import admin

from campaigns.entitlements.models import Entitlement, EntitlementTerm, PointsRule
from campaigns.prospects.models import LobbyRule
from crm.audit.configuration import RecordedAdmin


@admin.register(LobbyRule)
class LobbyRuleAdmin(RecordedAdmin):
    """A change is a row with a later day."""

    list_display = (
        "effective_from", "answer_minutes", "most_asked", "success_days", "across_days", "keep_days",
        "referrals_a_day", "source",
    )  # fmt: skip
    ordering = ("-effective_from",)


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
