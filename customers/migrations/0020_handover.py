from typing import Any

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text

UNGUARD = """
DROP POLICY jobs_of_requests ON customers_bulkjob;
DROP POLICY undo_of_requests ON customers_bulkjob;
"""


def seed(apps: Any, schema_editor: Any) -> None:
    """The defaults of DOMAIN §4."""
    apps.get_model("customers", "OwnershipRule").objects.using(schema_editor.connection.alias).create(
        effective_from="1990-01-01", source="DOMAIN §4: cap 300 a manager; the days are ours"
    )


class Migration(migrations.Migration):
    """Handovers of a leaver, the public pool and its rules, each guarded from its first day."""

    dependencies = [
        ("customers", "0019_exports_of_every_list"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnershipRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effective_from", models.DateField(unique=True, verbose_name="effective from")),
                (
                    "claim_cap",
                    models.PositiveIntegerField(
                        default=300,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="most customers of a manager who claims",
                    ),
                ),
                (
                    "undo_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="days in which it can be undone",
                    ),
                ),
                (
                    "watch_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="days watched after a handover",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "rule of ownership",
                "verbose_name_plural": "rules of ownership",
            },
        ),
        migrations.AlterField(
            model_name="bulkitem",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("waiting", "Waits"),
                    ("changed", "Changed"),
                    ("same", "Already so"),
                    ("other_branch", "Belongs to another branch than the new manager"),
                    ("barred", "Asked not to be called or texted"),
                    ("out_of_scope", "No longer in your care"),
                    ("restored", "Restored"),
                    ("edited", "Kept: changed again since"),
                    ("closed_since", "Closed in the meantime"),
                    ("not_theirs", "Not a customer whom the colleague sees"),
                    ("not_eligible", "Closed, refuses profiling, or of another branch than the segment"),
                    ("former_left", "Kept: the former manager has left the branch"),
                    ("moved_since", "Somebody else answers for the customer since"),
                    ("target_left", "The new manager has left or changed roles"),
                    ("in_use", "Served, grown or maturing in the meantime"),
                ],
                default="waiting",
                max_length=12,
                verbose_name="result",
            ),
        ),
        migrations.AlterField(
            model_name="bulkjob",
            name="action",
            field=models.CharField(
                choices=[
                    ("assign", "Change of manager"),
                    ("plan", "New plans"),
                    ("segment", "Add to a segment"),
                    ("snooze", "Put alerts off"),
                    ("dismiss", "Alerts not applicable"),
                    ("move", "Move plans to another day"),
                    ("close", "Close plans"),
                    ("hand", "Hand plans to a colleague"),
                    ("handover", "Handover"),
                    ("recycle", "Back into the pool"),
                ],
                max_length=20,
                verbose_name="action",
            ),
        ),
        migrations.AlterField(
            model_name="bulkjob",
            name="problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_right", "Whoever asked for it may not do this any more. Nothing further was changed."),
                    ("no_owner", "The new manager has left or changed roles. Nothing further was changed."),
                    ("no_segment", "The segment takes nobody in any more. Nothing further was changed."),
                    ("too_many", "More match than one job may change. Narrow the list."),
                    ("altered", "What was approved is not what stands there now. Nothing was changed."),
                    ("error", "An error stopped it. What was changed until then is listed and can be undone."),
                ],
                default="",
                max_length=10,
                verbose_name="problem",
            ),
        ),
        migrations.CreateModel(
            name="PoolRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "quiet_days",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="days without growth, maturity or service",
                    ),
                ),
                (
                    "maturity_days",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3660),
                        ],
                        verbose_name="days ahead in which nothing may mature",
                    ),
                ),
                (
                    "growth",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="growth that counts, yuan",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("simulated", models.JSONField(null=True)),
                ("simulated_on", models.DateField(null=True)),
                ("activated_at", models.DateTimeField(null=True)),
                (
                    "activated_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="branch",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of the pool",
                "verbose_name_plural": "rules of the pool",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("activated_at__isnull", True),
                            models.Q(
                                ("activated_by__isnull", False),
                                ("simulated__isnull", False),
                                ("simulated_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="no_pool_rule_acts_unseen",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnershipRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("handover", "Handover"), ("recycle", "Back into the pool")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "candidates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("keeps_households", models.BooleanField(default=True)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("note", models.CharField(blank=True, default="", max_length=500, verbose_name="to the new managers")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Not asked for yet"),
                            ("waiting", "Waits for approval"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("total", models.IntegerField(default=0, verbose_name="customers")),
                ("fingerprint", models.CharField(blank=True, default="", max_length=32)),
                ("requested_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("refusal", models.CharField(blank=True, default="", max_length=200, verbose_name="reason")),
                ("as_of", models.DateField(null=True)),
                ("settled", models.JSONField(default=dict)),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="branch",
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
                    "job",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="request",
                        to="customers.bulkjob",
                    ),
                ),
                (
                    "leaver",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.poolrule",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of hands",
                "verbose_name_plural": "changes of hands",
                "indexes": [
                    models.Index(fields=["branch", "-id"], name="ownership_request_of_branch"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_approves_their_own_handover",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", False),
                            ("state__in", ("draft", "waiting", "withdrawn")),
                            _connector="OR",
                        ),
                        name="no_handover_goes_on_undecided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "handover"), ("leaver__isnull", False), ("rule__isnull", True)),
                            models.Q(("kind", "recycle"), ("leaver__isnull", True), ("rule__isnull", False)),
                            _connector="OR",
                        ),
                        name="handover_of_a_leaver_recycling_by_a_rule",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnershipMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unit", models.BigIntegerField()),
                ("rank", models.SmallIntegerField(default=0)),
                ("aum", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ("minutes", models.IntegerField(default=0)),
                ("is_maturing", models.BooleanField(default=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits"),
                            ("changed", "Changed"),
                            ("same", "Already so"),
                            ("other_branch", "Belongs to another branch than the new manager"),
                            ("barred", "Asked not to be called or texted"),
                            ("out_of_scope", "No longer in your care"),
                            ("restored", "Restored"),
                            ("edited", "Kept: changed again since"),
                            ("closed_since", "Closed in the meantime"),
                            ("not_theirs", "Not a customer whom the colleague sees"),
                            ("not_eligible", "Closed, refuses profiling, or of another branch than the segment"),
                            ("former_left", "Kept: the former manager has left the branch"),
                            ("moved_since", "Somebody else answers for the customer since"),
                            ("target_left", "The new manager has left or changed roles"),
                            ("in_use", "Served, grown or maturing in the meantime"),
                        ],
                        default="waiting",
                        max_length=12,
                        verbose_name="result",
                    ),
                ),
                ("moved_at", models.DateTimeField(null=True)),
                ("note", models.JSONField(null=True)),
                ("told_on", models.DateField(null=True, verbose_name="customer told on")),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ownership_moves",
                        to="customers.customer",
                    ),
                ),
                (
                    "from_owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "to_owner",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="moves",
                        to="customers.ownershiprequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "customer who changes hands",
                "verbose_name_plural": "customers who change hands",
                "indexes": [models.Index(fields=["request", "rank", "unit"], name="ownership_move_of_unit")],
                "constraints": [
                    models.UniqueConstraint(fields=("request", "customer"), name="one_move_of_a_request_and_customer")
                ],
            },
        ),
        guard_by_branch("customers_poolrule"),
        guard_by_branch("customers_ownershiprequest"),
        guard_by_branch("customers_ownershipmove"),
        migrations.RunSQL(sql_text(__package__, "0020_handover"), UNGUARD),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
