from django.db import migrations, models


class Migration(migrations.Migration):
    """A manager's counters know their deposits, which targets of a season ask for."""

    dependencies = [
        ("segments", "0018_types_are_grades"),
    ]

    operations = [
        migrations.AddField(
            model_name="ownertier",
            name="deposit",
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=20),
        ),
    ]
