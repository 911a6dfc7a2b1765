import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Which day's files brought a customer's row, on which days a holding was there, and who noted a relation."""

    dependencies = [
        ("customers", "0024_retention_list"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="delivered_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="holding",
            name="closed_on",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="holding",
            name="first_on",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="relation",
            name="recorded_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="relation",
            name="recorded_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
