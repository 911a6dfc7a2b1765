from django.db import migrations

from crm.db import sql_text

BEFORE = (
    sql_text(__package__, "0015_contact_quality")
    .partition("-- A verdict")[0]
    .replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
)


class Migration(migrations.Migration):
    """A correction that makes a contact an effective one is judged like a contact."""

    dependencies = [("archives", "0028_dates_and_types_at_once")]

    operations = [migrations.RunSQL(sql_text(__package__, "0029_corrected_into_effect"), BEFORE)]
