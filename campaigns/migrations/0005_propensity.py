import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

# Of a model the web changes what people decide, never what was learned. A score goes by the trigger when a customer refuses.
DECIDED = "state, proposed_by_id, proposed_at, decided_by_id, decided_at, decision, switched_off_by_id, switched_off_at"
WRITTEN = {"campaigns_propensitymodel": f"INSERT, UPDATE ({DECIDED})", "campaigns_propensityscore": "DELETE"}
UNSCORE = """
DROP TRIGGER campaigns_unscore ON archives_consent;
DROP TRIGGER campaigns_unscore ON customers_customer;
DROP FUNCTION campaigns_unscore();
DROP VIEW campaigns_scorable;
"""


class Migration(migrations.Migration):
    """Models of propensity and the scores of customers, guarded by branch."""

    dependencies = [
        ("archives", "0019_inspections_move"),
        ("campaigns", "0004_prospects"),
        ("customers", "0023_export_word"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PropensityModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField(verbose_name="data date")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("learning", "Being learned"),
                            ("too_few", "Too few answers"),
                            ("failed", "Failed"),
                            ("ready", "Learned, off"),
                            ("submitted", "Waits for approval"),
                            ("on", "On"),
                            ("refused", "Sent back"),
                            ("off", "Switched off"),
                        ],
                        default="learning",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("weights", models.JSONField(default=dict)),
                ("figures", models.JSONField(default=dict)),
                ("fingerprint", models.CharField(blank=True, default="", max_length=64)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("proposed_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision", models.CharField(blank=True, default="", max_length=200, verbose_name="decision")),
                ("switched_off_at", models.DateTimeField(null=True)),
                ("scored_to", models.DateField(null=True)),
                ("scored_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "switched_off_by",
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
                "verbose_name": "model of propensity",
                "verbose_name_plural": "models of propensity",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "learning")),
                        fields=("state",),
                        name="one_propensity_model_learning",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "submitted")),
                        fields=("state",),
                        name="one_propensity_model_submitted",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "on")), fields=("state",), name="one_propensity_model_on"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "on"), _negated=True),
                            models.Q(
                                ("decided_by__isnull", False),
                                ("proposed_by__isnull", False),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                                models.Q(("fingerprint", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_propensity_model_needs_a_second_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PropensityScore",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="propensity",
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                ("permille", models.SmallIntegerField()),
                ("band", models.SmallIntegerField(choices=[(1, "High"), (2, "Middle"), (3, "Low")])),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), size=None),
                ),
                ("as_of", models.DateField()),
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
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.propensitymodel",
                    ),
                ),
            ],
            options={
                "verbose_name": "propensity of a customer",
            },
        ),
        guard_by_branch("campaigns_propensityscore"),
        web_writes(WRITTEN),
        migrations.RunSQL(sql_text(__package__, "0005_propensity"), UNSCORE),
        web_writes({"campaigns_scorable": ""}),
    ]
