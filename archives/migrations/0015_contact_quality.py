import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

WRITTEN = {
    "archives_contactqualityrule": "INSERT, UPDATE",
    "archives_contactday": "",
    "archives_contactfinding": "",
    "archives_contactmark": "",
    "archives_contactverdict": "INSERT",
    "archives_counted_contact": "",
}
UNDO = """
DROP TRIGGER verdict_stays ON archives_contactverdict;
DROP FUNCTION archives_verdict_stays();
DROP TRIGGER verdict_guard ON archives_contactverdict;
DROP FUNCTION archives_verdict_guard();
DROP VIEW archives_counted_contact;
"""


def add_rule(apps, schema_editor):
    """The defaults of the product: no public source gives figures for this."""
    rules = apps.get_model("archives", "ContactQualityRule").objects.using(schema_editor.connection.alias)
    rules.create(effective_from="2026-01-01", source="本行默认")


class Migration(migrations.Migration):
    """维护质量: thresholds and weights, what the night found in contacts, and what was said of it."""

    dependencies = [
        ("archives", "0014_can_contact"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactQualityRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effective_from", models.DateField(unique=True, verbose_name="effective from")),
                (
                    "gap_minutes",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="minutes between two entries of one sitting",
                    ),
                ),
                (
                    "least_alike",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(500),
                        ],
                        verbose_name="texts alike in a sitting",
                    ),
                ),
                (
                    "percent_alike",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(50),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="alike from, percent",
                    ),
                ),
                (
                    "least_length",
                    models.PositiveSmallIntegerField(
                        default=8,
                        validators=[
                            django.core.validators.MinValueValidator(4),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="letters of a text that is compared",
                    ),
                ),
                (
                    "least_burst",
                    models.PositiveSmallIntegerField(
                        default=8,
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(500),
                        ],
                        verbose_name="contacts of a burst",
                    ),
                ),
                (
                    "minutes_a_call",
                    models.PositiveSmallIntegerField(
                        default=2,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="minutes a conversation takes at least",
                    ),
                ),
                (
                    "late_minutes",
                    models.PositiveSmallIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="minutes after which an entry is late",
                    ),
                ),
                (
                    "off_alike",
                    models.PositiveSmallIntegerField(
                        default=100,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="off for texts alike, percent",
                    ),
                ),
                (
                    "off_burst",
                    models.PositiveSmallIntegerField(
                        default=50,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="off for a burst, percent",
                    ),
                ),
                (
                    "off_no_next",
                    models.PositiveSmallIntegerField(
                        default=50,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="off for a missing next step, percent",
                    ),
                ),
                (
                    "off_no_change",
                    models.PositiveSmallIntegerField(
                        default=25,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="off where nothing followed, percent",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "rule of contact quality",
                "verbose_name_plural": "rules of contact quality",
            },
        ),
        migrations.CreateModel(
            name="ContactFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("alike", "Texts alike"), ("burst", "Entered in a burst")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("contacts", models.PositiveIntegerField()),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("percent", models.PositiveSmallIntegerField(null=True)),
                ("late", models.PositiveIntegerField()),
                ("needed_minutes", models.PositiveIntegerField()),
                ("had_minutes", models.PositiveIntegerField()),
                ("found_on", models.DateField()),
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
                    "leader",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="archives.contactlog",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "finding in contacts",
                "verbose_name_plural": "findings in contacts",
                "indexes": [
                    models.Index(fields=["branch", "-id"], name="contact_finding_of_branch"),
                    models.Index(fields=["staff", "-id"], name="contact_finding_of_staff"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("leader", "kind"), name="one_finding_of_a_leader"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alike", "Texts alike"),
                            ("burst", "Entered in a burst"),
                            ("no_next", "Next step missing"),
                            ("no_change", "Nothing followed"),
                        ],
                        max_length=10,
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
                    "finding",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="marks",
                        to="archives.contactfinding",
                    ),
                ),
                (
                    "log",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="marks",
                        to="archives.contactlog",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "flaw of a contact",
                "verbose_name_plural": "flaws of contacts",
                "indexes": [
                    models.Index(fields=["branch", "day"], name="contact_mark_of_branch"),
                    models.Index(fields=["staff", "day"], name="contact_mark_of_staff"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("log", "kind"), name="one_mark_of_a_kind"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactVerdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("open", "To be judged"), ("reasonable", "Reasonable"), ("talk", "To be talked over")],
                        max_length=12,
                        verbose_name="result",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("remark", models.CharField(max_length=500, verbose_name="remark")),
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
                    "finding",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verdicts",
                        to="archives.contactfinding",
                    ),
                ),
            ],
            options={
                "verbose_name": "verdict on a finding",
                "verbose_name_plural": "verdicts on findings",
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "number"), name="one_verdict_of_a_number"),
                    models.CheckConstraint(
                        condition=models.Q(("remark", ""), _negated=True), name="a_verdict_says_why"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("contacts", models.PositiveIntegerField()),
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
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "contacts of a day",
                "verbose_name_plural": "contacts of a day",
                "indexes": [models.Index(fields=["branch", "day"], name="contact_day_of_branch")],
                "constraints": [models.UniqueConstraint(fields=("staff", "day"), name="one_contact_day_of_an_author")],
            },
        ),
        guard_by_branch("archives_contactday"),
        guard_by_branch("archives_contactfinding"),
        guard_by_branch("archives_contactmark"),
        guard_by_branch("archives_contactverdict"),
        migrations.RunSQL(sql_text(__package__, "0015_contact_quality"), UNDO),
        web_writes(WRITTEN),
        migrations.RunPython(add_rule, migrations.RunPython.noop),
    ]
