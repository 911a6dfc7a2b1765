import django.core.validators
from django.db import migrations, models

STEPS = (
    {
        "code": "visit", "event": "visit", "offset_days": 0, "kind": "daily", "channel": "face", "purpose": "care",
        "from_tier": 3, "name_zh_hans": "定期面访", "name_zh_hant": "定期面訪", "name_en": "Regular visit",
    },
    {
        "code": "other-bank-14", "event": "other_bank", "offset_days": -14, "kind": "special", "channel": "phone",
        "purpose": "maturity", "from_tier": 1, "name_zh_hans": "他行到期前14天联系",
        "name_zh_hant": "他行到期前14天聯繫", "name_en": "14 days before a maturity at another bank",
    },
    {
        "code": "other-bank-3", "event": "other_bank", "offset_days": -3, "kind": "special", "channel": "phone",
        "purpose": "maturity", "from_tier": 1, "name_zh_hans": "他行到期前3天联系",
        "name_zh_hant": "他行到期前3天聯繫", "name_en": "3 days before a maturity at another bank",
    },
)  # fmt: skip


def add_steps(apps, schema_editor):
    """DOMAIN §4."""
    steps = apps.get_model("archives", "PlanStep").objects.using(schema_editor.connection.alias)
    for row in STEPS:
        steps.update_or_create(
            code=row["code"], defaults={**row, "to_tier": 9, "is_active": True, "source": "DOMAIN §4"}
        )


def retire_steps(apps, schema_editor):
    """The constraint before knows neither event; plans that were made stay, so that their steps do."""
    steps = apps.get_model("archives", "PlanStep").objects.using(schema_editor.connection.alias)
    for new, old in (("visit", "cadence"), ("other_bank", "maturity")):
        steps.filter(event=new).update(event=old, is_active=False)


class Migration(migrations.Migration):
    """Visits by the cadence of the tier, and maturities at other banks, make plans."""

    dependencies = [
        ("archives", "0025_recording_numbers"),
        ("organization", "0005_absences"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="planstep",
            name="offset_fits_its_event",
        ),
        migrations.AddField(
            model_name="nightplan",
            name="free_from",
            field=models.DateField(null=True),
        ),
        migrations.AlterField(
            model_name="maintenanceplan",
            name="origin",
            field=models.CharField(
                choices=[
                    ("tier", "Contact cadence of the tier"),
                    ("visit", "Visit cadence of the tier"),
                    ("alert", "Alert"),
                    ("date", "Important date"),
                    ("campaign", "Campaign"),
                    ("inspection", "Archive returned by an inspection"),
                    ("manual", "Planned by a person"),
                ],
                db_default="manual",
                default="manual",
                max_length=10,
                verbose_name="origin",
            ),
        ),
        migrations.AlterField(
            model_name="planstep",
            name="event",
            field=models.CharField(
                choices=[
                    ("cadence", "Contact cadence of the tier"),
                    ("visit", "Visit cadence of the tier"),
                    ("opened", "Customer opened"),
                    ("birthday", "Birthday"),
                    ("family", "Birthday in the family"),
                    ("wedding", "Wedding anniversary"),
                    ("anniversary", "Anniversary with the bank"),
                    ("exam", "Child's exam"),
                    ("retirement", "Retirement"),
                    ("other", "Another important date"),
                    ("maturity", "Maturity"),
                    ("other_bank", "Maturity at another bank"),
                    ("alert", "Alert"),
                ],
                max_length=12,
                verbose_name="event",
            ),
        ),
        migrations.AlterField(
            model_name="plantype",
            name="code",
            field=models.SlugField(
                max_length=40,
                unique=True,
                validators=[django.core.validators.MaxLengthValidator(30)],
                verbose_name="code",
            ),
        ),
        migrations.AlterField(
            model_name="plantype",
            name="dimension",
            field=models.CharField(
                choices=[("preference", "Product preference"), ("habit", "Buying habit"), ("grade", "Marketing grade")],
                help_text="People choose the type on a customer's page, in the grading of this name, once it is in force.",
                max_length=12,
                verbose_name="dimension",
            ),
        ),
        migrations.AddConstraint(
            model_name="planstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("event__in", ("cadence", "visit")), ("offset_days", 0)),
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
                            "other_bank",
                        ),
                    ),
                    _connector="OR",
                ),
                name="offset_fits_its_event",
                violation_error_message="The cadence has no offset, and nobody can be there before an alert or an opening.",
            ),
        ),
        migrations.RunPython(add_steps, retire_steps),
    ]
