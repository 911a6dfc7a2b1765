import json
from pathlib import Path

from django.db import migrations, models

from crm.db import guard_from_web

CAUSES = [
    ("conditions", "Conditions of the rule"), ("opened", "New customer"), ("rule", "Rule changed"),
    ("chosen", "Chosen by staff"), ("closed", "Customer closed"), ("moved", "Moved to another branch"),
    ("opted_out", "Refuses profiling"), ("withdrawn", "Segment withdrawn"),
]  # fmt: skip
PRESETS = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def add_presets(apps, schema_editor):
    """The shipped groups, each approved as version 1, with a playbook in each language."""
    alias = schema_editor.connection.alias
    segments, versions, playbooks = (
        apps.get_model("segments", name).objects.using(alias) for name in ("Segment", "SegmentVersion", "Playbook")
    )
    for preset in PRESETS:
        books, rule, code = preset["playbooks"], preset["rule"], preset["code"]
        fields = {key: preset[key] for key in preset if key != "playbooks"}
        segment = segments.create(**fields, kind="rule", preset=code, version=1)
        versions.create(segment=segment, number=1, rule=rule, state="in_force")
        for language, texts in books.items():
            playbooks.create(segment=segment, language=language, **texts)


def remove_presets(apps, schema_editor):
    """Those that are still as shipped go with their members; what the bank has made of others stays."""
    alias = schema_editor.connection.alias
    codes = [preset["code"] for preset in PRESETS]
    shipped = apps.get_model("segments", "Segment").objects.using(alias).filter(preset__in=codes, version=1)
    shipped.delete()


class Migration(migrations.Migration):
    """The shipped groups; whom a night touches; why a customer may leave."""

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
        migrations.RunPython(add_presets, remove_presets),
    ]
