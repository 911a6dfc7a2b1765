import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import sql_text, web_writes

# DOMAIN §4: face visits once a quarter, half-year, year.
VISIT_DAYS = {5: 91, 4: 182, 3: 365}
DROP = """
DROP POLICY head_office ON organization_absence;
DROP POLICY own_branches ON organization_absence;
DROP FUNCTION organization_previous_day_there(bigint, date, date);
DROP FUNCTION organization_next_day_there(bigint, date);
DROP FUNCTION organization_is_away(bigint, date);
"""


def add_visits(apps, schema_editor):
    cadences = apps.get_model("organization", "ContactCadence").objects.using(schema_editor.connection.alias)
    for tier, days in VISIT_DAYS.items():
        cadences.filter(tier=tier).update(visit_days=days)


class Migration(migrations.Migration):
    """Who is away and when, and how often customers of a tier are visited."""

    dependencies = [
        ("organization", "0004_work_calendar"),
    ]

    operations = [
        migrations.AddField(
            model_name="contactcadence",
            name="visit_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Empty: no visits are planned for the tier.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(731)],
                verbose_name="days between visits",
            ),
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(verbose_name="last day")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("leave", "On leave"),
                            ("training", "At a training"),
                            ("trip", "On business elsewhere"),
                            ("other", "Other"),
                        ],
                        default="leave",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("noted_at", models.DateTimeField(auto_now_add=True)),
                (
                    "noted_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "absence",
                "verbose_name_plural": "absences",
                "indexes": [
                    models.Index(fields=["staff", "last_day"], name="absence_of_staff"),
                    models.Index(fields=["last_day"], name="absence_last_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_day__gte", models.F("first_day"))),
                        name="an_absence_ends_after_it_begins",
                    )
                ],
            },
        ),
        web_writes({"organization_absence": "INSERT, DELETE"}),
        migrations.RunSQL(sql_text(__package__, "0005_absences"), DROP),
        migrations.RunPython(add_visits, migrations.RunPython.noop),
    ]
