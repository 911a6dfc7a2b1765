import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0012_lists"),
        ("organization", "0002_one_head_office"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Nudge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("nudged_on", models.DateField(verbose_name="day")),
                ("nudged_at", models.DateTimeField(auto_now_add=True)),
                (
                    "alert",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nudges",
                        to="customers.alert",
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
                    "nudged_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "nudge",
                "verbose_name_plural": "nudges",
                "indexes": [
                    models.Index(fields=["owner", "nudged_on"], name="nudge_of_owner"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "nudged_on"), name="one_nudge_of_an_alert_a_day"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("severity", 1), ("state", "new")),
                fields=["branch", "raised_on"],
                include=("customer", "kind"),
                name="alert_red_untouched_of_branch",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("closed_by__isnull", False)),
                fields=["branch", "closed_on"],
                include=("customer",),
                name="alert_answered_of_branch",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("state", "snoozed")),
                fields=["branch", "snoozed_until"],
                include=("customer",),
                name="alert_snoozed_of_branch",
            ),
        ),
        migrations.AddIndex(
            model_name="ownership",
            index=models.Index(
                condition=models.Q(("role", "main")),
                fields=["branch", "since"],
                include=("customer",),
                name="ownership_main_begun",
            ),
        ),
        migrations.AddIndex(
            model_name="ownership",
            index=models.Index(
                condition=models.Q(("role", "main"), ("until__isnull", False)),
                fields=["branch", "until"],
                include=("customer",),
                name="ownership_main_ended",
            ),
        ),
        guard_by_branch("customers_nudge"),
    ]
