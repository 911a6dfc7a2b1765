from django.db import migrations

from crm.db import sql_text

BACK = """
DROP TRIGGER season_targets_end ON campaigns_campaign;
DROP FUNCTION campaigns_season_targets_end;
DROP POLICY season ON campaigns_seasontarget;
"""


class Migration(migrations.Migration):
    """A target for the goal of a campaign ends with the campaign."""

    dependencies = [("campaigns", "0010_expiry_holds_balances")]

    operations = [migrations.RunSQL(sql_text(__package__, "0011_season_targets_end"), BACK)]
