"""Write what the model that is on says of customers: after a night of those of whom anything has changed; of everybody
when a month opens (averages, ages) and when a model is switched on. A worker does it, in chunks."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from campaigns.propensity import features
from campaigns.propensity.choices import ModelState
from campaigns.propensity.models import PropensityModel
from crm import db
from crm.jobs.models import JobRun
from customers.nightly import night

log = structlog.get_logger()
MODELS = PropensityModel.objects.using("batch")
LOCK = "propensity scoring"
EVERYBODY = "SELECT count(*) AS rows, min(customer_id) AS first, max(customer_id) AS last FROM customers_metrics"
# Whom a scoring let in while they refused: it did not see the refusal, and the refusal did not see the new score. And
# who turns out to be a minor: features.sql leaves them out, an older score would stay.
REFUSED = """
DELETE FROM campaigns_propensityscore s WHERE (s.as_of = %(as_of)s OR %(everybody)s) AND NOT EXISTS (
    SELECT FROM campaigns_scorable c WHERE c.id = s.customer_id AND c.status = 'active'
      AND (c.birth_date IS NULL OR c.birth_date <= (%(as_of)s::date + 1 - interval '18 years')::date))
"""


def newest_night() -> JobRun | None:
    """The published night whose data pages show."""
    nights = JobRun.objects.using("batch").filter(job="nightly", published_at__isnull=False)
    return nights.order_by("-business_date").first()


def model_on() -> PropensityModel | None:
    """The model that is on. One that was learned of other features than there are now says nothing: its weights would
    fall upon the wrong columns."""
    on = MODELS.filter(state=ModelState.ON).first()
    return on if on is not None and tuple(on.weights["names"]) == features.NAMES else None


def is_due() -> bool:
    """Whether a night was published since the scores were written, a model was switched on, or one was switched off."""
    on, newest = model_on(), newest_night()
    if on is None:
        return bool(db.fetch_value("SELECT EXISTS (SELECT FROM campaigns_propensityscore)"))
    return newest is not None and (on.scored_at is None or is_newer(newest, on))


def is_newer(newest: JobRun, on: PropensityModel) -> bool:
    assert newest.published_at is not None
    return on.scored_at is None or newest.published_at > on.scored_at


def run() -> int:
    """Bring the scores up to the published night, or remove them where no model is on; returns how many rows.
    Nothing while another worker does so."""
    with transaction.atomic(using="audit"):
        db.stay_idle("audit")
        if not db.try_lock(LOCK, using="audit"):
            return 0
        on, newest = model_on(), newest_night()
        # Scores of another model, or of none, are no beginning to go on from.
        others = MODELS.exclude(pk__in=[on.pk] if on else [])
        others.filter(scored_at__isnull=False).update(scored_to=None, scored_at=None)
        if on is None:
            return db.execute("DELETE FROM campaigns_propensityscore")
        if newest is None or not is_newer(newest, on):
            return 0
        return write(on, newest.business_date)


def write(on: PropensityModel, as_of: date) -> int:
    """Score who is to be scored as of this business date; how many rows were written."""
    began, written = timezone.now(), 0
    for name, params in chunks(on, as_of):
        with transaction.atomic(using="batch"):
            if not MODELS.select_for_update().filter(pk=on.pk, state=ModelState.ON).exists():
                return written
            written += score(on, as_of, name, params)
    refused = db.execute(REFUSED, {"as_of": as_of, "everybody": is_for_everybody(on, as_of)})
    MODELS.filter(pk=on.pk).update(scored_to=as_of, scored_at=began)
    log.info("propensity scored", model=on.pk, as_of=str(as_of), written=written, refused=refused)
    return written


def chunks(on: PropensityModel, as_of: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statements that say who is scored, with their parameters: those who changed, or all in ranges."""
    if on.scored_to is None or is_for_everybody(on, as_of):
        for part in night.customer_ranges(EVERYBODY):
            yield "scorable", {"first": part["first"], "last": part["last"]}
        return
    # A corrected night is of the same date once more.
    yield "changed", {"since": min(on.scored_to, as_of - timedelta(days=1)), "at": on.scored_at}


def is_for_everybody(on: PropensityModel, as_of: date) -> bool:
    """Whether the averages and ages of all begin anew, or nobody has a score of this model yet."""
    return on.scored_to is None or on.scored_to.replace(day=1) != as_of.replace(day=1)


def score(on: PropensityModel, as_of: date, name: str, params: dict[str, Any]) -> int:
    """Write the scores of whom the statement `name` names, for a call on the day after the data date."""
    day = as_of + timedelta(days=1)
    asked = features.statement(db.sql_text(features.PACKAGE, name).rstrip())
    weights = {key: on.weights[key] for key in ("names", "mean", "scale", "weight", "intercept", "high", "middle")}
    channels = [one.name for one in features.FEATURES if one.is_channel]
    return db.execute(
        db.sql_text(features.PACKAGE, "score").replace("{features}", asked),
        features.parameters(day)
        | params
        | weights
        | {"day": day, "as_of": as_of, "model": on.pk, "channels": channels},
    )
