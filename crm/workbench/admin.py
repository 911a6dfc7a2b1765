"""Staff, branches, locked sign-ins and runs in the Django admin site."""

from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from crm.audit.configuration import ReadOnlyAdmin, ReadOnlyInline, RecordedAdmin, is_administrator
from crm.jobs.models import JobRun, JobStep
from crm.organization import branches, workdays
from crm.organization.models import Branch, ContactCadence, DayTarget, User, WorkDay

admin.site.unregister(Group)  # rights come from role and reach, not from groups

STAFF_FIELDS = ("staff_no", "name", "role", "branch", "reach", "language", "is_active")
# Nobody widens the own rights: another administrator must.
OWN_RIGHTS = ("role", "branch", "reach", "is_active")


class BranchForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Branch
        fields = ("code", "name", "level", "parent", "is_active")

    def clean(self) -> None:
        """The place and the level are looked at together: what has no parent is the head office."""
        super().clean()
        if not {"level", "parent"} <= self.cleaned_data.keys():
            return
        try:
            branches.check_place(self.instance, self.cleaned_data["level"], self.cleaned_data["parent"])
        except branches.BadPlace as problem:
            self.add_error("parent", str(problem))


@admin.register(Branch)
class BranchAdmin(RecordedAdmin):
    form = BranchForm
    list_display = ("code", "name", "level", "parent", "is_active")
    list_filter = ("level", "is_active")
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    ordering = ("path",)
    autocomplete_fields = ("parent",)

    def save_model(self, request: HttpRequest, obj: Branch, form: Any, change: bool) -> None:
        branches.place(obj)


@admin.register(DayTarget)
class DayTargetAdmin(RecordedAdmin):
    list_display = ("effective_from", "contacts", "minutes", "effective", "booked", "met")
    ordering = ("-effective_from",)


@admin.register(ContactCadence)
class ContactCadenceAdmin(RecordedAdmin):
    list_display = ("tier", "days", "visit_days", "source")
    ordering = ("-tier",)


MOST_BYTES = 100_000


class CalendarForm(forms.Form):
    """A year's calendar as the State Council published it."""

    file = forms.FileField(label=_("CSV file"), help_text=_("Day, holiday or workday, name: 2027-01-01,holiday,元旦"))
    source = forms.CharField(label=_("Source"), max_length=200, help_text=_("The notice, with its number"))

    def clean_file(self) -> list[WorkDay]:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is too large for a calendar."))
        try:
            return workdays.parse(file.read().decode("utf-8"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("The file is not UTF-8 text.")) from error
        except workdays.BadCalendar as problem:
            raise forms.ValidationError(str(problem)) from problem


@admin.register(WorkDay)
class WorkDayAdmin(RecordedAdmin):
    list_display = ("day", "is_working", "name", "source")
    list_filter = ("is_working",)
    date_hierarchy = "day"
    ordering = ("-day",)
    change_list_template = "admin/organization/workday/change_list.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.take_in))
        taken_in = path("import/", page, name="organization_workday_import")
        return [taken_in, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        missing = workdays.missing_year(timezone.localdate())
        return super().changelist_view(request, {"missing_year": missing, **(extra_context or {})})

    def take_in(self, request: HttpRequest) -> HttpResponse:
        """Replace the years of a CSV file."""
        if not is_administrator(request):
            raise PermissionDenied
        form = CalendarForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            rows = form.cleaned_data["file"]
            years = workdays.replace_years(rows, form.cleaned_data["source"])
            self.record(request, "import", rows[0], f"{', '.join(map(str, years))}: {len(rows)}")
            told = _now("Calendar of %(years)s taken in: %(rows)s days.")
            self.message_user(request, told % {"years": ", ".join(map(str, years)), "rows": len(rows)})
            return redirect("admin:organization_workday_changelist")
        context = {**self.admin_site.each_context(request), "form": form, "title": _now("Take in a calendar"),
                   "opts": self.opts}  # fmt: skip
        status = 422 if request.method == "POST" else 200
        return render(request, "admin/organization/workday/import.html", context, status=status)


class StaffAddForm(auth_forms.AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = STAFF_FIELDS


class StaffForm(auth_forms.UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = STAFF_FIELDS


@admin.register(User)
class StaffAdmin(RecordedAdmin, UserAdmin):  # type: ignore[type-arg]
    form = StaffForm
    add_form = StaffAddForm
    list_display = ("staff_no", "name", "role", "branch", "reach", "is_active", "last_login")
    list_filter = ("role", "reach", "is_active")
    list_select_related = ("branch",)
    search_fields = ("staff_no", "name")
    ordering = ("staff_no",)
    autocomplete_fields = ("branch",)
    filter_horizontal = ()
    fieldsets = ((None, {"fields": (*STAFF_FIELDS, "password", "last_login")}),)
    add_fieldsets = ((None, {"fields": (*STAFF_FIELDS, "usable_password", "password1", "password2")}),)
    readonly_fields = ("last_login",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = OWN_RIGHTS if obj is not None and obj.pk == request.user.pk else ()
        return (*super().get_readonly_fields(request, obj), *own)


# What django-axes calls its model and fields; it has no Chinese, so that ours must know these messages.
AXES_WORDS = (
    gettext_noop("access attempt"),
    gettext_noop("access attempts"),
    gettext_noop("Attempt Time"),
    gettext_noop("Username"),
    gettext_noop("IP Address"),
    gettext_noop("Failed Logins"),
)


@admin.register(AccessAttempt)
class LockedSignInAdmin(ReadOnlyAdmin):
    """Wrong passwords by staff number and address; deleting a row unlocks."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("=username", "=ip_address")
    fields = ("attempt_time", "username", "ip_address", "failures_since_start")
    ordering = ("-attempt_time",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)


class StepInline(ReadOnlyInline):
    model = JobStep
    fields = ("no", "name", "state", "started_at", "finished_at", "rows")
    ordering = ("no",)
    verbose_name_plural = _("steps")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "business_date", "state", "started_at", "finished_at", "published_at")
    list_filter = ("job", "state")
    ordering = ("-business_date",)
    inlines = (StepInline,)
