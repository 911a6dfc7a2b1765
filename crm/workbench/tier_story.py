"""A customer's tiers in words: why, how far to the next, what would move it, when it would fall; other gradings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import CharField, F, OuterRef, Subquery
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.organization.models import User
from crm.workbench.templatetags.screen import money_short, money_text, short_day
from customers.models import Customer, Metrics
from segments import scores
from segments.choices import BY_SCORE, MoveCause, Promotion, TierMetric
from segments.gap import Gap
from segments.gradings import Graded, of_customer
from segments.models import SchemeFactor, Tier, TierChange, TierState
from segments.names import localized
from segments.tiering.calendar import next_review

MOST_SCHEMES = 30
ADVICE_ONLY = "savings_grade"


@dataclass
class Band:
    """The names of a tier as the statement of standings brings it."""

    name_zh_hans: str
    name_zh_hant: str
    name_en: str


@dataclass(frozen=True)
class Standing:
    """Where a customer stands in a scheme in force, and the move that brought them there."""

    state: TierState
    tier: str
    moved: Mapping[str, Any] | None
    parts: list[scores.Part] = field(default_factory=list)

    @property
    def cause(self) -> str:
        return str(MoveCause(self.moved["cause"]).label) if self.moved else ""

    @property
    def value(self) -> str:
        """The metric of that day in its own unit."""
        if self.moved is None:
            return ""
        return value_text(self.state.scheme.metric, Decimal(self.moved["value"]))

    @property
    def total(self) -> Decimal | None:
        """The score on the data of today; the tier moves when the scheme judges next."""
        return scores.total(self.parts) if self.parts else None

    @property
    def is_advice(self) -> bool:
        return self.state.scheme.code == ADVICE_ONLY


def value_text(metric: str, value: Decimal) -> str:
    """A metric's value: money, or a plain number of points or percent."""
    if metric in BY_SCORE or metric == TierMetric.POINTS:
        return f"{value.normalize():f}"
    return money_text(value)


@dataclass(frozen=True)
class Story:
    """The sentence about the tier that pages speak of, and the standings and grades beside it."""

    sentence: str
    others: list[Standing]
    graded: list[Graded]


def story_of(
    user: User,
    customer: Customer,
    metrics: Metrics | None,
    as_of: date,
    tiers: Mapping[int, Tier],
    keep: Gap | None,
    gap: Gap | None,
) -> Story:
    """One statement for the standings and one for gradings; more only where a score or a grading is in force."""
    found = standings(user, customer)
    shown = next((one for one in found if one.state.scheme.is_primary), None)
    sentence = told(shown, tiers, as_of, keep, gap) if shown else ""
    others = [one for one in found if one is not shown]
    if metrics is not None and not customer.profiling_opt_out:
        others = [explained(user, customer, metrics, one, as_of) for one in others]
    return Story(sentence, others, of_customer(user, customer, as_of))


def standings(user: User, customer: Customer) -> list[Standing]:
    """Every scheme in force that rates the customer, with its newest move by whatever version."""
    band = Tier.objects.filter(scheme=OuterRef("scheme"), rank=OuterRef("rank")).values(
        json=JSONObject(name_zh_hans="name_zh_hans", name_zh_hant="name_zh_hant", name_en="name_en")
    )
    moves = TierChange.objects.visible_to(user).filter(
        customer=OuterRef("customer"), scheme__code=OuterRef("scheme__code"), new_rank=OuterRef("rank")
    )
    move = moves.order_by("-as_of").values(
        json=JSONObject(
            as_of="as_of", cause="cause", version="scheme_version", value=Cast(F("metric_value"), CharField())
        )
    )
    rows: Any = (
        TierState.objects.visible_to(user)
        .filter(customer=customer, scheme__is_active=True)
        .select_related("scheme")
        .annotate(band=Subquery(band[:1]), move=Subquery(move[:1]))
        .order_by("scheme_id")[:MOST_SCHEMES]
    )
    return [Standing(row, localized(Band(**row.band)) if row.band else str(row.rank), row.move) for row in rows]


