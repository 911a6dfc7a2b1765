from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The list of contacts, newest first, of a branch and of the bank."""

    atomic = False
    dependencies = [("archives", "0004_maintenance_plan")]

    operations = [
        AddIndexConcurrently(
            "contactlog", models.Index(fields=["branch", "-contacted_at", "-id"], name="contact_log_of_branch")
        ),
        AddIndexConcurrently("contactlog", models.Index(fields=["-contacted_at", "-id"], name="contact_log_newest")),
    ]
