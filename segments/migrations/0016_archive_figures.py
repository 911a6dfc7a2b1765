from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("segments", "0015_shown_by_two"),
    ]

    operations = [
        migrations.AddField(
            model_name="ownertier",
            name="archives",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="ownertier",
            name="incomplete",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="ownertier",
            name="points",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="ownertier",
            name="stale",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="ownertier",
            name="stale_in",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
