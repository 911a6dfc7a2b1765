from django.db import migrations

TURNS = "GRANT UPDATE (caller_id, calling_since) ON campaigns_campaignmember TO crm_app, crm_hq;"


class Migration(migrations.Migration):
    """Whose turn it is to call is said of the customer (customers.turns), whichever page the number stands on."""

    dependencies = [("campaigns", "0011_season_targets_end"), ("customers", "0028_whose_turn_to_call")]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, TURNS),
        migrations.RemoveField(model_name="campaignmember", name="caller"),
        migrations.RemoveField(model_name="campaignmember", name="calling_since"),
    ]
