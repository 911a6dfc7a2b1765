import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm.db import web_writes

# A version is never changed; that it is in force is written once.
ACTIVATE = """
GRANT UPDATE (activated_by_id, activated_at) ON archives_archivetemplate TO crm_app, crm_hq;
"""
TAKE_BACK = """
REVOKE UPDATE (activated_by_id, activated_at) ON archives_archivetemplate FROM crm_app, crm_hq;
"""


class Migration(migrations.Migration):
    """档案模板: the Word templates of archives, version by version."""

    dependencies = [
        ("archives", "0017_archive_coverage"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ArchiveTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="file")),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("placeholders", models.PositiveSmallIntegerField(verbose_name="placeholders")),
                ("note", models.CharField(max_length=200, verbose_name="what is new")),
                ("uploaded_at", models.DateTimeField()),
                ("activated_at", models.DateTimeField(null=True)),
                (
                    "activated_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "template of archives",
                "verbose_name_plural": "templates of archives",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("activated_at__isnull", True), ("activated_by__isnull", True)),
                            models.Q(
                                ("activated_at__isnull", False),
                                ("activated_by__isnull", False),
                                models.Q(("activated_by", models.F("uploaded_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_second_person_activates_a_template",
                    )
                ],
            },
        ),
        web_writes({"archives_archivetemplate": "INSERT"}),
        migrations.RunSQL(ACTIVATE, TAKE_BACK),
    ]
