import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """A colleague has working days to answer: over a long holiday nobody does. The night finds whom it found last."""

    dependencies = [("campaigns", "0012_prospects_forgotten")]

    operations = [
        migrations.AlterField(
            model_name="lobbyrule",
            name="across_days",
            field=models.PositiveSmallIntegerField(
                default=3,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(60),
                ],
                verbose_name="working days to answer a referral between company and personal",
            ),
        ),
        migrations.AddIndex(
            model_name="prospect",
            index=models.Index(
                condition=models.Q(("converted_on__isnull", False), ("mobile_index__isnull", False)),
                fields=["converted_on"],
                name="prospect_just_opened",
            ),
        ),
    ]
