import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0014_withdrawn_loads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="profiling_opt_out",
            field=models.BooleanField(db_default=False, default=False, verbose_name="refuses profiling"),
        ),
        migrations.AddField(
            model_name="customer",
            name="profiling_opt_out_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="customer",
            name="profiling_opt_out_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("profiling_opt_out_at__isnull", False)),
                fields=["profiling_opt_out_at"],
                name="customer_opt_out_said",
            ),
        ),
    ]
