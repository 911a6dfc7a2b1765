import django.contrib.postgres.indexes
from django.db import migrations

from crm.db import sql_text

BEFORE = (
    sql_text("archives.migrations", "0010_planning")
    .split("CREATE INDEX")[0]
    .replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
)


class Migration(migrations.Migration):
    """Plans are made by the type of maintenance that people have decided."""

    dependencies = [
        ("archives", "0023_plans_opened_again"),
        ("segments", "0016_archive_figures"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="gradedecision",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["decided_at"], name="grade_decision_decided"),
        ),
        migrations.RunSQL(sql_text(__package__, "0017_types_decided"), BEFORE),
    ]
