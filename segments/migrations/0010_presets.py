from django.db import migrations, models

from crm.db import guard_from_web

CAUSES = [
    ("conditions", "Conditions of the rule"), ("opened", "New customer"), ("rule", "Rule changed"),
    ("chosen", "Chosen by staff"), ("closed", "Customer closed"), ("moved", "Moved to another branch"),
    ("opted_out", "Refuses profiling"), ("withdrawn", "Segment withdrawn"),
]  # fmt: skip


class Migration(migrations.Migration):
    """Whom a night touches; why a customer may leave."""

    dependencies = [("segments", "0009_segments")]

    operations = [
        migrations.CreateModel(
            name="NightTouched",
            fields=[("customer_id", models.BigIntegerField(primary_key=True, serialize=False))],
            options={"db_table": "night_touched"},
        ),
        guard_from_web("night_touched"),
        migrations.AlterField(
            model_name="segmentchange", name="cause", field=models.CharField(max_length=12, choices=CAUSES)
        ),
        migrations.AlterField(
            model_name="segmentmember",
            name="cause",
            field=models.CharField(max_length=12, choices=CAUSES, verbose_name="reason"),
        ),
    ]
