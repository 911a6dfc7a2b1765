from django.db import migrations

from crm.db import guard_by_branch, guard_from_web


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        guard_by_branch("customers_customer"),
        guard_by_branch("customers_metrics"),
        guard_by_branch("customers_household"),
        guard_by_branch("customers_relation"),
        guard_by_branch("customers_ownership"),
        guard_by_branch("customers_account"),
        guard_by_branch("customers_accountholder"),
        guard_by_branch("customers_holding"),
        guard_by_branch("customers_balancechange"),
        guard_by_branch("customers_alert"),
        guard_from_web("night_customer"),
        guard_from_web("night_account"),
        guard_from_web("night_holder"),
        guard_from_web("night_holding"),
        guard_from_web("night_ownership"),
        guard_from_web("night_metrics"),
        guard_from_web("night_alert"),
        # The night rewrites these often: room in each page keeps updates heap-only (PERFORMANCE).
        migrations.RunSQL(
            "ALTER TABLE customers_metrics SET (fillfactor = 70); ALTER TABLE customers_holding SET (fillfactor = 85);",
            "ALTER TABLE customers_metrics RESET (fillfactor); ALTER TABLE customers_holding RESET (fillfactor);",
        ),
    ]
