"""The Django admin site's ground rules: reference data only, administrators only, every change in the audit trail."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from crm.audit import trail
from crm.organization.choices import Role
from crm.organization.models import User

if TYPE_CHECKING:
    Pages = Paginator[Any]
    Table = admin.ModelAdmin[Any]
    InlineTable = admin.TabularInline[Any, Any]
else:
    Pages, Table, InlineTable = Paginator, admin.ModelAdmin, admin.TabularInline

MOST_COUNTED = 10_000
UNTOLD = frozenset({"password", "password1", "password2", "usable_password"})


class CappedPaginator(Pages):
    """Counts up to MOST_COUNTED rows: no page counts a whole table."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_COUNTED].count())


def is_administrator(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_active and request.user.role == Role.ADMIN


class RecordedAdmin(Table):
    """A table that administrators may change. No bulk deletion, no exact counts; old and new values are recorded."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    view_on_site = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows that others point at are switched off, not deleted."""
        return False

    def response_action(self, request: HttpRequest, queryset: Any, *place: Any) -> HttpResponse | None:
        """Django asks the database for the ticked rows without looking at what stands for an id."""
        try:
            for ticked in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(ticked)
        except ValidationError as error:
            raise SuspiciousOperation("a ticked row is no id") from error
        return super().response_action(request, queryset, *place)

    def construct_change_message(
        self, request: HttpRequest, form: forms.Form, formsets: Iterable[Any] | None, add: bool = False
    ) -> list[dict[str, Any]]:
        """Django's message and, beside it, each changed field's old and new value."""
        formsets = list(formsets or [])
        message = list(super().construct_change_message(request, form, formsets, add))
        rows = [form, *(row for formset in formsets for row in formset.forms)]
        return [*message, *({"values": values} for values in map(changed_values, rows) if values)]

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self.record(request, "add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self.record(request, "change", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self.record(request, "delete", obj, str(obj))
        return super().log_deletions(request, queryset)

    def record(self, request: HttpRequest, verb: str, obj: models.Model, message: Any) -> None:
        """One entry in the chain of configuration."""
        trail.record(
            request.user,
            f"{obj._meta.model_name}.{verb}",
            target=obj,
            detail={"changes": message},
            address=trail.address_of(request),
        )


class ReadOnlyAdmin(RecordedAdmin):
    """A table that the admin site shows and nobody changes there."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def changed_values(form: forms.Form) -> dict[str, list[str]]:
    """{field: [old, new]} of what a form changed; a password only by its name."""
    return {
        name: ["", ""] if name in UNTOLD else [str(form.get_initial_for_field(form.fields[name], name)),
                                                str(form.cleaned_data.get(name))]
        for name in form.changed_data
        if hasattr(form, "cleaned_data")
    }  # fmt: skip


class ReadOnlyInline(InlineTable):
    """Rows of a ReadOnlyAdmin's row, shown below it."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
