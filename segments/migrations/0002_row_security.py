from django.db import migrations

from crm.db import guard_by_branch, guard_from_web


class Migration(migrations.Migration):
    dependencies = [("segments", "0001_initial")]

    operations = [
        guard_by_branch("segments_tierstate"),
        guard_by_branch("segments_tierchange"),
        guard_by_branch("segments_dayfigure"),
        guard_from_web("night_tier"),
        migrations.RunSQL(
            "ALTER TABLE segments_tierstate SET (fillfactor = 80)", "ALTER TABLE segments_tierstate RESET (fillfactor)"
        ),
    ]
