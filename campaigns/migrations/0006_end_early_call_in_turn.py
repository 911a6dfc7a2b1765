import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Call mode notes whose turn a member is.
TURNS = "GRANT UPDATE (caller_id, calling_since) ON campaigns_campaignmember TO crm_app, crm_hq;"
NO_TURNS = "REVOKE UPDATE (caller_id, calling_since) ON campaigns_campaignmember FROM crm_app, crm_hq;"
# What is launched stays, but for its cost, and for one that runs and is ended before its time, once.
STAYS = """
DROP TRIGGER campaign_stays ON campaigns_campaign;
CREATE TRIGGER campaign_stays BEFORE UPDATE ON campaigns_campaign FOR EACH ROW
    WHEN ((current_user = 'crm_app' OR current_user = 'crm_hq')
          AND (OLD.launched_at IS NOT NULL OR NEW.launched_at IS NOT NULL OR NEW.state = 'running' OR NEW.state = 'ended')
          AND to_jsonb(NEW) - 'cost' IS DISTINCT FROM to_jsonb(OLD) - 'cost'
          {but})
    EXECUTE FUNCTION campaigns_stays();
"""
ENDED_EARLY = """AND NOT (OLD.state = 'running' AND NEW.state = 'ended' AND NEW.ended_at IS NOT NULL
                   AND NEW.ends_on <= OLD.ends_on AND NEW.planned_end IS NOT DISTINCT FROM OLD.ends_on
                   AND to_jsonb(NEW) - '{state,ends_on,planned_end,ended_by_id,ended_at,end_reason}'::text[]
                       = to_jsonb(OLD) - '{state,ends_on,planned_end,ended_by_id,ended_at,end_reason}'::text[])"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0005_propensity"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="end_reason",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name="campaign",
            name="ended_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="campaign",
            name="ended_by",
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
            model_name="campaign",
            name="planned_end",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="campaignmember",
            name="caller",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="campaignmember",
            name="calling_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True),
                    models.Q(
                        ("ended_by__isnull", False),
                        ("planned_end__gte", models.F("ends_on")),
                        ("state", "ended"),
                        models.Q(("end_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="who_ends_a_campaign_early_says_why",
            ),
        ),
        migrations.RunSQL(TURNS, NO_TURNS),
        migrations.RunSQL(STAYS.replace("{but}", ENDED_EARLY), STAYS.replace("{but}", "")),
    ]
