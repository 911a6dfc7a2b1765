"""Important dates and what they are reckoned by, the planner's steps for them, and the ledger of gifts."""

import json
from decimal import Decimal
from pathlib import Path

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from borax.calendars.lunardate import LCalendars, LunarDate
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

FIRST_YEAR, LAST_YEAR = 1900, 2100
WRITTEN = {
    "archives_lunarmonth": "",
    "archives_retirementrule": "INSERT, UPDATE",
    "archives_examday": "INSERT, UPDATE",
    "archives_giftlimit": "INSERT, UPDATE",
    "archives_gift": "INSERT",
    "archives_giftstep": "INSERT",
}
SEED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
UNRECKON = """
DROP INDEX customer_opened_day;
DROP INDEX archive_value_recorded;
DROP INDEX archive_value_month_day;
DROP INDEX archive_value_number;
DROP FUNCTION archives_care_dates(bigint);
DROP FUNCTION archives_occurrences(text, date, integer, integer, date, date);
DROP FUNCTION archives_month_day(date);
"""
UNGUARD = """
DROP TRIGGER gift_stays ON archives_giftstep;
DROP TRIGGER gift_stays ON archives_gift;
DROP FUNCTION archives_gift_stays();
DROP TRIGGER gift_guard ON archives_giftstep;
DROP FUNCTION archives_gift_guard();
DROP POLICY gift_limits ON customers_metrics;
DROP POLICY gift_limits ON archives_maintenanceplan;
DROP POLICY gift_limits ON archives_giftstep;
DROP POLICY gift_limits ON archives_gift;
DROP FUNCTION archives_gift_over(bigint, bigint, numeric, bigint, date);
DROP FUNCTION archives_gift_room(bigint, bigint, bigint, date);
DROP FUNCTION archives_gifts_given(bigint, bigint, date, date);
DROP FUNCTION archives_gift_limit(text, integer, date);
"""


def add_lunar_months(apps, schema_editor):
    """1900 to 2100, from the tables of borax (GB/T 33661)."""
    months = apps.get_model("archives", "LunarMonth").objects.using(schema_editor.connection.alias)
    months.bulk_create(
        months.model(
            year=year, month=month, is_leap=bool(leap), days=days,
            first_day=LunarDate(year, month, 1, leap).to_solar_date(),
        )
        for year in range(FIRST_YEAR, LAST_YEAR + 1)
        for month, days, leap in LCalendars.iter_year_month(year)
    )  # fmt: skip


def add_parameters(apps, schema_editor):
    """Ages of retirement, days of exams, limits of gifts."""
    alias = schema_editor.connection.alias
    for name, rows in SEED["parameters"].items():
        found = apps.get_model("archives", name).objects.using(alias)
        found.bulk_create(found.model(**row) for row in rows)


def add_steps(apps, schema_editor):
    """The planner's steps; those that were retired by taking this back are there again."""
    steps = apps.get_model("archives", "PlanStep").objects.using(schema_editor.connection.alias)
    for row in SEED["steps"]:
        steps.update_or_create(code=row["code"], defaults={**row, "is_active": True})


def retire_steps(apps, schema_editor):
    """Plans keep their step: it is retired, under an event that was there before."""
    steps = apps.get_model("archives", "PlanStep").objects.using(schema_editor.connection.alias)
    steps.filter(code__in=[row["code"] for row in SEED["steps"]]).update(event="birthday", is_active=False)


def add_kinds(apps, schema_editor):
    """What kinds of important dates there are, and the year of an exam whose day is not known yet."""
    fields = apps.get_model("archives", "ArchiveField").objects.using(schema_editor.connection.alias)
    fields.filter(key="date_kind").update(options=SEED["kinds"])
    fields.update_or_create(key=SEED["year"]["key"], defaults={**SEED["year"], "is_active": True})


