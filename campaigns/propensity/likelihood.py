"""What a page says of a customer's score: a band, how those of the band answered, and three reasons in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.utils.functional import Promise

from campaigns.propensity.choices import Band, ModelState
from campaigns.propensity.features import BY_NAME
from campaigns.propensity.models import PropensityScore
from crm.organization.models import User


@dataclass(frozen=True)
class Why:
    """One reason; `raises` or lowers the likelihood."""

    text: str | Promise
    raises: bool


@dataclass(frozen=True)
class Likelihood:
    """`asked` and `yes`: those of this band among the contacts that the model was judged by. `as_of` is the data date
    up to which scores are: a sweep that lags behind the night shows."""

    band: Band
    asked: int
    yes: int
    as_of: date
    reasons: list[Why]

    @property
    def of_hundred(self) -> int:
        return round(100 * self.yes / self.asked) if self.asked else 0


def score_of(user: User, customer: str = "pk") -> Subquery:
    """Annotation: the score of a row's customer as JSON for `told`; None while no model is on, and for who refused."""
    scores = PropensityScore.objects.visible_to(user).filter(
        customer=OuterRef(customer), model__state=ModelState.ON, customer__profiling_opt_out=False,
        customer__do_not_contact=False,
    )  # fmt: skip
    return Subquery(
        scores.values(
            json=JSONObject(
                band="band",
                reasons="reasons",
                bands=F("model__figures__bands"),
                as_of=Coalesce("model__scored_to", "as_of"),
            )
        )[:1]
    )


def told(found: Mapping[str, Any] | None) -> Likelihood | None:
    """What `score_of` has brought, in words."""
    if not found:
        return None
    judged = next(one for one in found["bands"] if one["band"] == found["band"])
    return Likelihood(
        Band(found["band"]),
        judged["asked"],
        judged["yes"],
        date.fromisoformat(found["as_of"]),
        [why(sign) for sign in found["reasons"] if sign[2:] in BY_NAME],
    )


def why(sign: str) -> Why:
    """`u+earlier_yes`: it raises the score that the customer has more of it than others."""
    feature = BY_NAME[sign[2:]]
    return Why(feature.more if sign[1] == "+" else feature.less, sign[0] == "u")
