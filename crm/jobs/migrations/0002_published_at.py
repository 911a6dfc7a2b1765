from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="jobrun",
            name="published_at",
            field=models.DateTimeField(null=True, verbose_name="published"),
        ),
    ]
