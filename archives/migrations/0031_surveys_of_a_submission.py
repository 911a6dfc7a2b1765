from django.db import migrations, models


class Migration(migrations.Migration):
    """A survey is kept once per submission of its customer, as contacts and plans are: another customer's page that sends
    the same number is a survey of its own."""

    dependencies = [("archives", "0030_refusals_of_campaigns")]

    operations = [
        migrations.AlterField(model_name="survey", name="submission", field=models.UUIDField(editable=False)),
        migrations.AddConstraint(
            model_name="survey",
            constraint=models.UniqueConstraint(fields=("customer", "submission"), name="one_survey_of_a_submission"),
        ),
    ]
