from django.db import migrations

from crm.db import sql_text

BEFORE = sql_text(__package__, "0014_can_contact")
REFUSALS = BEFORE[BEFORE.index("CREATE FUNCTION contact_refusals") : BEFORE.index("-- The first day from this one on")]
BAR = sql_text(__package__, "0027_left_alone").split("-- What came of a campaign's contacts")[0]


class Migration(migrations.Migration):
    """One shape of who may not be reached: sets know whom running campaigns leave alone as the single question does."""

    dependencies = [("archives", "0027_left_alone"), ("campaigns", "0005_propensity")]

    operations = [
        migrations.RunSQL(
            sql_text(__package__, "0028_refusals_of_campaigns"),
            REFUSALS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") + BAR,
        ),
    ]
