from django.db import migrations, models

from crm.db import guard_from_web


class Migration(migrations.Migration):
    """What a corrected file of the same day is judged from."""

    dependencies = [("segments", "0006_owner_figures")]

    operations = [
        migrations.CreateModel(
            name="TierBefore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scheme_id", models.BigIntegerField()),
                ("customer_id", models.BigIntegerField()),
                ("rank", models.SmallIntegerField(null=True)),
                ("since", models.DateField(null=True)),
                ("months_below", models.SmallIntegerField()),
                ("best_in_window", models.SmallIntegerField()),
                ("is_watched", models.BooleanField()),
                ("month_checked", models.DateField(null=True)),
            ],
            options={
                "db_table": "night_tier_before",
                "constraints": [models.UniqueConstraint(fields=("customer_id", "scheme_id"), name="one_tier_before")],
            },
        ),
        guard_from_web("night_tier_before"),
    ]
