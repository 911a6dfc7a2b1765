import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import sql_text, web_writes

# tier, touches at most within 30 days: who is asked for more often may be reached more often.
CAPS = ((1, 4), (2, 4), (3, 4), (4, 6), (5, 8))
RULE = sql_text(__package__, "0014_can_contact")
DROP = """
DROP TRIGGER campaign_contact ON archives_contactlog;
DROP FUNCTION archives_campaign_contact();
DROP FUNCTION contact_pressure(bigint, date);
DROP FUNCTION contact_room(bigint, text, date, boolean, bigint);
DROP FUNCTION contact_free_day(bigint, date, int[], int[], boolean, bigint);
DROP FUNCTION contact_caps(date);
"""
# The rule with one cap, as it was.
BEFORE = DROP + RULE[RULE.index("-- The first day from this one on") : RULE.index("-- One at a time decides")].replace(
    "CREATE FUNCTION contact_bar", "CREATE OR REPLACE FUNCTION contact_bar"
)


def add_caps(apps, schema_editor):
    """Four touches of marketing in thirty days, more for those whose managers call them monthly."""
    caps = apps.get_model("archives", "ContactCap").objects.using(schema_editor.connection.alias)
    caps.bulk_create(
        caps.model(tier=tier, effective_from="2000-01-01", most=most, days=30, source="本行默认，可调整")
        for tier, most in CAPS
    )


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0020_contact_history"),
        ("archives", "0021_ledgers_in_turn"),
        ("campaigns", "0002_campaigns"),
        ("customers", "0023_export_word"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactCap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tier",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)], verbose_name="tier"
                    ),
                ),
                ("effective_from", models.DateField(verbose_name="effective from")),
                (
                    "most",
                    models.PositiveSmallIntegerField(
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
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(92),
                        ],
                        verbose_name="within days",
                    ),
                ),
                ("source", models.CharField(blank=True, default="", max_length=200, verbose_name="source")),
            ],
            options={
                "verbose_name": "cap of touches of a tier",
                "verbose_name_plural": "caps of touches by tier",
                "constraints": [
                    models.UniqueConstraint(fields=("tier", "effective_from"), name="one_contact_cap_of_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(("most__gte", 1), ("days__gte", 1)), name="a_tier_cap_leaves_a_contact"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="contactlog",
            name="campaign",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="contact_logs",
                to="campaigns.campaign",
            ),
        ),
        migrations.AddIndex(
            model_name="contactlog",
            index=models.Index(
                condition=models.Q(("campaign__isnull", False)),
                fields=["campaign", "contacted_at"],
                name="contact_log_of_campaign",
            ),
        ),
        web_writes({"archives_contactcap": "INSERT, UPDATE"}),
        migrations.RunPython(add_caps, migrations.RunPython.noop),
        migrations.RunSQL(sql_text(__package__, "0022_contact_pressure"), BEFORE),
    ]
