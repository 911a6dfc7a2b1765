import django.db.models.deletion
from django.db import migrations, models

from crm.db import guard_from_web


class Migration(migrations.Migration):
    """History of contacts from other systems; what the cap left out waits for its day; inspections end with the customer;
    a complaint's submission is its sender's; a step may stand on the day of an opening or an alert."""

    dependencies = [
        ("archives", "0019_inspections_move"),
        ("customers", "0023_export_word"),
    ]

    operations = [
        migrations.AddField(
            model_name="contactlog",
            name="source_no",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=60),
        ),
        migrations.AddConstraint(
            model_name="contactlog",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrects__isnull", True), models.Q(("source_no", ""), _negated=True)),
                fields=("imported_from", "source_no"),
                name="one_import_of_a_contact",
            ),
        ),
        migrations.AlterField(model_name="complaint", name="submission", field=models.UUIDField(editable=False)),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.UniqueConstraint(
                fields=("registered_by", "submission"), name="one_complaint_of_a_submission"
            ),
        ),
        migrations.AlterField(
            model_name="inspectionstep",
            name="kind",
            field=models.CharField(
                choices=[
                    ("drawn", "To be looked at"),
                    ("passed", "Passed"),
                    ("returned", "Returned"),
                    ("resubmitted", "Handed in again"),
                    ("closed", "Customer closed"),
                ],
                max_length=12,
                verbose_name="result",
            ),
        ),
        migrations.RemoveConstraint(model_name="planstep", name="offset_fits_its_event"),
        migrations.AddConstraint(
            model_name="planstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("event", "cadence"), ("offset_days", 0)),
                    models.Q(("event__in", ("opened", "alert")), ("offset_days__gte", 0)),
                    (
                        "event__in",
                        (
                            "birthday",
                            "family",
                            "wedding",
                            "anniversary",
                            "exam",
                            "retirement",
                            "other",
                            "maturity",
                        ),
                    ),
                    _connector="OR",
                ),
                name="offset_fits_its_event",
                violation_error_message=(
                    "The cadence has no offset, and nobody can be there before an alert or an opening."
                ),
            ),
        ),
        migrations.CreateModel(
            name="CappedPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("episode", models.CharField(max_length=140)),
                ("due_date", models.DateField()),
                ("ask_on", models.DateField(null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="archives.planstep",
                    ),
                ),
            ],
            options={
                "verbose_name": "plan left out by the cap of touches",
                "verbose_name_plural": "plans left out by the cap of touches",
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "episode"), name="one_capped_plan"),
                ],
            },
        ),
        guard_from_web("archives_cappedplan"),
    ]
