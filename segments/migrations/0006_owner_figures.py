import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import guard_by_branch


class Migration(migrations.Migration):
    dependencies = [
        ("organization", "0002_one_head_office"),
        ("segments", "0005_becomes_primary"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MonthMoves",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("up", models.IntegerField()),
                ("down", models.IntegerField()),
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
                    "scheme",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="segments.tierscheme",
                    ),
                ),
            ],
            options={
                "verbose_name": "moves of a month",
                "constraints": [models.UniqueConstraint(fields=("branch", "month"), name="one_count_of_moves_a_month")],
            },
        ),
        migrations.CreateModel(
            name="OwnerAlerts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customers", models.IntegerField()),
                ("alerts", models.IntegerField()),
                ("red", models.IntegerField()),
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
            ],
            options={
                "verbose_name": "alert counter of a manager",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("branch", "owner"), name="one_alert_counter_of_an_owner", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnerDue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_date", models.DateField()),
                ("holdings", models.IntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=20)),
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
            ],
            options={
                "verbose_name": "maturity counter of a manager",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("branch", "due_date", "owner"),
                        name="one_due_counter_of_an_owner_a_day",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnerTier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rank", models.SmallIntegerField()),
                ("customers", models.IntegerField()),
                ("covered", models.IntegerField()),
                ("aum", models.DecimalField(decimal_places=2, max_digits=20)),
                ("month_average", models.DecimalField(decimal_places=2, max_digits=20)),
                ("last_month_average", models.DecimalField(decimal_places=2, max_digits=20)),
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
            ],
            options={
                "verbose_name": "tier counter of a manager",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("branch", "owner", "rank"), name="one_counter_of_a_tier_and_owner", nulls_distinct=False
                    )
                ],
            },
        ),
        guard_by_branch("segments_ownertier"),
        guard_by_branch("segments_owneralerts"),
        guard_by_branch("segments_ownerdue"),
        guard_by_branch("segments_monthmoves"),
    ]
