from django.db import migrations

from crm.db import sql_text

BEFORE = sql_text(__package__, "0009_segments").split("CREATE TRIGGER")[0].replace("CREATE ", "CREATE OR REPLACE ")


class Migration(migrations.Migration):
    """A refusal of profiling waits for no night."""

    dependencies = [("segments", "0013_scheme_simulation")]

    operations = [migrations.RunSQL(sql_text(__package__, "0014_refusals"), BEFORE)]
