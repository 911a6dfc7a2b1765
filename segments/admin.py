"""Tier schemes in the Django admin site: versions, not edits, of what customers are judged by."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.audit.configuration import InlineTable, RecordedAdmin, is_administrator
from segments import schemes
from segments.models import Tier, TierScheme

NAMES = ("name_zh_hans", "name_zh_hant", "name_en")
RULES = ("code", "metric", "applies_to", "promotion", "watch_after_months", "downgrade_after_months", "downgrade_to")


class TierInline(InlineTable):
    model = Tier
    extra = 0
    ordering = ("rank",)

    def is_open(self, request: HttpRequest, scheme: Any) -> bool:
        return is_administrator(request) and (scheme is None or not schemes.is_fixed(scheme, timezone.localdate()))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(request, obj)


@admin.register(TierScheme)
class TierSchemeAdmin(RecordedAdmin):
    list_display = ("code", "version", "name_zh_hans", "metric", "effective_from", "is_active", "is_primary")
    list_filter = ("is_active", "metric")
    ordering = ("code", "-version")
    fields = (*RULES, *NAMES, "effective_from", "effective_to", "version", "is_active", "is_primary", "source")
    inlines = (TierInline,)
    actions = ("new_version", "activate", "make_primary")

    def get_readonly_fields(self, request: HttpRequest, obj: TierScheme | None = None) -> Any:
        """Which version runs and which is shown change by an action, that keeps one of each."""
        fixed = (*RULES, "effective_from") if obj and schemes.is_fixed(obj, timezone.localdate()) else ()
        return ("version", "is_active", "is_primary", *fixed)

    @admin.action(description=_("New version of the selected schemes"), permissions=["change"])
    def new_version(self, request: HttpRequest, queryset: QuerySet[TierScheme]) -> None:
        for scheme in queryset:
            copy = schemes.new_version(scheme, timezone.localdate())
            self.record(request, "add", copy, f"version {copy.version} of {scheme}")
            self.message_user(request, _("%(scheme)s made; edit it, then run it.") % {"scheme": copy}, messages.SUCCESS)

    @admin.action(description=_("Run the selected version from the next night"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[TierScheme]) -> None:
        for scheme in queryset:
            try:
                schemes.activate(scheme)
            except schemes.BadBands as problem:
                self.message_user(request, f"{scheme}: {problem}", messages.ERROR)
                continue
            self.record(request, "change", scheme, "activated")
            self.message_user(request, _("%(scheme)s runs from the next night.") % {"scheme": scheme}, messages.SUCCESS)

    @admin.action(description=_("Show the selected scheme on pages"), permissions=["change"])
    def make_primary(self, request: HttpRequest, queryset: QuerySet[TierScheme]) -> None:
        if len(queryset) != 1:
            self.message_user(request, _("Select one scheme."), messages.ERROR)
            return
        try:
            schemes.make_primary(queryset[0])
        except schemes.NotInForce as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return
        self.record(request, "change", queryset[0], "shown on pages")
