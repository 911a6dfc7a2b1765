from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archives", "0005_contact_list"),
    ]

    operations = [
        migrations.AlterField(
            model_name="contactlog",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("interested", "Reached, interested"),
                    ("not_interested", "Reached, not interested"),
                    ("not_reached", "Not reached"),
                    ("booked", "Appointment made"),
                    ("sold", "Sold"),
                    ("refused", "Refuses contact"),
                    ("received", "Received in the lobby"),
                ],
                max_length=16,
                verbose_name="outcome",
            ),
        ),
    ]
