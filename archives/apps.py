from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArchivesConfig(AppConfig):
    name = "archives"
    verbose_name = _("Archives")

    def ready(self) -> None:
        """Signs up the kinds of files that are taken in here; their models are there only now."""
        import_module("archives.history").register()
