from django.db import migrations

from crm.db import sql_text


class Migration(migrations.Migration):
    """What was inspected goes along when a customer changes the branch; nothing else of it is ever changed."""

    dependencies = [("archives", "0018_archive_templates")]

    operations = [migrations.RunSQL(sql_text(__package__, "0019_inspections_move"), migrations.RunSQL.noop)]
