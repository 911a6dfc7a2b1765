from importlib import import_module

from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class WorkbenchConfig(AppConfig):
    name = "crm.workbench"
    verbose_name = _("Workbench")
    default = True

    def ready(self) -> None:
        """Registers the system checks; they look at what several apps lay down."""
        import_module("crm.checks")


class SignInGuardConfig(AxesConfig):  # type: ignore[misc]  # django-axes has no types
    """django-axes under a name that the administrators understand."""

    default = False
    verbose_name = _("Sign-in protection")


class ConfigurationAdminConfig(admin_apps.AdminConfig):
    """django.contrib.admin with our site: one sign-in, no page of any customer."""

    default = False
    default_site = "crm.workbench.site.ConfigurationSite"
