from django.db import migrations

from crm.db import sql_text

DROP = """
DROP TRIGGER type_is_grade ON archives_plantype;
DROP FUNCTION segments_type_is_grade();
"""


class Migration(migrations.Migration):
    """Adding a type of maintenance is enough: people may choose it at once."""

    dependencies = [
        ("archives", "0026_visits_and_other_banks"),
        ("segments", "0017_types_decided"),
    ]

    operations = [migrations.RunSQL(sql_text(__package__, "0018_types_are_grades"), DROP)]
