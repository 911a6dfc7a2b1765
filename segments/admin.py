"""Tier schemes in the Django admin site: versions, not edits, of what customers are judged by."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.audit.configuration import InlineTable, RecordedAdmin, is_administrator
from crm.organization.models import User
from segments import schemes
from segments.models import Grade, Grading, SchemeBranch, SchemeFactor, SchemeWeight, Tier, TierScheme

NAMES = ("name_zh_hans", "name_zh_hant", "name_en")
RULES = (
    "code", "metric", "applies_to", "promotion", "review_days", "keep_percent", "watch_after_months",
    "downgrade_after_months", "downgrade_to",
)  # fmt: skip
MARKS = ("is_released", "is_active", "is_primary", "becomes_primary", "shown_asked_by")


class PartInline(InlineTable):
    """Rows of a scheme: they are open while it is not released."""

    extra = 0

    def is_open(self, request: HttpRequest, scheme: Any) -> bool:
        return is_administrator(request) and (scheme is None or not schemes.is_fixed(scheme))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(request, obj)


class TierInline(PartInline):
    model = Tier
    ordering = ("rank",)


class WeightInline(PartInline):
    model = SchemeWeight
    ordering = ("pk",)


class FactorInline(PartInline):
    model = SchemeFactor
    ordering = ("pk",)


class BranchInline(PartInline):
    model = SchemeBranch
    ordering = ("pk",)
    autocomplete_fields = ("branch",)


class TierSchemeForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_code(self) -> str:
        """The version is not typed, so that Django does not ask by itself whether there is such a one."""
        code = str(self.cleaned_data["code"])
        others = TierScheme.objects.filter(code=code, version=self.instance.version).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(_("There is such a scheme already: make a new version of it."))
        return code

    def clean_keep_percent(self) -> Any:
        """Refused when it is written, not only when somebody has it simulated."""
        share = self.cleaned_data["keep_percent"]
        if not schemes.is_share_kept(share):
            raise forms.ValidationError(schemes.KEPT_SHARE)
        return share

    def clean_effective_to(self) -> Any:
        """A scheme ends on a day that no night has seen; the one that pages show goes on."""
        day = self.cleaned_data["effective_to"]
        if day is None or day == self.instance.effective_to:
            return day
        if day <= timezone.localdate():
            raise forms.ValidationError(_("A scheme ends tomorrow or later: past days stay as they were judged."))
        shown = TierScheme.objects.filter(Q(is_primary=True) | Q(becomes_primary=True))
        if shown.filter(code=self.instance.code).exists():
            raise forms.ValidationError(_("Pages show this scheme; let them show another one first."))
        return day


@admin.register(TierScheme)
class TierSchemeAdmin(RecordedAdmin):
    form = TierSchemeForm
    list_display = (
        "code", "version", "name_zh_hans", "metric", "effective_from", *MARKS,
    )  # fmt: skip
    list_filter = ("is_active", "metric")
    ordering = ("code", "-version")
    fields = (
        *RULES, *NAMES, "effective_from", "effective_to", "version", *MARKS, "source", "note",
    )  # fmt: skip
    inlines = (TierInline, WeightInline, FactorInline, BranchInline)
    # Released by a second person, after a simulation: /tiers/drafts/ (segments.scheme_drafts).
    actions = ("new_version", "make_primary")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TierScheme]:
        """What is saved is held first: a release or a night that goes on meanwhile is not written over."""
        rows = super().get_queryset(request)
        place = request.resolver_match
        is_saved = request.method == "POST" and place is not None and place.url_name == "segments_tierscheme_change"
        return rows.select_for_update() if is_saved else rows

    def get_readonly_fields(self, request: HttpRequest, obj: TierScheme | None = None) -> Any:
        """What is released changes by a new version, also when it is to end: a second person releases that. The night
        says which version runs."""
        fixed = (*RULES, "effective_from", "effective_to") if obj and schemes.is_fixed(obj) else ()
        return ("version", *MARKS, *fixed)

    @admin.action(description=_("New version of the selected schemes"), permissions=["change"])
    def new_version(self, request: HttpRequest, queryset: QuerySet[TierScheme]) -> None:
        for scheme in queryset:
            copy = schemes.new_version(scheme, timezone.localdate())
            self.record(request, "add", copy, f"version {copy.version} of {scheme}")
            self.message_user(
                request, _("%(scheme)s made; edit it, then have it simulated.") % {"scheme": copy}, messages.SUCCESS
            )

    @admin.action(description=_("Show the selected scheme on pages from the next night on"), permissions=["change"])
    def make_primary(self, request: HttpRequest, queryset: QuerySet[TierScheme]) -> None:
        if len(queryset) != 1:
            self.message_user(request, _("Select one scheme."), messages.ERROR)
            return
        user = request.user
        assert isinstance(user, User)
        try:
            is_decided = schemes.ask_primary(queryset[0], user)
        except (schemes.NotInForce, schemes.BadVersion) as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return
        if is_decided:
            told = _("%(scheme)s is shown on pages from the next night on.")
            self.record(request, "change", queryset[0], "shown on pages from the next night on")
        else:
            told = _("Another administrator must choose the same; then %(scheme)s is shown from the next night on.")
            self.record(request, "change", queryset[0], "asked to be shown on pages")
        self.message_user(request, told % {"scheme": queryset[0]}, messages.SUCCESS)


class GradeInline(InlineTable):
    model = Grade
    extra = 0
    ordering = ("number",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Grading)
class GradingAdmin(RecordedAdmin):
    """A grading is put into force here, or taken out of it; its rules come with the product."""

    list_display = ("code", "name_zh_hans", "needs_people", "is_active")
    fields = ("code", *NAMES, "applies_to", "needs_people", "is_active", "source", "note")
    readonly_fields = ("code", *NAMES, "applies_to", "needs_people", "source", "note")
    ordering = ("pk",)
    inlines = (GradeInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
