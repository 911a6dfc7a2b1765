from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        """Signs up the kind of file that is taken in here; its models are there only now."""
        import_module("campaigns.entitlements.opening").register()
