from django.db import migrations

from crm.db import sql_text, web_writes

# The function as 0016 made it, the view as segments 0017 made it.
CARE_DATES = sql_text(__package__, "0016_care_dates").partition("CREATE FUNCTION archives_care_dates")[2]
BACK = f"""
CREATE OR REPLACE FUNCTION archives_care_dates{CARE_DATES.partition("$$;")[0]}$$;
DROP FUNCTION archives_type_by_balances(numeric, numeric);
DROP VIEW archives_decided_type;
{sql_text("segments.migrations", "0017_types_decided")}
"""


class Migration(migrations.Migration):
    """A night asks for the types and the important dates of everybody at once."""

    dependencies = [("archives", "0027_left_alone"), ("segments", "0019_owner_deposits")]

    operations = [
        migrations.RunSQL(sql_text(__package__, "0028_dates_and_types_at_once"), BACK),
        web_writes({"archives_decided_type": ""}),
    ]
