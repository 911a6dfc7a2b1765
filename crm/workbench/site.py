"""The Django admin site under our own sign-in, so that lockout, audit and session rules hold for it too."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.audit.configuration import is_administrator
from crm.organization import workdays
from crm.organization.models import User
from crm.workbench import sign_in

# view_on_site resolves any object of any table; nothing here has a public page.
LEFT_OUT = frozenset({"view_on_site"})


def refuse_nul(request: HttpRequest) -> None:
    """400 for a NUL in the address or the form: Django's filters hand values to PostgreSQL, which takes none in text.

    The product's own pages read both through forms, which refuse it themselves.
    """
    for sent in (request.GET, request.POST):
        if any("\0" in value for _name, values in sent.lists() for value in values):
            raise SuspiciousOperation("NUL in a value")


class ConfigurationSite(AdminSite):
    site_header = _("Dang'an settings")
    site_title = _("Settings")
    index_title = _("Reference data and parameters")
    site_url = "/"
    index_template = "admin/settings_index.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The tables, and a warning to administrators while next year's work calendar is missing."""
        missing = workdays.missing_year(timezone.localdate()) if is_administrator(request) else None
        return super().index(request, {"missing_year": missing, **(extra_context or {})})

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_staff

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [url for url in super().get_urls() if getattr(url, "name", "") not in LEFT_OUT]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """403 for whoever is signed in and may not be here; Django would lead them to the sign-in page again.

        400 for values that the database cannot take.
        """
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            refuse_nul(request)
            response: HttpResponse = guarded(request, *args, **kwargs)
            return response

        return checked

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Our own sign-in page; whoever is signed in without the right to be here learns nothing by doing so again."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", request.get_full_path()))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return sign_in.SignOut.as_view()(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("password_change")
