"""Types of customers, the 33 templates, the planner's steps, and what plans keep of them."""

import json
from decimal import Decimal
from pathlib import Path

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_from_web, sql_text, web_writes

DROP = """
DROP INDEX ownership_until;
DROP INDEX ownership_since;
DROP INDEX customer_birthday;
DROP VIEW archives_customer_type;
"""
WRITTEN = {
    "archives_customer_type": "",
    "archives_plantype": "INSERT, UPDATE",
    "archives_maintenancetemplate": "INSERT, UPDATE",
    "archives_planstep": "INSERT, UPDATE",
    "archives_calendarfeed": "INSERT, UPDATE, DELETE",
}
SEED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def seed(apps, schema_editor):
    """DOMAIN 3.8: eleven types, each with a template for routine, special and care; and the steps of DOMAIN §4."""
    alias = schema_editor.connection.alias
    types, templates, steps = (
        apps.get_model("archives", name).objects.using(alias)
        for name in ("PlanType", "MaintenanceTemplate", "PlanStep")
    )
    by_code = {row["code"]: types.create(**row) for row in SEED["types"]}
    for row in SEED["templates"]:
        fields = {key: row[key] for key in row if key != "type"}
        templates.create(plan_type=by_code[row["type"]], source="DOMAIN 3.7–3.8；话术为本行默认", **fields)
    for row in SEED["steps"]:
        steps.create(**row)


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0008_right_to_sell"),
        ("customers", "0019_exports_of_every_list"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("secret", models.UUIDField(editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "calendar subscription",
            },
        ),
        migrations.CreateModel(
            name="MaintenanceTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("daily", "Routine maintenance"),
                            ("special", "Special maintenance"),
                            ("care", "Customer care"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="version")),
                (
                    "contents",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("hardware", "Facilities"),
                                ("software", "Service"),
                                ("function", "Functions"),
                                ("psychology", "Feelings"),
                            ],
                            max_length=12,
                        ),
                        default=list,
                        size=None,
                        verbose_name="contents",
                    ),
                ),
                (
                    "methods",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("difference", "Differentiated service"),
                                ("value", "More than expected"),
                                ("emotion", "Personal bond"),
                                ("product", "Product follow-up"),
                                ("sales", "Wider sales"),
                                ("revisit", "Return visit"),
                                ("tracking", "Tracking"),
                            ],
                            max_length=12,
                        ),
                        default=list,
                        size=None,
                        verbose_name="methods",
                    ),
                ),
                (
                    "frequency_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: by the contact cadence of the tier.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="every so many days",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Phone call"),
                            ("face", "Face to face"),
                            ("wecom", "WeCom"),
                            ("sms", "Text message"),
                            ("lobby", "Lobby"),
                            ("home_visit", "Home visit"),
                            ("event", "Event"),
                        ],
                        max_length=12,
                        verbose_name="channel",
                    ),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        default=20,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(480),
                        ],
                        verbose_name="minutes",
                    ),
                ),
                (
                    "gift_limit",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=8,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="gift limit, yuan",
                    ),
                ),
                ("script", models.TextField(max_length=2000, verbose_name="script")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "maintenance template",
                "verbose_name_plural": "maintenance templates",
            },
        ),
        migrations.CreateModel(
            name="NightPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer_id", models.BigIntegerField()),
                ("episode", models.CharField(max_length=140)),
                ("step_id", models.BigIntegerField()),
                ("template_id", models.BigIntegerField(null=True)),
                ("origin", models.CharField(max_length=10)),
                ("wanted_date", models.DateField()),
                ("due_date", models.DateField(null=True)),
            ],
            options={
                "db_table": "night_plan",
                "constraints": [
                    models.UniqueConstraint(fields=("customer_id", "episode"), name="one_night_plan"),
                ],
            },
        ),
        migrations.CreateModel(
            name="NightPlanCustomer",
            fields=[
                ("customer_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("branch_id", models.BigIntegerField()),
                ("owner_id", models.BigIntegerField(null=True)),
                ("tier", models.SmallIntegerField()),
                ("plan_type_id", models.BigIntegerField(null=True)),
                ("begun_on", models.DateField(null=True)),
                ("birth_date", models.DateField(null=True)),
                ("is_planned", models.BooleanField()),
            ],
            options={
                "db_table": "night_plan_customer",
            },
        ),
        migrations.CreateModel(
            name="NightPlanSeen",
            fields=[("customer_id", models.BigIntegerField(primary_key=True, serialize=False))],
            options={"db_table": "night_plan_seen"},
        ),
        migrations.CreateModel(
            name="PlanStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh_hans", models.CharField(max_length=40, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=40, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("cadence", "Contact cadence of the tier"),
                            ("opened", "Customer opened"),
                            ("birthday", "Birthday"),
                            ("maturity", "Maturity"),
                            ("alert", "Alert"),
                        ],
                        max_length=10,
                        verbose_name="event",
                    ),
                ),
                (
                    "alert_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("maturity", "Maturity"),
                            ("upgrade_critical", "Close to upgrade"),
                            ("downgrade_critical", "Close to downgrade"),
                            ("large_in", "Large inflow"),
                            ("large_out", "Large outflow"),
                        ],
                        default="",
                        max_length=30,
                        verbose_name="alert",
                    ),
                ),
                (
                    "offset_days",
                    models.SmallIntegerField(
                        default=0,
                        help_text="Negative: days before it.",
                        validators=[
                            django.core.validators.MinValueValidator(-60),
                            django.core.validators.MaxValueValidator(120),
                        ],
                        verbose_name="days after the event",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("daily", "Routine maintenance"),
                            ("special", "Special maintenance"),
                            ("care", "Customer care"),
                        ],
                        max_length=8,
                        verbose_name="kind of template",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Phone call"),
                            ("face", "Face to face"),
                            ("wecom", "WeCom"),
                            ("sms", "Text message"),
                            ("lobby", "Lobby"),
                            ("home_visit", "Home visit"),
                            ("event", "Event"),
                        ],
                        max_length=12,
                        verbose_name="channel",
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("maturity", "Maturity"),
                            ("critical", "Close to a threshold"),
                            ("alert", "Alert"),
                            ("care", "Care"),
                            ("campaign", "Campaign"),
                            ("complaint", "Complaint"),
                            ("archive", "Filling the archive"),
                        ],
                        default="care",
                        max_length=12,
                        verbose_name="purpose",
                    ),
                ),
                (
                    "from_tier",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MaxValueValidator(9)], verbose_name="from tier"
                    ),
                ),
                (
                    "to_tier",
                    models.PositiveSmallIntegerField(
                        default=9, validators=[django.core.validators.MaxValueValidator(9)], verbose_name="to tier"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "step of the planner",
                "verbose_name_plural": "steps of the planner",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("event", "cadence"), ("offset_days", 0)),
                            models.Q(("event__in", ("opened", "alert")), ("offset_days__gt", 0)),
                            ("event__in", ("birthday", "maturity")),
                            _connector="OR",
                        ),
                        name="offset_fits_its_event",
                        violation_error_message="The cadence has no offset, and nobody can be there before an alert or an opening.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("event", "alert"), models.Q(("alert_kind", ""), _negated=True)),
                            models.Q(models.Q(("event", "alert"), _negated=True), ("alert_kind", "")),
                            _connector="OR",
                        ),
                        name="an_alert_step_names_its_alert",
                        violation_error_message="A step after an alert names the alert; another names none.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanType",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh_hans", models.CharField(max_length=40, verbose_name="name, Simplified Chinese")),
                (
                    "name_zh_hant",
                    models.CharField(blank=True, default="", max_length=40, verbose_name="name, Traditional Chinese"),
                ),
                ("name_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("preference", "Product preference"),
                            ("habit", "Buying habit"),
                            ("grade", "Marketing grade"),
                        ],
                        max_length=12,
                        verbose_name="dimension",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "type of maintenance",
                "verbose_name_plural": "types of maintenance",
            },
        ),
        migrations.AddField(
            model_name="maintenanceplan",
            name="episode",
            field=models.CharField(db_default="", default="", editable=False, max_length=140),
        ),
        migrations.AddField(
            model_name="maintenanceplan",
            name="origin",
            field=models.CharField(
                choices=[
                    ("tier", "Contact cadence of the tier"),
                    ("alert", "Alert"),
                    ("date", "Important date"),
                    ("campaign", "Campaign"),
                    ("manual", "Planned by a person"),
                ],
                db_default="manual",
                default="manual",
                max_length=10,
                verbose_name="origin",
            ),
        ),
        migrations.AddField(
            model_name="maintenanceplan",
            name="wanted_date",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="maintenanceplan",
            name="cause",
            field=models.CharField(
                blank=True,
                choices=[
                    ("person", "Closed by a person"),
                    ("customer_closed", "Customer closed"),
                    ("not_asked", "No longer asked for"),
                ],
                db_default="",
                default="",
                max_length=16,
                verbose_name="cause",
            ),
        ),
        migrations.AlterField(
            model_name="maintenanceplan",
            name="created_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="contactlog",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["recorded_at"], name="contact_log_recorded"),
        ),
        migrations.AddField(
            model_name="maintenanceplan",
            name="template",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="archives.maintenancetemplate",
            ),
        ),
        migrations.AddField(
            model_name="maintenanceplan",
            name="step",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="archives.planstep",
            ),
        ),
        migrations.AddIndex(
            model_name="maintenanceplan",
            index=models.Index(
                condition=models.Q(("closed_on__isnull", False)), fields=["closed_on"], name="plan_closed"
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenanceplan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("episode", ""), _negated=True),
                fields=("customer", "episode"),
                name="one_plan_of_an_episode",
            ),
        ),
        migrations.AddField(
            model_name="maintenancetemplate",
            name="plan_type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="templates",
                to="archives.plantype",
                verbose_name="type",
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenancetemplate",
            constraint=models.UniqueConstraint(
                fields=("plan_type", "kind", "version"), name="one_version_of_a_template"
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenancetemplate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("plan_type", "kind"), name="one_template_in_use"
            ),
        ),
        guard_from_web("night_plan"),
        guard_from_web("night_plan_customer"),
        guard_from_web("night_plan_seen"),
        migrations.AddIndex(
            model_name="maintenanceplan",
            index=models.Index(
                condition=models.Q(("state", "planned"), models.Q(("episode", ""), _negated=True)),
                fields=["due_date"],
                name="plan_open_of_night",
            ),
        ),
        migrations.RunSQL(sql_text(__package__, "0010_planning"), DROP),
        web_writes(WRITTEN),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
