"""Versions of tier schemes: bands and rules that customers were judged by stay as they were."""

from datetime import date, timedelta
from itertools import pairwise

from django.db import transaction
from django.utils.translation import gettext as _

from segments.models import Tier, TierScheme


class BadBands(ValueError):
    """Bands that leave a gap, overlap, or do not begin at zero and end open."""


class NotInForce(ValueError):
    """A scheme that does not run cannot be the one that pages show."""


def is_fixed(scheme: TierScheme, today: date) -> bool:
    """Whether somebody may have been judged by it: it runs, or its first day has come."""
    return scheme.is_active or scheme.effective_from <= today


@transaction.atomic
def new_version(scheme: TierScheme, today: date) -> TierScheme:
    """A copy with its bands, not running, that begins tomorrow; its bands and rules can be edited until it runs."""
    newest = TierScheme.objects.select_for_update().filter(code=scheme.code).order_by("-version")[0]
    bands = list(scheme.tiers.all())
    copy = TierScheme.objects.get(pk=scheme.pk)
    copy.pk, copy.version = None, newest.version + 1
    copy.effective_from, copy.effective_to = today + timedelta(days=1), None
    copy.is_active = copy.is_primary = False
    copy._state.adding = True
    copy.save()
    for band in bands:
        band.pk, band.scheme = None, copy
        band._state.adding = True
    Tier.objects.bulk_create(bands)
    return copy


@transaction.atomic
def activate(scheme: TierScheme) -> None:
    """Run this version from the next night on, in place of the version of the same code that runs now."""
    check_bands(list(scheme.tiers.order_by("rank")))
    running = TierScheme.objects.select_for_update().filter(code=scheme.code, is_active=True).exclude(pk=scheme.pk)
    was_primary = any(row.is_primary for row in running)
    running.update(is_active=False, is_primary=False)
    TierScheme.objects.filter(pk=scheme.pk).update(is_active=True)
    if was_primary:
        TierScheme.objects.filter(pk=scheme.pk).update(is_primary=True)


@transaction.atomic
def make_primary(scheme: TierScheme) -> None:
    """Show this running scheme's tiers on pages and in alerts."""
    if not scheme.is_active:
        raise NotInForce(_("Only a scheme that runs can be shown on pages."))
    TierScheme.objects.select_for_update().filter(is_primary=True).update(is_primary=False)
    TierScheme.objects.filter(pk=scheme.pk).update(is_primary=True)


def check_bands(bands: list[Tier]) -> None:
    """Bands by rank: the first from zero, each from where the one below ends, the last open."""
    edges = [band.lower for band in bands]
    ends = [band.upper for band in bands]
    if not bands or edges[0] != 0 or ends[-1] is not None or ends[:-1] != edges[1:]:
        raise BadBands(_("The bands must begin at 0, follow one another without a gap, and the last must be open."))
    if any(lower >= upper for lower, upper in pairwise(edges)):
        raise BadBands(_("Each band must begin above the one below it."))
