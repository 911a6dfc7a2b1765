from django.conf import settings
from django.db import migrations, models

# What one person put in force alone waits for a second one.
ALONE = """
UPDATE customers_poolrule SET activated_at = NULL, activated_by_id = NULL WHERE activated_by_id = created_by_id
"""


class Migration(migrations.Migration):
    """A rule of the pool is put in force by a second person; what bulk jobs leave as it is has a name."""

    dependencies = [
        ("customers", "0021_register"),
        ("organization", "0004_work_calendar"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="bulkitem",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("waiting", "Waits"),
                    ("changed", "Changed"),
                    ("same", "Already so"),
                    ("other_branch", "Belongs to another branch than the new manager"),
                    ("barred", "Asked not to be called or texted"),
                    ("out_of_scope", "No longer in your care"),
                    ("restored", "Restored"),
                    ("edited", "Kept: changed again since"),
                    ("closed_since", "Closed in the meantime"),
                    ("not_theirs", "Not a customer whom the colleague sees"),
                    ("not_eligible", "Closed, refuses profiling, or of another branch than the segment"),
                    ("former_left", "Kept: the former manager has left the branch"),
                    ("moved_since", "Somebody else answers for the customer since"),
                    ("target_left", "The new manager has left or changed roles"),
                    ("held", "Left as it is: a complaint is open, or an inspection asks for it"),
                    ("in_use", "Served, grown or maturing in the meantime"),
                ],
                default="waiting",
                max_length=12,
                verbose_name="result",
            ),
        ),
        migrations.AlterField(
            model_name="ownershipmove",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("waiting", "Waits"),
                    ("changed", "Changed"),
                    ("same", "Already so"),
                    ("other_branch", "Belongs to another branch than the new manager"),
                    ("barred", "Asked not to be called or texted"),
                    ("out_of_scope", "No longer in your care"),
                    ("restored", "Restored"),
                    ("edited", "Kept: changed again since"),
                    ("closed_since", "Closed in the meantime"),
                    ("not_theirs", "Not a customer whom the colleague sees"),
                    ("not_eligible", "Closed, refuses profiling, or of another branch than the segment"),
                    ("former_left", "Kept: the former manager has left the branch"),
                    ("moved_since", "Somebody else answers for the customer since"),
                    ("target_left", "The new manager has left or changed roles"),
                    ("held", "Left as it is: a complaint is open, or an inspection asks for it"),
                    ("in_use", "Served, grown or maturing in the meantime"),
                ],
                default="waiting",
                max_length=12,
                verbose_name="result",
            ),
        ),
        migrations.RunSQL(ALONE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="poolrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("activated_by__isnull", True),
                    models.Q(("activated_by", models.F("created_by")), _negated=True),
                    _connector="OR",
                ),
                name="nobody_activates_their_own_pool_rule",
            ),
        ),
    ]
