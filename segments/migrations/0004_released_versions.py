"""Versions of a scheme are released for a day to come; which one runs is for the night to say."""

from typing import Any

from django.db import migrations, models


def release(apps: Any, schema_editor: Any) -> None:
    """Whatever has begun was run or replaced; drafts begin later."""
    schemes = apps.get_model("segments", "TierScheme").objects.using(schema_editor.connection.alias)
    schemes.filter(is_active=True).update(is_released=True)
    for running in schemes.filter(is_active=True):
        schemes.filter(code=running.code, version__lt=running.version).update(is_released=True)


class Migration(migrations.Migration):
    dependencies = [("segments", "0003_five_tiers")]

    operations = [
        migrations.AddField("tierscheme", "is_released", models.BooleanField(default=False, verbose_name="released")),
        migrations.RunPython(release, migrations.RunPython.noop),
    ]
