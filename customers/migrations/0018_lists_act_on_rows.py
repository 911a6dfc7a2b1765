from django.db import migrations, models


class Migration(migrations.Migration):
    """Jobs of every list: a job acts on its rows, alerts and plans beside customers."""

    dependencies = [
        ("customers", "0017_richest_first"),
        ("organization", "0003_work_standards"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="bulkitem",
            name="one_item_of_a_job_and_customer",
        ),
        migrations.RemoveIndex(
            model_name="bulkitem",
            name="bulk_item_of_outcome",
        ),
        migrations.AddField(
            model_name="bulkitem",
            name="before",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="bulkitem",
            name="row_id",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        # Until now every item was a customer. Rewritten as a type change, which row-level security does not hide from.
        migrations.RunSQL(
            "ALTER TABLE customers_bulkitem ALTER COLUMN row_id TYPE bigint USING customer_id",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            model_name="bulkjob",
            name="list_name",
            field=models.CharField(
                choices=[
                    ("customers", "Customers"),
                    ("alerts", "Alerts"),
                    ("contacts", "Contacts"),
                    ("plans", "Plans"),
                ],
                default="customers",
                max_length=10,
                verbose_name="list",
            ),
        ),
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
                ],
                default="waiting",
                max_length=12,
                verbose_name="result",
            ),
        ),
        migrations.AlterField(
            model_name="bulkjob",
            name="action",
            field=models.CharField(
                choices=[
                    ("assign", "Change of manager"),
                    ("plan", "New plans"),
                    ("segment", "Add to a segment"),
                    ("snooze", "Put alerts off"),
                    ("dismiss", "Alerts not applicable"),
                    ("move", "Move plans to another day"),
                    ("close", "Close plans"),
                    ("hand", "Hand plans to a colleague"),
                ],
                max_length=20,
                verbose_name="action",
            ),
        ),
        migrations.AlterField(
            model_name="bulkjob",
            name="problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_right", "Whoever asked for it may not do this any more. Nothing further was changed."),
                    ("no_owner", "The new manager has left or changed roles. Nothing further was changed."),
                    ("no_segment", "The segment takes nobody in any more. Nothing further was changed."),
                    ("too_many", "More match than one job may change. Narrow the list."),
                    ("error", "An error stopped it. What was changed until then is listed and can be undone."),
                ],
                default="",
                max_length=10,
                verbose_name="problem",
            ),
        ),
        migrations.AlterField(
            model_name="bulkjob",
            name="total",
            field=models.IntegerField(default=0, verbose_name="rows"),
        ),
        migrations.AddIndex(
            model_name="bulkitem",
            index=models.Index(fields=["job", "outcome", "row_id"], name="bulk_item_of_outcome"),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.UniqueConstraint(fields=("job", "row_id"), name="one_item_of_a_job_and_row"),
        ),
    ]
