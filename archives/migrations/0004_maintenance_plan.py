"""What is meant to be done for a customer by a day, guarded like every row of a customer."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0003_contact_submission"),
        ("customers", "0010_kept_together"),
        ("organization", "0002_one_head_office"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MaintenancePlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_date", models.DateField(verbose_name="due date")),
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
                        default="phone",
                        max_length=12,
                        verbose_name="channel",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "Planned"), ("done", "Done"), ("cancelled", "Cancelled")],
                        default="planned",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="closed on")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plans",
                        to="customers.customer",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="plans_done",
                        to="archives.contactlog",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="plans_made",
                        to="archives.contactlog",
                    ),
                ),
            ],
            options={
                "verbose_name": "maintenance plan",
                "verbose_name_plural": "maintenance plans",
                "indexes": [
                    models.Index(fields=["customer", "due_date"], name="plan_of_customer"),
                    models.Index(fields=["submission"], name="plan_of_submission"),
                    models.Index(
                        condition=models.Q(("state", "planned")),
                        fields=["branch", "due_date", "id"],
                        name="plan_open_of_branch",
                    ),
                    models.Index(
                        condition=models.Q(("state", "planned")),
                        fields=["owner", "due_date", "id"],
                        name="plan_open_of_owner",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "submission"), name="one_plan_of_a_submission")
                ],
            },
        ),
        guard_by_branch("archives_maintenanceplan"),
    ]