def retire_year(apps, schema_editor):
    """A field is retired, never deleted: its values stay in the histories."""
    fields = apps.get_model("archives", "ArchiveField").objects.using(schema_editor.connection.alias)
    fields.filter(key="date_year").update(is_active=False)


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0015_contact_quality"),
        ("customers", "0019_exports_of_every_list"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExamDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "exam",
                    models.CharField(
                        choices=[("gaokao", "University entrance exam"), ("zhongkao", "Senior school entrance exam")],
                        max_length=10,
                        verbose_name="exam",
                    ),
                ),
                (
                    "from_year",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(2000),
                            django.core.validators.MaxValueValidator(2100),
                        ],
                        verbose_name="from year",
                    ),
                ),
                (
                    "month",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="month",
                    ),
                ),
                (
                    "day",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(28),
                        ],
                        verbose_name="day",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "day of an exam",
                "verbose_name_plural": "days of exams",
                "constraints": [
                    models.UniqueConstraint(fields=("exam", "from_year"), name="one_exam_day_from_a_year"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Gift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=100, verbose_name="gift")),
                ("value", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="value, yuan")),
                (
                    "occasion",
                    models.CharField(
                        choices=[
                            ("birthday", "Birthday"),
                            ("family", "Birthday in the family"),
                            ("wedding", "Wedding anniversary"),
                            ("anniversary", "Anniversary with the bank"),
                            ("exam", "Child's exam"),
                            ("retirement", "Retirement"),
                            ("festival", "Festival"),
                            ("event", "Event of the bank"),
                            ("thanks", "Thanks for business"),
                        ],
                        max_length=12,
                        verbose_name="occasion",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
                (
                    "over",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("gift", "One gift"),
                                ("customer_year", "Gifts to a customer in a year"),
                                ("staff_month", "Gifts by a member of staff in a month"),
                            ],
                            max_length=14,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("submission", models.UUIDField(editable=False)),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gifts",
                        to="archives.contactlog",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gifts",
                        to="customers.customer",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gifts",
                        to="archives.maintenanceplan",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="given by",
                    ),
                ),
            ],
            options={
                "verbose_name": "gift",
                "verbose_name_plural": "gifts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("value__gte", Decimal("0.01"))), name="a_gift_has_a_value"
                    ),
                    models.UniqueConstraint(fields=("customer", "submission"), name="one_gift_of_a_submission"),
                ],
                "indexes": [
                    models.Index(fields=["customer", "-id"], name="gift_of_customer"),
                    models.Index(fields=["staff", "-id"], name="gift_of_staff"),
                    models.Index(fields=["branch", "-id"], name="gift_of_branch"),
                ],
            },
        ),
        migrations.CreateModel(
            name="GiftLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("gift", "One gift"),
                            ("customer_year", "Gifts to a customer in a year"),
                            ("staff_month", "Gifts by a member of staff in a month"),
                        ],
                        max_length=14,
                        verbose_name="limit of",
                    ),
                ),
                (
                    "tier",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(9),
                        ],
                        verbose_name="tier",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="yuan",
                    ),
                ),
                ("effective_from", models.DateField(verbose_name="effective from")),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "limit of gifts",
                "verbose_name_plural": "limits of gifts",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "tier", "effective_from"),
                        name="one_gift_limit_from_a_day",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "gift"), ("tier__isnull", False)),
                            models.Q(models.Q(("kind", "gift"), _negated=True), ("tier__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_limit_of_one_gift_names_the_tier",
                        violation_error_message="The limit of one gift names a tier, the other two name none.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GiftStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for approval"),
                            ("approved", "Approved"),
                            ("refused", "Not approved"),
                            ("given", "Given"),
                            ("withdrawn", "Not given after all"),
                            ("reversed", "Reversed"),
                        ],
                        max_length=10,
                        verbose_name="what was done",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("day", models.DateField(null=True)),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "gift",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="said",
                        to="archives.gift",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a gift",
                "verbose_name_plural": "steps of gifts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("day__isnull", False), ("kind", "given")),
                            models.Q(models.Q(("kind", "given"), _negated=True), ("day__isnull", True)),
                            _connector="OR",
                        ),
                        name="what_was_given_has_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("kind", "reversed"), _negated=True),
                                models.Q(("kind", "refused"), _negated=True),
                            ),
                            models.Q(("note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_reversal_says_why",
                    ),
                    models.UniqueConstraint(fields=("gift", "number"), name="one_gift_step_of_a_number"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LunarMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.SmallIntegerField()),
                ("month", models.SmallIntegerField()),
                ("is_leap", models.BooleanField()),
                ("first_day", models.DateField(unique=True)),
                ("days", models.SmallIntegerField()),
            ],
            options={
                "verbose_name": "month of the lunar calendar",
                "constraints": [
                    models.UniqueConstraint(fields=("year", "month", "is_leap"), name="one_lunar_month"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetirementRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh_hans", models.CharField(max_length=40, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=40, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("sex", models.CharField(choices=[("F", "Female"), ("M", "Male")], max_length=1, verbose_name="sex")),
                (
                    "from_age",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(45),
                            django.core.validators.MaxValueValidator(75),
                        ],
                        verbose_name="age before the reform",
                    ),
                ),
                (
                    "to_age",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(45),
                            django.core.validators.MaxValueValidator(75),
                        ],
                        verbose_name="age in the end",
                    ),
                ),
                (
                    "months_per_step",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="months of birth for each month later",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first month of the reform")),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "rule of retirement",
                "verbose_name_plural": "rules of retirement",
            },
        ),
        migrations.RemoveConstraint(
            model_name="planstep",
            name="offset_fits_its_event",
        ),
        migrations.AlterField(
            model_name="planstep",
            name="event",
            field=models.CharField(
                choices=[
                    ("cadence", "Contact cadence of the tier"),
                    ("opened", "Customer opened"),
                    ("birthday", "Birthday"),
                    ("family", "Birthday in the family"),
                    ("wedding", "Wedding anniversary"),
                    ("anniversary", "Anniversary with the bank"),
                    ("exam", "Child's exam"),
                    ("retirement", "Retirement"),
                    ("other", "Another important date"),
                    ("maturity", "Maturity"),
                    ("alert", "Alert"),
                ],
                max_length=12,
                verbose_name="event",
            ),
        ),
        migrations.AddConstraint(
            model_name="planstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("event", "cadence"), ("offset_days", 0)),
                    models.Q(("event__in", ("opened", "alert")), ("offset_days__gt", 0)),
                    (
                        "event__in",
                        ("birthday", "family", "wedding", "anniversary", "exam", "retirement", "other", "maturity"),
                    ),
                    _connector="OR",
                ),
                name="offset_fits_its_event",
                violation_error_message="The cadence has no offset, and nobody can be there before an alert or an opening.",
            ),
        ),
        migrations.RemoveField(model_name="nightplancustomer", name="birth_date"),
        guard_by_branch("archives_gift"),
        guard_by_branch("archives_giftstep"),
        web_writes(WRITTEN),
        migrations.RunPython(add_lunar_months, migrations.RunPython.noop),
        migrations.RunPython(add_kinds, retire_year),
        migrations.RunSQL(sql_text(__package__, "0016_care_dates"), UNRECKON),
        migrations.RunSQL(sql_text(__package__, "0016_gifts"), UNGUARD),
        migrations.RunPython(add_parameters, migrations.RunPython.noop),
        migrations.RunPython(add_steps, retire_steps),
    ]
