import django.db.models.deletion
from django.db import migrations, models

from crm.db import guard_by_branch, sql_text, web_writes

UNDO = """
DROP FUNCTION campaigns_cells(bigint, date, date);
DROP FUNCTION campaigns_reached(bigint, date, date);
DROP FUNCTION campaigns_base(text, numeric, numeric);
"""
ARMS = [("treat", "Campaign group"), ("control", "Control group")]


class Migration(migrations.Migration):
    """What the night measures of campaigns: cells by branch, stratum and group, days for the curves."""

    dependencies = [
        ("campaigns", "0002_campaigns"),
        ("organization", "0004_work_calendar"),
    ]

    operations = [
        migrations.CreateModel(
            name="CampaignCell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("stratum", models.IntegerField()),
                ("arm", models.CharField(choices=ARMS, max_length=8)),
                ("members", models.IntegerField()),
                ("qualified", models.IntegerField()),
                ("kept", models.IntegerField(null=True)),
                ("change", models.DecimalField(decimal_places=2, max_digits=22)),
                ("squares", models.DecimalField(decimal_places=4, max_digits=44)),
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
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cells",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "cell of a campaign",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "as_of", "branch", "stratum", "arm"), name="one_cell_of_a_campaign_a_day"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateField()),
                ("arm", models.CharField(choices=ARMS, max_length=8)),
                ("members", models.IntegerField()),
                ("qualified", models.IntegerField()),
                ("change", models.DecimalField(decimal_places=2, max_digits=22)),
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
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "day of a campaign",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "as_of", "branch", "arm"), name="one_day_of_a_campaign_group"
                    ),
                ],
            },
        ),
        guard_by_branch("campaigns_campaigncell"),
        guard_by_branch("campaigns_campaignday"),
        web_writes({"campaigns_campaigncell": "", "campaigns_campaignday": ""}),
        migrations.RunSQL(sql_text("campaigns.migrations", "0003_measurement"), UNDO),
    ]
