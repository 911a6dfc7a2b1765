from django.db import migrations, models


class Migration(migrations.Migration):
    """A customer's archive as a Word document is an export like others: its values are let out by a second person."""

    dependencies = [
        ("customers", "0022_two_for_the_pool"),
    ]

    operations = [
        migrations.AlterField(
            model_name="exportrequest",
            name="file_format",
            field=models.CharField(
                choices=[
                    ("xlsx", "Excel workbook (xlsx)"),
                    ("csv", "CSV, UTF-8"),
                    ("csv_gb18030", "CSV, GB18030"),
                    ("docx", "Word document: one customer's archive"),
                ],
                default="xlsx",
                max_length=12,
                verbose_name="format",
            ),
        ),
    ]
