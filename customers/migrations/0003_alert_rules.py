"""The alert parameters of DOMAIN §4 as first versions; a bank adds versions in the admin site."""

from typing import Any

from django.db import migrations

RULES = {
    "maturity": (
        {
            "first_days": 30,
            "first_min_amount": 50000,
            "first_min_tier": 3,
            "second_days": 7,
            "last_days": 1,
            "rollover_days": 7,
        },
        72,
    ),
    "upgrade_critical": ({"from_share": 0.80, "hot_share": 0.90}, 168),
    "downgrade_critical": ({"below_share": 1.10}, 72),
    "large_out": ({"by_tier": {"5": 1000000, "4": 200000, "3": 50000, "2": 20000}, "min_share": 0.20}, 24),
    "large_in": ({"by_tier": {"5": 1000000, "4": 200000, "3": 50000, "2": 30000, "1": 10000}}, 72),
}


def seed(apps: Any, schema_editor: Any) -> None:
    rules = apps.get_model("customers", "AlertRule").objects.using(schema_editor.connection.alias)
    for kind, (parameters, answer_hours) in RULES.items():
        rules.create(
            kind=kind,
            version=1,
            effective_from="1990-01-01",
            parameters=parameters,
            answer_hours=answer_hours,
            source="DOMAIN §4",
        )


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_row_security")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
