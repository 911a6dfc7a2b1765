import datetime

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

SEED = (
    # purpose, kind, what it rests on
    ("campaign", "marketing", "DOMAIN §4"),
    ("critical", "marketing", "DOMAIN §4"),
    ("alert", "marketing", "DOMAIN §4"),
    ("care", "marketing", "DOMAIN §4；关怀同样占用触达次数"),
    ("archive", "marketing", "DOMAIN §4"),
    ("maturity", "service", "SECURITY §3.8：到期提示属于服务"),
    ("complaint", "owed", "投诉答复是义务"),
    ("survey", "owed", "低分回访是义务"),
)
UNRULE = """
DROP TRIGGER consent_said ON archives_consent;
DROP TRIGGER consent_stays ON archives_consent;
DROP TRIGGER contact_stays ON archives_contactlog;
DROP FUNCTION archives_contact_stays();
DROP TRIGGER plan_guard_opened ON archives_maintenanceplan;
DROP TRIGGER plan_guard_moved ON archives_maintenanceplan;
DROP TRIGGER plan_guard ON archives_maintenanceplan;
DROP FUNCTION archives_consent_said();
DROP FUNCTION archives_consent_stays();
DROP FUNCTION archives_plan_guard();
DROP FUNCTION hold_touches(bigint);
DROP FUNCTION contact_bar(bigint, text, text, timestamptz, boolean, bigint);
DROP FUNCTION contact_free_day(bigint, date, int, int, boolean, bigint);
DROP FUNCTION contact_refusals(text, text, date);
DROP VIEW archives_touch;
DROP VIEW archives_standing_consent;
DROP FUNCTION contact_rules(date);
DROP FUNCTION reaches_out(text);
"""


def add_rules(apps, schema_editor):
    """DOMAIN §4: at most two touches of marketing in seven days, from 09:00 to 20:00."""
    rules = apps.get_model("archives", "ContactRule").objects.using(schema_editor.connection.alias)
    rules.bulk_create(
        rules.model(purpose=purpose, effective_from="2000-01-01", kind=kind, source=source)
        for purpose, kind, source in SEED
    )


class Migration(migrations.Migration):
    """Rules of contacts, what customers agreed to or refused, and the one rule made of both."""

    dependencies = [
        ("archives", "0013_inspection"),
        ("customers", "0020_handover"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="contactlog",
            name="imported_from",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name="contactlog",
            name="products",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="products"),
        ),
        migrations.AddField(
            model_name="contactlog",
            name="recorded_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="contactlog",
            name="replaced_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="contactlog",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_at__isnull", True)), fields=("corrects",), name="one_correction_counts"
            ),
        ),
        migrations.RemoveIndex(model_name="contactlog", name="contact_log_of_branch"),
        migrations.AddIndex(
            model_name="contactlog",
            index=models.Index(
                fields=["branch", "-contacted_at", "-id"],
                include=("staff", "channel", "outcome", "replaced_at"),
                name="contact_log_of_branch",
            ),
        ),
        migrations.CreateModel(
            name="ContactRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                            ("survey", "Following up a survey"),
                        ],
                        max_length=12,
                        verbose_name="purpose",
                    ),
                ),
                ("effective_from", models.DateField(verbose_name="effective from")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("marketing", "Marketing"),
                            ("service", "Service notice"),
                            ("owed", "Owed to the customer"),
                        ],
                        max_length=10,
                        verbose_name="kind of purpose",
                    ),
                ),
                ("first_hour", models.TimeField(default=datetime.time(9, 0), verbose_name="from what time")),
                ("last_hour", models.TimeField(default=datetime.time(20, 0), verbose_name="until what time")),
                (
                    "most",
                    models.PositiveSmallIntegerField(
                        default=2,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="touches at most",
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(92),
                        ],
                        verbose_name="within days",
                    ),
                ),
                (
                    "of_age",
                    models.PositiveSmallIntegerField(
                        default=18,
                        validators=[django.core.validators.MaxValueValidator(30)],
                        verbose_name="of age from",
                    ),
                ),
                ("needs_consent", models.BooleanField(default=False, verbose_name="only with consent")),
                ("despite_refusal", models.BooleanField(default=False, verbose_name="goes on despite a refusal")),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "rule of contacts",
                "verbose_name_plural": "rules of contacts",
                "constraints": [
                    models.UniqueConstraint(fields=("purpose", "effective_from"), name="one_contact_rule_of_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(("first_hour__lt", models.F("last_hour"))),
                        name="contact_hours_have_an_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("most__gte", 1), ("days__gte", 1)), name="a_cap_leaves_a_contact"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purpose",
                    models.CharField(
                        blank=True,
                        choices=[("", "Any contact"), ("marketing", "Marketing"), ("service", "Service notice")],
                        max_length=10,
                        verbose_name="for what",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("phone", "Phone call"),
                            ("sms", "Text message"),
                            ("wecom", "WeCom"),
                            ("home_visit", "Home visit"),
                        ],
                        max_length=12,
                        verbose_name="by what way",
                    ),
                ),
                ("is_given", models.BooleanField(verbose_name="agreed")),
                (
                    "evidence",
                    models.CharField(
                        choices=[
                            ("said", "Said in a contact"),
                            ("signed", "Signed form"),
                            ("recorded", "Recorded call"),
                            ("written", "Written message"),
                            ("guardian", "Signed by the guardian"),
                            ("mistake", "Earlier entry was a mistake"),
                        ],
                        max_length=10,
                        verbose_name="evidence",
                    ),
                ),
                ("reference", models.CharField(blank=True, default="", max_length=80, verbose_name="reference")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="said at")),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
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
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="archives.contactlog",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="customers.customer",
                    ),
                ),
                (
                    "recorded_by",
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
                "verbose_name": "consent or refusal",
                "verbose_name_plural": "consents and refusals",
                "indexes": [
                    models.Index(fields=["customer", "purpose", "channel", "-at", "-id"], name="consent_of_customer"),
                    django.contrib.postgres.indexes.BrinIndex(fields=["recorded_at"], name="consent_recorded"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "submission"), name="one_consent_of_a_submission"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_given", True),
                            models.Q(("evidence__in", ["guardian", "mistake"]), _negated=True),
                            _connector="OR",
                        ),
                        name="a_guardian_and_a_mistake_only_allow",
                    ),
                ],
            },
        ),
        guard_by_branch("archives_consent"),
        web_writes({"archives_consent": "INSERT", "archives_contactrule": "INSERT, UPDATE"}),
        migrations.RunSQL(sql_text(__package__, "0014_can_contact"), UNRULE),
        web_writes({"archives_standing_consent": "", "archives_touch": ""}),
        migrations.RunPython(add_rules, migrations.RunPython.noop),
    ]
