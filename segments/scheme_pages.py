"""What the pages of tier schemes show: bands, rules and weights in words, and whether a scheme judges."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.choices import CustomerType
from segments.choices import BY_SCORE, DowngradeTarget, Promotion, TierMetric
from segments.models import Tier, TierScheme
from segments.rules.words import money
from segments.tiering.calendar import last_day, parse_review_days


@dataclass(frozen=True)
class State:
    """Whether a scheme judges, in a word and a colour of the status labels."""

    level: str
    text: str


@dataclass(frozen=True)
class Line:
    """One scheme of the list, by its newest version."""

    scheme: TierScheme
    bands: list[str]
    state: State


def newest_versions() -> QuerySet[TierScheme]:
    """The version of each code that judges, else the newest one, by code, with bands and branches."""
    tiers = Prefetch("tiers", Tier.objects.order_by("rank"))
    rows = TierScheme.objects.order_by("code", "-is_active", "-version").distinct("code")
    return rows.prefetch_related(tiers, "branches")


def line(scheme: TierScheme, day: date) -> Line:
    return Line(scheme, [band_text(scheme, band) for band in scheme.tiers.all()], state_of(scheme, day))


def has_unknown_edges(scheme: TierScheme) -> bool:
    return any(band.lower is None for band in scheme.tiers.all())


def state_of(scheme: TierScheme, day: date) -> State:
    """In force, to come, over, or not: and then whether the thresholds are missing. Bands must be prefetched."""
    if scheme.is_active:
        return State("ok", _("in force, shown on pages") if scheme.is_primary else _("in force"))
    if has_unknown_edges(scheme):
        return State("warn", _("inactive: thresholds unknown"))
    end = last_day(scheme, scheme.branches.all())
    if end is not None and end < day:
        return State("muted", _("inactive: ended on %(day)s") % {"day": end.isoformat()})
    if scheme.is_released:
        return State("info", _("from %(day)s on") % {"day": scheme.effective_from.isoformat()})
    return State("muted", _("inactive"))


def edge_text(scheme: TierScheme, edge: Decimal) -> str:
    """An edge in the unit of the metric: money, points, or percent of a branch."""
    if scheme.metric == TierMetric.PERCENTILE:
        return f"{edge.normalize():f}%"
    if scheme.metric in BY_SCORE or scheme.metric == TierMetric.POINTS:
        return f"{edge.normalize():f}"
    return money(edge)


def band_text(scheme: TierScheme, band: Tier) -> str:
    if band.lower is None:
        return _("%(tier)s: unknown") % {"tier": band.name}
    if not band.lower:
        return band.name
    return _("%(tier)s from %(edge)s") % {"tier": band.name, "edge": edge_text(scheme, band.lower)}


def range_text(scheme: TierScheme, band: Tier) -> str:
    """From where to where a band reaches."""
    if band.lower is None:
        return _("unknown")
    edges = {"lower": edge_text(scheme, band.lower), "upper": edge_text(scheme, band.upper) if band.upper else ""}
    if band.upper is None:
        return _("from %(lower)s on") % edges
    return _("%(lower)s up to below %(upper)s") % edges


def rules_of(scheme: TierScheme) -> list[str]:
    """How customers move in the scheme, a sentence for each rule that it has."""
    found = [promotion_text(scheme)]
    if scheme.applies_to:
        found.append(_("Only for: %(type)s") % {"type": CustomerType(scheme.applies_to).label})
    if any(band.lower and band.rank == 1 for band in scheme.tiers.all()):
        found.append(_("Below the lowest tier a customer is not rated."))
    if scheme.keep_percent:
        share = f"{scheme.keep_percent.normalize():f}"
        found.append(_("A tier is kept down to %(share)s%% below its edge.") % {"share": share})
    if scheme.watch_after_months:
        months = scheme.watch_after_months
        told = ngettext("Watched after %(months)s month below.", "Watched after %(months)s months below.", months)
        found.append(told % {"months": months})
    found.append(downgrade_text(scheme))
    return found


def promotion_text(scheme: TierScheme) -> str:
    if scheme.promotion == Promotion.REVIEW:
        days = [_("%(month)s/%(day)s") % {"month": month, "day": day} for month, day in review_days(scheme)]
        return _("Judged on review days: %(days)s.") % {"days": _(", ").join(days)}
    if scheme.promotion == Promotion.NEXT_MONTH:
        return _("Each ended month is judged on the first of the next one.")
    return _("Judged every night; a higher tier is reached at once.")


def review_days(scheme: TierScheme) -> list[tuple[int, int]]:
    """As far as they can be read: the release refuses others."""
    try:
        return parse_review_days(scheme.review_days)
    except ValueError:
        return []


def downgrade_text(scheme: TierScheme) -> str:
    if not scheme.downgrade_after_months:
        return _("Down at once when the metric is below.")
    months = scheme.downgrade_after_months
    told = ngettext("Down after %(months)s month below", "Down after %(months)s months below", months)
    target = (
        _("to the highest tier of those months")
        if scheme.downgrade_to == DowngradeTarget.HIGHEST_IN_WINDOW
        else _("to the tier of the latest metric")
    )
    return _("%(when)s, %(target)s.") % {"when": told % {"months": months}, "target": target}


def lines(schemes: Iterable[TierScheme], day: date) -> list[Line]:
    """In force first, then by code."""
    found = [line(one, day) for one in schemes]
    return sorted(found, key=lambda one: (not one.scheme.is_primary, not one.scheme.is_active, one.scheme.code))
