from django.db import migrations, models

from crm.db import sql_text

UNDO = """
DROP FUNCTION customers_household_settle;
DROP FUNCTION customers_relation_settle;
DROP FUNCTION customers_relation_inverse;
DROP POLICY kept_together ON customers_relation;
DROP POLICY kept_together ON customers_customer;
"""


class Migration(migrations.Migration):
    """The two ends of a relation, and the members of a household, whatever branches they are in."""

    dependencies = [("customers", "0009_settled_alerts")]

    operations = [
        migrations.RunSQL(sql_text(__package__, "0010_kept_together"), UNDO),
        migrations.AddConstraint(
            "relation",
            models.UniqueConstraint(
                fields=["customer", "relation_type", "name"],
                condition=models.Q(related_customer__isnull=True),
                name="one_relation_of_a_type_to_a_name",
            ),
        ),
    ]
