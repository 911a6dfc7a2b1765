from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0013_nudge"),
    ]

    operations = [
        migrations.AlterField(
            model_name="feedload",
            name="state",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("loading", "Loading"),
                    ("accepted", "Accepted, waits for the night"),
                    ("stopped", "Stopped before the merge"),
                    ("failed", "Failed"),
                    ("superseded", "Replaced or withdrawn"),
                    ("published", "Published"),
                ],
                default="received",
                max_length=12,
                verbose_name="state",
            ),
        ),
    ]
