from django.db import migrations

from crm.db import sql_text

BEFORE = sql_text(__package__, "0022_contact_pressure")
RULE = BEFORE[BEFORE.index("CREATE OR REPLACE FUNCTION contact_bar") : BEFORE.index("DROP FUNCTION contact_free_day")]
RESULT = BEFORE[
    BEFORE.index("CREATE FUNCTION archives_campaign_contact") : BEFORE.index("CREATE TRIGGER campaign_contact")
]


class Migration(migrations.Migration):
    dependencies = [("archives", "0026_visits_and_other_banks"), ("campaigns", "0005_propensity")]

    operations = [
        migrations.RunSQL(
            sql_text(__package__, "0027_left_alone"),
            RULE + RESULT.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
        ),
    ]
