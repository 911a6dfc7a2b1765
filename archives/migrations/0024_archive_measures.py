import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

# The function as it was, which keeps nothing.
BEFORE = sql_text(__package__, "0017_archive_coverage").partition("-- The stored measures")[2].partition("\n")[2]
BEFORE = "DROP FUNCTION archives_remeasure(bigint[], date);\n" + BEFORE.partition("-- Which sections")[0]


class Migration(migrations.Migration):
    """How complete an archive was is kept by the day, so that a past day's page says what its report said."""

    dependencies = [
        ("archives", "0023_plans_opened_again"),
        ("customers", "0025_sources_and_days"),
        ("organization", "0004_work_calendar"),
    ]

    operations = [
        migrations.CreateModel(
            name="ArchiveMeasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("measured_on", models.DateField()),
                ("completeness", models.PositiveSmallIntegerField()),
                (
                    "stale_in",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12), db_default=[], size=None
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="archive_measures",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "measure of an archive",
                "verbose_name_plural": "measures of archives",
                "indexes": [
                    models.Index(fields=["customer", "-measured_on", "-id"], name="archive_measure_of_customer")
                ],
            },
        ),
        guard_by_branch("archives_archivemeasure"),
        web_writes({"archives_archivemeasure": "INSERT"}),
        migrations.RunSQL(sql_text(__package__, "0024_archive_measures"), BEFORE),
    ]
