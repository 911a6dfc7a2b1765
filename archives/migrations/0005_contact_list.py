from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Contacts newest first, of a branch and of the bank; and the days for which the next ones are meant."""

    atomic = False
    dependencies = [("archives", "0004_maintenance_plan")]

    operations = [
        AddIndexConcurrently(
            "contactlog",
            models.Index(
                fields=["branch", "-contacted_at", "-id"],
                include=("staff", "channel", "outcome"),
                name="contact_log_of_branch",
            ),
        ),
        AddIndexConcurrently("contactlog", models.Index(fields=["-contacted_at", "-id"], name="contact_log_newest")),
        AddIndexConcurrently(
            "contactlog",
            models.Index(
                fields=["branch", "next_date"],
                include=("staff", "customer"),
                condition=models.Q(next_date__isnull=False),
                name="contact_log_next_of_branch",
            ),
        ),
    ]
