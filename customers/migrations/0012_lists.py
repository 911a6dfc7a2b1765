import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text

UNGUARD = """
DROP POLICY readers ON customers_savedview;
DROP POLICY writers ON customers_savedview;
DROP POLICY head_office ON customers_savedview;
DROP POLICY own_stars ON customers_star;
DROP POLICY head_office ON customers_star;
DROP POLICY own_jobs ON customers_bulkjob;
"""


class Migration(migrations.Migration):
    """Saved views, starred customers, and jobs over all rows that match; each guarded from its first day."""

    dependencies = [
        ("customers", "0011_export_request"),
        ("organization", "0002_one_head_office"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(
                        choices=[("assign", "Change of manager"), ("plan", "New plans")],
                        max_length=20,
                        verbose_name="action",
                    ),
                ),
                ("query", models.CharField(blank=True, default="", max_length=500, verbose_name="filters")),
                (
                    "ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
                ("parameters", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("preview", "Waits for confirmation"),
                            ("queued", "Waits for a worker"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("undone", "Undone"),
                        ],
                        default="preview",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_right", "Whoever asked for it may not do this any more. Nothing further was changed."),
                            ("no_owner", "The new manager has left or changed roles. Nothing further was changed."),
                            ("too_many", "More customers match than one job may change. Narrow the list."),
                            ("error", "An error stopped it. What was changed until then is listed and can be undone."),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="problem",
                    ),
                ),
                ("total", models.IntegerField(default=0, verbose_name="customers")),
                ("handled", models.IntegerField(default=0)),
                ("is_collected", models.BooleanField(default=False)),
                ("is_undo", models.BooleanField(default=False)),
                ("attempts", models.SmallIntegerField(default=0)),
                ("business_date", models.DateField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
            ],
            options={
                "verbose_name": "bulk job",
                "verbose_name_plural": "bulk jobs",
                "indexes": [
                    models.Index(fields=["actor", "-created_at"], name="bulk_job_of_actor"),
                    models.Index(
                        condition=models.Q(("state__in", ("queued", "running"))),
                        fields=["state"],
                        name="bulk_job_under_way",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                            ("former_left", "Kept: the former manager has left the branch"),
                        ],
                        default="waiting",
                        max_length=12,
                        verbose_name="result",
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
                    "closed",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="customers.ownership",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.customer"
                    ),
                ),
                (
                    "opened",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="customers.ownership",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="customers.bulkjob",
                    ),
                ),
            ],
            options={
                "verbose_name": "row of a bulk job",
                "verbose_name_plural": "rows of a bulk job",
                "indexes": [
                    models.Index(fields=["job", "outcome", "customer"], name="bulk_item_of_outcome"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("job", "customer"), name="one_item_of_a_job_and_customer"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "list_name",
                    models.CharField(
                        choices=[
                            ("customers", "Customers"),
                            ("alerts", "Alerts"),
                            ("contacts", "Contacts"),
                            ("plans", "Plans"),
                        ],
                        max_length=10,
                        verbose_name="list",
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("own", "Me alone"),
                            ("branch", "My branch"),
                            ("role", "A role"),
                            ("everybody", "Everybody"),
                        ],
                        default="own",
                        max_length=10,
                        verbose_name="for",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("relationship_manager", "Relationship manager"),
                            ("lobby_manager", "Lobby manager"),
                            ("branch_manager", "Branch manager"),
                            ("admin", "Administrator"),
                            ("auditor", "Auditor"),
                        ],
                        default="",
                        max_length=30,
                        verbose_name="role",
                    ),
                ),
                ("query", models.CharField(blank=True, default="", max_length=500, verbose_name="filters")),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), blank=True, default=list, size=None
                    ),
                ),
                ("sort", models.CharField(blank=True, default="", max_length=20, verbose_name="order")),
                (
                    "density",
                    models.CharField(
                        choices=[("normal", "Normal"), ("compact", "Compact")],
                        default="normal",
                        max_length=10,
                        verbose_name="density",
                    ),
                ),
                ("is_pinned", models.BooleanField(default=True, verbose_name="as a tab")),
                ("is_default", models.BooleanField(default=False, verbose_name="opens the list")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "branch",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organization.branch",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "indexes": [
                    models.Index(fields=["list_name", "owner"], name="saved_view_of_owner"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("audience", "branch"), ("branch__isnull", False)),
                            models.Q(models.Q(("audience", "branch"), _negated=True), ("branch__isnull", True)),
                            _connector="OR",
                        ),
                        name="view_of_a_branch_names_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("audience", "role"), ("role__gt", "")),
                            models.Q(models.Q(("audience", "role"), _negated=True), ("role", "")),
                            _connector="OR",
                        ),
                        name="view_of_a_role_names_it",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Star",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starred_at", models.DateTimeField(auto_now_add=True)),
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="stars", to="customers.customer"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stars", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "starred customer",
                "verbose_name_plural": "starred customers",
                "indexes": [
                    models.Index(fields=["user", "-starred_at"], name="star_of_user"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "customer"), name="one_star_of_a_user_and_customer"),
                ],
            },
        ),
        guard_by_branch("customers_bulkitem"),
        migrations.RunSQL(sql_text(__package__, "0012_lists"), UNGUARD),
    ]
