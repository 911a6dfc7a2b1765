from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_product_counting")]

    operations = [
        migrations.AlterField(
            "alert",
            "close_reason",
            models.CharField(
                blank=True,
                choices=[
                    ("condition_gone", "Condition gone"),
                    ("contacted", "Customer contacted"),
                    ("settled", "Settled with the customer"),
                    ("not_applicable", "Not applicable"),
                    ("customer_closed", "Customer closed"),
                ],
                default="",
                max_length=20,
                verbose_name="close reason",
            ),
        ),
    ]
