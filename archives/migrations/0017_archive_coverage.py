import django.contrib.postgres.fields
from django.db import migrations, models

from crm.db import sql_text

DROP = """
DROP FUNCTION archives_remeasure(bigint[], date);
DROP FUNCTION archives_measure(bigint[], date);
"""
BEFORE = DROP + sql_text(__package__, "0011_archive").partition("-- Completeness in percent")[2].partition("\n")[2]


class Migration(migrations.Migration):
    """The measure says which sections are stale, and lists find the customers of a branch by it."""

    dependencies = [
        ("archives", "0016_care_dates"),
    ]

    operations = [
        migrations.AddField(
            model_name="archive",
            name="stale_in",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=12), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddIndex(
            model_name="archive",
            index=models.Index(
                condition=models.Q(("stale_sections__gt", 0)),
                fields=["branch"],
                include=["customer", "stale_in"],
                name="archive_stale_of_branch",
            ),
        ),
        migrations.RunSQL(sql_text(__package__, "0017_archive_coverage"), BEFORE),
    ]
