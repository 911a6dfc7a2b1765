"""A key per opened form: a contact that is sent twice is stored once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archives", "0002_row_security")]

    operations = [
        migrations.AddField(
            model_name="contactlog", name="submission", field=models.UUIDField(null=True, editable=False)
        ),
        migrations.AddConstraint(
            model_name="contactlog",
            constraint=models.UniqueConstraint(fields=["customer", "submission"], name="one_contact_of_a_submission"),
        ),
    ]
