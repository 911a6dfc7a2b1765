from django.db import migrations, models

from crm.db import sql_text

UNFOLLOW = "DROP TRIGGER plans_follow ON customers_ownership; DROP FUNCTION archives_plans_follow();"


class Migration(migrations.Migration):
    """Why a plan was closed, which contact barred the customer, and open plans that follow the main owner."""

    dependencies = [
        ("archives", "0006_lobby_reception"),
        ("customers", "0018_lists_act_on_rows"),
    ]

    operations = [
        migrations.AddField(
            model_name="contactlog",
            name="bars",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="maintenanceplan",
            name="cause",
            field=models.CharField(
                blank=True,
                choices=[("person", "Closed by a person"), ("customer_closed", "Customer closed")],
                db_default="",
                default="",
                max_length=16,
                verbose_name="cause",
            ),
        ),
        migrations.AddField(
            model_name="maintenanceplan",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="reason"),
        ),
        migrations.RunSQL(sql_text(__package__, "0007_plans_follow"), UNFOLLOW),
    ]
