import json
from pathlib import Path
from typing import Any

from django.db import migrations

SHIPPED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
FIRST_DAY = "1990-01-01"
PARTS = {"tiers": "Tier", "weights": "SchemeWeight", "factors": "SchemeFactor"}


def ship(apps, schema_editor):
    """Schemes and gradings of other banks and of the articles, none of them in force (docs/tiering.md)."""
    alias = schema_editor.connection.alias

    def rows(name: str) -> Any:
        return apps.get_model("segments", name).objects.using(alias)

    for shipped in SHIPPED["schemes"]:
        fields = {key: value for key, value in shipped.items() if key not in PARTS}
        scheme = rows("TierScheme").create(version=1, **{"effective_from": FIRST_DAY, **fields})
        for part, model in PARTS.items():
            for number, row in enumerate(shipped.get(part, []), 1):
                rows(model).create(scheme=scheme, **row, **({"rank": number} if part == "tiers" else {}))
    for shipped in SHIPPED["gradings"]:
        grading = rows("Grading").create(**{key: value for key, value in shipped.items() if key != "grades"})
        for number, row in enumerate(shipped["grades"], 1):
            rows("Grade").create(grading=grading, number=number, **row)


def take_back(apps, schema_editor):
    """Those that never judged go; what a bank has released stays."""
    alias = schema_editor.connection.alias
    codes = [shipped["code"] for shipped in SHIPPED["schemes"]]
    schemes = apps.get_model("segments", "TierScheme").objects.using(alias)
    schemes.filter(code__in=codes, version=1, is_released=False, is_active=False).delete()
    apps.get_model("segments", "Grading").objects.using(alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("segments", "0011_scheme_parts")]

    operations = [migrations.RunPython(ship, take_back)]
