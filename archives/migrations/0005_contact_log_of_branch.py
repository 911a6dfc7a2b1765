from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0004_maintenance_plan"),
        ("customers", "0010_kept_together"),
        ("organization", "0002_one_head_office"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="contactlog",
            index=models.Index(
                fields=["branch", "contacted_at"], include=("staff", "channel", "outcome"), name="contact_log_of_branch"
            ),
        ),
        migrations.AddIndex(
            model_name="contactlog",
            index=models.Index(
                condition=models.Q(("next_date__isnull", False)),
                fields=["branch", "next_date"],
                include=("staff", "customer"),
                name="contact_log_next_of_branch",
            ),
        ),
    ]
