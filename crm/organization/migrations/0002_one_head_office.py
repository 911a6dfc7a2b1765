from importlib.resources import files

from django.db import migrations, models

BEFORE = files(__package__).joinpath("0002_one_head_office.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("organization", "0001_initial")]

    operations = [
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="branch",
            constraint=models.CheckConstraint(
                condition=models.Q(level="head_office", parent__isnull=True)
                | (~models.Q(level="head_office") & models.Q(parent__isnull=False)),
                name="head_office_alone_has_no_parent",
                violation_error_message="The head office, and only the head office, stands under no other branch.",
            ),
        ),
        migrations.AddConstraint(
            model_name="branch",
            constraint=models.UniqueConstraint(
                condition=models.Q(level="head_office"),
                fields=("level",),
                name="one_head_office",
                violation_error_message="There is a head office already.",
            ),
        ),
    ]
