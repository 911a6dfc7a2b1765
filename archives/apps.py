from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from customers import archive_asks


class ArchivesConfig(AppConfig):
    name = "archives"
    verbose_name = _("Archives")

    def ready(self) -> None:
        """Signs up what layers below ask of this one; its models are there only now."""
        import_module("archives.history").register()
        archive_asks.sign_up(import_module("archives.asking").condition, import_module("archives.records").measure)
