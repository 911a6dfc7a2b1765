from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_average_functions")]

    operations = [
        migrations.AddField(
            model_name="feedload",
            name="phase",
            field=models.CharField(blank=True, default="", max_length=20, verbose_name="phase"),
        ),
        migrations.AddField(
            model_name="feedload", name="percent", field=models.SmallIntegerField(default=0, verbose_name="percent")
        ),
    ]
