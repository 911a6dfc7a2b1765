from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        """Tells the form of a contact which campaigns there are, and signs up the file of opening balances.

        Their models are there only now.
        """
        import_module("campaigns.standing").register()
        import_module("campaigns.entitlements.opening").register()
