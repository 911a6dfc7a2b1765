"""The night lets pages show another scheme, together with the tiers that belong to it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segments", "0004_released_versions")]

    operations = [
        migrations.AddField(
            "tierscheme",
            "becomes_primary",
            models.BooleanField(default=False, verbose_name="shown from the next night on"),
        ),
        migrations.AddConstraint(
            "tierscheme",
            models.UniqueConstraint(
                fields=["becomes_primary"],
                condition=models.Q(becomes_primary=True),
                name="one_scheme_becomes_primary",
            ),
        ),
    ]
