from django.db import migrations

from crm.db import sql_text


class Migration(migrations.Migration):
    """Of what is said of a customer at once, the newest holds; a page sums gifts as the limit does; a day that lies
    ahead counts itself."""

    dependencies = [("archives", "0020_contact_history")]

    operations = [migrations.RunSQL(sql_text(__package__, "0021_ledgers_in_turn"), migrations.RunSQL.noop)]
