import json
from pathlib import Path

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

FIELDS = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
STALE_AFTER = {2: 730, 3: 365, 4: 180, 5: 90}  # DOMAIN §4
# Values are appended; all that ever changes of one is when it was replaced.
APPEND_ONLY = "GRANT UPDATE (replaced_at) ON archives_archivevalue TO crm_app, crm_hq;"
NOT_ANY_MORE = "REVOKE UPDATE (replaced_at) ON archives_archivevalue FROM crm_app, crm_hq;"
UNMEASURE = """
DROP FUNCTION archives_remeasure(bigint[], date);
DROP FUNCTION archives_measure(bigint[], date);
DROP FUNCTION archives_state(bigint[], date, timestamptz);
"""


def add_fields(apps, schema_editor):
    """The fields and intervals of DOMAIN §3 and §4."""
    alias = schema_editor.connection.alias
    fields, stale = (apps.get_model("archives", name).objects.using(alias) for name in ("ArchiveField", "StaleAfter"))
    fields.bulk_create(fields.model(**one) for one in FIELDS)
    stale.bulk_create(stale.model(tier=tier, days=days) for tier, days in STALE_AFTER.items())


class Migration(migrations.Migration):
    """The archive: its fields, what complete and stale mean, and values that are appended, guarded by branch."""

    dependencies = [
        ("archives", "0010_planning"),
        ("customers", "0019_exports_of_every_list"),
        ("organization", "0003_work_standards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StaleAfter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tier",
                    models.PositiveSmallIntegerField(
                        unique=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name="tier"
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3660),
                        ],
                        verbose_name="days until it is stale",
                    ),
                ),
            ],
            options={
                "verbose_name": "staleness of archives",
                "verbose_name_plural": "staleness of archives",
            },
        ),
        migrations.CreateModel(
            name="ArchiveField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "section",
                    models.CharField(
                        choices=[
                            ("basic", "Basics"),
                            ("family", "Family"),
                            ("work", "Work and income"),
                            ("assets", "Assets and liabilities"),
                            ("holdings", "Holdings and risk"),
                            ("other_banks", "Money at other banks"),
                            ("preferences", "Preferences"),
                            ("dates", "Important dates"),
                            ("needs", "Needs and opportunities"),
                            ("farm", "Farming"),
                            ("merchant", "Trade"),
                            ("company", "Company"),
                        ],
                        max_length=12,
                        verbose_name="section",
                    ),
                ),
                ("place", models.PositiveSmallIntegerField(default=100, verbose_name="place in the section")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("band", "Band of money"),
                            ("choice", "One of a list"),
                            ("multi", "Several of a list"),
                            ("date", "Date"),
                            ("lunar", "Day of the lunar calendar"),
                            ("system", "Known from the core bank"),
                        ],
                        default="text",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("label_zh_hans", models.CharField(max_length=60, verbose_name="name, Simplified Chinese")),
                (
                    "label_zh_hant",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="name, Traditional Chinese"),
                ),
                ("label_en", models.CharField(blank=True, default="", max_length=60, verbose_name="name, English")),
                (
                    "question_zh_hans",
                    models.CharField(
                        blank=True, default="", max_length=120, verbose_name="question, Simplified Chinese"
                    ),
                ),
                (
                    "question_zh_hant",
                    models.CharField(
                        blank=True, default="", max_length=120, verbose_name="question, Traditional Chinese"
                    ),
                ),
                (
                    "question_en",
                    models.CharField(blank=True, default="", max_length=120, verbose_name="question, English"),
                ),
                ("options", models.JSONField(blank=True, default=list, verbose_name="options")),
                (
                    "weight",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(100)], verbose_name="weight"
                    ),
                ),
                (
                    "sensitivity",
                    models.CharField(
                        choices=[("C1", "C1"), ("C2", "C2")], default="C1", max_length=2, verbose_name="sensitivity"
                    ),
                ),
                (
                    "applies_to",
                    models.CharField(
                        choices=[
                            ("all", "everybody"),
                            ("person", "people"),
                            ("company", "companies"),
                            ("merchant", "merchants"),
                            ("farmer", "farmers"),
                        ],
                        default="all",
                        max_length=10,
                        verbose_name="belongs to",
                    ),
                ),
                ("is_filterable", models.BooleanField(default=False, verbose_name="lists and segments can ask for it")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
            ],
            options={
                "verbose_name": "archive field",
                "verbose_name_plural": "archive fields",
                "ordering": ["section", "place", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("is_filterable", True), ("sensitivity", "C2"), _negated=True),
                        name="no_filter_by_c2",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Archive",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="archive",
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("completeness", models.PositiveSmallIntegerField(default=0, verbose_name="completeness")),
                ("stale_sections", models.PositiveSmallIntegerField(default=0, verbose_name="stale sections")),
                ("updated_at", models.DateTimeField(null=True)),
                ("measured_on", models.DateField(null=True)),
                ("changes_on", models.DateField(null=True)),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
            ],
            options={
                "verbose_name": "archive",
                "verbose_name_plural": "archives",
                "indexes": [
                    models.Index(fields=["branch", "completeness"], include=("customer",), name="archive_of_branch"),
                    models.Index(
                        condition=models.Q(("changes_on__isnull", False)),
                        fields=["changes_on"],
                        name="archive_changes_on",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchiveValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.PositiveIntegerField(default=0)),
                ("text", models.CharField(blank=True, default="", max_length=1000)),
                ("number", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("day", models.DateField(null=True)),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), null=True, size=None
                    ),
                ),
                ("cipher", models.BinaryField(null=True)),
                ("digest", models.BinaryField(null=True)),
                ("is_filled", models.BooleanField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("said", "said by the customer"),
                            ("system", "from a system"),
                            ("observed", "observed"),
                        ],
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                ("known_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField(null=True)),
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="archive_values",
                        to="customers.customer",
                    ),
                ),
                (
                    "field",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="values",
                        to="archives.archivefield",
                    ),
                ),
                (
                    "recorder",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "archive value",
                "verbose_name_plural": "archive values",
                "indexes": [
                    models.Index(fields=["customer", "-id"], name="archive_value_history"),
                    models.Index(
                        condition=models.Q(("is_filled", True), ("replaced_at__isnull", True)),
                        fields=["field", "customer"],
                        name="archive_value_of_field",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at__isnull", True)),
                        fields=("customer", "field", "row"),
                        name="one_current_value_of_a_field",
                    )
                ],
            },
        ),
        guard_by_branch("archives_archive"),
        guard_by_branch("archives_archivevalue"),
        web_writes(
            {
                "archives_archive": "INSERT, UPDATE",
                "archives_archivevalue": "INSERT",
                "archives_archivefield": "INSERT, UPDATE",
                "archives_staleafter": "INSERT, UPDATE",
            }
        ),
        migrations.RunSQL(APPEND_ONLY, NOT_ANY_MORE),
        migrations.RunSQL(sql_text(__package__, "0011_archive"), UNMEASURE),
        migrations.RunPython(add_fields, migrations.RunPython.noop),
    ]
