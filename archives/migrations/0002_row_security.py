from django.db import migrations

from crm.db import guard_by_branch


class Migration(migrations.Migration):
    dependencies = [("archives", "0001_initial")]

    operations = [guard_by_branch("archives_contactlog")]
