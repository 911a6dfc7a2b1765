"""Versions of tier schemes: bands and rules that customers were judged by stay as they were."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import db
from crm.jobs.choices import RunState
from crm.jobs.models import JobRun
from crm.organization.models import User
from segments.choices import BY_HOLDINGS, BY_SCORE, Promotion, TierMetric
from segments.models import SchemeBranch, SchemeFactor, SchemeWeight, Tier, TierScheme
from segments.tiering.calendar import last_day, parse_review_days

PARTS = (SchemeWeight, SchemeFactor, SchemeBranch)
FULL_SCORE = 100
# Forecasts, gaps and alerts reckon with the balance or with the average of a month, of no other period.
SHOWN_METRICS = frozenset({TierMetric.POINT, TierMetric.MONTH_AVERAGE, TierMetric.LAST_MONTH_AVERAGE})
NOT_FOR_PAGES = gettext_lazy(
    "Pages can only show a scheme on balances or monthly averages, from 0, for everybody in every branch."
)

KEPT_SHARE = gettext_lazy("The share below the edge in which a tier is kept lies between 0 and 100 percent.")


class BadBands(ValueError):
    """Bands that leave a gap, overlap, or do not begin at zero and end open."""


class BadRules(ValueError):
    """A version whose metric or rhythm lacks what it needs."""


class NotInForce(ValueError):
    """A scheme that does not run, or that ends, cannot be the one that pages show."""


class BadVersion(ValueError):
    """A version that cannot be released: it was before, a later one has been, or a night is at work."""


def is_fixed(scheme: TierScheme) -> bool:
    """Whether customers are, were or are going to be judged by it."""
    return scheme.is_released or scheme.is_active


@transaction.atomic
def new_version(scheme: TierScheme, today: date) -> TierScheme:
    """A copy with its bands, not released, that begins tomorrow; its bands and rules can be edited until it is."""
    versions = TierScheme.objects.filter(code=scheme.code).order_by("-version")
    list(versions.select_for_update())  # the next one waits here, and asks for the newest only then
    newest = versions[0]
    parts: dict[Any, list[Any]] = {model: list(model.objects.filter(scheme=scheme)) for model in (Tier, *PARTS)}
    copy = TierScheme.objects.get(pk=scheme.pk)
    copy.pk, copy.version = None, newest.version + 1
    copy.effective_from, copy.effective_to = today + timedelta(days=1), None
    copy.is_released = copy.is_active = copy.is_primary = copy.becomes_primary = False
    copy.shown_asked_by = None
    copy._state.adding = True
    copy.save()
    for model, rows in parts.items():
        for row in rows:
            row.pk, row.scheme = None, copy
            row._state.adding = True
        model.objects.bulk_create(rows)
    return copy


@transaction.atomic
def activate(scheme: TierScheme) -> date:
    """Release this version: it judges from its first day on, in place of the version of the same code before it.

    Returns that day. It is never one that a night has published or works on: those stay as they were judged, and a
    night that is under way is judged by one version from its first chunk to its last.
    """
    check_rules(scheme)
    check_bands(list(scheme.tiers.order_by("rank")))
    shown = TierScheme.objects.filter(Q(is_primary=True) | Q(becomes_primary=True), code=scheme.code)
    if shown.exists() and not suits_pages(scheme):
        raise BadBands(NOT_FOR_PAGES)
    if shown.exists() and scheme.effective_to is not None:
        raise BadVersion(_("Pages show this scheme; let them show another one first."))
    versions = TierScheme.objects.select_for_update().filter(code=scheme.code, is_released=True)
    if versions.filter(version__gte=scheme.version).exists():
        raise BadVersion(_("This version, or a later one, has been released already; make a new version."))
    first = max(scheme.effective_from, first_open_day() or scheme.effective_from)
    ends = last_day(scheme, scheme.branches.all())
    if ends is not None and ends < first:
        raise BadVersion(
            _("This scheme has ended on %(day)s; give it, or a branch, a later last day first.") % {"day": ends}
        )
    TierScheme.objects.filter(pk=scheme.pk).update(is_released=True, effective_from=first)
    scheme.branches.filter(effective_from__lt=first).update(effective_from=first)
    return first


def first_open_day() -> date | None:
    """The first business date that no night has published or works on, None before the first night.

    No night can start before the caller's transaction ends; raises BadVersion while one does, or while files are
    taken in, which holds the same lock.
    """
    hold_nights()
    nights = JobRun.objects.filter(Q(published_at__isnull=False) | Q(state=RunState.RUNNING), job="nightly")
    newest = nights.order_by("-business_date").first()
    return newest.business_date + timedelta(days=1) if newest else None


def hold_nights() -> None:
    """Let no night start before the caller's transaction ends; raises BadVersion while one does."""
    if not db.try_lock("run:nightly", using="default"):
        raise BadVersion(_("A night is starting or files are being taken in; try again in a minute."))


