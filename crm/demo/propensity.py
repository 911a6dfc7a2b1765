"""A model of who says yes, learned from the made-up contacts, and switched on by the two people whom it takes."""

from datetime import date, timedelta

from django.utils import timezone

from campaigns.models import PropensityModel
from campaigns.propensity import scoring, training
from campaigns.propensity.choices import ModelState
from crm.organization.models import User

HEAD_OFFICE, ADMIN = "0001", "0002"


def write_model(as_of: date) -> None:
    """Learn it and score everybody; of too few contacts there is only the word that they are too few."""
    people = {one.staff_no: one for one in User.objects.using("batch").filter(staff_no__in=[HEAD_OFFICE, ADMIN])}
    left_at = timezone.now() - timedelta(hours=3)
    one = PropensityModel.objects.using("batch").create(as_of=as_of, made_by=people[ADMIN])
    values = training.outcome_of(as_of)
    if values["state"] == ModelState.READY:
        values |= {
            "state": ModelState.ON, "proposed_by": people[ADMIN], "proposed_at": left_at,
            "decided_by": people[HEAD_OFFICE], "decided_at": left_at + timedelta(hours=1),
        }  # fmt: skip
    PropensityModel.objects.using("batch").filter(pk=one.pk).update(**values)
    if values["state"] == ModelState.ON:
        one.refresh_from_db(using="batch")
        scoring.write(one, as_of)
