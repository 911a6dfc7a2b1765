"""The work calendar, with the State Council's arrangements for 2025 and 2026."""

from datetime import date, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models

from crm.db import sql_text, web_writes

NOTICES = {2025: "国办发明电〔2024〕12号", 2026: "国办发明电〔2025〕7号"}
# Name, first day off, last day off, make-up working days.
HOLIDAYS = [
    ("元旦", "2025-01-01", "2025-01-01", []),
    ("春节", "2025-01-28", "2025-02-04", ["2025-01-26", "2025-02-08"]),
    ("清明节", "2025-04-04", "2025-04-06", []),
    ("劳动节", "2025-05-01", "2025-05-05", ["2025-04-27"]),
    ("端午节", "2025-05-31", "2025-06-02", []),
    ("国庆节、中秋节", "2025-10-01", "2025-10-08", ["2025-09-28", "2025-10-11"]),
    ("元旦", "2026-01-01", "2026-01-03", ["2026-01-04"]),
    ("春节", "2026-02-15", "2026-02-23", ["2026-02-14", "2026-02-28"]),
    ("清明节", "2026-04-04", "2026-04-06", []),
    ("劳动节", "2026-05-01", "2026-05-05", ["2026-05-09"]),
    ("端午节", "2026-06-19", "2026-06-21", []),
    ("中秋节", "2026-09-25", "2026-09-27", []),
    ("国庆节", "2026-10-01", "2026-10-07", ["2026-09-20", "2026-10-10"]),
]
DROP = """
DROP FUNCTION organization_add_workdays(date, integer);
DROP FUNCTION organization_previous_workday(date);
DROP FUNCTION organization_next_workday(date);
DROP FUNCTION organization_is_workday(date);
"""


def seed(apps: Any, schema_editor: Any) -> None:
    days = apps.get_model("organization", "WorkDay").objects.using(schema_editor.connection.alias)
    for name, first, last, made_up in HOLIDAYS:
        begins, ends = date.fromisoformat(first), date.fromisoformat(last)
        off = [begins + timedelta(days=number) for number in range((ends - begins).days + 1)]
        source = NOTICES[begins.year]
        for day in off:
            days.create(day=day, is_working=False, name=name, source=source)
        for text in made_up:
            days.create(day=date.fromisoformat(text), is_working=True, name=name, source=source)


class Migration(migrations.Migration):
    dependencies = [
        ("organization", "0003_work_standards"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True, verbose_name="day")),
                ("is_working", models.BooleanField(verbose_name="working day")),
                ("name", models.CharField(blank=True, default="", max_length=40, verbose_name="holiday")),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "exception of the work calendar",
                "verbose_name_plural": "work calendar",
            },
        ),
        migrations.AddField(
            model_name="daytarget",
            name="minutes",
            field=models.PositiveSmallIntegerField(
                db_default=20,
                default=20,
                validators=[MinValueValidator(1), MaxValueValidator(480)],
                verbose_name="minutes a contact takes",
            ),
        ),
        web_writes({"organization_workday": "INSERT, UPDATE, DELETE"}),
        migrations.RunSQL(sql_text(__package__, "0004_work_calendar"), DROP),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
