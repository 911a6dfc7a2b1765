"""Learn a model from the bank's own contacts. A worker does it; the page asked for it by a row in state `learning`."""

import hashlib
import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import structlog
from django.db import transaction

from archives.contacts import start_of
from campaigns.propensity import features
from campaigns.propensity.choices import ASKING, ModelState
from campaigns.propensity.learning import Examples, TooFew, by_share, learn
from campaigns.propensity.models import PropensityModel
from crm import db

log = structlog.get_logger()
MODELS = PropensityModel.objects.using("batch")
LOCK = "propensity learning"
# What is older tells of other times.
DAYS = 730
MOST_CONTACTS = 100_000
# One red alert outranks any balance.
ABOVE_ANY_BALANCE = 1e15


def run(model_id: int) -> str:
    """Learn the model unless another worker does so or it is over; returns its state."""
    with transaction.atomic(using="audit"):
        db.stay_idle("audit")
        if not db.try_lock(LOCK, using="audit"):
            return "under way"
        one = MODELS.filter(pk=model_id, state=ModelState.LEARNING).first()
        if one is None:
            return "over"
        try:
            found = outcome_of(one.as_of)
        except Exception as fault:
            keep(one, {"state": ModelState.FAILED, "decision": str(fault)[:200]})
            raise
        keep(one, found)
        return str(found["state"])


def outcome_of(as_of: date) -> dict[str, Any]:
    """What becomes of the row: a model with its figures, or why there is none."""
    examples = read(as_of)
    try:
        learned = learn(examples, *by_share(examples))
    except TooFew as few:
        short = {"part": few.part, "yes": few.yes, "no": few.no, "least": few.least, "asked": len(examples.yes)}
        return {"state": ModelState.TOO_FEW, "figures": short}
    found = {"weights": learned.weights, "figures": learned.figures}
    said = json.dumps(found | {"as_of": as_of.isoformat()}, sort_keys=True, allow_nan=False)
    return {"state": ModelState.READY, **found, "fingerprint": hashlib.sha256(said.encode()).hexdigest()}


def keep(one: PropensityModel, values: dict[str, Any]) -> None:
    MODELS.filter(pk=one.pk, state=ModelState.LEARNING).update(**values)
    log.info("propensity learned", model=one.pk, state=str(values["state"]))


def read(as_of: date) -> Examples:
    """The contacts up to the day after the data date, each with what was known before it, ordered by day."""
    first, last = as_of - timedelta(days=DAYS), as_of + timedelta(days=1)
    asked = features.statement(db.sql_text(features.PACKAGE, "examples").rstrip())
    params = features.parameters(first) | {
        "asking": [one.value for one in ASKING], "most": MOST_CONTACTS,
        "from": start_of(first), "until": start_of(last + timedelta(days=1)),
    }  # fmt: skip
    rows = db.fetch_all(
        "SELECT f.day, f.aum, f.alert, f.x, l.outcome = ANY(%(yes)s) AS said_yes "  # noqa: S608 - a text of ours
        f"FROM ({asked}) f JOIN archives_contactlog l ON l.id = f.key ORDER BY f.day, f.key",
        params,
    )
    aum = np.array([row["aum"] for row in rows], dtype=float)
    alert = np.array([row["alert"] for row in rows], dtype=float)
    return Examples(
        names=features.NAMES,
        x=np.array([row["x"] for row in rows], dtype=float).reshape(len(rows), len(features.NAMES)),
        yes=np.array([row["said_yes"] for row in rows], dtype=np.int64),
        day=np.array([row["day"] for row in rows], dtype="datetime64[D]"),
        plain={"aum": aum, "alert": alert * ABOVE_ANY_BALANCE + aum},
    )
