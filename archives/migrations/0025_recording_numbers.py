import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """The number of a sale's recording in the bank's own system."""

    dependencies = [
        ("archives", "0024_archive_measures"),
    ]

    operations = [
        migrations.AddField(
            model_name="contactlog",
            name="recording_no",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=40,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[A-Za-z0-9][A-Za-z0-9._/-]*\\Z",
                        "Write the number alone: letters, digits, and - _ . / between them.",
                    )
                ],
                verbose_name="recording number",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactlog",
            constraint=models.CheckConstraint(
                condition=models.Q(("recording_no", ""), ("outcome", "sold"), _connector="OR"),
                name="a_recording_is_of_a_sale",
            ),
        ),
    ]
