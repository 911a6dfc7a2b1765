from django.db import migrations

from crm.db import sql_text

GUARDS = sql_text(__package__, "0014_can_contact")
BEFORE = (
    "DROP TRIGGER plan_guard_opened ON archives_maintenanceplan; CREATE OR REPLACE FUNCTION archives_plan_guard"
    + GUARDS.split("CREATE FUNCTION archives_plan_guard")[1].split("-- The night asks")[0]
)
FARM_CYCLE = {
    "key": "farm_cycle", "section": "farm", "place": 45, "kind": "number", "label_zh_hans": "生产周期，月",
    "label_zh_hant": "生產週期，月", "label_en": "Cycle, months", "question_zh_hans": "", "question_zh_hant": "",
    "question_en": "", "options": [], "weight": 0, "sensitivity": "C1", "applies_to": "farmer", "is_filterable": True,
}  # fmt: skip


def add_field(apps, schema_editor):
    """DOMAIN §3 asks for the cycle of a farm. A bank that has made such a field itself keeps its own."""
    fields = apps.get_model("archives", "ArchiveField").objects.using(schema_editor.connection.alias)
    fields.get_or_create(key=FARM_CYCLE["key"], defaults=FARM_CYCLE)


class Migration(migrations.Migration):
    """A closed plan is opened again only for somebody who may be reached; the cycle of a farm."""

    dependencies = [("archives", "0022_contact_pressure")]

    operations = [
        migrations.RunSQL(sql_text(__package__, "0023_plans_opened_again"), BEFORE),
        migrations.RunPython(add_field, migrations.RunPython.noop),
    ]
