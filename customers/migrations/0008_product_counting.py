"""Products say how they count, and how the published numbers count them: the night moves one to the other."""

from typing import Any

from django.db import migrations, models
from django.db.models import F

from crm.db import guard_from_web

MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}
CLASSES = [
    ("demand", "Demand deposit"),
    ("time", "Time deposit"),
    ("large_cd", "Large certificate of deposit"),
    ("notice", "Notice deposit"),
    ("wealth", "Wealth product"),
    ("fund", "Fund"),
    ("insurance", "Insurance"),
    ("treasury", "Treasury bond"),
    ("metal", "Precious metal"),
    ("trust", "Trust"),
    ("loan", "Loan"),
    ("card", "Card"),
    ("e_banking", "E-banking"),
]


def count_as_today(apps: Any, schema_editor: Any) -> None:
    products = apps.get_model("customers", "Product").objects.using(schema_editor.connection.alias)
    products.update(counted_class=F("product_class"), counted_in_aum=F("counts_in_aum"))


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_upload_access")]

    operations = [
        migrations.RemoveField("product", "aum_coefficient"),
        migrations.RemoveField("product", "is_active"),
        migrations.AddField(
            "product",
            "counted_class",
            models.CharField(choices=CLASSES, default="", editable=False, max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            "product", "counted_in_aum", models.BooleanField(default=True, editable=False), preserve_default=False
        ),
        migrations.RunPython(count_as_today, migrations.RunPython.noop),
        migrations.AddField("balancechange", "reclassified", models.DecimalField(db_default=0, **MONEY)),
        migrations.AddField("nightholding", "reclassified", models.DecimalField(db_default=0, **MONEY)),
        migrations.AddField("nightholding", "is_reclassified", models.BooleanField(db_default=False)),
        migrations.AddField("nightmetrics", "moved", models.DecimalField(default=0, **MONEY)),
        migrations.CreateModel(
            name="NightProduct",
            fields=[
                ("product_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("product_class", models.CharField(max_length=12)),
                ("counts_in_aum", models.BooleanField()),
            ],
            options={"db_table": "night_product"},
        ),
        guard_from_web("night_product"),
    ]
