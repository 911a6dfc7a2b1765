"""Products, alert parameters and feed loads in the Django admin site. Customers have no page there."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.audit.configuration import ReadOnlyAdmin, ReadOnlyInline, RecordedAdmin
from customers import alert_parameters, alert_rules
from customers.models import AlertRule, FeedLoad, FeedReject, OwnershipRule, Product, ProductClassRule


@admin.register(Product)
class ProductAdmin(RecordedAdmin):
    list_display = ("code", "name", "product_class", "risk", "counts_in_aum")
    list_filter = ("product_class", "risk", "counts_in_aum")
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(ProductClassRule)
class ProductClassRuleAdmin(RecordedAdmin):
    list_display = ("product_class", "risk", "needs_recording", "words")
    readonly_fields = ("product_class",)
    ordering = ("pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There are as many classes as the catalogue knows."""
        return False


@admin.register(OwnershipRule)
class OwnershipRuleAdmin(RecordedAdmin):
    list_display = ("effective_from", "claim_cap", "undo_days", "watch_days", "source")
    ordering = ("-effective_from",)


class AlertRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = AlertRule
        fields = ("effective_from", "is_active", "parameters", "answer_hours", "source")

    def clean_effective_from(self) -> Any:
        day = self.cleaned_data["effective_from"]
        if day <= timezone.localdate():
            raise forms.ValidationError(_("A changed rule begins tomorrow or later: past alerts keep their rule."))
        return day

    def clean_parameters(self) -> Any:
        try:
            alert_parameters.check(self.instance.kind, self.cleaned_data["parameters"])
        except alert_parameters.BadParameters as problem:
            raise forms.ValidationError(str(problem)) from problem
        return self.cleaned_data["parameters"]

    def clean_answer_hours(self) -> Any:
        try:
            alert_parameters.check_answer_hours(self.cleaned_data["answer_hours"])
        except alert_parameters.BadParameters as problem:
            raise forms.ValidationError(str(problem)) from problem
        return self.cleaned_data["answer_hours"]


@admin.register(AlertRule)
class AlertRuleAdmin(RecordedAdmin):
    """A rule that is or was in force is not edited: "New version" copies it, to be changed before it begins."""

    form = AlertRuleForm
    list_display = ("kind", "version", "effective_from", "is_active", "answer_hours")
    list_filter = ("kind", "is_active")
    ordering = ("kind", "-version")
    actions = ("new_version",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AlertRule | None = None) -> bool:
        begun = obj is not None and obj.effective_from <= timezone.localdate()
        return super().has_change_permission(request, obj) and not begun

    @admin.action(description=_("New version of the selected rules"), permissions=["change"])
    def new_version(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> None:
        for kind in queryset.order_by("kind").values_list("kind", flat=True).distinct():
            rule = alert_rules.new_version(kind, timezone.localdate())
            self.record(request, "add", rule, f"version {rule.version}")
            self.message_user(request, _("%(rule)s made; edit it before it begins.") % {"rule": rule}, messages.SUCCESS)


class FeedRejectInline(ReadOnlyInline):
    model = FeedReject


@admin.register(FeedLoad)
class FeedLoadAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "spec", "file_name", "state", "rows_read", "rows_rejected", "rows_changed", "received_at")
    list_filter = ("state", "spec")
    ordering = ("-id",)
    inlines = (FeedRejectInline,)
