import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, web_writes

# Of a simulation the web changes what people decide, never what was simulated.
DECIDED = "state, note, proposed_by_id, proposed_at, decided_by_id, decided_at, decision"
WRITTEN = {
    "segments_schemesimulation": f"INSERT, UPDATE ({DECIDED})",
    "segments_simulatedtier": "",
    "segments_simulatedmover": "",
}


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0018_lists_act_on_rows"),
        ("jobs", "0002_published_at"),
        ("organization", "0003_work_standards"),
        ("segments", "0012_shipped_schemes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SchemeSimulation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField(verbose_name="data date")),
                ("night", models.DateTimeField()),
                ("rules", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Being simulated"),
                            ("ready", "Simulated"),
                            ("failed", "Failed"),
                            ("submitted", "Waits for approval"),
                            ("approved", "Approved"),
                            ("refused", "Sent back"),
                        ],
                        default="running",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("result", models.JSONField(default=dict)),
                ("fingerprint", models.CharField(blank=True, default="", max_length=64)),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="why")),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("proposed_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision", models.CharField(blank=True, default="", max_length=200, verbose_name="decision")),
                (
                    "base",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="segments.tierscheme",
                    ),
                ),
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
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="jobs.jobrun",
                    ),
                ),
                (
                    "scheme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="simulations",
                        to="segments.tierscheme",
                    ),
                ),
            ],
            options={
                "verbose_name": "simulation of a scheme",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "submitted")),
                        fields=("scheme",),
                        name="one_submitted_simulation_of_a_scheme",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(
                                ("decided_by__isnull", False),
                                ("proposed_by__isnull", False),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_scheme_needs_a_second_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SimulatedMover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old_rank", models.SmallIntegerField()),
                ("new_rank", models.SmallIntegerField()),
                ("metric_value", models.DecimalField(decimal_places=2, max_digits=18)),
                ("aum", models.DecimalField(decimal_places=2, max_digits=18)),
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
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "simulation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="movers",
                        to="segments.schemesimulation",
                    ),
                ),
            ],
            options={
                "verbose_name": "simulated mover",
                "indexes": [
                    models.Index(fields=["simulation", "-aum"], name="simulated_mover_richest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SimulatedTier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old_rank", models.SmallIntegerField()),
                ("new_rank", models.SmallIntegerField()),
                ("customers", models.BigIntegerField()),
                ("aum", models.DecimalField(decimal_places=2, max_digits=20)),
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
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "simulation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tiers",
                        to="segments.schemesimulation",
                    ),
                ),
            ],
            options={
                "verbose_name": "simulated tier",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("simulation", "branch", "owner", "old_rank", "new_rank"),
                        name="one_simulated_tier_of_an_owner",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        guard_by_branch("segments_simulatedtier"),
        guard_by_branch("segments_simulatedmover"),
        web_writes(WRITTEN),
    ]