@transaction.atomic
def ask_primary(scheme: TierScheme, user: User) -> bool:
    """Choose which scheme pages show: the first administrator asks, another one who chooses the same decides.

    Returns whether it is decided. Raises as `make_primary` does, and BadVersion for who asked already.
    """
    asked_by = held_for_pages(scheme).shown_asked_by_id
    if asked_by == user.pk:
        raise BadVersion(_("You asked for it already; another administrator must choose the same."))
    TierScheme.objects.filter(shown_asked_by__isnull=False).update(shown_asked_by=None)
    if asked_by is None:
        TierScheme.objects.filter(pk=scheme.pk).update(shown_asked_by=user)
        return False
    make_primary(scheme)
    return True


@transaction.atomic
def make_primary(scheme: TierScheme) -> None:
    """Let the next night show this running scheme's tiers on pages and in alerts; until then the other one is shown.

    For the scheme that is shown already, this takes back what the night was to do. Raises as `held_for_pages` does.
    """
    held_for_pages(scheme)
    TierScheme.objects.filter(becomes_primary=True).update(becomes_primary=False)
    TierScheme.objects.filter(pk=scheme.pk, is_primary=False).update(becomes_primary=True)


def held_for_pages(scheme: TierScheme) -> TierScheme:
    """The scheme, held, if pages can show it. Raises NotInForce for one that does not run or has a last day, BadVersion
    while a night is at work: it speaks of one scheme all through."""
    hold_nights()
    if JobRun.objects.filter(job="nightly", state=RunState.RUNNING).exists():
        raise BadVersion(_("A night is at work; try again when it has ended."))
    scheme = TierScheme.objects.select_for_update().get(pk=scheme.pk)
    if not scheme.is_active:
        raise NotInForce(_("Only a scheme that runs can be shown on pages."))
    if not suits_pages(scheme):
        raise NotInForce(NOT_FOR_PAGES)
    if TierScheme.objects.filter(code=scheme.code, version__gte=scheme.version, effective_to__isnull=False).exists():
        raise NotInForce(_("This scheme has a last day; pages can only show one that goes on."))
    return scheme


def suits_pages(scheme: TierScheme) -> bool:
    """Whether lists, alerts and gaps can speak of it: balances or months decide, and everybody has a tier."""
    from_zero = scheme.tiers.filter(rank=1, lower=0).exists()
    return from_zero and scheme.metric in SHOWN_METRICS and not scheme.applies_to and not scheme.branches.exists()


def is_share_kept(percent: Decimal) -> bool:
    """Can a tier be kept so far below its edge, in percent of it?"""
    return 0 <= percent < 100


def check_rules(scheme: TierScheme) -> None:
    """Raise BadRules where the version lacks what its metric or its rhythm asks for."""
    try:
        days = parse_review_days(scheme.review_days)
    except ValueError as fault:
        raise BadRules(_("Review days are months and days, as 06-30,12-31.")) from fault
    if (scheme.promotion == Promotion.REVIEW) != bool(days):
        raise BadRules(_("A scheme that judges on review days names them, and only such a scheme."))
    patience = [scheme.watch_after_months, scheme.downgrade_after_months]
    patience += [tier.downgrade_after_months or 0 for tier in scheme.tiers.all()]
    if min(patience) < 0:
        raise BadRules(_("Months of watching and of patience are 0 or more."))
    if not is_share_kept(scheme.keep_percent):
        raise BadRules(str(KEPT_SHARE))
    if scheme.metric in BY_HOLDINGS and not scheme.weights.exists():
        raise BadRules(_("Weighted assets and points need the weights of products."))
    if scheme.metric in BY_SCORE:
        if scheme.promotion == Promotion.IMMEDIATE:
            raise BadRules(_("A score moves as days pass: it is judged monthly or on review days."))
        if sum(factor.weight for factor in scheme.factors.all()) != FULL_SCORE:
            raise BadRules(_("The weights of the factors must add up to 100."))


def check_bands(bands: list[Tier]) -> None:
    """Bands by rank: the first from zero, or from more where those below are not rated, each from where the one below
    ends, the last open."""
    edges = [band.lower for band in bands]
    ends = [band.upper for band in bands]
    if [band.rank for band in bands] != list(range(1, len(bands) + 1)):
        raise BadBands(_("The tiers must be numbered 1, 2, 3 and so on, the lowest first."))
    if any(edge is None for edge in edges):
        raise BadBands(_("The thresholds of this scheme are not known: enter them first."))
    if not bands or edges[0] < 0 or ends[-1] is not None or ends[:-1] != edges[1:]:
        raise BadBands(_("The bands must not begin below 0, must follow without a gap, and the last must be open."))
    if any(lower >= upper for lower, upper in pairwise(edges)):
        raise BadBands(_("Each band must begin above the one below it."))
