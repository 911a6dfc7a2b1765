"""Versions of maintenance templates: what is edited becomes a new row, and plans keep the one they were made from."""

from django.db import transaction

from archives.models import MaintenanceTemplate


def put_in_use(template: MaintenanceTemplate) -> None:
    """Store a template as the newest version of its type and kind, in use from the next night on.

    The version before stays as it was, out of use. `template` becomes the new row.
    """
    with transaction.atomic():
        versions = MaintenanceTemplate.objects.filter(plan_type=template.plan_type, kind=template.kind)
        numbers = versions.select_for_update().values_list("version", flat=True)
        template.version = max(numbers, default=0) + 1
        versions.filter(is_active=True).update(is_active=False)
        template.pk, template.is_active = None, True
        template._state.adding = True
        template.save()
