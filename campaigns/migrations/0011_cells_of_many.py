from django.db import migrations

from crm.db import sql_text

# The two functions as 0003 wrote them, behind the one of the base.
OLD = "".join(sql_text(__package__, "0003_measurement").partition("-- What of each member's")[1:])
BACK = f"""
DROP FUNCTION campaigns_cells(bigint[], date, date);
DROP FUNCTION campaigns_reached(bigint[], date, date);
{OLD}
"""


class Migration(migrations.Migration):
    """Campaigns that are counted for the same day are counted in one pass."""

    dependencies = [("campaigns", "0010_expiry_holds_balances")]

    operations = [migrations.RunSQL(sql_text(__package__, "0011_cells_of_many"), BACK)]