def explained(user: User, customer: Customer, metrics: Metrics, one: Standing, as_of: date) -> Standing:
    """With the parts of the score on today's data, where the scheme judges by one."""
    if one.state.scheme.metric not in BY_SCORE:
        return one
    factors = SchemeFactor.objects.filter(scheme=one.state.scheme).order_by("-weight", "measure")
    return Standing(one.state, one.tier, one.moved, scores.parts_of(user, customer, metrics, factors, as_of))


def told(one: Standing, tiers: Mapping[int, Tier], as_of: date, keep: Gap | None, gap: Gap | None) -> str:
    """The whole sentence; what is not known, or does not apply, is left out."""
    own = tiers.get(one.state.rank)
    clauses = [why(one, as_of), ahead(gap), fall(one.state, own, as_of, keep) if own else ""]
    return _("%(clauses)s.") % {"clauses": _("; ").join(clause for clause in clauses if clause)}


def why(one: Standing, as_of: date) -> str:
    scheme = one.state.scheme
    facts = {"tier": one.tier, "day": short_day(one.state.since, as_of), "scheme": scheme.name}
    if one.moved is None:
        return _("%(tier)s since %(day)s (%(scheme)s)") % facts
    facts |= {
        "cause": one.cause, "metric": scheme.get_metric_display(), "value": one.value, "version": one.moved["version"],
    }  # fmt: skip
    return _("%(tier)s since %(day)s: %(cause)s, %(metric)s %(value)s (%(scheme)s, version %(version)s)") % facts


def ahead(gap: Gap | None) -> str:
    """How far to the next tier, and what would close it."""
    if gap is None:
        return _("there is no tier above")
    facts = {"tier": gap.tier.name, "missing": money_text(max(Decimal(0), gap.missing))}
    if gap.is_reached:
        return _("on course for %(tier)s, if the balance stays") % facts
    if gap.deposit_today is None or not gap.is_average:
        return _("%(missing)s short of %(tier)s") % facts
    facts["deposit"] = money_text(gap.deposit_today)
    return _("%(missing)s short of %(tier)s, which %(deposit)s today would close") % facts


def fall(state: TierState, own: Tier, as_of: date, keep: Gap | None) -> str:
    """When the tier would be lost, and below what."""
    scheme = state.scheme
    edge = own.lower * (1 - scheme.keep_percent / 100)
    patience = scheme.downgrade_after_months if own.downgrade_after_months is None else own.downgrade_after_months
    facts: dict[str, Any] = {"edge": money_short(edge), "months": max(1, patience), "below": state.months_below}
    if edge <= 0:
        return _("it is the lowest and cannot fall")
    if scheme.promotion == Promotion.IMMEDIATE and not patience:
        return _("it falls in the night in which the metric is below %(edge)s") % facts
    if scheme.promotion == Promotion.REVIEW:
        facts["day"] = short_day(next_review(scheme, as_of), as_of)
        return _("it is reviewed on %(day)s and falls below %(edge)s") % facts
    facts["day"] = short_day(months_later(as_of, max(1, max(1, patience) - state.months_below)), as_of)
    if state.months_below:
        facts["months"] = ngettext("%(below)s month", "%(below)s months", state.months_below) % facts
        return _("below %(edge)s for %(months)s, it falls on %(day)s unless it comes back") % facts
    facts["months"] = ngettext("%(months)s month", "%(months)s months", max(1, patience)) % facts
    if keep is not None:
        return _("if it stays below %(edge)s for %(months)s from this month on, it falls on %(day)s") % facts
    return _("after %(months)s below %(edge)s it falls, on %(day)s at the earliest") % facts


def months_later(day: date, months: int) -> date:
    """The first of the month so many months after the day's."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
